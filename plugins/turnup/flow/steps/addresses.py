"""addresses: every server's primary IPv4 and out-of-band address, asked from NetBox in bulk."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from netaddr import IPNetwork

from turnup.domain.errors import Refused, TurnupError
from turnup.domain.plans import PlannedAddress, ServerPlan
from turnup.domain.servers import Address
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job, RackJob
from turnup.ports import AddressRequest, PrimaryAddresses

type Wanted = tuple[ServerPlan, PlannedAddress]


def do(job: RackJob) -> dict[str, TurnupError]:
    """Take what is missing, one request a prefix; what a former try took is found on its interface and kept."""
    wanted = [(server, address) for server in job.servers for address in (server.management, server.out_of_band)]
    found = _present(job, wanted)
    missing = [(server, address) for server, address in wanted if address.interface_id not in found]
    failures: dict[str, TurnupError] = {}
    missing.sort(key=lambda one: one[1].prefix_id)
    for _, group in groupby(missing, key=lambda one: one[1].prefix_id):
        found |= _take(job, list(group), failures)
    ready = [server for server in job.servers if server.name not in failures]
    if ready:
        primaries = [
            PrimaryAddresses(server.id, found[server.management.interface_id].id, found[server.out_of_band.interface_id].id)
            for server in ready
        ]
        failures |= _set_primary(job, primaries)
    for server in ready:
        if server.name in failures:
            continue
        management, out_of_band = found[server.management.interface_id].cidr, found[server.out_of_band.interface_id].cidr
        keep(job.only(server), "addresses", {"management": management, "out_of_band": out_of_band})
        job.only(server).log.info(
            "has %s on %s and %s on %s", management, server.management.interface, out_of_band, server.out_of_band.interface
        )
    return failures


def _set_primary(job: RackJob, primaries: Sequence[PrimaryAddresses]) -> dict[str, TurnupError]:
    """Write them for all at once; where that is refused, one by one, so that the cause lands on the right server."""
    try:
        job.ports.inventory.set_primary(primaries, job.message())
    except Refused as error:
        if len(primaries) == 1:
            return {next(server.name for server in job.servers if server.id == primaries[0].device_id): error}
        failures: dict[str, TurnupError] = {}
        for one in primaries:
            failures |= _set_primary(job, [one])
        return failures
    return {}


def _present(job: RackJob, wanted: Sequence[Wanted]) -> dict[int, Address]:
    """{interface id: its address in the planned prefix}, as NetBox has it now."""
    planned = {address.interface_id: address for _, address in wanted}
    present = job.ports.inventory.addresses_on(sorted(planned))
    found: dict[int, Address] = {}
    for one in present:
        address = planned[one.interface_id]
        if one.cidr == address.present or (one.cidr in IPNetwork(address.prefix) and one.interface_id not in found):
            found[one.interface_id] = one
    return found


def _take(job: RackJob, wanted: Sequence[Wanted], failures: dict[str, TurnupError]) -> dict[int, Address]:
    """Take one address each from one prefix. Where they are not enough for all, one by one, so that some servers go on."""
    try:
        return _allocate(job, wanted)
    except Refused as error:
        if len(wanted) == 1:
            failures[wanted[0][0].name] = error
            return {}
    taken: dict[int, Address] = {}
    for one in wanted:
        taken |= _take(job, [one], failures)
    return taken


def _allocate(job: RackJob, wanted: Sequence[Wanted]) -> dict[int, Address]:
    requests = [
        AddressRequest(address.interface_id, server.hostname if address is server.management else "", job.message())
        for server, address in wanted
    ]
    taken = job.ports.inventory.allocate(wanted[0][1].prefix_id, requests)
    return {address.interface_id: address for address in taken}


def undo(job: Job) -> None:
    """Give back the addresses that this plan took; those that were there before it stay."""
    inventory = job.ports.inventory
    planned = [address for address in (job.server.management, job.server.out_of_band) if address.present is None]
    prefixes = {address.interface_id: IPNetwork(address.prefix) for address in planned}
    if not prefixes:
        return
    taken = [one for one in inventory.addresses_on(sorted(prefixes)) if one.cidr in prefixes[one.interface_id]]
    inventory.release([one.id for one in taken], job.message())


def management_ip(job: Job) -> str:
    """The server's primary IPv4, without prefix length."""
    return _kept(job, "management")


def out_of_band_ip(job: Job) -> str:
    """The BMC's address, without prefix length."""
    return _kept(job, "out_of_band")


def _kept(job: Job, which: str) -> str:
    kept = latest(job, "addresses")
    if kept is None:
        raise Refused(
            f"{job.server.subject} has no addresses in this run.",
            "clear the task addresses of this run.",
            cause="addresses-missing",
        )
    return str(kept[which]).split("/", maxsplit=1)[0]
