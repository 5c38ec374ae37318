"""Records rows and a plan of each flow's version that has no file: `PYTHONPATH=plugins:. python tests/recorded/flows/record.py`.

A file that is there is never written anew: it is what runs that wait were planned for.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import POLICY
from tests.unit.flow.leaving import Leave, LiveSite
from turnup.domain.adoption import adoption
from turnup.domain.planner import Request, plan
from turnup.domain.plans import Plan
from turnup.flow.flows import FLOWS

PLANS: dict[str, Callable[[], object]] = {
    "install": lambda: plan(worlds.snapshot((worlds.server(1),)), POLICY, Request("a-run")),
    "adopt": lambda: adoption(worlds.snapshot((worlds.live(1),)), POLICY, Request("a-run")),
    "decommission": lambda: Leave(LiveSite(2)).seal("a1"),
}

for flow in FLOWS.values():
    path = Path(__file__).with_name(f"{flow.name}-{flow.version}.json")
    made = PLANS[flow.name]()
    assert isinstance(made, Plan), made
    rows = [*(row.name for row in flow.rack_rows), *(row.name for row in flow.server_rows), flow.closing_row.name]
    if not path.exists():
        path.write_text(json.dumps({"rows": rows, "plan": asdict(made)}, indent=1, sort_keys=True) + "\n")
