"""addresses of a live server: the ones that NetBox has for it. None is taken and none is set."""

from __future__ import annotations

from turnup.domain.errors import Conflict, TurnupError
from turnup.flow.documents import keep
from turnup.flow.job import RackJob


def do(job: RackJob) -> dict[str, TurnupError]:
    """Make sure that every server's addresses are the planned ones yet."""
    interfaces = {address.interface_id for server in job.servers for address in server.addresses}
    present = {(one.interface_id, one.cidr) for one in job.ports.inventory.addresses_on(sorted(interfaces))}
    failures: dict[str, TurnupError] = {}
    for server in job.servers:
        gone = [address for address in server.addresses if (address.interface_id, address.present) not in present]
        if gone:
            failures[server.name] = Conflict(
                f"{server.subject}: NetBox has {', '.join(f'{one.present} on {one.interface}' for one in gone)} no more.",
                "start a new run.",
                cause="facts-changed",
            )
            continue
        management, out_of_band = server.management.present, server.out_of_band.present
        further = {"further": [one.present for one in server.further]} if server.further else {}
        keep(job.only(server), "addresses", {"management": management, "out_of_band": out_of_band, **further})
        job.only(server).log.info("has %s and %s", management, out_of_band)
    return failures
