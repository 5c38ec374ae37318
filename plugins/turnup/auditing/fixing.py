"""Safe fixes: looked at once more, done one by one, each kept with the run before it is done, so that it can be undone.

No hold may cover the site, no run may hold the device; what changed since the audit is left; one run does so many and no more.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from turnup.auditing.actions import ACTIONS
from turnup.auditing.reach import Reach
from turnup.domain.audits import FixDone, Outcome
from turnup.domain.errors import Refused, TurnupError
from turnup.domain.findings import Finding, Fix
from turnup.domain.holds import covering
from turnup.ports import JournalEntry, Records

FOLDER = "fixes"


@dataclass(frozen=True)
class Wanted:
    """A finding of this run's audit whose fix somebody asked for."""

    id: str
    check: str
    site: str
    subject: str
    fix: Fix


def apply(
    wanted: Sequence[Wanted], now: Sequence[Finding], reach: Reach, records: Records, run: str, cap: int
) -> tuple[FixDone, ...]:
    """Do them at one site. `now` is what its checks find at this moment; `run` names the run, as changelogs do.

    What an earlier try of the same task did counts, too.
    """
    found = {one.id: one.fix for one in now}
    done: list[FixDone] = []
    former = sum(document["site"] == site for document in kept(records) for site in {one.site for one in wanted})
    for one in wanted:
        if former + sum(each.outcome is Outcome.DONE for each in done) >= cap:
            done.append(_outcome(one, Outcome.LEFT, f"one run fixes {cap} at most; start another one."))
        elif found.get(one.id) != one.fix:
            done.append(_outcome(one, Outcome.LEFT, "it is not as the audit saw it any more."))
        else:
            done.append(_apply(one, reach, records, run))
    return tuple(done)


def _apply(one: Wanted, reach: Reach, records: Records, run: str) -> FixDone:
    action, values = ACTIONS[one.fix.action], one.fix.values
    try:
        _refuse_held(one.site, one.fix.device_id, reach)
        kept = {**values, **action.before(reach, values)}
        document = {
            "finding": one.id,
            "check": one.check,
            "site": one.site,
            "subject": one.subject,
            "does": one.fix.does,
            "action": one.fix.action,
            "device_id": one.fix.device_id,
            "values": kept,
        }
        records.write(_name(records), json.dumps(document, sort_keys=True).encode())
        action.do(reach, values, f"turnup {run} fix {one.check}")
    except Refused as error:
        return _outcome(one, Outcome.LEFT, str(error))
    except TurnupError as error:
        return _outcome(one, Outcome.FAILED, str(error))
    _tell(reach, one.fix.device_id, f"Fixed by {run}: {one.fix.does}.")
    return _outcome(one, Outcome.DONE)


def undo(site: str, before: Records, reach: Reach, run: str) -> tuple[FixDone, ...]:
    """Take back what another run (its records) fixed at a site, the last first."""
    documents = [document for document in kept(before) if document["site"] == site]
    return tuple(_undo(one, reach, run) for one in reversed(documents))


def kept(records: Records) -> list[dict[str, Any]]:
    """What a run did, or was about to do, in its order."""
    names = sorted(records.names(FOLDER), key=lambda name: int(name.rpartition("/")[2].removesuffix(".json")))
    return [json.loads(records.read(name) or b"{}") for name in names]


def _undo(document: Mapping[str, Any], reach: Reach, run: str) -> FixDone:
    about = FixDone(
        document["finding"], document["check"], document["site"], document["subject"], document["does"], Outcome.UNDONE
    )
    try:
        _refuse_held(document["site"], document["device_id"], reach)
        ACTIONS[document["action"]].still(reach, document["values"])
        ACTIONS[document["action"]].undo(reach, document["values"], f"turnup {run} undo {document['check']}")
    except TurnupError as error:
        return FixDone(about.finding, about.check, about.site, about.subject, about.does, Outcome.FAILED, str(error))
    _tell(reach, document["device_id"], f"Undone by {run}: {document['does']}.")
    return about


def _refuse_held(site: str, device_id: int | None, reach: Reach) -> None:
    """Refused: a hold covers the site, or a run holds the device."""
    if (hold := covering(reach.inventory.holds(), site)) is not None:
        raise Refused(f"Nothing was done: {hold}.", "lift the hold, then start the audit again.", cause="on-hold")
    if device_id is not None and (claim := reach.inventory.device(device_id).claim):
        raise Refused(
            f"Nothing was done: the run {claim} holds the device.", "wait for that run to end.", cause="request-refused"
        )


def _tell(reach: Reach, device_id: int | None, text: str) -> None:
    if device_id is not None:
        reach.inventory.write_journal([JournalEntry(device_id, "info", text)])


def _name(records: Records) -> str:
    return f"{FOLDER}/{len(records.names(FOLDER)) + 1}.json"


def _outcome(one: Wanted, outcome: Outcome, what: str = "") -> FixDone:
    return FixDone(one.id, one.check, one.site, one.subject, one.fix.does, outcome, what)
