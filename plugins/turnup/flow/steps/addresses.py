"""addresses: every server's primary addresses, one a family, and its BMC's, asked from NetBox in bulk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from netaddr import IPNetwork

from turnup.domain.errors import Refused, TurnupError
from turnup.domain.plans import PlannedAddress, ServerPlan
from turnup.domain.servers import Address
from turnup.flow.documents import keep, latest
from turnup.flow.job import Job, RackJob
from turnup.ports import AddressRequest, PrimaryAddresses

type Wanted = tuple[ServerPlan, PlannedAddress]
type Port = tuple[int, int]  # interface and prefix: an interface has an address of each family


def do(job: RackJob) -> dict[str, TurnupError]:
    """Take what is missing, one request a prefix; what a former try took is found on its interface and kept."""
    wanted = [(server, address) for server in job.servers for address in server.addresses]
    found = _present(job, wanted)
    missing = [(server, address) for server, address in wanted if _port(address) not in found]
    failures: dict[str, TurnupError] = {}
    missing.sort(key=lambda one: one[1].prefix_id)
    for _, group in groupby(missing, key=lambda one: one[1].prefix_id):
        found |= _take(job, list(group), failures)
    ready = [server for server in job.servers if server.name not in failures]
    if ready:
        failures |= _set_primary(job, [_primary(server, found) for server in ready])
    for server in ready:
        if server.name not in failures:
            _keep(job.only(server), found)
    return failures


def _port(address: PlannedAddress) -> Port:
    return address.interface_id, address.prefix_id


def _primary(server: ServerPlan, found: Mapping[Port, Address]) -> PrimaryAddresses:
    """The management interface's address of each family, and the BMC's."""
    of_version = {address.version: found[_port(address)].id for address in server.on_management}
    out_of_band = found[_port(server.out_of_band)].id
    return PrimaryAddresses(server.id, of_version.get(4), out_of_band, of_version.get(6))


def _keep(job: Job, found: Mapping[Port, Address]) -> None:
    """Keep and tell what NetBox gave."""
    server = job.server
    on_management = [found[_port(address)].cidr for address in server.on_management]
    out_of_band = found[_port(server.out_of_band)].cidr
    document = {"management": on_management[0], "out_of_band": out_of_band}
    keep(job, "addresses", {**document, **({"further": on_management[1:]} if server.further else {})})
    job.log.info(
        "has %s on %s and %s on %s",
        " and ".join(on_management),
        server.management.interface,
        out_of_band,
        server.out_of_band.interface,
    )


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


def _present(job: RackJob, wanted: Sequence[Wanted]) -> dict[Port, Address]:
    """{port: its address in the planned prefix}, as NetBox has it now."""
    planned: dict[int, list[PlannedAddress]] = defaultdict(list)
    for _, address in wanted:
        planned[address.interface_id].append(address)
    found: dict[Port, Address] = {}
    for one in job.ports.inventory.addresses_on(sorted(planned)):
        for address in planned[one.interface_id]:
            chosen = one.cidr == address.present
            if chosen or (one.cidr in IPNetwork(address.prefix) and _port(address) not in found):
                found[_port(address)] = one
    return found


def _take(job: RackJob, wanted: Sequence[Wanted], failures: dict[str, TurnupError]) -> dict[Port, Address]:
    """Take one address each from one prefix. Where they are not enough for all, one by one, so that some servers go on."""
    try:
        return _allocate(job, wanted)
    except Refused as error:
        if len(wanted) == 1:
            failures[wanted[0][0].name] = error
            return {}
    taken: dict[Port, Address] = {}
    for one in wanted:
        taken |= _take(job, [one], failures)
    return taken


def _allocate(job: RackJob, wanted: Sequence[Wanted]) -> dict[Port, Address]:
    requests = [
        AddressRequest(address.interface_id, "" if address is server.out_of_band else server.hostname, job.message())
        for server, address in wanted
    ]
    prefix_id = wanted[0][1].prefix_id
    return {(address.interface_id, prefix_id): address for address in job.ports.inventory.allocate(prefix_id, requests)}


def undo(job: Job) -> None:
    """Give back the addresses that this plan took; those that were there before it stay."""
    inventory = job.ports.inventory
    planned = [address for address in job.server.addresses if address.present is None]
    if not planned:
        return
    taken = [
        one.id
        for one in inventory.addresses_on(sorted({address.interface_id for address in planned}))
        if any(one.interface_id == address.interface_id and one.cidr in IPNetwork(address.prefix) for address in planned)
    ]
    inventory.release(taken, job.message())


def of_management(job: Job) -> tuple[str, ...]:
    """Every address of the management interface with its prefix length, the one that turnup reaches it at first."""
    kept = _kept(job)
    return (str(kept["management"]), *map(str, kept.get("further", ())))


def management_ip(job: Job) -> str:
    """The address that turnup reaches the server at, without prefix length: IPv4, or IPv6 at a site without IPv4."""
    return _without_length(_kept(job)["management"])


def out_of_band_ip(job: Job) -> str:
    """The BMC's address, without prefix length: what NetBox gave to this run or, before it did, what the plan found there."""
    present = job.server.out_of_band.present
    return _without_length(present if present and latest(job, "addresses") is None else _kept(job)["out_of_band"])


def _without_length(cidr: object) -> str:
    return str(cidr).split("/", maxsplit=1)[0]


def _kept(job: Job) -> dict[str, Any]:
    kept = latest(job, "addresses")
    if kept is None:
        raise Refused(
            f"{job.server.subject} has no addresses in this run.",
            "clear the task addresses of this run.",
            cause="addresses-missing",
        )
    return kept
