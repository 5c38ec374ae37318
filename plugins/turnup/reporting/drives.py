"""What became of a server's drives in a decommission: the sealed ones, each with its outcome, as far as the run knows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from turnup.domain.seals import NO_WIPE, bytes_in_words
from turnup.flow.proofs import OUTCOMES, WIPED
from turnup.reporting.folder import Folder
from turnup.reporting.report import Drive, Server, State

NOT_WIPED = "not wiped"


def drives(folder: Folder, part: Mapping[str, Any], wipe: str) -> tuple[Drive, ...]:
    """Every sealed drive of the server. `wipe` is what was asked for."""
    outcome = folder.latest(f"{OUTCOMES}/{part.get('name', '')}").get("document")
    told = outcome.get("drives") if isinstance(outcome, dict) else None
    said = {(one.get("serial"), one.get("size")): one for one in told or ()}
    sealed = (part.get("sealed") or {}).get("drives") or ()
    return tuple(_drive(one, said.get((one.get("serial"), one.get("size"))) or {}, wipe) for one in sealed)


def _drive(sealed: Mapping[str, Any], said: Mapping[str, Any], wipe: str) -> Drive:
    waived = {"result": NOT_WIPED, "why": "the wipe was waived"} if wipe == NO_WIPE else {}
    told = said or waived
    return Drive(
        serial=str(sealed.get("serial", "")),
        size=bytes_in_words(int(sealed.get("size") or 0)),
        model=str(sealed.get("model", "")),
        slot=str(said.get("slot") if said.get("slot") not in (None, "", "unknown") else sealed.get("slot", "")),
        result=str(told.get("result", "")),
        why=str(told.get("why", "")),
    )


def to_be_shredded(servers: Iterable[Server]) -> int:
    """How many drives of servers that have left have data on them, or may have."""
    gone = (server for server in servers if server.state is State.DONE)
    return sum(one.result != WIPED for server in gone for one in server.drives)
