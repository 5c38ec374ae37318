"""NetBox: its URL and an API token that may write."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from turnup.orchestration.hooks.kind import TIMEOUT, Field, Hook

if TYPE_CHECKING:
    from turnup.adapters.netbox.client import Client


class NetBoxHook(Hook):
    """The NetBox whose facts turnup reads and writes."""

    conn_type = "netbox"
    hook_name = "NetBox"
    fields = (
        Field("host", "URL", "https://netbox.example.com", required=True),
        Field("password", "API token", "nbt_... (a v2 token with write enabled)", required=True, secret=True),
        Field(
            "ca",
            "CA file",
            meaning="File with the authority that signed NetBox's certificate. Empty: the well-known ones.",
            section="Trust",
        ),
    )

    def client(self, timeout: float, pauses: Sequence[float] = (), agent: str = "turnup") -> Client:
        """The client; it opens no connection yet. `pauses` are those between its tries, in seconds; `agent` is who asks."""
        from turnup.adapters.netbox.client import Client

        self.complete()
        token, ca = self.text("password"), self.text("ca") or None
        return Client(self.url(), token, ca=ca, timeout=timeout, pauses=pauses, agent=agent)

    def look(self) -> str:
        """Version, token, what it may write, and whether turnup's custom fields are there."""
        from turnup.adapters.netbox.definitions import read_definitions
        from turnup.adapters.netbox.readiness import make_sure
        from turnup.orchestration import settings

        return make_sure(self.client(TIMEOUT), read_definitions(settings.inventory_folder() / "netbox"))


HOOK = NetBoxHook
