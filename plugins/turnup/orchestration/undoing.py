"""What an abort does to one server: in a worker where it ends at once, in the triggerer where it has to wait."""

from __future__ import annotations

import json
from collections.abc import Sequence

from turnup.domain.errors import Refused
from turnup.domain.servers import Server
from turnup.domain.states import Status
from turnup.flow import abort
from turnup.flow.documents import append
from turnup.flow.flows import flow_of
from turnup.flow.job import flow_log
from turnup.flow.waiting import Waiting
from turnup.orchestration.workplace import Workplace

PLANNED, IN_SERVICE = "is planned again", "is active and in service again"
RELEASED = "is active, as it was, and held by no run; nothing was undone"


def undoing(place: Workplace, server: str, ended: str | None, reason: str) -> Waiting[None]:
    """Undo what the run that held the server last did to it, and keep with the abort what was undone.

    `ended` is the claim that may be broken. Of a server that is live that is all: what is live leaves by decommission.
    """
    log = flow_log(place.run, "undo", server)
    (now,) = place.ports.inventory.devices(place.site_name, [server])
    if now.status == Status.ACTIVE:
        abort.break_claim(now, place.run, place.ports.inventory, reason)
        remember(place, now, RELEASED, former=ended or "")
        log.info("%s", RELEASED)
        return
    former = abort.run_to_undo(now)
    if former is None or former == place.run:
        raise Refused("No run of turnup held it.", "set its status in NetBox.", cause="abort-refused")
    job = abort.job_of(place.records_of(former), place.run, server, place.ports)
    flow = flow_of(job.plan)
    rows = yield from abort.undo(flow, job, ended, reason)
    after = IN_SERVICE if flow.leaves else PLANNED
    remember(place, now, after, former=former.claim, rack=job.plan.rack, rows=rows)
    log.info("%s", after)


def remember(place: Workplace, server: Server, after: str, *, former: str = "", rack: str = "", rows: Sequence[str] = ()) -> None:
    """Keep with the abort what was undone on a server, of which run, and what it is afterwards."""
    known = {name: getattr(server, name) for name in ("serial", "asset_tag", "position", "role")}
    document = {**known, "rack": rack, "former": former, "rows": list(rows), "after": after}
    append(place.records, f"{abort.DOCUMENTS}/{server.name}", json.dumps(document, sort_keys=True).encode())
