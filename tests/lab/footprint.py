"""What an install leaves in NetBox, Kea, Salt and the boot folder: read before and after, to compare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab import paths
from lab.datacenter import Server
from lab.services import kea, salt
from tests.lab.conftest import Lab
from turnup.adapters.boot_files import BootFolder

KEYS = ("minions", "minions_pre", "minions_rejected", "minions_denied")


def of(lab: Lab, servers: Sequence[Server]) -> dict[str, Any]:
    """All of it, of these servers. What NetBox says of a device is all but its journal, its changelog and when it changed."""
    macs = {mac for server in servers for mac in (server.mac, server.bmc_mac)}
    leases = kea.command("lease4-get-all").get("arguments", {}).get("leases", [])
    keys = salt.wheel("key.list_all")
    boot = BootFolder(str(paths.BOOT))
    return {
        "devices": {server.name: _device(lab, server) for server in servers},
        "reservations": {mac for mac in lab.reserved() if mac in {one.replace(":", "") for one in macs}},
        "leases": {lease["hw-address"] for lease in leases} & macs,
        "keys": {server.name: [kind for kind in KEYS if server.fqdn in keys.get(kind, ())] for server in servers},
        "boot files": {server.name: boot.read(server.mac) for server in servers},
    }


def _device(lab: Lab, server: Server) -> dict[str, Any]:
    device = dict(lab.devices(server.rack.name)[server.name])
    addresses = lab.netbox.ipam.ip_addresses.filter(device_id=device["id"])
    kept = ("name", "serial", "asset_tag", "status", "primary_ip4", "primary_ip6", "oob_ip", "custom_fields", "tags", "comments")
    return {name: device[name] for name in kept} | {"addresses": sorted(str(address) for address in addresses)}
