"""A BMC in memory, with a switch for each thing that may be wrong with one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from turnup.domain.errors import HardwareFault, Refused, Transient
from turnup.domain.plain_text import distinct, plain
from turnup.fakes.faults import Faults
from turnup.ports import Bmc, System

LAST = 20


class FakeBmc(Faults, port=Bmc):
    """The Bmc port. Tests set what it is and what is wrong: `answers`, `shown`, `password_ok`, `serial`, `power`, `obeys`,
    and what it wrote down: `event_log`, `console_log`.

    `on_power` is told of every change to `On` (with whether it boots from the network) and to `Off`.
    """

    def __init__(self, serial: str, certificate: str = "aa" * 32, macs: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.serial = serial
        self.shown = certificate
        self.macs = macs
        self.power = "Off"
        self.answers = True
        self.password_ok = True
        self.obeys = True
        self.boots_from_network = False
        self.event_log: list[str] = []
        self.console_log: list[str] = []
        self.on_power: Callable[[str, bool], None] | None = None
        self._trusted: str | None = None

    def certificate(self) -> str:
        """What it shows."""
        self._reached()
        return self.shown

    def trust(self, certificate: str) -> None:
        """What it has to show from now on."""
        self._trusted = certificate.replace(":", "").lower()

    def system(self) -> System:
        """Its state, for who may ask."""
        self._allowed()
        return System(self.serial, self.power, self.macs)

    def boot_from_network_once(self) -> None:
        """Once: the next start uses it up."""
        self._allowed()
        self.boots_from_network = True

    def power_on(self) -> None:
        """At once, if it obeys."""
        self._allowed()
        self._switch("On")

    def power_off(self) -> None:
        """At once, if it obeys."""
        self._allowed()
        self._switch("Off")

    def events(self) -> tuple[str, ...]:
        """Every change of the power, and what tests put there."""
        self._allowed()
        return tuple(plain(event) for event in self.event_log[-LAST:])

    def console(self) -> tuple[str, ...]:
        """What tests, or the metal, printed."""
        self._allowed()
        return tuple(distinct(plain(line) for line in self.console_log)[-LAST:])

    def _switch(self, power: str) -> None:
        if not self.obeys or self.power == power:
            return
        self.power = power
        self.event_log.append(f"{datetime.now(UTC).isoformat(timespec='seconds')} OK Power {power.lower()}")
        from_network = self.boots_from_network
        if power == "On":
            self.boots_from_network = False
        if self.on_power is not None:
            self.on_power(power, from_network)

    def _reached(self) -> None:
        if not self.answers:
            raise Transient("The BMC does not answer.")

    def _allowed(self) -> None:
        if self._trusted is None:
            raise Refused("The BMC is not trusted yet: nothing is sent to it.")
        self._reached()
        if self.shown != self._trusted:
            raise HardwareFault(f"The BMC shows the certificate {self.shown}, on record is {self._trusted}.")
        if not self.password_ok:
            raise HardwareFault("The BMC refuses the login.", "correct the password in its connection.", cause="bmc-password")
