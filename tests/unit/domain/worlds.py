"""A healthy rack of two new servers, and how a case makes it differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from turnup.domain.policy import BurnInTest, Dhcp, Hardware, Policy, Pool, Site, Traffic
from turnup.domain.servers import Address, Interface, Prefix, Server, Snapshot

SITE = Site(
    site="here",
    domain="here.example",
    netbox="netbox_default",
    salt="salt",
    redfish="redfish",
    ssh="ssh",
    boot="boot",
    boot_url="http://boot/boot",
    images_url="http://boot/images",
    salt_master="salt.here.example",
    dhcp=Dhcp("kea_hosts_database", "kea"),
    management_prefix_role="management",
    out_of_band_prefix_role="out-of-band",
    states={"edge": ("common", "edge")},
    trust_bmc_on_first_use=True,
    traffic=Traffic("haproxy", "haproxy", {"edge": Pool("edge", 80)}),
)
HARDWARE = Hardware(
    generation="g1",
    device_types=("type-1",),
    management_interface="eth0",
    bmc_interface="bmc",
    image="production",
    kernel_arguments="console=ttyS0",
    default_burn_in="quick",
    burn_in={"quick": (BurnInTest("cpu", 10),), "full": (BurnInTest("cpu", 3600),)},
)
G2 = replace(
    HARDWARE,
    generation="g2",
    device_types=("type-2",),
    other_interfaces=("eth1",),
    burn_in={"quick": (BurnInTest("cpu", 20),)},
)
POLICY = Policy(SITE, (HARDWARE, G2))
PREFIXES = (
    Prefix(1, "10.0.1.0/24", "management", vlan_id=11, free=200),
    Prefix(2, "10.0.9.0/24", "out-of-band", vlan_id=19, free=200),
)
IPV6 = Prefix(6, "fd00:0:0:1::/64", "management", vlan_id=11, free=1000)
"""The management VLAN's IPv6 prefix, where a site has one."""
DHCP_SUBNETS = {"10.0.1.0/24": 101, "10.0.9.0/24": 109}


def server(number: int, **differs: Any) -> Server:
    """Server a<number>, as delivered. `mac`, `bmc_mac`, `vlan`, `nic`, `address` (one or a list) set what its interfaces have;
    `eth1` and `bond0` give it such an interface with that MAC (null: without one).
    """
    mac = differs.pop("mac", f"02:00:00:00:00:{number:02x}")
    bmc_mac = differs.pop("bmc_mac", f"02:00:00:00:01:{number:02x}")
    nic = differs.pop("nic", "eth0")
    vlan = differs.pop("vlan", 11)
    given = differs.pop("address", None) or []
    given = [given] if isinstance(given, str) else given
    addresses = tuple(Address(900 + 10 * index + number, cidr, number * 10) for index, cidr in enumerate(given))
    more = [
        Interface(number * 10 + index, name, differs.pop(name), mgmt_only=False, vlan_id=None, virtual=name.startswith("bond"))
        for index, name in enumerate(("eth1", "bond0"), start=2)
        if name in differs
    ]
    made = Server(
        id=number,
        name=f"a{number}",
        serial=f"S{number}",
        asset_tag=f"T{number}",
        position=float(number),
        role="edge",
        device_type="type-1",
        status="planned",
        version=f"v{number}",
        interfaces=(
            Interface(number * 10, nic, mac, mgmt_only=False, vlan_id=vlan, addresses=addresses),
            Interface(number * 10 + 1, "bmc", bmc_mac, mgmt_only=True, vlan_id=19),
            *more,
        ),
    )
    return replace(made, **differs)


def live(number: int, **differs: Any) -> Server:
    """Server a<number>, running since before turnup came: active, with its addresses in NetBox."""
    made = server(number, address=f"10.0.1.{100 + number}/24", status="active")
    nic, bmc, *more = made.interfaces
    out_of_band = Address(990 + number, f"10.0.9.{100 + number}/24", bmc.id)
    ports = (nic, replace(bmc, addresses=(out_of_band,)), *more)
    found: dict[str, Any] = {"interfaces": ports, "primary_ip4": nic.addresses[0], "oob_ip": out_of_band}
    return replace(made, **found | differs)


def snapshot(servers: tuple[Server, ...], **differs: Any) -> Snapshot:
    """A rack of these servers. Serials and MACs are looked up among them alone, unless the case says otherwise."""
    serials: dict[str, tuple[str, ...]] = {}
    macs: dict[str, tuple[str, ...]] = {}
    names: dict[str, tuple[str, ...]] = {}
    for one in servers:
        same = [other for other in servers if other.name.casefold() == one.name.casefold()]
        names[one.name] = ("rack A",) * len(same)
        serials[one.serial] = (*serials.get(one.serial, ()), one.name)
        for interface in one.interfaces:
            if interface.mac and not interface.virtual:
                macs[interface.mac] = (*macs.get(interface.mac, ()), one.name)
    made = Snapshot(
        site="here",
        rack="A",
        rack_id=7,
        rack_status="planned",
        servers=servers,
        prefixes=PREFIXES,
        same_serial=serials,
        same_mac=macs,
        same_name=names,
        dhcp_subnets=DHCP_SUBNETS,
    )
    return replace(made, **differs)
