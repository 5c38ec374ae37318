"""The lab's data center as data: one site, two racks of eight servers, their networks, MAC addresses and serial numbers.

The seed writes it to NetBox, the metal builds it from namespaces, Kea and nginx are configured from it. Addresses are
from 198.18.0.0/15, which RFC 2544 sets aside for test networks, so that the lab meets no network of the machine it runs on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network

SITE = "lab1"
SITE_NAME = "Lab 1"
DOMAIN = "lab1.turnup.example"
ROLE = "edge"
DEVICE_TYPE = "labmetal-g1"
MANUFACTURER = "Labmetal"

SERVICES_BRIDGE = "tl-svc"
SERVICES_ADDRESS = IPv4Address("198.18.0.1")  # where servers find nginx (boot files, images) and the Salt master
BOOT_PORT = 18080
SALT_PUBLISH_PORT = 4505
SALT_RETURN_PORT = 4506

NIC = "eth0"
BMC = "bmc"
REDFISH_PORT = 443


@dataclass(frozen=True)
class Network:
    """One layer-2 network: a bridge on this machine, a VLAN and a prefix in NetBox, a subnet in Kea."""

    bridge: str
    prefix: IPv4Network
    vlan_id: int
    role: str  # of the prefix in NetBox: `management` or `out-of-band`
    kea_subnet_id: int

    @property
    def gateway(self) -> IPv4Address:
        """This machine's address on the bridge."""
        return self.prefix[1]


OUT_OF_BAND = Network("tl-oob", IPv4Network("198.18.240.0/24"), 240, "out-of-band", 240)


@dataclass(frozen=True)
class Server:
    """One server as it was delivered: what is printed on its label, where it is mounted, what it is made of."""

    rack: Rack
    unit: int

    @property
    def name(self) -> str:
        return f"{SITE}-{self.rack.name.lower()}-n{self.unit:02}"

    @property
    def fqdn(self) -> str:
        return f"{self.name}.{DOMAIN}"

    @property
    def serial(self) -> str:
        return f"LM1{self.rack.number:02}{self.unit:03}"

    @property
    def asset_tag(self) -> str:
        return f"TU-{self.rack.number:02}{self.unit:03}"

    @property
    def uuid(self) -> str:
        """SMBIOS UUID; the BMC's Redfish system id as well."""
        return f"02000000-0000-4000-8000-{self.rack.number:06}{self.unit:06}"

    @property
    def mac(self) -> str:
        """Of the NIC on the rack's bridge."""
        return f"02:18:01:00:{self.rack.number:02x}:{self.unit:02x}"

    @property
    def bmc_mac(self) -> str:
        """Of the BMC on the out-of-band bridge."""
        return f"02:18:02:00:{self.rack.number:02x}:{self.unit:02x}"

    @property
    def namespace(self) -> str:
        return f"tl-{self.rack.number}-{self.unit:02}"

    @property
    def bmc_namespace(self) -> str:
        return f"tl-{self.rack.number}-{self.unit:02}-bmc"


@dataclass(frozen=True)
class Rack:
    """One rack of eight servers on a management network of its own."""

    number: int

    @property
    def name(self) -> str:
        return f"R{self.number}"

    @property
    def network(self) -> Network:
        return Network(
            f"tl-r{self.number}",
            IPv4Network(f"198.18.{self.number}.0/24"),
            100 + self.number,
            "management",
            self.number,
        )

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        return tuple(Server(self, unit) for unit in range(1, 9))


RACKS = (Rack(1), Rack(2))
SERVERS = tuple(server for rack in RACKS for server in rack.servers)
NETWORKS = (*(rack.network for rack in RACKS), OUT_OF_BAND)
BY_NAME = {server.name: server for server in SERVERS}
