"""What an audit asks in bulk, beside the ports of the steps: small Protocols, one noun each.

As with `ports`: adapters speak to the real thing, `fakes` stand in for it. Whatever is asked of many is asked in pages or all at
once, and within a time limit. Every method may raise `Transient` or `Refused`; an audit takes both for a source that is silent.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from turnup.domain.facts import BmcSeen, Estate, Misfit


class Estates(Protocol):
    """NetBox: all of a site, and the few writes of fixes that no step needs."""

    def outline(self, site: str) -> Estate:
        """The site's devices without their interfaces, its racks and prefixes: enough to know whom to ask. Read once."""
        ...

    def estate(self, site: str) -> Estate:
        """Everything that NetBox has of the site (slug), in a number of requests that grows with pages."""
        ...

    def owned(self, site: str, domain: str, macs: Collection[str], minions: Collection[str]) -> frozenset[str]:
        """Those of these MACs and minion ids that a device or virtual machine of any site has, asked by their names.

        Of this site's devices, whose minions are in this domain, only exactly such an id counts.
        """
        ...

    def clear_primary(self, device_id: int, fields: Sequence[str], message: str) -> None:
        """Take these (`primary_ip4`, `primary_ip6`, `oob_ip`) off the device."""
        ...

    def address(self, address_id: int) -> tuple[str, str, str] | None:
        """(address with prefix length, status, description); None: there is no such address, or it is on something."""
        ...

    def keep_address(self, cidr: str, description: str, message: str) -> None:
        """Make a deprecated address of this description, on nothing."""
        ...

    def rack_status(self, rack_id: int) -> str:
        """The rack's status now."""
        ...


class Setup(Protocol):
    """Whether NetBox has what turnup needs there."""

    def misfits(self) -> tuple[Misfit, ...]:
        """What is missing or differs. Nothing is written."""
        ...


@dataclass(frozen=True)
class Keys:
    """Minion ids by the state of their key."""

    accepted: frozenset[str] = frozenset()
    waiting: frozenset[str] = frozenset()
    rejected: frozenset[str] = frozenset()


class SaltMaster(Protocol):
    """The Salt master of a site, asked about all of its minions at once."""

    def keys(self) -> Keys:
        """Every key that it knows."""
        ...

    def answering(self, minion_ids: Collection[str]) -> frozenset[str]:
        """Those of these minions that answer now. They are named one by one, never by a pattern."""
        ...

    def reject_key(self, minion_id: str) -> None:
        """Reject the accepted key of exactly this minion."""
        ...

    def accept_rejected_key(self, minion_id: str) -> None:
        """Accept the rejected key of exactly this minion again."""
        ...


@dataclass(frozen=True)
class BmcTarget:
    """A BMC to look at. It is sent a password only if it shows the certificate (SHA-256, hex) on record; None: there is none."""

    device_id: int
    address: str
    certificate: str | None


class Bmcs(Protocol):
    """The BMCs of a site."""

    def look(self, targets: Sequence[BmcTarget], seconds: float) -> Mapping[int, BmcSeen]:
        """{device id: what its BMC showed}. Those that there was no time for are not in it."""
        ...


class Doors(Protocol):
    """The SSH servers of a site."""

    def knock(self, addresses: Mapping[int, str], seconds: float) -> Mapping[int, bool]:
        """{device id: whether an SSH server answers at its address}, without a login. Without time for it: not in it."""
        ...


class Claims(Protocol):
    """Airflow's runs, by how NetBox names them."""

    def ended(self, claims: Collection[str]) -> frozenset[str]:
        """Those of these runs that do not go on, or that Airflow does not know."""
        ...
