"""Preflight: may this plan be carried out as things stand? It looks, and touches nothing: no claim, no power, no reservation.

Engineers run it days before the truck comes. It asks what the rows will ask, by the rows' own code, and says everything at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum

from turnup.domain.errors import Refused, TurnupError
from turnup.flow.bmc_trust import trusted_bmc
from turnup.flow.job import Job, RackJob
from turnup.flow.steps.boot import OFF
from turnup.ports import Bmc


class Outcome(StrEnum):
    """`not checked` is no `ok`: it says why nobody can know yet."""

    OK = "ok"
    PROBLEM = "problem"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True)
class Check:
    """One thing looked at: about whom, what, how it stands, and the code of the cause where it stands badly."""

    subject: str
    check: str
    outcome: Outcome
    what: str
    advice: str = ""
    cause: str = ""

    def __str__(self) -> str:
        advice = f" Next: {self.advice} [{self.cause}]" if self.outcome is Outcome.PROBLEM else ""
        return f"{self.outcome:<11}  {self.subject}, {self.check}: {self.what}{advice}"

    def document(self) -> dict[str, str]:
        """As JSON."""
        return {name: str(value) for name, value in asdict(self).items()}


def of_services(job: RackJob) -> list[Check]:
    """What all servers need: DHCP, Salt and the boot files answer. Room in the prefixes is in the plan already."""
    first = job.servers[0]
    site, dhcp = job.plan.site, job.site.dhcp.kind
    checks = [
        _answers(f"site {site}", f"DHCP ({dhcp})", lambda: f"serves {len(job.ports.dhcp.subnets())} subnets"),
        _answers(f"site {site}", "Salt", lambda: f"answers; {_key(job.only(first))}"),
        _answers(f"site {site}", "boot files", lambda: _script(job.only(first))),
    ]
    needed = {address.prefix: 0 for server in job.servers for address in server.addresses}
    for server in job.servers:
        for address in server.addresses:
            needed[address.prefix] += address.present is None
    checks += [Check(prefix, "room", Outcome.OK, f"{count} addresses will be taken") for prefix, count in sorted(needed.items())]
    return checks


def of_server(job: Job) -> list[Check]:
    """What one server needs: its BMC is reachable, known, lets us in, is the right one, and the server is off; no old key."""
    subject = job.server.subject
    return [_bmc(job, subject), _answers(subject, "Salt key", lambda: _no_accepted_key(job))]


def _bmc(job: Job, subject: str) -> Check:
    """One look, by the checks of the row boot; a BMC that does not answer now is not waited for."""
    if job.server.out_of_band.present is None:
        return Check(subject, "BMC", Outcome.NOT_CHECKED, "NetBox has no address for it yet; the install gives it one.")
    looking = trusted_bmc(job)
    try:
        wait = next(looking)
    except StopIteration as found:
        bmc: Bmc = found.value
        return _answers(subject, "BMC", lambda: _is_off(bmc))
    except TurnupError as error:
        return _problem(subject, "BMC", error)
    looking.close()
    return _problem(subject, "BMC", wait.error())


def _is_off(bmc: Bmc) -> str:
    power = bmc.system().power
    if power != OFF:
        raise Refused(
            f"its certificate and serial number are right, and the server is {power}.",
            "make sure that nothing runs on it, then switch it off. Install never resets a running server.",
            cause="power-already-on",
        )
    return "answers, its certificate and serial number are right, the server is off"


def _no_accepted_key(job: Job) -> str:
    if job.ports.salt.accepted_key(job.server.hostname) is not None:
        raise Refused(
            f"the master has accepted a key of {job.server.hostname} already.",
            "delete it on the master, unless the machine still runs with exactly that key.",
            cause="salt-key-differs",
        )
    return _key(job)


def _key(job: Job) -> str:
    waiting = job.ports.salt.waiting_key(job.server.hostname)
    return f"a key of {job.server.hostname} waits there" if waiting else f"it knows no key of {job.server.hostname}"


def _script(job: Job) -> str:
    served = job.ports.boot_files.read(job.server.management.mac)
    return "a script is served already" if served else "can be read, none is served"


def _answers(subject: str, check: str, look: Callable[[], str]) -> Check:
    """What the look says; what it raises is the problem."""
    try:
        return Check(subject, check, Outcome.OK, look())
    except TurnupError as error:
        return _problem(subject, check, error)


def _problem(subject: str, check: str, error: TurnupError) -> Check:
    return Check(subject, check, Outcome.PROBLEM, error.what.removeprefix(f"{subject}: "), error.advice, error.cause)
