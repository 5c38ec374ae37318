"""What may happen at a data center, each as one function of the site and of two servers' names."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.unit.flow.chance.site import ChanceSite
from turnup.domain.holds import Hold
from turnup.domain.servers import Server
from turnup.fakes.acceptance import FakeDrive
from turnup.fakes.records import FakeRecords
from turnup.ports import Target

type Event = Callable[[ChanceSite, str, str], None]


def _netbox(**fields: Any) -> Event:
    """A person changes fields of the device; `{other}` is the other one's name."""

    def change(site: ChanceSite, name: str, other: str) -> None:
        site.inventory.correct(number(name), lambda server: replace(server, **fields))

    return change


def number(name: str) -> int:
    """NetBox's id of the device that was called so in the beginning."""
    return int(name.removeprefix("a"))


def _serial_of_other(site: ChanceSite, name: str, other: str) -> None:
    site.inventory.correct(number(name), lambda server: replace(server, serial=f"S{number(other)}"))


def _reinstalled(site: ChanceSite, name: str, other: str) -> None:
    def anew(server: Server) -> Server:
        return replace(server, status="active", claim=None, last_run="server_install/anew")

    site.inventory.correct(number(name), anew)


def _other_mac(site: ChanceSite, name: str, other: str) -> None:
    def change(server: Server) -> Server:
        nic, *more = server.interfaces
        return replace(server, interfaces=(replace(nic, mac="02:00:00:00:07:07"), *more))

    site.inventory.correct(number(name), change)


def _address_gone(site: ChanceSite, name: str, other: str) -> None:
    interface = number(name) * 10
    site.inventory.release([one.id for one in site.inventory.addresses_on([interface])], "by hand")


def _bmc_serials(site: ChanceSite, name: str, other: str) -> None:
    one, two = site.servers[name].bmc, site.servers[other].bmc
    one.serial, two.serial = two.serial, one.serial


def _inner_serials(site: ChanceSite, name: str, other: str) -> None:
    one, two = site.servers[name], site.servers[other]
    one.inner_serial, two.inner_serial = two.inner_serial, one.inner_serial


def _cables(*nets: str) -> Event:
    """The cables of two servers are swapped: of the NICs, of the BMCs, or all, as if the servers were."""

    def swap(site: ChanceSite, name: str, other: str) -> None:
        for net in nets:
            one, two = f"{net}.{100 + number(name)}", f"{net}.{100 + number(other)}"
            site.really[one], site.really[two] = site.really[two], site.really[one]

    return swap


def _certificate(site: ChanceSite, name: str, other: str) -> None:
    site.servers[name].bmc.shown = "ab" * 32


def _host_key(site: ChanceSite, name: str, other: str) -> None:
    site.servers[name].machine.host_key = "SHA256:another"


def _drives_swapped(site: ChanceSite, name: str, other: str) -> None:
    one, two = site.servers[name].drives, site.servers[other].drives
    if one and two and name != other:
        one[0], two[0] = two[0], one[0]


def _drive_added(site: ChanceSite, name: str, other: str) -> None:
    site.servers[name].drives.append(FakeDrive(f"new-{len(site.servers[name].drives)}-{name}", slot="9"))


def _drive_pulled(site: ChanceSite, name: str, other: str) -> None:
    del site.servers[name].drives[:1]


def _drives_gone(site: ChanceSite, name: str, other: str) -> None:
    site.servers[name].drives.clear()


def _drive_doubled(site: ChanceSite, name: str, other: str) -> None:
    """Another drive with the serial number, or with none."""
    drives = site.servers[name].drives
    drives.append(FakeDrive(drives[0].serial if drives else "", slot="8"))


def _drive_nameless(site: ChanceSite, name: str, other: str) -> None:
    for drive in site.servers[name].drives[:1]:
        drive.serial = ""


def _drive_larger(site: ChanceSite, name: str, other: str) -> None:
    for drive in site.servers[name].drives[:1]:
        drive.size *= 2


def _drive(**how: Any) -> Event:
    """The first drive is so when it is wiped."""

    def be(site: ChanceSite, name: str, other: str) -> None:
        for drive in site.servers[name].drives[:1]:
            for field, value in how.items():
                setattr(drive, field, value)

    return be


def _power_lost(site: ChanceSite, name: str, other: str) -> None:
    """It is off for a moment, and boots from its disk."""
    bmc = site.servers[name].bmc
    if bmc.power == "On":
        bmc._switch("Off")
        bmc._switch("On")


def _off(site: ChanceSite, name: str, other: str) -> None:
    site.servers[name].bmc._switch("Off")


def _bmc_silent(site: ChanceSite, name: str, other: str) -> None:
    site.servers[name].bmc.answers = False


def _ssh_silent(site: ChanceSite, name: str, other: str) -> None:
    site.servers[name].machine.up = False


def _lost(site: ChanceSite, name: str, other: str) -> None:
    """Nothing of it answers any more."""
    _bmc_silent(site, name, other)
    _ssh_silent(site, name, other)


def _boots_never(site: ChanceSite, name: str, other: str) -> None:
    site.servers[name].boots = False


