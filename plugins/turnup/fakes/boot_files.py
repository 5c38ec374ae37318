"""Boot scripts in memory."""

from __future__ import annotations

from turnup.domain.errors import Refused
from turnup.fakes.faults import Faults
from turnup.ports import BootFiles


class FakeBootFiles(Faults, port=BootFiles):
    """The BootFiles port; tests may look at `served` {MAC: script}."""

    def __init__(self) -> None:
        super().__init__()
        self.served: dict[str, str] = {}

    def write(self, mac: str, script: str) -> None:
        """In place of the old one."""
        self.served[_checked(mac)] = script

    def remove(self, mac: str) -> None:
        """None is no error."""
        self.served.pop(_checked(mac), None)

    def read(self, mac: str) -> str | None:
        """As written."""
        return self.served.get(_checked(mac))

    def macs(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(sorted(self.served))


def _checked(mac: str) -> str:
    pairs = mac.split(":")
    if len(pairs) != 6 or any(len(pair) != 2 or not set(pair) <= set("0123456789abcdef") for pair in pairs):
        raise Refused(f"{mac!r} is not a MAC address in lower case with colons.")
    return mac
