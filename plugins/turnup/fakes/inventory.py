"""NetBox in memory: versions, conflicts and full prefixes as the real one has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_interface, ip_network
from itertools import count, islice

from turnup.domain.errors import Conflict, Refused
from turnup.domain.holds import Hold
from turnup.domain.servers import Address, Interface, Server, Snapshot, ip_version
from turnup.domain.states import Status
from turnup.fakes.faults import Faults
from turnup.ports import AddressRequest, DeviceWrite, Inventory, JournalEntry, PrimaryAddresses


class FakeInventory(Faults, port=Inventory):
    """The Inventory port over the racks of these snapshots, which bring their ids and how many addresses are free.

    Tests may look at `causes` {device id: text}, `journal`, `dns_names` and `descriptions` {address id: text}, `messages`, and
    `retired` {id of a deprecated address: why}.
    """

    def __init__(self, *racks: Snapshot) -> None:
        super().__init__()
        self._racks = {rack.rack_id: rack for rack in racks}
        self._servers = {server.id: server for rack in racks for server in rack.servers}
        self._prefixes = {prefix.id: prefix for rack in racks for prefix in rack.prefixes}
        self._addresses = {
            address.id: address
            for server in self._servers.values()
            for interface in server.interfaces
            for address in interface.addresses
        }
        self._ids = count(max(self._addresses, default=0) + 1)
        self._versions = count(1)
        self.causes: dict[int, str] = {}
        self.journal: list[JournalEntry] = []
        self.dns_names: dict[int, str] = {}
        self.descriptions: dict[int, str] = {}
        self.messages: list[str] = []
        self.held: list[Hold] = []
        self.retired: dict[int, str] = {}

    def holds(self) -> tuple[Hold, ...]:
        """What a test put into `held`."""
        return tuple(self.held)

    def snapshot(self, site: str, rack: str) -> Snapshot:
        """The rack as it is now."""
        found = [one for one in self._racks.values() if (one.site, one.rack) == (site, rack)]
        if len(found) != 1:
            raise Refused(f"Site {site!r} has {len(found)} racks {rack!r} in NetBox.", "check the names.")
        servers = [self._with_addresses(self._servers[server.id]) for server in found[0].servers]
        servers.sort(key=lambda server: (server.name, server.id))
        return replace(
            found[0],
            servers=tuple(servers),
            prefixes=tuple(self._prefixes[prefix.id] for prefix in found[0].prefixes),
            same_serial={server.serial: self._named(site, serial=server.serial) for server in servers if server.serial},
            same_mac={
                port.mac: self._named(site, mac=port.mac)
                for server in servers
                for port in server.interfaces
                if port.mac and not port.virtual
            },
            same_name={server.name: self._racks_of(site, server.name) for server in servers if server.name},
            dhcp_subnets={},
        )

    def device(self, device_id: int) -> Server:
        """The device without its interfaces."""
        return replace(self._found(device_id), interfaces=())

    def devices(self, site: str, names: Sequence[str]) -> tuple[Server, ...]:
        """The devices of these names in the site's racks."""
        ids = {server.id for rack in self._racks.values() if rack.site == site for server in rack.servers}
        return tuple(replace(one, interfaces=()) for one in self._servers.values() if one.id in ids and one.name in names)

    def site_servers(self, site: str) -> tuple[Server, ...]:
        """The devices in the site's racks."""
        racks = [rack for rack in self._racks.values() if rack.site == site]
        return tuple(replace(self._servers[one.id], interfaces=()) for rack in racks for one in rack.servers)

    def holders(self, serial: str) -> tuple[str, ...]:
        """By name, with site, rack and position."""
        placed = [(rack, self._servers[one.id]) for rack in self._racks.values() for one in rack.servers]
        return tuple(
            sorted(
                f"{one.name} (site {rack.site}, rack {rack.rack}, {f'U{one.position:g}' if one.position else 'no position'})"
                for rack, one in placed
                if one.serial.casefold() == serial.casefold()
            )
        )

    def write(self, device_id: int, version: str, change: DeviceWrite, message: str) -> str:
        """Change the device if it is at this version, or has the wanted values already."""
        now = self._found(device_id)
        if change.status is not None and change.status not in list(Status):
            raise Refused(f"{change.status!r} is no status of NetBox.")
        if change == DeviceWrite():
            return version
        if now.version != version:
            if self._has(now, change):
                return now.version
            raise Conflict(f"{now.name} is {now.status} now, held by {now.claim or 'no run'}.", "plan again.")
        if change.cause is not None:
            self.causes[device_id] = change.cause
        return self._store(
            replace(
                now,
                status=now.status if change.status is None else str(change.status),
                claim=now.claim if change.claim is None else change.claim or None,
                last_run=now.last_run if change.last_run is None else change.last_run or None,
                bmc_certificate=now.bmc_certificate if change.bmc_certificate is None else change.bmc_certificate or None,
                leaving_since=now.leaving_since if change.leaving_since is None else change.leaving_since or None,
                tags=now.tags if change.tags is None else tuple(sorted(change.tags)),
            ),
            message,
        )

    def addresses_on(self, interface_ids: Sequence[int]) -> tuple[Address, ...]:
        """Every address on these interfaces, by id."""
        return tuple(address for _, address in sorted(self._addresses.items()) if address.interface_id in interface_ids)

    def macs(self, interface_ids: Sequence[int]) -> Mapping[int, str | None]:
        """What each interface has."""
        ports = [port for server in self._servers.values() for port in server.interfaces]
        return {port.id: port.mac for port in ports if port.id in interface_ids}

    def allocate(self, prefix_id: int, requests: Sequence[AddressRequest]) -> tuple[Address, ...]:
        """Take the lowest free addresses, all or none. The first of a prefix is its gateway's."""
        prefix = self._prefixes.get(prefix_id)
        if prefix is None:
            raise Refused(f"NetBox has no prefix {prefix_id}.")
        if len(requests) > prefix.free:
            raise Refused(f"Prefix {prefix.cidr} is full: it has {prefix.free} free addresses, {len(requests)} are needed.")
        network = ip_network(prefix.cidr)
        used = {ip_interface(address.cidr).ip for address in self._addresses.values()}
        free = (host for host in islice(network.hosts(), 1, None) if host not in used)
        ports = {port.id for server in self._servers.values() for port in server.interfaces}
        if unknown := {request.interface_id for request in requests} - ports:
            raise Refused(f"NetBox has no interfaces {sorted(unknown)}.")
        taken = []
        for request in requests:
            address = Address(next(self._ids), f"{next(free)}/{network.prefixlen}", request.interface_id)
            self._addresses[address.id] = address
            self.dns_names[address.id], self.descriptions[address.id] = request.dns_name, request.description
            taken.append(address)
        self._prefixes[prefix_id] = replace(prefix, free=prefix.free - len(taken))
        return tuple(taken)

    def release(self, address_ids: Sequence[int], message: str) -> None:
        """Delete these addresses; a device loses those that were its primary or out-of-band address."""
        for address_id in address_ids:
            if (address := self._addresses.pop(address_id, None)) is None:
                continue
            for prefix in self._prefixes.values():
                if ip_interface(address.cidr).ip in ip_network(prefix.cidr):
                    self._prefixes[prefix.id] = replace(prefix, free=prefix.free + 1)
            for server in list(self._servers.values()):
                if address in (server.primary_ip4, server.primary_ip6, server.oob_ip):
                    left = {field: None if one == address else one for field, one in _primary(server).items()}
                    self._store(_with_primary(server, left), message)

    def retire(self, device_id: int, address_ids: Sequence[int], why: str, message: str) -> None:
        """They stay taken, on no interface and no device's."""
        there = [self._addresses[key] for key in address_ids if key in self._addresses]
        server = self._found(device_id)
        left = {field: None if one in there else one for field, one in _primary(server).items()}
        if left != _primary(server):
            self._store(_with_primary(server, left), message)
        for address in there:
            self._addresses[address.id] = replace(address, interface_id=0)
            self.retired[address.id], self.dns_names[address.id] = why, ""

    def set_primary(self, addresses: Sequence[PrimaryAddresses], message: str) -> None:
        """Set primary and out-of-band addresses of devices, all or none."""
        changed = []
        for one in addresses:
            server = self._found(one.device_id)
            ports = {port.id for port in server.interfaces}
            chosen = _primary(server)
            for field in chosen:
                if (key := getattr(one, field)) is None:
                    continue
                chosen[field] = address = self._addresses.get(key)
                if address is None or address.interface_id not in ports:
                    raise Refused(f"Address {key} is not on an interface of {server.name}.")
                if field != "oob_ip" and not field.endswith(str(ip_version(address.cidr))):
                    raise Refused(f"Address {address.cidr} cannot be {field} of {server.name}.")
            changed.append(_with_primary(server, chosen))
        for server in changed:
            self._store(server, message)

    def set_rack_status(self, rack_id: int, status: str, message: str) -> None:
        """Set the rack's status."""
        self._racks[rack_id] = replace(self._racks[rack_id], rack_status=status)
        self.messages.append(message)

    def rack_servers(self, rack_id: int) -> tuple[Server, ...]:
        """The rack's devices."""
        return tuple(replace(self._servers[server.id], interfaces=()) for server in self._racks[rack_id].servers)

    def write_journal(self, entries: Sequence[JournalEntry]) -> None:
        """Append what is not there yet."""
        self.journal += [entry for entry in entries if entry not in self.journal]

    def correct(self, device_id: int, change: Callable[[Server], Server]) -> None:
        """A person changes a device, or an interface of it."""
        self._store(change(self._found(device_id)), "by hand")

    def carry_away(self, device_id: int) -> None:
        """A person takes a device out of its rack, to a place that is not among these."""
        for key, rack in self._racks.items():
            self._racks[key] = replace(rack, servers=tuple(one for one in rack.servers if one.id != device_id))

    def _found(self, device_id: int) -> Server:
        if device_id not in self._servers:
            raise Refused(f"NetBox has no device {device_id}.")
        return self._servers[device_id]

    def _store(self, server: Server, message: str) -> str:
        version = f"{server.id}-{next(self._versions)}"
        self._servers[server.id] = replace(server, version=version)
        self.messages.append(message)
        return version

    def _has(self, now: Server, change: DeviceWrite) -> bool:
        there = {
            "status": now.status,
            "claim": now.claim,
            "last_run": now.last_run,
            "cause": self.causes.get(now.id),
            "bmc_certificate": now.bmc_certificate,
            "leaving_since": now.leaving_since,
            "tags": now.tags,
        }
        wanted = {name: getattr(change, name) for name in there if getattr(change, name) is not None}
        return all((there[name] or type(value)()) == value for name, value in wanted.items())

    def _with_addresses(self, server: Server) -> Server:
        def port(interface: Interface) -> Interface:
            on = (address for _, address in sorted(self._addresses.items()) if address.interface_id == interface.id)
            return replace(interface, addresses=tuple(on))

        return replace(server, interfaces=tuple(port(interface) for interface in server.interfaces))

    def _racks_of(self, site: str, name: str) -> tuple[str, ...]:
        """The racks of the site's devices of this name."""
        racks = [rack for rack in self._racks.values() if rack.site == site]
        found = [f"rack {rack.rack}" for rack in racks for one in rack.servers if one.name.casefold() == name.casefold()]
        return tuple(sorted(found))

    def _named(self, site: str, *, serial: str = "", mac: str = "") -> tuple[str, ...]:
        """Names of the devices with this serial, or of each interface with this MAC; at another site with that."""
        elsewhere = {one.id: rack.site for rack in self._racks.values() for one in rack.servers if rack.site != site}
        servers = [
            (f"{one.name} at site {elsewhere[one.id]}" if one.id in elsewhere else one.name, one)
            for one in self._servers.values()
        ]
        if serial:
            return tuple(sorted(name for name, server in servers if server.serial.casefold() == serial.casefold()))
        ports = [(name, port) for name, server in servers for port in server.interfaces]
        return tuple(sorted(name for name, port in ports if port.mac == mac and not port.virtual))


def _primary(server: Server) -> dict[str, Address | None]:
    """The device's addresses by NetBox's field."""
    return {"primary_ip4": server.primary_ip4, "primary_ip6": server.primary_ip6, "oob_ip": server.oob_ip}


def _with_primary(server: Server, fields: Mapping[str, Address | None]) -> Server:
    return replace(server, primary_ip4=fields["primary_ip4"], primary_ip6=fields["primary_ip6"], oob_ip=fields["oob_ip"])
