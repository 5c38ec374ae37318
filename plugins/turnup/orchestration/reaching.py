"""A site's connections become what an audit may ask. Sources that are asked at the same time get clients of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from turnup.adapters.netbox.client import PAUSES
from turnup.adapters.netbox.definitions import TIES, read_definitions
from turnup.adapters.netbox.ensure import ENDPOINT, Receiver
from turnup.adapters.netbox.estate import NetBoxEstates
from turnup.adapters.netbox.setup import NetBoxSetup
from turnup.adapters.report_store import RunRecords
from turnup.adapters.ssh_door import SshDoors
from turnup.auditing.audit import Site
from turnup.auditing.reach import Reach
from turnup.domain.errors import Refused, TurnupError
from turnup.domain.facts import Device
from turnup.domain.policy import Policy
from turnup.orchestration import settings
from turnup.orchestration.connections import ports
from turnup.orchestration.hooks.netbox import NetBoxHook
from turnup.orchestration.hooks.redfish import RedfishHook
from turnup.orchestration.hooks.salt_api import SaltApiHook
from turnup.orchestration.hooks.turnup_webhooks import CONNECTION, WebhooksHook
from turnup.ports import Records

AGENT = "turnup-audit"
SALT_SECONDS = 60.0
"""For a call that waits for silent minions."""

BMC_SECONDS = 10.0
"""For each answer of a BMC: a fleet is not to wait for those that hang."""


class RunsByClaim:
    """The Claims port: `goes_on` says of a run, by its DAG and id, whether it does."""

    def __init__(self, goes_on: Callable[[str, str], bool]) -> None:
        self._goes_on = goes_on

    def ended(self, claims: Collection[str]) -> frozenset[str]:
        """One question a run."""
        return frozenset(claim for claim in claims if not self._goes_on(*_parts(claim)))


def _parts(claim: str) -> tuple[str, str]:
    dag_id, _, run_id = claim.partition("/")
    return dag_id, run_id


def site(policy: Policy, records: Records, goes_on: Callable[[str, str], bool]) -> Site:
    """The site, to be audited. Refused: a connection that the site's file names is missing or incomplete."""
    named, where = policy.site, f"inventory/sites/{policy.site.site}.yaml names"
    timeout = float(named.timeouts.network_call)
    netbox = NetBoxHook(named.netbox, f"{where} for netbox")
    netbox.complete()
    of_steps = ports(named, records)
    folder = settings.inventory_folder() / "netbox"
    reach = Reach(
        estates=NetBoxEstates(lambda: netbox.client(max(timeout, 60.0), PAUSES, AGENT)),  # a page of a thousand takes seconds
        setup=NetBoxSetup(
            netbox.client(timeout, agent=AGENT), read_definitions(folder), read_definitions(folder, TIES), _receiver(named.netbox)
        ),
        dhcp=of_steps.dhcp,
        master=SaltApiHook(named.salt, f"{where} for salt").master(SALT_SECONDS),
        salt=of_steps.salt,
        bmcs=RedfishHook(named.redfish, f"{where} for redfish").bmcs(min(timeout, BMC_SECONDS)),
        doors=SshDoors(),
        boot_files=of_steps.boot_files,
        claims=RunsByClaim(goes_on),
        inventory=of_steps.inventory,
        trial=_last_states,
    )
    return Site(policy, reach)


def _receiver(netbox: str) -> Receiver | None:
    """Where this NetBox is to deliver; None where webhooks are not set up, or another NetBox delivers."""
    try:
        door = WebhooksHook(CONNECTION).door()
    except Refused:
        return None
    return Receiver(door.url.removesuffix(ENDPOINT), door.secrets[0]) if door.netbox == netbox else None


def _last_states(device: Device) -> Mapping[str, Any] | None:
    """What its last run configured it with: the newest document that says so."""
    dag_id, _, run_id = (device.server.last_run or "").partition("/")
    if not run_id:
        return None
    records = RunRecords(settings.report_store(), dag_id, run_id)
    try:
        names = sorted(records.names(f"configure/{device.name}"), key=lambda name: (len(name), name))
        document = json.loads(records.read(names[-1]) or b"{}") if names else {}
        plan = json.loads(records.read("plan.json") or b"{}")
    except (TurnupError, ValueError):
        return None
    states = next((one["states"] for one in plan.get("servers", ()) if one.get("name") == device.name), None)
    if not states or "pillar" not in document:
        return None
    return {"mods": ",".join(states), "pillar": document["pillar"], "queue": True, "sync_mods": "modules,states"}
