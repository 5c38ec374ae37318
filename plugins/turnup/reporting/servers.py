"""One server's way through an install, from its documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from typing import Any

from turnup.domain.states import Status
from turnup.flow.install import INSTALL
from turnup.flow.rows import Flow
from turnup.reporting.figures import burn_in
from turnup.reporting.folder import Folder
from turnup.reporting.report import Cause, Row, SaltChange, SaltRun, Server, State
from turnup.reporting.rows import cause_of, causes, past, row

ENDED = {State.DONE: Status.ACTIVE, State.FAILED: Status.FAILED, State.GOING_ON: Status.STAGED, State.STOPPED: Status.STAGED}
"""NetBox's status in an install, where the closing row did not look."""


PLANNED_AGAIN = "planned_again"


def server(
    folder: Folder, flow: Flow, part: Mapping[str, Any], status: str, ended: Mapping[str, str], *, going_on: bool
) -> Server:
    """The server's part. `status` is what the closing row saw in NetBox, empty where it did not look.

    `ended` says when each rack-wide row was last done, or failed.
    """
    name = str(part.get("name", ""))
    parts = (part, *folder.all_of(f"{PLANNED_AGAIN}/{name}"))
    planned = parts[-1]
    tries = past(folder, name)
    rows = [row(one.name, one.title, [each for each in tries if each.row == one.name]) for one in flow.server_rows]
    why = _causes(folder, name, causes(tries), ended)
    live = folder.latest(f"live/{name}")
    done = rows[-1].state is State.DONE or (bool(live) and "version" not in live)  # before version 2 nothing came after it
    state = _state(rows, why, done=done, begun=folder.knows(name), going_on=going_on)
    position = planned.get("position")
    return Server(
        name=name,
        state=state,
        status=status or str(live.get("status") or (ENDED if flow is INSTALL else {}).get(state) or planned.get("status", "")),
        serial=str(planned.get("serial", "")),
        asset_tag=str(planned.get("asset_tag", "")),
        rack=str(planned.get("rack", "")),
        unit="" if position is None else f"U{position:g}",
        role=str(planned.get("role", "")),
        generation=str(planned.get("generation", "")),
        hostname=str(planned.get("hostname", "")),
        rows=_rows(rows, state),
        causes=tuple(replace(cause, mended=True) if state is State.DONE else cause for cause in why),
        addresses=_addresses(folder.latest(f"addresses/{name}")),
        salt=tuple(_salt(document) for document in folder.all_of(f"configure/{name}")),
        burn_in=tuple(burn_in(document, planned) for document in folder.all_of(f"burn_in/{name}")),
        planned_again=tuple(differences(former, latter) for former, latter in pairwise(parts)),
    )


def _causes(folder: Folder, name: str, known: list[Cause], ended: Mapping[str, str]) -> list[Cause]:
    """Those of its own rows, and what else was written down: a rack-wide row's, or that a row died without a word."""
    told = {(cause.row, cause.what) for cause in known}
    kept = [
        cause_of(row, one, at=ended.get(row)) for one in folder.all_of(f"failed/{name}") for row in [str(one.get("step", ""))]
    ]
    found = known + [cause for cause in kept if (cause.row, cause.what) not in told]
    return sorted(found, key=lambda cause: (cause.at is None, cause.at or ""))


def _state(rows: list[Row], why: list[Cause], *, done: bool, begun: bool, going_on: bool) -> State:
    if done:
        return State.DONE
    if why and not _went_on(rows, why[-1]):
        return State.FAILED
    if going_on:
        return State.GOING_ON if begun else State.PENDING
    return State.STOPPED if begun else State.UNTOUCHED


def _went_on(rows: list[Row], last: Cause) -> bool:
    """Whether a row was done after the last cause."""
    return last.at is not None and any(one.state is State.DONE and (one.ended or "") > last.at for one in rows)


def _rows(rows: list[Row], state: State) -> tuple[Row, ...]:
    """Rows before one that was reached were done, also where no time was kept; the first after them is the one that goes on."""
    reached = max((number for number, one in enumerate(rows) if one.tries), default=-1)
    if state is State.DONE:
        reached = len(rows)
    shown = [
        replace(one, state=State.DONE) if number < reached and one.state is State.PENDING else one
        for number, one in enumerate(rows)
    ]
    if state is State.GOING_ON:
        following = next((number for number, one in enumerate(shown) if one.state is not State.DONE), None)
        if following is not None:
            shown[following] = replace(shown[following], state=State.GOING_ON)
    return tuple(shown)


def _addresses(document: Mapping[str, Any]) -> dict[str, str]:
    """{what it is for: the address}, of whatever families there are."""
    found: dict[str, str] = {}
    for what, value in document.items():
        values = value if isinstance(value, list) else [value]
        if texts := [str(one) for one in values if isinstance(one, str) and one]:
            found["further addresses" if what == "further" else str(what)] = ", ".join(texts)
    return found


def _salt(document: Mapping[str, Any]) -> SaltRun:
    if "changes" not in document:
        return SaltRun(int(document.get("states", 0)), tuple(SaltChange(str(one)) for one in document.get("changed") or ()))
    changes = (
        SaltChange(
            str(one.get("id", "")), str(one.get("function", "")), str(one.get("comment", "")), tuple(one.get("changes", ()))
        )
        for one in document["changes"]
    )
    return SaltRun(int(document.get("states", 0)), tuple(changes))


def differences(former: Mapping[str, Any], latter: Mapping[str, Any]) -> str:
    """What is planned otherwise than before, of what a person recognizes a server by."""
    before, after = dict(_recognizable(former)), dict(_recognizable(latter))
    changed = [f"{name}: {before.get(name)} -> {value}" for name, value in after.items() if before.get(name) != value]
    return "; ".join(changed) or "nothing that is shown here"


def _recognizable(part: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name in (
        "serial",
        "asset_tag",
        "position",
        "role",
        "generation",
        "hostname",
        "image",
        "burn_in_profile",
        "bmc_certificate",
    ):
        yield name, part.get(name)
    for port in ("management", "out_of_band"):
        address = part.get(port)
        yield f"MAC of {port}", address.get("mac") if isinstance(address, dict) else None
