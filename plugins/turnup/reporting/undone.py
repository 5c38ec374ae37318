"""The parts of a report about `server_abort`: what was undone on which server, and of which run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from turnup.domain.states import Status
from turnup.flow.abort import DOCUMENTS
from turnup.flow.times import Outcome
from turnup.reporting.folder import Folder
from turnup.reporting.identifier import identifier
from turnup.reporting.report import Row, Server, State
from turnup.reporting.rows import Past, causes, past, row

DAG = "server_abort"
CLOSING = "finish"
ROWS = (("check", "look whether every server may be aborted"), (CLOSING, "look how every server ended"))
UNDO = ("undo", "undo the rows, last first")


def title(params: Mapping[str, Any]) -> str:
    """What the run was asked to do."""
    names = params.get("servers") or ()
    return f"Abort of {', '.join(map(str, names)) if len(names) <= 3 else f'{len(names)} servers'}, site {params.get('site')}"


def rows(tries: Iterable[Past]) -> tuple[Row, ...]:
    """The tasks for all servers."""
    listed = list(tries)
    return tuple(row(name, text, [one for one in listed if one.row == name]) for name, text in ROWS)


def servers(folder: Folder, params: Mapping[str, Any], *, going_on: bool) -> tuple[Server, ...]:
    """Every server that was asked for."""
    return tuple(_server(folder, str(name), going_on=going_on) for name in params.get("servers") or ())


def flow(servers: Iterable[Server]) -> str:
    """How the headline names what was undone: of a decommission, or of what else."""
    undone = [one for one in servers if one.undone]
    return "return" if undone and all(one.status == Status.ACTIVE for one in undone) else "abort"


def _status(after: str) -> Status:
    """NetBox's, by the words of what a server is afterwards: one that did not leave is active again."""
    return Status.ACTIVE if after.startswith(f"is {Status.ACTIVE}") else Status.PLANNED


def _server(folder: Folder, name: str, *, going_on: bool) -> Server:
    tries = past(folder, name)
    document = folder.latest(f"{DOCUMENTS}/{name}")
    position = document.get("position")
    former = str(document.get("former", ""))
    rows_undone = tuple(str(one) for one in document.get("rows") or ())
    after = str(document.get("after", ""))
    last = tries[-1].one.outcome if tries else None
    if document and last is not Outcome.FAILED:
        state = State.DONE
    elif last is Outcome.FAILED:
        state = State.FAILED
    else:
        state = State.GOING_ON if going_on else State.UNTOUCHED
    return Server(
        name=name,
        state=state,
        status=_status(after) if state is State.DONE and rows_undone else "",
        serial=str(document.get("serial", "")),
        asset_tag=str(document.get("asset_tag", "")),
        rack=str(document.get("rack", "")),
        unit="" if position is None else f"U{position:g}",
        role=str(document.get("role", "")),
        generation=str(document.get("generation", "")),
        hostname=str(document.get("hostname", "")),
        rows=(row(*UNDO, tries),),
        causes=tuple(causes(tries)),
        undone=rows_undone,
        remark=after,
        former_run=former,
        former_report=identifier(*former.split("/", 1)) if "/" in former else "",
    )
