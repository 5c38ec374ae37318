"""Certificates of sanitization: one a drive, and one for a whole run of a rack. Pure.

Fields are those of NIST SP 800-88 Rev. 2, section 4.6 and appendix C, as far as a machine knows them; who signs by hand has lines
for it on the printed page. The run's certificate holds the drives' and covers every sealed drive, wiped or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from turnup.erasure import canonical
from turnup.erasure.drives import Transport
from turnup.erasure.methods import METHODS
from turnup.erasure.orders import Order
from turnup.erasure.outcomes import Outcome
from turnup.erasure.release import RELEASE
from turnup.erasure.sealed_list import ListedServer, SealedList

DRIVE, RUN = "turnup.certificate.drive", "turnup.certificate.run"
STANDARD = "NIST SP 800-88 Rev. 2 (September 2025), section 4.6"
VERSION = 1


@dataclass(frozen=True)
class Person:
    """Somebody with a part in it. `at` is when, ISO 8601."""

    name: str
    at: str
    title: str = ""
    contact: str = ""


@dataclass(frozen=True)
class People:
    """Who wanted it and who allowed it. The run itself performs and verifies; validation is a person's, on paper."""

    requested_by: Person
    approved_by: tuple[Person, ...]


@dataclass(frozen=True)
class Circumstances:
    """What certificates of one run have in common."""

    seal: SealedList
    people: People
    issued: str
    location: str
    destination: str = ""
    categorization: str = ""
    plan_sha256: str = ""
    notes: tuple[str, ...] = field(default_factory=tuple)


def of_drive(
    order: Order, outcome: Outcome, state: Mapping[str, Any], proof: Mapping[str, Any], about: Circumstances
) -> dict[str, Any]:
    """The certificate of one wiped drive. ValueError: it is not proven to be wiped, or not sealed: there is none for that."""
    server = about.seal.server(order.serial)
    sealed = server and [drive for drive in server.drives if drive.identity == (outcome.serial, outcome.size)]
    if server is None or not sealed:
        raise ValueError(f"{outcome.serial} is not a sealed drive of {order.server}")
    if not outcome.wiped or order.seal_sha256 != about.seal.sha256:
        raise ValueError(f"{outcome.serial} is not proven to be wiped, under this seal: {outcome.why}")
    return {
        "version": VERSION,
        "standard": STANDARD,
        "issued": about.issued,
        "media": _media(server, outcome, state, about),
        "sanitization": {
            "method": outcome.level,
            "technique": METHODS[outcome.method].technique,
            "turnup_method": outcome.method,
            "commands": [" ".join(command["argv"]) for command in state["commands"]],
            "tools": [*(version for version in state["tools"].values() if version), str(state["agent"])],
            "began": state["began"],
            "ended": state["ended"],
            "not_proven_by_the_tools": METHODS[outcome.method].unproven,
        },
        "verification": {
            "method": f"read-back, {proof['coverage']}",
            "result": "passed",
            "expected": proof["read_back"],
            "bytes_read": proof["bytes_read"],
            "blocks_read": proof["blocks_read"],
            "block_size": proof["block_size"],
            "seed": proof["seed"],
            "past_the_cache": proof["direct"],
            "probability_of_missing": [list(pair) for pair in proof["confidence"]],
            "statement": proof["statement"],
            "tool": proof["tool"],
            "began": proof["began"],
            "ended": proof["ended"],
        },
        "people": _people(order.run, about),
        "order": {"sha256": order.sha256, "nonce": order.nonce, "seal_sha256": about.seal.sha256, "run": order.run},
        "notes": list(about.notes),
    }


def of_run(
    about: Circumstances, certificates: Sequence[Mapping[str, Any]], others: Mapping[str, tuple[Outcome, ...]]
) -> dict[str, Any]:
    """The certificate of the run: every sealed drive once, certified or to be pulled and shredded.

    `others` are {server's serial: outcomes of its drives that are not wiped}. A sealed drive that is in neither is listed as
    one of which nothing is known.
    """
    certified = {str(one["media"]["serial_number"]): one for one in certificates}
    servers = []
    for server in about.seal.servers:
        known = {one.serial: one for one in others.get(server.serial, ()) if not one.wiped}
        drives: list[dict[str, Any]] = []
        for drive in server.drives:
            if drive.serial in certified and drive.serial not in known:
                entry: dict[str, Any] = {"result": "wiped", "certificate_sha256": canonical.sha256(certified[drive.serial])}
            elif drive.serial in known:
                end = known[drive.serial]
                entry = {"result": str(end.result), "why": end.why, "slot": end.slot, "to_do": "pull and shred"}
            else:
                entry = {"result": "unknown", "why": "nothing is known of it", "slot": "unknown", "to_do": "pull and shred"}
            drives.append(asdict(drive) | entry)
        servers.append(asdict(server) | {"drives": drives})
    every = [drive for server in servers for drive in server["drives"]]
    wiped = sum(drive["result"] == "wiped" for drive in every)
    return {
        "version": VERSION,
        "standard": STANDARD,
        "issued": about.issued,
        "issued_by": f"turnup {RELEASE}",
        "site": about.seal.site,
        "location": about.location,
        "people": _people(about.seal.run, about),
        "seal": about.seal.document(),
        "seal_sha256": about.seal.sha256,
        "plan_sha256": about.plan_sha256,
        "servers": servers,
        "certificates": [dict(certified[drive["serial"]]) for drive in every if drive["result"] == "wiped"],
        "wiped": wiped,
        "to_be_shredded": len(every) - wiped,
        "notes": list(about.notes),
    }


def _media(server: ListedServer, outcome: Outcome, state: Mapping[str, Any], about: Circumstances) -> dict[str, Any]:
    manufacturer, _, rest = outcome.model.partition(" ")
    return {
        "manufacturer": manufacturer if rest else "not told by the drive",
        "model": outcome.model,
        "serial_number": outcome.serial,
        "size_bytes": outcome.size,
        "media_type": _media_type(state),
        "property_number": server.asset_tag,
        "media_source": {
            "server": server.name,
            "server_serial_number": server.serial,
            "site": about.seal.site,
            "rack": server.rack,
            "unit": server.unit,
            "slot": outcome.slot,
        },
        "categorization_before": about.categorization or "not stated",
        "destination": about.destination or "not stated",
    }


def _media_type(state: Mapping[str, Any]) -> str:
    if state["transport"] == Transport.LOOP:
        return "a file that plays a drive (lab)"
    return "magnetic" if state["rotational"] else "flash memory"


def _people(run: str, about: Circumstances) -> dict[str, Any]:
    return {
        "requested_by": asdict(about.people.requested_by),
        "approved_by": [asdict(person) for person in about.people.approved_by],
        "performed_by": f"turnup {RELEASE}, run {run}",
        "verified_by": f"turnup {RELEASE}, run {run}, by a program of its own",
        "location": about.location,
    }
