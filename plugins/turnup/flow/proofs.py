"""What proves that a server's drives are wiped: a signed outcome of every sealed drive, and a certificate of each wiped one.

Releasing asks here, each time anew: nothing is believed that is not signed, of this seal, of the last order, and complete.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from turnup.domain.errors import Refused
from turnup.domain.seals import SealedDrive
from turnup.erasure import canonical, certificates, signing, verification
from turnup.erasure.canonical import NotCanonical
from turnup.erasure.certificates import Circumstances, People, Person
from turnup.erasure.orders import Order
from turnup.erasure.outcomes import Outcome
from turnup.erasure.signing import BadSignature
from turnup.flow import guard, wiping
from turnup.flow.documents import append, latest
from turnup.flow.job import Job
from turnup.ports import Records

KIND = "turnup.outcome"
OUTCOMES, CERTIFICATES = "outcomes", "certificates"
WIPED = "wiped"
CLEAR_PROVE = "clear its task prove with what follows; if it was off since, its task reset with what follows."


@dataclass(frozen=True)
class Result:
    """What became of one sealed drive. `why` is empty where it is wiped and proven; else it is to be pulled and shredded."""

    drive: SealedDrive
    result: str
    why: str
    slot: str

    @property
    def wiped(self) -> bool:
        """Whether it is wiped, and proven to be."""
        return self.result == WIPED


def write(job: Job, order: Order, found: Sequence[Outcome], states: Sequence[Mapping[str, Any]], read: Sequence[Any]) -> None:
    """Sign and keep a certificate for each wiped drive, then the outcome of all of them."""
    sealed, at = guard.sealed(job.ports.records), datetime.now(UTC).isoformat(timespec="seconds")
    about = circumstances(job, sealed, at)
    drives = []
    for outcome in found:
        entry: dict[str, Any] = {"serial": outcome.serial, "size": outcome.size, "model": outcome.model, "slot": outcome.slot}
        entry |= {"result": str(outcome.result), "why": outcome.why, "certificate_sha256": None}
        if outcome.wiped:
            document = certificates.of_drive(order, outcome, _of(outcome, states), _of(outcome, read), about)
            entry["certificate_sha256"] = canonical.sha256(document)
            signed = job.ports.signer.sign(certificates.DRIVE, document)
            job.ports.records.write(_certificate(job.server.name, str(entry["certificate_sha256"])), signed)
        drives.append(entry)
    outcome_of_all = {
        "version": 1,
        "run": job.run.claim,
        "plan_sha256": sealed.sha256,
        "seal_sha256": about.seal.sha256,
        "order_sha256": order.sha256,
        "server": job.server.name,
        "serial": job.server.serial,
        "at": at,
        "drives": drives,
    }
    append(job.ports.records, f"{OUTCOMES}/{job.server.name}", job.ports.signer.sign(KIND, outcome_of_all))


def circumstances(job: Job, sealed: guard.Sealed, at: str) -> Circumstances:
    """What the certificates of this run have in common."""
    decided = guard.decisions(job, sealed)
    people = People(Person(", ".join(sealed.seal.requesters), sealed.seal.at), tuple(Person(one.by, one.at) for one in decided))
    place = f"site {sealed.plan.site}, rack {sealed.plan.rack}"
    return Circumstances(wiping.listed(sealed.plan, job.run.claim), people, at, place, plan_sha256=sealed.sha256)


def demand(job: Job) -> tuple[Result, ...]:
    """What became of every sealed drive; none where the approved seal waives the wipe. Refused: nothing proves it."""
    sealed = guard.sealed(job.ports.records)
    if not sealed.seal.wipes:
        return ()
    if (reason := _why_unproven(job, sealed)) is not None:
        what = f"{job.server.subject}: nothing proves what became of its drives: {reason}."
        raise Refused(what, CLEAR_PROVE, cause="proof-missing")
    return known(job)


def known(job: Job) -> tuple[Result, ...]:
    """What the last outcome says of every sealed drive, believed or not; for those who report."""
    content = _last(job.ports.records, job.server.name)
    document = canonical.opened(content, KIND)[0] if content is not None else {"drives": []}
    said = {(one["serial"], one["size"]): one for one in document["drives"]}
    drives = job.server.sealed.drives if job.server.sealed else ()
    return tuple(_result(drive, said.get(drive.identity)) for drive in drives)


def _result(drive: SealedDrive, said: Mapping[str, Any] | None) -> Result:
    if said is None:
        return Result(drive, "unknown", "nothing is known of it", drive.slot)
    return Result(drive, str(said["result"]), str(said["why"]), str(said["slot"] if said["slot"] != "unknown" else drive.slot))


def certificates_of(job: Job) -> list[dict[str, Any]]:
    """The documents of the certificates that the last outcome names."""
    content = _last(job.ports.records, job.server.name)
    entries = canonical.opened(content, KIND)[0]["drives"] if content is not None else []
    names = [_certificate(job.server.name, str(one["certificate_sha256"])) for one in entries if one["certificate_sha256"]]
    found = (job.ports.records.read(name) for name in names)
    return [canonical.opened(one, certificates.DRIVE)[0] for one in found if one is not None]


def _why_unproven(job: Job, sealed: guard.Sealed) -> str | None:
    content = _last(job.ports.records, job.server.name)
    if content is None:
        return "no outcome was kept"
    try:
        document = signing.opened(KIND, content, job.ports.signer.public_key(KIND))
    except (BadSignature, NotCanonical) as error:
        return str(error)
    seal = wiping.listed(sealed.plan, job.run.claim)
    wanted = {
        "run": job.run.claim,
        "plan_sha256": sealed.sha256,
        "seal_sha256": seal.sha256,
        "order_sha256": (latest(job, wiping.ORDER) or {}).get("sha256"),
        "server": job.server.name,
        "serial": job.server.serial,
    }
    if odd := [name for name, value in wanted.items() if document.get(name) != value]:
        return f"the outcome is of another {', '.join(odd)}"
    said = [(one["serial"], one["size"]) for one in document["drives"]]
    drives = [drive.identity for drive in job.server.sealed.drives] if job.server.sealed else []
    if sorted(said) != sorted(drives) or not drives:
        return "it does not cover exactly the sealed drives"
    return next(filter(None, (_why_bad(job, one, seal.document()) for one in document["drives"])), None)


def _why_bad(job: Job, entry: Mapping[str, Any], seal: Mapping[str, Any]) -> str | None:
    """Why a drive that is called wiped is not believed to be."""
    if entry["result"] != WIPED:
        return None
    content = job.ports.records.read(_certificate(job.server.name, str(entry["certificate_sha256"])))
    if content is None:
        return f"{entry['serial']}: its certificate is missing"
    if reasons := verification.why_bad(content, job.ports.signer.public_key(certificates.DRIVE), seal):
        return "; ".join(reasons)
    document = canonical.opened(content, certificates.DRIVE)[0]
    media = document["media"]
    if canonical.sha256(document) != entry["certificate_sha256"]:
        return f"{entry['serial']}: its certificate is another one"
    if (media["serial_number"], media["media_source"]["server_serial_number"]) != (entry["serial"], job.server.serial):
        return f"{entry['serial']}: the certificate is of another drive"
    return None


def _last(records: Records, server: str) -> bytes | None:
    number = len(records.names(f"{OUTCOMES}/{server}"))
    return records.read(f"{OUTCOMES}/{server}/{number}.json") if number else None


def _certificate(server: str, sha256: str) -> str:
    return f"{CERTIFICATES}/{server}/{sha256}.json"


def _of(outcome: Outcome, documents: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    return next(one for one in documents if (one.get("serial"), one.get("size")) == (outcome.serial, outcome.size))
