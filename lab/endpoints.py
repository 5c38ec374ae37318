"""`.lab/endpoints.json`: where everything answers and how to log in, for programs outside the lab."""

from __future__ import annotations

import json
from typing import Any

from lab import authority, configuration, connections, paths
from lab.datacenter import REDFISH_PORT, SITE
from lab.ports import port
from lab.secrets import secret
from lab.services import airflow, haproxy, kea, netbox, postgres, prometheus, salt


def write() -> None:
    """The file says how it is now; its names are those of the interface that others rely on."""
    content: dict[str, Any] = {
        "netbox": {
            "url": netbox.url(),
            "token": netbox.token(netbox.ADMIN),
            "username": netbox.ADMIN,
            "password": secret("netbox_admin", 16),
            "engineer_username": netbox.ENGINEER,
            "engineer_password": secret("netbox_engineer", 16),
        },
        "airflow": {
            "url": airflow.url(),
            "username": "admin",
            "password": airflow.password("admin"),
            "operator_username": "operator",
            "operator_password": airflow.password("operator"),
            "approver_username": "approver",
            "approver_password": airflow.password("approver"),
            "viewer_username": "viewer",
            "viewer_password": airflow.password("viewer"),
        },
        "salt": {
            "url": salt.url(),
            "username": salt.USER,
            "password": secret("salt_api"),
            "eauth": salt.EAUTH,
            "ca": str(authority.CERTIFICATE),
        },
        "dhcp": {
            SITE: {
                "kind": "kea_hosts_database",
                "control_url": kea.url(),
                "control_username": kea.CONTROL_USER,
                "control_password": secret("kea_control"),
                "database": postgres.url("kea"),
            }
        },
        "traffic": {
            SITE: {
                "kind": "haproxy",
                "url": haproxy.url(),
                "runtime_host": "127.0.0.1",
                "runtime_port": port("haproxy_runtime"),
                "ca": str(authority.CERTIFICATE),
                **haproxy.credentials(),
            }
        },
        "webhook": {"url": f"{airflow.url()}/turnup/webhooks/netbox", "secret": secret("netbox_webhook")},
        "prometheus": {"url": prometheus.url()},
        "metrics": {"url": prometheus.metrics_url(), "token": secret("metrics")},
        "redfish": {"username": connections.REDFISH_USER, "password": connections.redfish_password(), "port": REDFISH_PORT},
    }
    configuration.write(paths.ENDPOINTS, json.dumps(content, indent=2) + "\n")
