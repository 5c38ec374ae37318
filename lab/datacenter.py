"""The lab's data center as data: one site, two racks of eight servers, their networks, MAC addresses and serial numbers.

The seed writes it to NetBox, the metal builds it from namespaces, Kea and nginx are configured from it. Addresses are
from 198.18.0.0/15, which RFC 2544 sets aside for test networks, and from a unique local IPv6 prefix (RFC 4193), so that the lab
meets no network of the machine it runs on.

Rack R1 is as plain as can be. R2 is a real one: two hardware generations, two roles, and devices that are not turnup's. A second
site, in NetBox alone, has racks and devices of the same names.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network, IPv6Network

SITE = "lab1"
SITE_NAME = "Lab 1"
DOMAIN = "lab1.turnup.example"
OTHER_SITE = "lab2"
OTHER_SITE_NAME = "Lab 2"
EDGE, STORAGE = "edge", "storage"
MANUFACTURER = "Labmetal"

SERVICES_BRIDGE = "tl-svc"
SERVICES_ADDRESS = IPv4Address("198.18.0.1")  # where servers find nginx (boot files, images) and the Salt master
BOOT_PORT = 18080
TRAFFIC_PORT = 18081  # where clients find the site's service, at the services' address
SALT_PUBLISH_PORT = 4505
SALT_RETURN_PORT = 4506

NIC = "eth0"
BMC = "bmc"
REDFISH_PORT = 443


@dataclass(frozen=True)
class Generation:
    """Servers that were bought together: a device type of NetBox, and the NICs it has; the first boots."""

    name: str
    nics: tuple[str, ...]


G1 = Generation("labmetal-g1", (NIC,))
G2 = Generation("labmetal-g2", (NIC, "eth1"))
GENERATIONS = (G1, G2)


@dataclass(frozen=True)
class Network:
    """One layer-2 network: a bridge on this machine, a VLAN and a prefix in NetBox, a subnet in Kea."""

    bridge: str
    prefix: IPv4Network
    vlan_id: int
    role: str  # of the prefix in NetBox: `management` or `out-of-band`
    kea_subnet_id: int
    ipv6: IPv6Network | None = None  # addresses of which Salt sets

    @property
    def gateway(self) -> IPv4Address:
        """This machine's address on the bridge."""
        return self.prefix[1]

    @property
    def prefixes(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Of each family; this machine has the first address of each."""
        return (self.prefix, self.ipv6) if self.ipv6 else (self.prefix,)

    @property
    def gateways(self) -> tuple[str, ...]:
        """This machine's addresses on the bridge, with their prefix lengths."""
        return tuple(f"{prefix[1]}/{prefix.prefixlen}" for prefix in self.prefixes)


OUT_OF_BAND = Network("tl-oob", IPv4Network("198.18.240.0/24"), 240, "out-of-band", 240)


@dataclass(frozen=True)
class Server:
    """One server as it was delivered: what is printed on its label, where it is mounted, what it is made of."""

    rack: Rack
    unit: int
    generation: Generation = G1
    role: str = EDGE

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
        """Of the NIC that boots."""
        return self.nics[NIC]

    @property
    def nics(self) -> dict[str, str]:
        """{name: MAC} of every NIC; all are on the rack's bridge."""
        names = enumerate(self.generation.nics, start=1)
        return {name: f"02:18:{1 if number == 1 else number + 1:02x}:00:{self._place}" for number, name in names}

    @property
    def _place(self) -> str:
        """The end of its MACs."""
        return f"{self.rack.number:02x}:{self.unit:02x}"

    @property
    def bmc_mac(self) -> str:
        """Of the BMC on the out-of-band bridge."""
        return f"02:18:02:00:{self._place}"

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
            IPv6Network(f"fd74:7572:6e75:{self.number}::/64"),
        )

    @cached_property
    def servers(self) -> tuple[Server, ...]:
        mixed = {5: (G2, EDGE), 6: (G2, EDGE), 7: (G2, STORAGE), 8: (G2, STORAGE)} if self.number == 2 else {}
        return tuple(Server(self, unit, *mixed.get(unit, ())) for unit in range(1, 9))


@dataclass(frozen=True)
class Guest:
    """A device in a rack that is not turnup's. It is in NetBox alone, planned like everything there."""

    name: str
    rack: Rack
    unit: int
    role: str
    device_type: str
    tenant: str | None = None

    @property
    def serial(self) -> str:
        return f"LG1{self.rack.number:02}{self.unit:03}"


RACKS = (Rack(1), Rack(2))
SWITCH, TENANT = "labswitch", "acme"
GUESTS = (
    Guest("lab1-r2-sw1", RACKS[1], 42, "switch", SWITCH),
    Guest("lab1-r2-probe1", RACKS[1], 20, "monitoring", G1.name),
    Guest("lab1-r2-acme1", RACKS[1], 21, EDGE, G1.name, TENANT),
)
SERVERS = tuple(server for rack in RACKS for server in rack.servers)
NETWORKS = (*(rack.network for rack in RACKS), OUT_OF_BAND)
NAMESAKES = tuple(server for rack in RACKS for server in rack.servers[:2])  # whose names are used at the other site as well
BY_NAME = {server.name: server for server in SERVERS}
