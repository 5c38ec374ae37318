"""One audit of the simulated fleet, in a process of its own: `python -m tests.benchmarks.fleet_audit`, with JSON as its input.

`{"site", "endpoints": the lab's, "ports": of `simulated`, "ca"}`; prints what it took: seconds, megabytes, requests to NetBox.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime

from tests.benchmarks import simulated
from tests.unit.domain import worlds
from turnup.adapters.dhcp.kea_hosts_database import KeaHostsDatabase
from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.definitions import read_definitions
from turnup.adapters.netbox.estate import NetBoxEstates
from turnup.adapters.netbox.inventory import NetBoxInventory
from turnup.adapters.netbox.setup import NetBoxSetup
from turnup.adapters.redfish_look import Login, RedfishBmcs
from turnup.adapters.salt_api import SaltApi
from turnup.adapters.salt_master import SaltApiMaster
from turnup.adapters.salt_transport import SaltSession
from turnup.adapters.ssh_door import SshDoors
from turnup.auditing.audit import Site, audit
from turnup.auditing.reach import Reach
from turnup.domain.audits import Audit
from turnup.domain.policy import Audit as Limits
from turnup.domain.policy import Policy
from turnup.fakes.boot_files import FakeBootFiles
from turnup.fakes.sources import FakeClaims


def main() -> None:
    """Audit, and print what it took."""
    given = json.load(sys.stdin)
    netbox, kea, ports = given["endpoints"]["netbox"], next(iter(given["endpoints"]["dhcp"].values())), given["ports"]
    clients: list[Client] = []

    def client() -> Client:
        clients.append(Client(netbox["url"], netbox["token"], timeout=60))
        return clients[-1]

    salt = (f"https://127.0.0.1:{ports['salt']}", "turnup", "x", "sharedsecret", given["ca"])
    reach = Reach(
        estates=NetBoxEstates(client),
        setup=NetBoxSetup(client(), read_definitions()),
        dhcp=KeaHostsDatabase(f"http://127.0.0.1:{ports['kea']}/", "turnup", "x", kea["database"]),
        master=SaltApiMaster(SaltSession(*salt, timeout=60)),
        salt=SaltApi(*salt),
        bmcs=RedfishBmcs(ports["bmc"], Login("admin", "x")),
        doors=SshDoors(port=ports["ssh"]),
        boot_files=FakeBootFiles(),
        claims=FakeClaims(),
        inventory=NetBoxInventory(client()),
        trial=lambda _: None,
    )
    site = replace(worlds.SITE, site=given["site"], domain=simulated.DOMAIN, audit=Limits(sample=0, seconds=300))
    policy = Policy(site, (replace(worlds.HARDWARE, device_types=(given["device_type"],)),))
    began = time.monotonic()
    found = audit(Audit("", "", "", "", ""), [Site(policy, reach)], [], None, lambda: datetime.now(UTC))
    took = time.monotonic() - began
    told = {
        "seconds": round(took, 1),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "requests": sum(one.requests for one in clients),
        "headline": found.headline,
        "findings": sorted({f"{one.check} {one.subject}" for one in found.findings})[:20],
        "not_checked": dict(found.why_not),
        "took": dict(found.took),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
