"""Records rows and a plan of each flow's version that has no file: `PYTHONPATH=plugins:. python tests/recorded/flows/record.py`.

A file that is there is never written anew: it is what runs that wait were planned for.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import POLICY
from turnup.domain.planner import Request
from turnup.domain.plans import Plan
from turnup.flow.flows import FLOWS

SNAPSHOTS = {"install": worlds.snapshot((worlds.server(1),)), "adopt": worlds.snapshot((worlds.live(1),))}

for flow in FLOWS.values():
    path = Path(__file__).with_name(f"{flow.name}-{flow.version}.json")
    plan = flow.plans(SNAPSHOTS[flow.name], POLICY, Request("a-run"))
    assert isinstance(plan, Plan), plan
    rows = [*(row.name for row in flow.rack_rows), *(row.name for row in flow.server_rows), flow.closing_row.name]
    if not path.exists():
        path.write_text(json.dumps({"rows": rows, "plan": asdict(plan)}, indent=1, sort_keys=True) + "\n")
