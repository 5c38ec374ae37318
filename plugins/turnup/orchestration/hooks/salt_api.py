"""salt-api of a site's Salt master: an account that may do what turnup does and no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turnup.orchestration.hooks.kind import TIMEOUT, Field, Hook

if TYPE_CHECKING:
    from turnup.adapters.salt_api import SaltApi
    from turnup.adapters.salt_master import SaltApiMaster

MORE = "Kind of login, and trust"


class SaltApiHook(Hook):
    """salt-api, over TLS that verifies."""

    conn_type = "salt_api"
    hook_name = "Salt (salt-api)"
    fields = (
        Field("host", "URL", "https://salt.example.com:8000", required=True),
        Field("login", "Account", "turnup", required=True),
        Field("password", "Password", "with eauth sharedsecret: the shared secret", required=True, secret=True),
        Field(
            "eauth",
            "eauth",
            meaning="The kind of login, as in external_auth of the master's file.",
            section=MORE,
            default="sharedsecret",
        ),
        Field(
            "ca",
            "CA file",
            meaning="File with the authority that signed salt-api's certificate. Empty: the system's.",
            section=MORE,
        ),
    )

    def salt(self, timeout: float) -> SaltApi:
        """Salt; it opens no connection yet."""
        from turnup.adapters.salt_api import SaltApi

        return SaltApi(*self._account(), timeout)

    def master(self, timeout: float) -> SaltApiMaster:
        """The master, asked about all of its minions at once."""
        from turnup.adapters.salt_master import SaltApiMaster
        from turnup.adapters.salt_transport import SaltSession

        return SaltApiMaster(SaltSession(*self._account(), timeout))

    def look(self) -> str:
        """The certificate verifies, the account gets in, and may call all that turnup calls."""
        from turnup.adapters.salt_readiness import make_sure
        from turnup.adapters.salt_transport import SaltSession

        return make_sure(SaltSession(*self._account(), TIMEOUT))

    def _account(self) -> tuple[str, str, str, str, str | None]:
        self.complete()
        return self.url(), self.text("login"), self.text("password"), self.text("eauth"), self.text("ca") or None


HOOK = SaltApiHook
