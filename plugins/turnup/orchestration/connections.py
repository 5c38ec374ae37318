"""A site's connections become the ports of a run. Credentials go from a connection into its adapter and nowhere else.

What each type of connection holds is in `hooks/`, one file a type; the test in Airflow's UI makes the same adapters.
"""

from __future__ import annotations

from turnup.adapters import dhcp, traffic
from turnup.adapters.netbox.client import PAUSES
from turnup.adapters.netbox.inventory import NetBoxInventory
from turnup.adapters.signing import NoKeys
from turnup.adapters.slots import SlotFolder
from turnup.domain.policy import Site
from turnup.orchestration import settings
from turnup.orchestration.hooks.haproxy import HaproxyHook
from turnup.orchestration.hooks.kea import KeaHook
from turnup.orchestration.hooks.kind import Hook
from turnup.orchestration.hooks.netbox import NetBoxHook
from turnup.orchestration.hooks.redfish import RedfishHook
from turnup.orchestration.hooks.salt_api import SaltApiHook
from turnup.orchestration.hooks.turnup_boot_folder import BootFolderHook
from turnup.orchestration.hooks.turnup_signing import SigningHook
from turnup.orchestration.hooks.turnup_ssh import SshHook
from turnup.ports import Bmc, Dhcp, Ports, Records, Shell, Signer, Traffic


def ports(site: Site, records: Records) -> Ports:
    """The site's services for one run. Refused: a connection that the site's file names is missing or incomplete."""
    timeout = float(site.timeouts.network_call)
    redfish, ssh = _hook(RedfishHook, site.redfish, "redfish", site), _hook(SshHook, site.ssh, "ssh", site)
    redfish.complete()
    ssh.complete()

    def bmc_at(address: str) -> Bmc:
        return redfish.bmc(address, timeout)

    def shell_at(address: str, host_key: str | None = None) -> Shell:
        return ssh.shell(address, host_key, timeout)

    return Ports(
        inventory=NetBoxInventory(
            _hook(NetBoxHook, site.netbox, "netbox", site).client(timeout, PAUSES), settings.slots_folder()
        ),
        dhcp=_dhcp(site, timeout),
        salt=_hook(SaltApiHook, site.salt, "salt", site).salt(timeout),
        bmc=bmc_at,
        shell=shell_at,
        boot_files=_hook(BootFolderHook, site.boot, "boot files", site).folder(),
        records=records,
        slots=SlotFolder(settings.slots_folder()),
        traffic=_traffic(site, timeout),
        signer=_signer(site),
    )


def _signer(site: Site) -> Signer:
    if site.signing is None:
        return NoKeys(site.site)
    return _hook(SigningHook, site.signing, "signing", site).signer()


def _dhcp(site: Site, timeout: float) -> Dhcp:
    if site.dhcp.connection is None:
        return dhcp.backend(site.dhcp.kind, {}, timeout)
    return _hook(KeaHook, site.dhcp.connection, "dhcp", site).dhcp(site.dhcp.kind, timeout)


def _traffic(site: Site, timeout: float) -> Traffic:
    kind, pools = site.traffic.kind, site.traffic.pools
    if site.traffic.connection is None:
        return traffic.backend(kind, {}, pools, timeout)
    return _hook(HaproxyHook, site.traffic.connection, "traffic", site).traffic(kind, pools, timeout)


def _hook[H: Hook](kind: type[H], conn_id: str, what: str, site: Site) -> H:
    return kind(conn_id, f"inventory/sites/{site.site}.yaml names for {what}")
