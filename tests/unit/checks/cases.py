"""Of each check at least one case: how the healthy site changes, whom the check names then, and with which words.

A change that one check alone is to name is one drift: every other check has to stay silent (`also` names the exceptions).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from tests.unit.checks.estate import (
    NOW,
    nearly_full,
    with_bmc,
    with_more,
    with_port,
    with_reservation,
    with_server,
)
from turnup.domain.facts import Assigned, Facts, Misfit, Range, Source, Tried
from turnup.domain.leases import Lease, Reservation
from turnup.domain.servers import Address

STRANGER = "02:aa:00:00:00:01"
A1, A2 = "a1.here.example", "a2.here.example"


@dataclass(frozen=True)
class Case:
    """One drift, the subject that the check names, words of its evidence, and whether it offers a fix."""

    name: str
    check: str
    drift: Callable[[Facts], Facts]
    subject: str
    evidence: str
    fix: bool = False
    also: frozenset[str] = frozenset()


def without_address(before: Facts, name: str, **field: Any) -> Facts:
    return with_server(before, name, lambda server: replace(server, **field))


def silent_machine(before: Facts) -> Facts:
    return replace(before, open=before.open - {1}, answering=before.answering - {A1})


def in_status(before: Facts, name: str, status: str, hours: float = 0.0, claim: str | None = None) -> Facts:
    changed = with_server(before, name, lambda server: replace(server, status=status, claim=claim))
    devices = tuple(
        replace(one, since=NOW - timedelta(hours=hours)) if one.name == name else one for one in changed.estate.devices
    )
    return replace(changed, estate=replace(changed.estate, devices=devices))


def in_rack(before: Facts, rack: str, status: str) -> Facts:
    racks = tuple(replace(one, status=status) if one.name == rack else one for one in before.estate.racks)
    return replace(before, estate=replace(before.estate, racks=racks))


def accepted(before: Facts, text: str) -> Facts:
    return replace(before, estate=replace(before.estate, accepted=text))


def moved(before: Facts) -> Facts:
    """a1's address is one of no prefix, in NetBox alone; DHCP serves it nowhere."""
    elsewhere = Address(910, "10.7.7.7/24", 10)
    changed = with_port(before, "a1", "eth0", lambda port: replace(port, addresses=(elsewhere,)))
    changed = with_server(changed, "a1", lambda server: replace(server, primary_ip4=elsewhere))
    return replace(changed, reservations=tuple(one for one in changed.reservations if one.ip != "10.0.1.101"))


