"""Kea of a site: its hosts database, and its control agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from turnup.orchestration.hooks.kind import STANDARD, TIMEOUT, Field, Hook

if TYPE_CHECKING:
    from turnup.ports import Dhcp

AGENT = "Control agent"


class KeaHook(Hook):
    """Kea, for the DHCP backends of that name."""

    conn_type = "kea"
    hook_name = "Kea DHCP"
    fields = (
        Field("host", "Hosts database: host", "db.example.com", required=True),
        Field("port", "Hosts database: port", "5432"),
        Field("schema", "Hosts database: name", "kea", required=True),
        Field("login", "Hosts database: account", "turnup", required=True),
        Field("password", "Hosts database: password", secret=True),
        Field("control_url", "URL", meaning="Such as http://kea.example.com:8000/.", section=AGENT, required=True),
        Field("control_username", "Account", section=AGENT, required=True),
        Field("control_password", "Password", section=AGENT, required=True, secret=True),
    )

    def dhcp(self, kind: str, timeout: float) -> Dhcp:
        """The DHCP backend of that kind; it opens no connection yet. Refused: it lacks a setting."""
        from turnup.adapters import dhcp

        return dhcp.backend(kind, self._settings(), timeout)

    def look(self) -> str:
        """The control agent answers, the database lets turnup in and has a schema that it knows."""
        from turnup.adapters.dhcp.kea_hosts_database import KIND

        self.url("control_url")
        kea = self.dhcp(KIND, TIMEOUT)
        subnets = sorted(kea.subnets())
        kea.reservations(())
        served = f"serves {', '.join(subnets)}" if subnets else "serves no subnet yet: add the prefixes of NetBox to its file"
        return f"Kea answers and {served}. Its hosts database has a schema that turnup knows."

    def _settings(self) -> Mapping[str, Any]:
        """As `turnup.adapters.dhcp` takes them."""
        own = {name: self._values.get(name) for name in STANDARD}
        return {**own, "extra": {name: value for name, value in self._values.items() if name not in STANDARD}}


HOOK = KeaHook
