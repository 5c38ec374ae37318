"""HAProxy of a site: the Runtime API of one or several, over TLS with a certificate on both sides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from turnup.orchestration.hooks.kind import TIMEOUT, Field, Hook
from turnup.orchestration.hooks.pem import rewrapped

if TYPE_CHECKING:
    from turnup.domain.policy import Pool
    from turnup.ports import Traffic

TLS = "TLS"
SERVERS = "Servers in the pools"


class HaproxyHook(Hook):
    """The Runtime API knows no account: turnup shows a certificate, which HAProxy verifies, and verifies HAProxy's."""

    conn_type = "haproxy"
    hook_name = "HAProxy (Runtime API)"
    fields = (
        Field("host", "Load balancers", "lb1.example.com, lb2.example.com", required=True),
        Field("port", "Port of the Runtime API", "9999", required=True),
        Field(
            "certificate",
            "Our certificate",
            meaning="PEM, from BEGIN to END: what turnup shows to HAProxy (ca-file ... verify required in HAProxy's file).",
            section=TLS,
            required=True,
        ),
        Field("private_key", "Its key", meaning="PEM, without a passphrase.", section=TLS, required=True, secret=True),
        Field(
            "ca",
            "CA file",
            meaning="File with the authority that signed HAProxy's certificate. Empty: the system's.",
            section=TLS,
        ),
        Field(
            "server_options",
            "Options",
            meaning="Keywords of HAProxy's `add server`, a health check among them: its default-server does not count there.",
            section=SERVERS,
            default="check inter 2s rise 2 fall 3",
        ),
    )

    def traffic(self, kind: str, pools: Mapping[str, Pool], timeout: float) -> Traffic:
        """The load balancers; it opens no connection yet. Refused: something is missing or cannot be read."""
        from turnup.adapters import traffic

        return traffic.backend(kind, self._settings(), pools, timeout)

    def look(self) -> str:
        """Each load balancer answers, both certificates verify; its backends are named."""
        from turnup.adapters.traffic.haproxy import runtimes

        found = []
        for runtime in runtimes(self._settings(), TIMEOUT):
            version, backends = runtime.about()
            found.append(f"HAProxy {version} at {runtime.host} answers; it has {', '.join(backends) or 'no backend'}.")
        return " ".join(found)

    def _settings(self) -> Mapping[str, Any]:
        """As `turnup.adapters.traffic` takes them."""
        self.complete()
        extra = {name: self.text(name) for name in ("ca", "server_options")}
        pem = {name: rewrapped(self.text(name)) for name in ("certificate", "private_key")}
        return {"host": self.text("host"), "port": self.number("port"), "extra": {**extra, **pem, "ca": extra["ca"] or None}}


HOOK = HaproxyHook
