"""`/turnup/`: sites and racks with how many servers are in which state; with `?site=&rack=` one rack as an elevation.

The same as JSON: `/turnup/api/racks`, `/turnup/api/rack?site=&rack=`. Names are in the query, where they may hold anything. What
is shown comes from this process's memory (`sight.py`): no page waits for NetBox.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response
from fastapi.responses import HTMLResponse

from turnup.domain.board import ABORT, DAGS, DECOMMISSION, INSTALL
from turnup.web.access import LoggedIn, Reader
from turnup.web.forgery import token
from turnup.web.lookout import InSight
from turnup.web.pages import CONTENT_SECURITY_POLICY, render
from turnup.web.shown import FleetShown, RackShown
from turnup.web.sight import Sight

ROUTER = APIRouter()
HEADERS = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
STARTED_HERE = (INSTALL, DECOMMISSION, ABORT)

Name = Annotated[str, Query(max_length=200)]


@ROUTER.get("/")
def page(reader: LoggedIn, sight: InSight, site: Name = "", rack: Name = "") -> Response:
    """The list of racks, or one of them."""
    _let_in(reader)
    if not rack:
        return HTMLResponse(render("fleet.html.j2", fleet=sight.fleet(reader)), headers=HEADERS)
    found = sight.rack(reader, site, rack)
    if found is None:
        return _unknown(reader, sight, site, rack)
    may = [dag for dag in STARTED_HERE if reader.may_start(dag)]
    acts = bool(may) or any(reader.may_clear(dag) for dag in DAGS)  # who may only resume needs the dialog, too
    csrf = token(reader.name) if acts else ""
    return HTMLResponse(render("rack.html.j2", rack=found, may=may, acts=acts, csrf=csrf), headers=HEADERS)


@ROUTER.get("/api/racks")
def every_rack(reader: LoggedIn, sight: InSight) -> dict[str, Any]:
    """What the first page shows."""
    _let_in(reader)
    found: FleetShown = sight.fleet(reader)
    return asdict(found)


@ROUTER.get("/api/rack")
def one_rack(reader: LoggedIn, sight: InSight, site: Name, rack: Name) -> dict[str, Any]:
    """What a rack's page shows."""
    _let_in(reader)
    found: RackShown | None = sight.rack(reader, site, rack)
    if found is None:
        raise HTTPException(404, f"NetBox has no rack {rack!r} at site {site!r}, as far as it is known here.")
    return asdict(found)


def _let_in(reader: Reader) -> None:
    """Whoever may see the runs of one of turnup's DAGs."""
    if not any(reader.may_read(dag) for dag in DAGS):
        raise HTTPException(403, "Airflow does not show you the runs of any of turnup's DAGs.")


def _unknown(reader: Reader, sight: Sight, site: str, rack: str) -> Response:
    """A page that fills by itself where NetBox is still being read; 404 where it was read."""
    fleet = sight.fleet(reader)
    if not fleet.freshness.read_at:
        text = f"Rack {rack} of site {site} is shown as soon as NetBox has answered."
        return HTMLResponse(render("message.html.j2", title=rack, text=text, age=fleet.freshness), headers=HEADERS)
    text = f"NetBox has no rack named {rack} at site {site}."
    return HTMLResponse(render("message.html.j2", title="Not found", text=text, age=fleet.freshness), 404, headers=HEADERS)