def _minion_down(site: ChanceSite, name: str, other: str) -> None:
    site.salt.up.discard(site.servers[name].minion_id)


def _other_unwell(site: ChanceSite, name: str, other: str) -> None:
    site.traffic.unwell.add(_address(other))


def _all_unwell(site: ChanceSite, name: str, other: str) -> None:
    site.traffic.unwell |= {_address(one) for one in site.servers if one != name}


def _put_back(site: ChanceSite, name: str, other: str) -> None:
    """Somebody enters it into its pool again by hand."""
    site.traffic.enter(Target("edge", site.servers[name].minion_id, _address(name)))


def _busy(site: ChanceSite, name: str, other: str) -> None:
    site.traffic.load[_address(name)] = 3


def _held(site: ChanceSite, name: str, other: str) -> None:
    site.inventory.held = [Hold("here", "an incident")]


def _address(name: str) -> str:
    return f"10.0.1.{100 + number(name)}"


def mend(site: ChanceSite) -> None:
    """All that does not answer answers again, and nothing is busy."""
    site.inventory.held = []
    site.traffic.load.clear()
    for server in site.servers.values():
        server.boots = server.bmc.answers = True
        for drive in server.drives:
            drive.fails = drive.hangs = False
        server.machine.up = server.machine.up or (server.bmc.power == "On" and bool(server.machine.files))
    for address, name in site.really.items():
        server = site.servers[name]
        if server.machine.up and server.acceptance is None:
            site.traffic.unwell.discard(address)


def hold_again(site: ChanceSite, name: str, claim: str) -> None:
    """A person gives the device the status and the claim that a run's servers have."""
    site.inventory.correct(number(name), lambda server: replace(server, status="decommissioning", claim=claim))


EVENTS: dict[str, Event] = {
    "renamed": _netbox(name="b7"),
    "serial of another": _serial_of_other,
    "other position": _netbox(position=41.0),
    "carried away": lambda site, name, other: site.inventory.carry_away(number(name)),
    "active again": _netbox(status="active"),
    "planned again in NetBox": _netbox(status="planned", claim=None),
    "offline by hand": _netbox(status="offline"),
    "claim cleared": _netbox(claim=None),
    "claim of another": _netbox(claim="server_install/other"),
    "installed anew": _reinstalled,
    "other role": _netbox(role="db"),
    "other tenant": _netbox(tenant="somebody"),
    "other asset tag": _netbox(asset_tag="T99"),
    "other mac": _other_mac,
    "address gone": _address_gone,
    "bmc serials swapped": _bmc_serials,
    "inner serials swapped": _inner_serials,
    "nic cables swapped": _cables("10.0.1"),
    "bmc cables swapped": _cables("10.0.9"),
    "servers swapped": _cables("10.0.1", "10.0.9"),
    "bmc certificate changed": _certificate,
    "host key changed": _host_key,
    "drives swapped": _drives_swapped,
    "drive added": _drive_added,
    "drive pulled": _drive_pulled,
    "drives gone": _drives_gone,
    "drive doubled": _drive_doubled,
    "drive nameless": _drive_nameless,
    "drive larger": _drive_larger,
    "drive fails": _drive(fails=True),
    "drive hangs": _drive(hangs=True),
    "drive lies": _drive(lies=True),
    "drive read-only": _drive(read_only=True),
    "drive mounted": _drive(mounted=True),
    "power lost": _power_lost,
    "off": _off,
    "bmc silent": _bmc_silent,
    "ssh silent": _ssh_silent,
    "lost": _lost,
    "boots never": _boots_never,
    "minion down": _minion_down,
    "another unwell": _other_unwell,
    "all others unwell": _all_unwell,
    "put back by hand": _put_back,
    "busy": _busy,
    "on hold": _held,
}
"""{what: how}. What concerns a run's own folder, or another process, is in `records` and in the story."""


def _changed(content: bytes) -> bytes:
    return content.replace(b"S1", b"S2", 1) if b"S1" in content else content + b" "


def tamper(records: FakeRecords, kind: str) -> None:
    """Somebody changes what is kept: the newest of a kind."""
    names = sorted(name for name in records.kept if name.startswith(kind))
    if names:
        records.kept[names[-1]] = _changed(records.kept[names[-1]])


def lose(records: FakeRecords, kind: str) -> None:
    """Somebody deletes what is kept of a kind."""
    for name in [name for name in records.kept if name.startswith(kind)]:
        del records.kept[name]


def plan_again(records: FakeRecords, name: str) -> None:
    """Somebody puts a part for the server there that names more drives than were approved."""
    if "plan.json" not in records.kept:
        return
    parts = {one["name"]: one for one in json.loads(records.kept["plan.json"])["servers"]}
    part = parts.get(name)
    if part is not None and part.get("sealed"):
        part["sealed"]["drives"].append({"serial": f"new-2-{name}", "size": 256 * 1024 * 1024, "model": "", "slot": "9"})
        records.write(f"planned_again/{name}/1.json", json.dumps(part).encode())


TAMPERED = ("plan.json", "approval/", "order/", "wiped/", "outcomes/", "certificates/", "closed/", "wiping/")
LOST = ("plan.json", "approval/", "outcomes/", "certificates/", "order/")
