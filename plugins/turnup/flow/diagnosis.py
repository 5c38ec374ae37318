"""What was seen when a wait ended badly: leases, the BMC's event log, the server's console. Read once, after the failure.

Evidence only adds to an error: where it cannot be had in time, the error stays as it was. Text of BMCs and consoles is data.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from turnup.domain.errors import HardwareFault, with_more
from turnup.domain.plans import PlannedAddress
from turnup.flow.bmc_address import checked_address
from turnup.flow.documents import latest
from turnup.flow.job import Job
from turnup.flow.waiting import Waiting
from turnup.ports import Lease

LONGEST = 25.0
"""Seconds that all evidence together may take."""

SKEW = timedelta(seconds=60)
"""How far the clocks of BMCs and DHCP servers may be apart from turnup's."""

SHOWN = 10
"""Lines of each log that go into a message; the newest."""

NOT_FETCHED = re.compile(r"(: |http )[45]\d\d\b|\b(not found|refused|timed? ?out|unreachable|failed|no such file|error)\b", re.I)


@dataclass(frozen=True)
class Evidence:
    """What was seen. `leases` is None where nobody could tell; `started` is when this run switched the server on."""

    started: datetime | None = None
    leases: tuple[Lease, ...] | None = None
    events: tuple[str, ...] = ()
    console: tuple[str, ...] = ()

    @property
    def lease(self) -> Lease | None:
        """The newest lease since the server was switched on."""
        fresh = [one for one in self.leases or () if self.started is None or one.seen >= self.started - SKEW]
        return fresh[-1] if fresh else None


def explained[T](job: Job, waiting: Waiting[T]) -> Waiting[T]:
    """Wait; where that ends in a fault of the machine, the error also says what its BMC and its console saw."""
    try:
        return (yield from waiting)
    except HardwareFault as error:
        told = _told(_logs(_gather(job, None)))
        if not told:
            raise
        raise with_more(error, told) from error


def silent_bmc(job: Job, error: HardwareFault) -> HardwareFault:
    """The error about a BMC that does not answer, with what DHCP saw of it."""
    port = job.server.out_of_band
    told = _told([_dhcp(port, _gather(job, port, logs=False))])
    return HardwareFault(f"{error.what}{told}", error.advice, cause="bmc-silent")


def silent_server(job: Job, error: HardwareFault) -> HardwareFault:
    """The error about a server that was switched on and does not answer, with what was seen and the cause that this shows."""
    port = job.server.management
    seen = _gather(job, port)
    what = f"{error.what}{_told([_dhcp(port, seen), *_logs(seen)])}"
    if seen.leases is not None and seen.lease is None:
        return HardwareFault(
            what,
            f"check cable, switch port and VLAN of {port.interface}, and that {port.mac} is the MAC on its label; "
            "look whether network boot is on. Then clear this task.",
            cause="no-lease",
        )
    if failing := _not_fetched(job, seen):
        return HardwareFault(
            what,
            f"the boot script or the image did not arrive ({failing}): try that URL, and look whether the boot web server runs "
            f"and has the image {job.server.image}. Then clear this task.",
            cause="image-not-fetched",
        )
    if seen.lease is None or not seen.console:
        return HardwareFault(what, error.advice, cause="ssh-silent")
    return HardwareFault(
        what,
        "it got its address, and no failure to fetch its image is known: open its console, look how far the boot came, and "
        "at sshd and the firewall if it came to its end. Then clear this task.",
        cause="ssh-silent",
    )


def _gather(job: Job, port: PlannedAddress | None, *, logs: bool = True) -> Evidence:
    """Ask everybody at once. Who does not answer in time, or answers with an error, is left out."""
    found: dict[str, tuple[str, ...]] = {}
    leases: list[tuple[Lease, ...]] = []

    def of_dhcp(mac: str) -> None:
        leases.append(job.ports.dhcp.leases([mac]))

    def of_bmc(certificate: str) -> None:
        bmc = job.ports.bmc(checked_address(job))
        bmc.trust(certificate)
        found["events"] = bmc.events()
        found["console"] = bmc.console()

    looks: list[Callable[[], None]] = []
    if port is not None and port.dhcp_subnet_id is not None:
        mac = port.mac
        looks.append(lambda: of_dhcp(mac))
    certificate = (latest(job, "bmc") or {}).get("certificate")
    if logs and certificate:
        looks.append(lambda: of_bmc(str(certificate)))
    _look(job, looks)
    seen = leases[0] if leases else None
    return Evidence(_started(job), seen, found.get("events", ()), found.get("console", ()))


def _look(job: Job, looks: Sequence[Callable[[], None]]) -> None:
    """Every look, in threads of their own: one that hangs keeps nobody."""
    if not looks:
        return
    pool = ThreadPoolExecutor(max_workers=len(looks), thread_name_prefix="turnup-evidence")
    done, late = wait([pool.submit(look) for look in looks], timeout=LONGEST)
    pool.shutdown(wait=False, cancel_futures=True)
    for problem in (one.exception() for one in done):
        if problem is not None:
            job.log.info("no evidence to be had here: %s", problem)
    if late:
        job.log.info("some evidence did not come in %g s", LONGEST)


def _started(job: Job) -> datetime | None:
    at = (latest(job, "boot") or {}).get("at")
    return datetime.fromisoformat(at) if at else None


def _dhcp(port: PlannedAddress, seen: Evidence) -> str:
    """What the DHCP server gave a port, in one sentence."""
    if seen.leases is None:
        return ""
    who = f"{port.interface} ({port.mac})"
    if seen.lease is not None:
        return f"DHCP gave {who} the address {seen.lease.ip}, last heard from it at {_clock(seen.lease.seen)}."
    if seen.leases and seen.started:
        last = _clock(seen.leases[-1].seen)
        return f"DHCP gave {who} nothing since it was switched on at {_clock(seen.started)}; it last heard from it at {last}."
    return f"DHCP never gave {who} an address."


def _logs(seen: Evidence) -> list[str]:
    """The newest events, those of this start where there are any, and the console's last lines."""
    since = [event for event in seen.events if seen.started is None or _time(event) >= seen.started - SKEW]
    heading = "The BMC's event log since it was switched on:" if since and seen.started else "The BMC's event log at its end:"
    return [*_listed(heading, since or seen.events), *_listed("The console's last lines:", seen.console)]


def _listed(heading: str, lines: Sequence[str]) -> list[str]:
    return [heading, *(f"  {line}" for line in lines[-SHOWN:])] if lines else []


def _told(lines: Sequence[str]) -> str:
    """The lines below each other, so that whatever follows them begins a line of its own."""
    told = [line for line in lines if line]
    return "".join(f"\n  {line}" for line in told) + "\n" if told else ""


def _not_fetched(job: Job, seen: Evidence) -> str:
    """The last line of the console that tells of a failure with the boot web server; a machine may try again and again."""
    about = [line for line in seen.console if job.site.boot_url in line or job.site.images_url in line]
    return next((line for line in reversed(about) if NOT_FETCHED.search(line)), "")


def _time(event: str) -> datetime:
    try:
        return datetime.fromisoformat(event.split(maxsplit=1)[0])
    except (ValueError, IndexError):
        return datetime.min.replace(tzinfo=UTC)


def _clock(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