CASES = (
    Case(
        "two interfaces have it",
        "address_duplicate",
        lambda before: with_more(before, Assigned(99, "10.0.1.101/24", "active")),
        "10.0.1.101",
        "2 times: a1 eth0 (address 901, active), nobody (address 99, active)",
    ),
    Case("no prefix has it", "address_outside_prefix", moved, "a1", "10.7.7.7/24 on eth0"),
    Case(
        "it is on nothing and names a server",
        "address_without_interface",
        lambda before: with_more(before, Assigned(99, "10.0.1.77/24", "active", dns_name=A1)),
        "10.0.1.77",
        "is a1's",
    ),
    Case(
        "its interface is gone",
        "address_without_interface",
        lambda before: with_more(before, Assigned(99, "10.0.1.77/24", "active", port=4711)),
        "10.0.1.77",
        "interface 4711",
    ),
    Case(
        "IPv4",
        "primary_unset",
        lambda before: without_address(before, "a1", primary_ip4=None),
        "a1",
        "no primary IPv4 address (10.0.1.101/24)",
        fix=True,
    ),
    Case(
        "out-of-band",
        "primary_unset",
        lambda before: without_address(before, "a2", oob_ip=None),
        "a2",
        "no out-of-band address (10.0.9.102/24)",
        fix=True,
    ),
    Case(
        "days ago",
        "quarantine_over",
        lambda before: with_more(
            before,
            Assigned(99, "10.0.1.200/24", "deprecated", description="Free after 2026-11-21. Was x's; released by y"),
            Assigned(98, "10.0.1.201/24", "deprecated", description="Free after 2026-11-22. Was x's; released by y"),
            Assigned(97, "10.0.1.202/24", "deprecated", description="kept by hand"),
        ),
        "10.0.1.200",
        "kept until 2026-11-21",
        fix=True,
    ),
    Case("by addresses", "prefix_full", nearly_full, "10.0.1.0/24", "229 of its 254 addresses are taken, 90 %"),
    Case(
        "by a range",
        "prefix_full",
        lambda before: replace(before, estate=replace(before.estate, ranges=(Range("10.0.9.2", "10.0.9.254"),))),
        "10.0.9.0/24",
        "253 of its 254",
    ),
    Case(
        "a stranger",
        "reservation_without_device",
        lambda before: replace(before, reservations=(*before.reservations, Reservation(101, STRANGER, "10.0.1.50", "x"))),
        STRANGER,
        "10.0.1.50 is reserved",
        fix=True,
    ),
    Case(
        "a NIC",
        "device_without_reservation",
        lambda before: replace(before, reservations=tuple(one for one in before.reservations if one.ip != "10.0.1.102")),
        "a2",
        "eth0 (02:00:00:00:00:02) has 10.0.1.102",
        fix=True,
    ),
    Case(
        "a BMC",
        "device_without_reservation",
        lambda before: replace(before, reservations=tuple(one for one in before.reservations if one.ip != "10.0.9.102")),
        "a2",
        "bmc (02:00:00:00:01:02) has 10.0.9.102",
        fix=True,
    ),
    Case(
        "another address",
        "reservation_address_differs",
        lambda before: with_reservation(before, "10.0.1.103", ip="10.0.1.33"),
        "a3",
        "has 10.0.1.103 in NetBox, and 10.0.1.33 is reserved",
        fix=True,
    ),
    Case(
        "an unknown MAC",
        "reservation_mac_differs",
        lambda before: with_reservation(before, "10.0.1.103", mac=STRANGER),
        "a3",
        f"is reserved for {STRANGER}, which is no device's",
        fix=True,
    ),
    Case(
        "a known MAC in another subnet",
        "reservation_outside_subnet",
        lambda before: with_reservation(before, "10.0.1.103", ip="10.0.9.77"),
        "02:00:00:00:00:03",
        "10.0.9.77 is reserved for a3's eth0 in subnet 101, 10.0.1.0/24",
    ),
    Case(
        "a subnet that is not there",
        "reservation_outside_subnet",
        lambda before: replace(before, reservations=(*before.reservations, Reservation(5, STRANGER, "10.0.1.50", "x"))),
        STRANGER,
        "in subnet 5, which is not there",
    ),
    Case(
        "nobody's MAC",
        "lease_unknown_mac",
        lambda before: replace(before, leases=(*before.leases, Lease(STRANGER, "10.0.1.60", NOW))),
        STRANGER,
        "a lease for 10.0.1.60",
    ),
    Case(
        "accepted",
        "salt_key_without_device",
        lambda before: replace(before, accepted_keys=before.accepted_keys | {"ghost.here.example"}),
        "ghost.here.example",
        "no device",
        fix=True,
    ),
    Case(
        "it is gone",
        "salt_key_missing",
        lambda before: replace(
            before, accepted_keys=before.accepted_keys - {A1}, asked=before.asked - {A1}, answering=before.answering - {A1}
        ),
        "a1",
        "it knows no key",
    ),
    Case(
        "it waits again",
        "salt_key_missing",
        lambda before: replace(
            before,
            accepted_keys=before.accepted_keys - {A1},
            waiting_keys=frozenset({A1}),
            waiting_since={A1: NOW - timedelta(days=9)},
            asked=before.asked - {A1},
            answering=before.answering - {A1},
        ),
        "a1",
        "waits to be accepted",
    ),
    Case(
        "for hours",
        "salt_key_waiting",
        lambda before: replace(
            before,
            waiting_keys=frozenset({"ghost.here.example", "young.here.example"}),
            waiting_since={"ghost.here.example": NOW - timedelta(hours=2), "young.here.example": NOW - timedelta(minutes=5)},
        ),
        "ghost.here.example",
        "since 2026-11-22 10:00 UTC",
    ),
    Case(
        "SSH answers",
        "salt_silent",
        lambda before: replace(before, answering=before.answering - {A1}),
        "a1",
        "did not answer test.ping",
    ),
    Case(
        "it would change",
        "salt_states_drifted",
        lambda before: replace(before, tried={A1: Tried(("nginx.conf (file.managed)",))}),
        "a1",
        "nginx.conf (file.managed)",
    ),
    Case(
        "it hangs",
        "bmc_unreachable",
        lambda before: with_bmc(
            before, 1, certificate=None, trouble="no route", login=None, serial=None, power=None, health=None
        ),
        "a1",
        "10.0.9.101: no route",
    ),
    Case(
        "another one",
        "bmc_certificate",
        lambda before: with_bmc(before, 1, certificate="ee" * 32, login=None, serial=None, power=None, health=None),
        "a1",
        "No password was sent",
    ),
    Case(
        "none is on record",
        "bmc_certificate",
        lambda before: with_server(
            with_bmc(before, 1, login=None, serial=None, power=None, health=None),
            "a1",
            lambda server: replace(server, bmc_certificate=None),
        ),
        "a1",
        "none is on record",
    ),
    Case(
        "another password",
        "bmc_login_refused",
        lambda before: with_bmc(before, 1, login=False, serial=None, power=None, health=None),
        "a1",
        "refuses the site's login",
    ),
    Case(
        "another serial", "bmc_serial_differs", lambda before: with_bmc(before, 1, serial="S9"), "a1", "number S9, NetBox has S1"
    ),
    Case("live and off", "bmc_power_contradicts", lambda before: silent_machine(with_bmc(before, 1, power="Off")), "a1", "off"),
    Case(
        "gone and on",
        "bmc_power_contradicts",
        lambda before: replace(
            before, bmcs={**before.bmcs, 6: replace(before.bmcs[1], certificate=None, trouble="x", serial="S6")}
        ),
        "a6",
        "it is on",
        also=frozenset({"bmc_unreachable"}),
    ),
    Case("a fan", "bmc_health", lambda before: with_bmc(before, 1, health="Critical"), "a1", "Critical"),
    Case("it works", "bmc_factory_password", lambda before: with_bmc(before, 1, factory=True), "a1", "left the factory with"),
    Case("on, and silent", "active_silent", silent_machine, "a1", "SSH does not answer at 10.0.1.101"),
    Case(
        "set by hand",
        "decommissioned_answers",
        lambda before: with_server(before, "a1", lambda server: replace(server, status="offline")),
        "a1",
        "SSH answers and its minion a1.here.example answers",
    ),
    Case(
        "staged",
        "status_too_long",
        lambda before: in_status(before, "a5", "staged", 25),
        "a5",
        "and no run holds it",
    ),
    Case("failed", "status_too_long", lambda before: in_status(before, "a5", "failed", 24 * 8), "a5", "failed since"),
    Case(
        "decommissioning, held",
        "status_too_long",
        lambda before: in_status(before, "a2", "decommissioning", 24 * 8, "server_decommission/r"),
        "a2",
        "the run server_decommission/r holds it",
    ),
    Case(
        "no such run",
        "claim_of_ended_run",
        lambda before: replace(
            in_status(before, "a5", "staged", 1, "server_install/r"), ended_claims=frozenset({"server_install/r"})
        ),
        "a5",
        "held by the run server_install/r",
    ),
    Case(
        "of a live server",
        "boot_file_without_claim",
        lambda before: replace(before, boot_macs=frozenset({"02:00:00:00:00:01"})),
        "02:00:00:00:00:01",
        "a1, which is active",
        fix=True,
    ),
    Case(
        "of nobody",
        "boot_file_without_claim",
        lambda before: replace(before, boot_macs=frozenset({STRANGER})),
        STRANGER,
        "no device",
        fix=True,
    ),
    Case(
        "front",
        "rack_unit_shared",
        lambda before: with_server(before, "a2", lambda server: replace(server, position=1.0)),
        "A U1",
        "a1 (serial S1) and a2 (serial S2)",
    ),
    Case(
        "all are live",
        "rack_status",
        lambda before: in_rack(before, "A", "planned"),
        "A",
        "4 servers of ours are active",
        fix=True,
    ),
    Case(
        "no file has it",
        "hardware_without_profile",
        lambda before: with_server(before, "a5", lambda server: replace(server, device_type="type-9")),
        "a5",
        "'type-9'",
    ),
    Case(
        "a NIC is missing",
        "hardware_differs",
        lambda before: with_server(before, "a5", lambda server: replace(server, device_type="type-2")),
        "a5",
        "no interface eth1, which g2 has",
    ),
    Case(
        "the machine has another",
        "hardware_differs",
        lambda before: replace(before, tried={A1: Tried(macs=frozenset({STRANGER}))}),
        "a1",
        "eth0 has the MAC 02:00:00:00:00:01 in NetBox",
    ),
    Case(
        "a field was changed",
        "netbox_setup",
        lambda before: replace(before, setup=(Misfit("custom_fields", "turnup_claim", ("type",)),)),
        "custom_fields turnup_claim",
        "differs in type",
    ),
    Case(
        "a rule is gone",
        "netbox_setup",
        lambda before: replace(before, setup=(Misfit("event_rules", "turnup_install"),)),
        "event_rules turnup_install",
        "is missing",
    ),
    Case(
        "no date",
        "acceptance_unreadable",
        lambda before: accepted(before, "soon | x | a1 | why"),
        "soon | x | a1 | why",
        "no date",
    ),
    Case(
        "a service is away",
        "source_silent",
        lambda before: replace(before, silent={Source.KEYS: "salt-api does not answer."}),
        "Salt keys",
        "salt-api does not answer",
    ),
)
