"""Airflow connections become adapters. Credentials go from the connection into the adapter and nowhere else.

| type       | host, port, login, password                    | extra                                                  |
|------------|------------------------------------------------|--------------------------------------------------------|
| `netbox`   | host: URL; password: API token                 | `ca`: file of the authority, where it is a private one |
| `salt_api` | host: URL; login, password                     | `eauth`, `ca`                                          |
| `kea`      | host, port, schema, login, password: hosts database | `control_url`, `control_username`, `control_password` |
| `redfish`  | login, password: of every BMC of the site      | `port`                                                 |
| `ssh`      | login                                          | `private_key`: PEM                                     |
| `fs`       |                                                | `path`: folder that the boot web server serves         |
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import BaseHook, Connection
from airflow.sdk.exceptions import AirflowNotFoundException, AirflowRuntimeError

from turnup.adapters import dhcp
from turnup.adapters.boot_files import BootFolder
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.inventory import NetBoxInventory
from turnup.adapters.redfish import RedfishBmc
from turnup.adapters.salt_api import SaltApi
from turnup.adapters.slots import SlotFolder
from turnup.adapters.ssh import SshShell
from turnup.domain.errors import Refused, Transient
from turnup.domain.policy import Site
from turnup.orchestration import settings
from turnup.ports import Bmc, Dhcp, Ports, Records, Shell


def ports(site: Site, records: Records) -> Ports:
    """The site's services for one run. Refused: a connection that the site's file names is missing or incomplete."""
    redfish, ssh = connection(site.redfish, "redfish", site), connection(site.ssh, "ssh", site)
    timeout = float(site.timeouts.network_call)

    def bmc_at(address: str) -> Bmc:
        extra = redfish.extra_dejson
        return RedfishBmc(address, int(extra.get("port", 443)), redfish.login or "", redfish.password or "", timeout)

    def shell_at(address: str, host_key: str | None = None) -> Shell:
        return SshShell(address, ssh.login or "root", _extra(ssh, "private_key"), host_key, timeout)

    return Ports(
        inventory=_inventory(site, timeout),
        dhcp=_dhcp(site, timeout),
        salt=_salt(site, timeout),
        bmc=bmc_at,
        shell=shell_at,
        boot_files=BootFolder(_extra(connection(site.boot, "boot files", site), "path")),
        records=records,
        slots=SlotFolder(settings.slots_folder()),
    )


def _inventory(site: Site, timeout: float) -> NetBoxInventory:
    netbox = connection(site.netbox, "netbox", site)
    return NetBoxInventory(Client(netbox.host or "", netbox.password or "", timeout=timeout, ca=netbox.extra_dejson.get("ca")))


def _salt(site: Site, timeout: float) -> SaltApi:
    salt = connection(site.salt, "salt", site)
    extra = salt.extra_dejson
    eauth = str(extra.get("eauth", "sharedsecret"))
    return SaltApi(salt.host or "", salt.login or "", salt.password or "", eauth, extra.get("ca"), timeout)


def _dhcp(site: Site, timeout: float) -> Dhcp:
    settings_of_backend: dict[str, Any] = {}
    if site.dhcp.connection is not None:
        backend = connection(site.dhcp.connection, "dhcp", site)
        settings_of_backend = {
            "host": backend.host,
            "port": backend.port,
            "login": backend.login,
            "password": backend.password,
            "schema": backend.schema,
            "extra": backend.extra_dejson,
        }
    return dhcp.backend(site.dhcp.kind, settings_of_backend, timeout)


def connection(conn_id: str, what: str, site: Site) -> Connection:
    """The Airflow connection. Refused: there is none of that id. Transient: Airflow could not be asked."""
    try:
        return BaseHook.get_connection(conn_id)
    except AirflowRuntimeError as error:
        raise Transient(
            f"Airflow did not give the connection {conn_id!r}: {error}",
            "look at the API server's log.",
            cause="airflow-unavailable",
        ) from error
    except AirflowNotFoundException:
        raise Refused(
            f"There is no Airflow connection {conn_id!r}, which inventory/sites/{site.site}.yaml names for {what}.",
            "add it under Admin > Connections, or correct the file.",
            cause="connection-missing",
        ) from None


def _extra(of: Connection, key: str) -> str:
    """A required key of a connection's extra."""
    value = of.extra_dejson.get(key)
    if not value:
        raise Refused(
            f"The Airflow connection {of.conn_id!r} has no {key!r} in its extra.",
            "add it under Admin > Connections.",
            cause="connection-incomplete",
        )
    return str(value)
