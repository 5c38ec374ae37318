"""Where turnup finds the lab's services: Airflow Connections, imported again when their content changed."""

from __future__ import annotations

import json
from typing import Any

from lab import authority, configuration, console, paths
from lab.datacenter import REDFISH_PORT, SITE
from lab.ports import port
from lab.secrets import secret
from lab.services import airflow, haproxy, kea, netbox, notices, prometheus, salt

REDFISH_USER, FACTORY_USER = "admin", "root"
_FILE = paths.ETC / "airflow" / "connections.json"
_IMPORTED = paths.VAR / "airflow-connections"


def redfish_password() -> str:
    """Of every BMC of the lab, as its factory label would have it."""
    return secret("redfish", 16)


def factory_password() -> str:
    """That no BMC of the lab takes, but with the fault bmc-factory-password."""
    return secret("redfish_factory", 16)


def _all() -> dict[str, dict[str, Any]]:
    control = {"control_url": kea.url(), "control_username": kea.CONTROL_USER, "control_password": secret("kea_control")}
    return {
        "netbox_default": {"conn_type": "netbox", "host": netbox.url(), "password": netbox.token()},
        f"salt_{SITE}": {
            "conn_type": "salt_api",
            "host": salt.url(),
            "login": salt.USER,
            "password": secret("salt_api"),
            "extra": {"eauth": salt.EAUTH, "ca": str(authority.CERTIFICATE)},
        },
        f"kea_{SITE}": {
            "conn_type": "kea",
            "host": "127.0.0.1",
            "port": port("postgres"),
            "schema": "kea",
            "login": "turnup",
            "password": secret("postgres"),
            "extra": control,
        },
        f"haproxy_{SITE}": {
            "conn_type": "haproxy",
            "host": "127.0.0.1",
            "port": port("haproxy_runtime"),
            "extra": haproxy.credentials() | {"ca": str(authority.CERTIFICATE), "server_options": haproxy.SERVER_OPTIONS},
        },
        f"redfish_{SITE}": {
            "conn_type": "redfish",
            "port": REDFISH_PORT,
            "login": REDFISH_USER,
            "password": redfish_password(),
            "extra": {"factory_login": FACTORY_USER, "factory_password": factory_password()},
        },
        f"ssh_{SITE}": {"conn_type": "turnup_ssh", "login": "root", "extra": {"private_key": authority.ssh_key()}},
        f"signing_{SITE}": {
            "conn_type": "turnup_signing",
            "extra": {f"{purpose}_private_key": _signing_key(purpose) for purpose in ("order", "certificate")},
        },
        "turnup_webhooks_default": {
            "conn_type": "turnup_webhooks",
            "host": airflow.url(),
            "password": secret("netbox_webhook"),
            "extra": {"previous_secret": secret("netbox_webhook_previous")},
        },
        "turnup_metrics_default": prometheus.connection(),
        f"chat_{SITE}": notices.chat(),
        f"mail_{SITE}": notices.mail(),
        f"boot_{SITE}": {"conn_type": "turnup_boot_folder", "extra": {"path": str(paths.BOOT)}},
    }


def _signing_key(purpose: str) -> str:
    """The acceptance image obeys the first's public half; the second's is beside it, for whoever checks certificates."""
    private, _ = authority.erasure_key(purpose)
    return private.read_text()


def provide() -> None:
    """Airflow knows every connection as it is now."""
    # Port 0 where there is none: without it the UI of Airflow 3.3.2 cannot test them (apache/airflow#73298).
    configuration.write(_FILE, json.dumps({name: {"port": 0} | fields for name, fields in _all().items()}, indent=2))
    wanted = configuration.digest(_FILE)
    if _IMPORTED.exists() and _IMPORTED.read_text() == wanted:
        return
    with console.step("airflow", "telling it where the services are"):
        airflow.run("connections", "import", "--overwrite", str(_FILE))
    configuration.write(_IMPORTED, wanted, 0o644)
