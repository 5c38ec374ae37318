"""Webhooks: where NetBox delivers, the secrets that it signs with, and which NetBox that is."""

from __future__ import annotations

from dataclasses import dataclass

from turnup.domain.errors import Refused
from turnup.orchestration.hooks.kind import TIMEOUT, Field, Hook

CONNECTION = "turnup_webhooks_default"
SHORTEST = 16
"""Characters of a secret. `openssl rand -hex 32` gives 64."""


@dataclass(frozen=True)
class Door:
    """The endpoint's URL, every secret that is valid now (the first signs), NetBox's connection, and the CA of the URL."""

    url: str
    secrets: tuple[str, ...]
    netbox: str
    ca: str | None = None


class WebhooksHook(Hook):
    """What NetBox's webhook and Airflow's API server have to agree about."""

    conn_type = "turnup_webhooks"
    hook_name = "Webhooks (NetBox starts runs)"
    fields = (
        Field("host", "Airflow's URL", "https://airflow.example.com", required=True),
        Field("password", "Secret", "as in NetBox's webhook: openssl rand -hex 32", required=True, secret=True),
        Field(
            "previous_secret",
            "Previous secret",
            meaning="Valid beside the secret while it is changed; several are separated by spaces. Clear it afterwards.",
            section="Rotation",
            secret=True,
        ),
        Field(
            "netbox",
            "NetBox connection",
            meaning="The Airflow connection of the NetBox that delivers.",
            section="NetBox",
            default="netbox_default",
        ),
        Field(
            "ca",
            "CA file",
            meaning="File with the authority that signed the certificate of Airflow's URL. Empty: the well-known ones.",
            section="Trust",
        ),
    )

    def door(self) -> Door:
        """What was filled in. Refused: a secret is too short to be one."""
        self.complete()
        secrets = (self.text("password"), *self.text("previous_secret").split())
        if any(len(secret) < SHORTEST for secret in secrets):
            raise Refused(
                f"A secret of the Airflow connection {self.conn_id!r} has fewer than {SHORTEST} characters.",
                "make one with: openssl rand -hex 32.",
                cause="connection-incomplete",
            )
        return Door(f"{self.url().rstrip('/')}/turnup/webhooks/netbox", secrets, self.text("netbox"), self.text("ca") or None)

    def look(self) -> str:
        """The endpoint answers, and takes what is signed with the secret."""
        from turnup.adapters.webhooks import Deliverer

        door = self.door()
        said = Deliverer(door.url, door.secrets[0], door.ca, TIMEOUT).knock()
        return f"{door.url} takes what is signed with this secret ({said})."


HOOK = WebhooksHook
