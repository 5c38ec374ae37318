"""The eyewitness: sees what is really done to the fakes, and holds it against what was sealed, decided and true at that moment.

It asks turnup nothing. What the seal, NetBox, the load balancer, the drives and the people say is read from them directly.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.unit.flow.chance.actors import Actor
from tests.unit.flow.chance.happenings import number
from tests.unit.flow.chance.site import ChanceSite, is_whole
from tests.unit.flow.chance.truth import Truth, too_few
from turnup.domain.servers import Server
from turnup.erasure.orders import Order
from turnup.fakes.acceptance import ZEROS, FakeDrive
from turnup.fakes.bmc import FakeBmc
from turnup.fakes.dhcp import FakeDhcp
from turnup.fakes.faults import Faults
from turnup.fakes.inventory import FakeInventory
from turnup.fakes.metal import FakeServer
from turnup.fakes.records import FakeRecords
from turnup.fakes.salt import FakeSalt
from turnup.fakes.shell import FakeShell
from turnup.fakes.traffic import FakeTraffic

RELEASES = ("delete_key", "release", "retire")


class Harm(AssertionError):
    """Something was done that must never be."""


class Witness:
    """Watches one site. `reached` counts what really came to pass, so that nobody takes a story without deeds for a proof."""

    def __init__(self, site: ChanceSite) -> None:
        self.site = site
        self.truths: dict[str, Truth] = {}
        self.records: dict[str, FakeRecords] = {}
        self.reached: Counter[str] = Counter()
        self.why: list[str] = []
        self.actor = Actor("nobody", "nobody")
        self._before: dict[str, Any] = {}
        self._starting = False
        self._looks = self._looking()
        for name, server in site.servers.items():
            server.on_wipe = partial(self._wipe, name, server)

    def before(self, fake: Faults, owner: str, method: str, arguments: tuple[Any, ...]) -> None:
        """Remember how it was."""
        if isinstance(fake, FakeShell):
            self._starting = method == "run" and tuple(arguments[0][:2]) == ("turnup-wipe", "start")
        look = self._looks.get((type(fake), method))
        if look is not None:
            self._before[method] = self._quietly(lambda: look(owner, arguments[0] if arguments else None))

    def after(self, fake: Faults, owner: str, method: str, arguments: tuple[Any, ...]) -> None:
        """Judge what changed."""
        look = self._looks.get((type(fake), method))
        if look is not None:
            before = self._before.pop(method)
            after = self._quietly(lambda: look(owner, arguments[0] if arguments else None))
            if before != after:
                self._quietly(lambda: self._judge(method, owner, before, after))

    def _looking(self) -> dict[tuple[type, str], Callable[[str, Any], Any]]:
        """What of the world a method may change."""
        site = self.site
        return {
            (FakeInventory, "write"): lambda owner, device: site.inventory.device(device),
            (FakeTraffic, "drain"): lambda owner, target: site.serving(),
            (FakeTraffic, "leave"): lambda owner, target: site.serving(),
            (FakeTraffic, "enter"): lambda owner, target: site.serving(),
            (FakeBmc, "power_off"): lambda owner, _: site.servers[owner].bmc.power,
            (FakeBmc, "power_on"): lambda owner, _: site.servers[owner].bmc.power,
            (FakeSalt, "delete_key"): lambda owner, minion: (site.salt.accepted_key(minion), site.salt.waiting_key(minion)),
            (FakeDhcp, "release"): lambda owner, those: site.dhcp.reservations([one.mac for one in those]),
            (FakeInventory, "retire"): lambda owner, device: dict(site.inventory.retired),
        }

    def _quietly[T](self, look: Callable[[], T]) -> T:
        """Look without being seen."""
        actor, self.site.actor = self.site.actor, None
        self.actor = actor or self.actor
        try:
            return look()
        finally:
            self.site.actor = actor

    def _judge(self, method: str, owner: str, before: Any, after: Any) -> None:
        if method == "write":
            self._written(before, after)
        elif method in ("drain", "leave") and before - after:
            self._lost_service(before - after)
        elif method == "enter" and after - before:
            self._back_in_service(after - before)
        elif method in ("power_off", "power_on"):
            self._powered(method, owner)
        elif method in RELEASES:
            self._released(method)

    def _may(self, name: str, deed: str, *, begins: bool = False) -> Truth:
        """Harm, unless the run that acts may do this to this server at this moment."""
        actor = self.actor
        truth = self.truths.get(actor.claim)
        if truth is None:
            raise Harm(f"{deed} {name}: {actor.claim} has no seal")
        if actor.server and actor.server != name:
            raise Harm(f"{deed} {name}, as part of {actor.server}")
        why = truth.why_not_approved(name, begun=name in truth.begun)
        why = why or truth.why_not_now(self.site, name, "" if begins else actor.claim)
        if self.site.inventory.held and not deed.startswith("make "):
            why = why or "a hold covers the site"
        if why:
            raise Harm(f"{deed} {name} by {actor.claim} in {actor.row}: {why}")
        return truth

    def _written(self, before: Server, after: Server) -> None:
        if before.status == after.status:
            return
        name, actor = f"a{before.id}", self.actor
        self.reached[f"became {after.status}"] += 1
        now = self.site.inventory._servers[before.id]
        self.site.inventory._servers[before.id] = before
        try:
            if not actor.aborts:
                self._may(name, f"make {after.status}", begins=after.status == "decommissioning")
            elif before.claim != actor.claim:
                raise Harm(f"the abort {actor.claim} writes {name}, held by {before.claim}")
        finally:
            self.site.inventory._servers[before.id] = now
        drives = self.site.servers[name].drives
        if after.status == "active" and not is_whole(drives):
            raise Harm(f"{name} is active again, and its drives are {[one.content for one in drives]}")
        if after.status == "inventory":
            sealed = self.truths[actor.claim].drives[name]
            if not sealed or any(one.content != ZEROS for one in sealed):
                raise Harm(f"{name} is in inventory, and its drives are {[one.content for one in sealed]}")
        if after.status == "offline" and "turnup-unwiped" not in after.tags:
            raise Harm(f"{name} is offline without its tag")
        if before.status == "decommissioning" and before.last_run in self.truths:
            self.truths[before.last_run].done.add(name)

    def _lost_service(self, names: set[str]) -> None:
        for name in names:
            actor = self.actor
            if actor.aborts:
                raise Harm(f"the abort {actor.claim} takes {name} out of service")
            truth = self._may(name, "take out of service")
            self.reached["left its pool"] += 1
            if why := too_few(self.site, truth):
                raise Harm(f"{name} was taken out of service: {why}")

    def _back_in_service(self, names: set[str]) -> None:
        for name in names:
            actor = self.actor
            self.reached["back in its pool"] += 1
            if name != actor.server or not is_whole(self.site.servers[name].drives):
                raise Harm(f"{name} serves again by {actor.claim}, its drives are {self.site.servers[name].drives}")

    def _powered(self, method: str, owner: str) -> None:
        """The machine was switched, so it is the one that answers for the server's part of the run."""
        actor = self.actor
        held = self.site.inventory.device(number(actor.server)).claim
        if owner != actor.server or held != actor.claim:
            raise Harm(f"{method} of {owner} by {actor.claim} for {actor.server}, held by {held}")
        if not actor.aborts:
            self._may(actor.server, method)
        if method == "power_off" and owner in self.site.in_rotation():
            raise Harm(f"{owner} is switched off while it is in rotation")
        self.reached[method] += 1

    def _released(self, method: str) -> None:
        actor = self.actor
        if actor.aborts:
            raise Harm(f"the abort {actor.claim} releases")
        truth = self._may(actor.server, f"release ({method})")
        self.reached[f"released ({method})"] += 1
        if truth.plan.seal is not None and truth.plan.seal.wipe == "none":
            self.reached["released by waiver"] += 1
            return
        said = self._outcome(actor.claim, actor.server)
        if len(said) != len(truth.drives[actor.server]):
            raise Harm(f"{actor.server} is released and its outcome tells of {sorted(said)}")
        for drive in truth.drives[actor.server]:
            if said.get(drive.serial) == "wiped" and drive.content != ZEROS:
                raise Harm(f"{drive.serial} is called wiped and holds {drive.content}")

    def _outcome(self, claim: str, name: str) -> dict[str, str]:
        """{serial number: result}, as the newest outcome in the run's folder has it."""
        kept = self.records[claim].kept
        found = sorted((one for one in kept if one.startswith(f"outcomes/{name}/")), key=lambda one: (len(one), one))
        document = json.loads(kept[found[-1]])["document"] if found else {"drives": []}
        return {one["serial"]: one["result"] for one in document["drives"]}

    def _wipe(self, owner: str, machine: FakeServer, drive: FakeDrive, order: Order) -> None:
        """A drive is about to lose its contents. Who gives an order has to be allowed to; then the machine works by itself."""
        truth = self.truths.get(order.run)
        part = truth.part(owner) if truth else None
        if truth is None or part is None or part.sealed is None or part.serial != order.serial:
            raise Harm(f"{drive.serial} of {owner} is wiped by an order of {order.run} for {order.serial}, and is not sealed")
        sealed = {one.identity for one in part.sealed.drives}
        if (drive.serial, drive.size) not in sealed or not any(drive is one for one in truth.drives[owner]):
            raise Harm(f"{drive.serial} of {owner} is wiped, and is not one of its sealed drives")
        if owner in self._quietly(self.site.in_rotation):
            raise Harm(f"{drive.serial} is wiped in {owner}, which is in rotation")
        if self._starting:
            self._quietly(lambda: self._may(owner, "wipe"))
            truth.begun.add(owner)
        self.reached["wiped a drive"] += 1
