"""What a server's metal can do, whatever it is made of."""

from __future__ import annotations

from typing import Protocol

from lab.datacenter import Server


class Metal(Protocol):
    """One server of the lab, seen from its power supply.

    Whether it is on is read from the machine itself, so any process may ask, and a server outlives whoever switched it on.
    """

    def build(self) -> None:
        """The server is mounted and cabled, and off if it was not there before; its identity and disks are made."""

    def remove(self) -> None:
        """Nothing of it is left on this machine but its files."""

    def is_on(self) -> bool:
        """Whether it runs now."""

    def power_on(self) -> None:
        """It starts, as its boot setting says; does nothing where it runs already."""

    def resume(self) -> bool:
        """It starts if it was on when the rack lost its power; whether it did."""

    def power_off(self) -> None:
        """It has stopped at once, as if its cable was pulled; does nothing where it is off."""

    def heed_faults(self) -> None:
        """What a fault slows down is as slow from now on as faults say; what else they break looks itself."""

    def shut_down(self) -> None:
        """Its operating system ended what runs, then it is off. One that does not answer is switched off."""


def of(server: Server) -> Metal:
    """The metal that this server is made of: today namespaces, all of them."""
    from lab.metal.namespace.server import NamespaceServer  # noqa: PLC0415 - the one place that chooses

    return NamespaceServer(server)
