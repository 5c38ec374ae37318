"""What an audit asks in bulk, in memory. Tests reach in and change what they like."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from turnup.domain.errors import Refused
from turnup.domain.facts import Assigned, BmcSeen, Estate, Misfit
from turnup.fakes.faults import Faults
from turnup.fakes.salt import FakeSalt
from turnup.sources import Bmcs, BmcTarget, Claims, Doors, Estates, Keys, SaltMaster, Setup


class FakeEstates(Faults, port=Estates):
    """The Estates port over these estates. What fixes do is in `cleared`, `kept` and the `racks` {id: status} of tests."""

    def __init__(self, *estates: Estate) -> None:
        super().__init__()
        self.estates = {one.site: one for one in estates}
        self.cleared: list[tuple[int, tuple[str, ...]]] = []
        self.kept: list[tuple[str, str]] = []
        self.gone: set[int] = set()
        self.owners: set[str] = set()
        self.racks = {rack.id: rack.status for one in estates for rack in one.racks}

    def outline(self, site: str) -> Estate:
        """The same, without interfaces."""
        if site not in self.estates:
            raise Refused(f"NetBox has no site {site!r}.")
        estate = self.estates[site]
        bare = tuple(replace(one, server=replace(one.server, interfaces=())) for one in estate.devices)
        return replace(estate, devices=bare, addresses=())

    def estate(self, site: str) -> Estate:
        """As tests made it."""
        if site not in self.estates:
            raise Refused(f"NetBox has no site {site!r}.")
        return self.estates[site]

    def owned(self, site: str, domain: str, macs: Collection[str], minions: Collection[str]) -> frozenset[str]:  # noqa: ARG002
        """Those that tests put into `owners`."""
        return frozenset(self.owners & {*macs, *minions})

    def clear_primary(self, device_id: int, fields: Sequence[str], message: str) -> None:  # noqa: ARG002
        """Noted."""
        self.cleared.append((device_id, tuple(fields)))

    def address(self, address_id: int) -> tuple[str, str, str] | None:
        """Of those on nothing."""
        every = (one for estate in self.estates.values() for one in estate.addresses)
        found = next((one for one in every if one.id == address_id and one.port is None), None)
        return None if found is None or address_id in self.gone else (found.cidr, found.status, found.description)

    def keep_address(self, cidr: str, description: str, message: str) -> None:  # noqa: ARG002
        """Once, at the first site."""
        if (cidr, description) in self.kept:
            return
        self.kept.append((cidr, description))
        site, estate = next(iter(self.estates.items()))
        key = max((one.id for one in estate.addresses), default=0) + 1
        kept = Assigned(key, cidr, "deprecated", description=description)
        self.estates[site] = replace(estate, addresses=(*estate.addresses, kept))

    def rack_status(self, rack_id: int) -> str:
        """As tests set it."""
        return self.racks[rack_id]


class FakeSetup(Faults, port=Setup):
    """The Setup port; tests set `found`."""

    def __init__(self, *found: Misfit) -> None:
        super().__init__()
        self.found = found

    def misfits(self) -> tuple[Misfit, ...]:
        """What tests put there."""
        return self.found


class FakeSaltMaster(Faults, port=SaltMaster):
    """The SaltMaster port over a FakeSalt, whose keys and minions it has; `rejected` {minion id: key}."""

    def __init__(self, salt: FakeSalt) -> None:
        super().__init__()
        self.salt = salt
        self.rejected: dict[str, str] = {}

    def keys(self) -> Keys:
        """Of the FakeSalt."""
        accepted, waiting = self.salt.known()
        return Keys(frozenset(accepted), frozenset(waiting), frozenset(self.rejected))

    def answering(self, minion_ids: Collection[str]) -> frozenset[str]:
        """Who is up."""
        return frozenset(minion_ids) & self.salt.up

    def reject_key(self, minion_id: str) -> None:
        """From accepted to rejected."""
        key = self.salt.accepted_key(minion_id)
        if key is not None:
            self.rejected[minion_id] = key
            self.salt.stop(minion_id)  # the real one refuses what it offers from now on
            self.salt.delete_key(minion_id)

    def accept_rejected_key(self, minion_id: str) -> None:
        """From rejected to accepted."""
        if (key := self.rejected.pop(minion_id, None)) is not None:
            self.salt.offer(minion_id, key)
            self.salt.accept_key(minion_id)


class FakeBmcs(Faults, port=Bmcs):
    """The Bmcs port; tests set `shown` {address: what it shows}. `asked` are those that would have been sent a password."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, BmcSeen] = {}
        self.asked: set[str] = set()

    def look(self, targets: Sequence[BmcTarget], seconds: float) -> Mapping[int, BmcSeen]:  # noqa: ARG002
        """Nothing but the certificate where another one is on record; an address that is not in `shown` is silent."""
        found: dict[int, BmcSeen] = {}
        for target in targets:
            seen = self.shown.get(target.address, BmcSeen(trouble="no route"))
            if seen.certificate is not None and seen.certificate == target.certificate:
                self.asked.add(target.address)
                found[target.device_id] = seen
            else:
                found[target.device_id] = BmcSeen(certificate=seen.certificate, trouble=seen.trouble)
        return found


class FakeDoors(Faults, port=Doors):
    """The Doors port; tests set `open_at`, the addresses where SSH answers."""

    def __init__(self) -> None:
        super().__init__()
        self.open_at: set[str] = set()

    def knock(self, addresses: Mapping[int, str], seconds: float) -> Mapping[int, bool]:  # noqa: ARG002
        """Whether it is among them."""
        return {key: address in self.open_at for key, address in addresses.items()}


class FakeClaims(Faults, port=Claims):
    """The Claims port; tests set `going_on`."""

    def __init__(self, *going_on: str) -> None:
        super().__init__()
        self.going_on = set(going_on)

    def ended(self, claims: Collection[str]) -> frozenset[str]:
        """All but those."""
        return frozenset(claims) - self.going_on
