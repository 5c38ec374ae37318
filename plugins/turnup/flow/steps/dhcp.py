"""dhcp: the DHCP server knows every NIC and every BMC of the rack."""

from __future__ import annotations

from turnup.domain.errors import Refused, TurnupError
from turnup.domain.hostnames import bmc_hostname
from turnup.domain.plans import ServerPlan
from turnup.flow.job import Job, RackJob
from turnup.flow.steps import addresses
from turnup.flow.steps import plan as plan_step
from turnup.ports import Reservation


def do(job: RackJob) -> dict[str, TurnupError]:
    """Reserve for all servers at once; where that is refused, one by one, so that the cause lands on the right server."""
    former = [reservation for server in job.servers for reservation in _former(job.only(server))]
    if former:  # the MACs of ports that were replaced: their reservations hold the addresses that the new ones get
        job.ports.dhcp.release(former)
    try:
        job.ports.dhcp.reserve([reservation for server in job.servers for reservation in reservations(job.only(server))])
    except Refused as error:
        if len(job.servers) == 1:
            return {job.servers[0].name: error}
        failures: dict[str, TurnupError] = {}
        for server in job.servers:
            failures |= do(job.only(server).rack_wide(job.step))
        return failures
    for server in job.servers:
        known = [reservation.mac for reservation in reservations(job.only(server))]
        job.only(server).log.info("DHCP knows %s", " and ".join(known) or "neither NIC nor BMC: the site serves them itself")
    return {}


def reservations(job: Job) -> list[Reservation]:
    """The server's reservations, for NIC and BMC; none where the site has no DHCP, nor for an IPv6 address: Salt sets it."""
    server = job.server
    reserved = []
    if server.management.dhcp_subnet_id is not None:
        boot_file = f"{job.site.boot_url}/{server.management.mac}.ipxe"
        ip = addresses.management_ip(job)
        reserved.append(Reservation(server.management.dhcp_subnet_id, server.management.mac, ip, server.hostname, boot_file))
    if server.out_of_band.dhcp_subnet_id is not None:
        ip = addresses.out_of_band_ip(job)
        reserved.append(Reservation(server.out_of_band.dhcp_subnet_id, server.out_of_band.mac, ip, bmc_hostname(server.hostname)))
    return reserved


def undo(job: Job) -> None:
    """Forget both MACs; nothing reserved is no error."""
    job.ports.dhcp.release([*_ports(job.server), *_former(job)])


def _ports(part: ServerPlan) -> list[Reservation]:
    """Which MACs in which subnets a part of the plan is about."""
    served = [address for address in part.addresses if address.dhcp_subnet_id is not None]
    return [Reservation(address.dhcp_subnet_id or 0, address.mac, "", "") for address in served]


def _former(job: Job) -> list[Reservation]:
    """The same of the parts that this one replaced, as far as it is not about them too."""
    now = {(port.subnet_id, port.mac) for port in _ports(job.server)}
    parts = plan_step.former_parts(job.ports.records, job.server.name)
    return [port for part in parts for port in _ports(part) if (port.subnet_id, port.mac) not in now]
