"""The planner against the cases that an operator can read and extend: tests/cases/plan/."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.domain import worlds
from turnup.domain.diff import diff
from turnup.domain.planner import Request, plan
from turnup.domain.plans import Plan, ServerPlan
from turnup.domain.policy import Policy
from turnup.domain.servers import Snapshot

CASES: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parents[2] / "cases/plan/cases.yaml").read_text())


def world(case: dict[str, Any]) -> tuple[Snapshot, Request]:
    differs = {"a1": {}, "a2": {}} | case.get("servers", {})
    servers = tuple(worlds.server(int(name[1:]), **how) for name, how in differs.items() if how is not None)
    free = case.get("prefixes", {})
    known = (*worlds.PREFIXES, worlds.IPV6) if worlds.IPV6.cidr in free else worlds.PREFIXES
    prefixes = tuple(
        replace(prefix, free=free.get(prefix.cidr, prefix.free)) for prefix in known if free.get(prefix.cidr, 0) is not None
    )
    ask = case.get("ask", {})
    request = Request("server_install/me", tuple(ask.get("servers", ())), ask.get("burn_in", ""))
    return worlds.snapshot(servers, prefixes=prefixes, **case.get("rack", {})), request


def policy(case: dict[str, Any]) -> Policy:
    return replace(worlds.POLICY, site=replace(worlds.SITE, **case.get("site", {})))


@pytest.mark.parametrize("case", CASES, ids=[case["it"] for case in CASES])
def test_the_plan_of_the_case(case: dict[str, Any]) -> None:
    snapshot, request = world(case)
    made = plan(snapshot, policy(case), request)
    if "problems" in case:
        assert not isinstance(made, Plan), "a plan was made"
        told = [str(problem) for problem in made]
        assert len(told) == len(case["problems"]), told
        for words in case["problems"]:
            assert any(line.startswith(words) for line in told), (words, told)
    else:
        assert isinstance(made, Plan), made
        assert list(made.names) == case["installs"]
        left_alone = {one.name: one.why for one in made.left_alone}
        assert left_alone.keys() == case.get("left_alone", {}).keys()
        for name, words in case.get("left_alone", {}).items():
            assert words in left_alone[name]
        for name, shown in case.get("shows", {}).items():
            assert {key: summary(made.server(name))[key] for key in shown} == shown


def summary(part: ServerPlan) -> dict[str, Any]:
    """What a case may say of a server's part, in an operator's words."""
    return {
        "addresses from": [address.prefix for address in part.on_management],
        "reached by": f"IPv{part.management.version}",
        "BMC from": part.out_of_band.prefix,
        "DHCP knows": [one.prefix for one in part.addresses if one.dhcp_subnet_id is not None],
        "generation": part.generation,
        "states": list(part.states),
        "burn-in": [test.seconds for test in part.burn_in],
        "MACs": list(part.macs),
        "host name": part.hostname,
        "changes": [change.field for change in part.changes],
    }


def healthy(**ask: Any) -> Plan:
    made = plan(worlds.snapshot((worlds.server(1), worlds.server(2))), worlds.POLICY, Request("server_install/me", **ask))
    assert isinstance(made, Plan)
    return made


def test_the_same_facts_give_the_same_hash() -> None:
    assert healthy().sha256 == healthy().sha256


def test_another_profile_gives_another_hash() -> None:
    assert healthy().sha256 != healthy(burn_in="full").sha256


def test_the_plan_fixes_prefix_interface_and_subnet() -> None:
    part = healthy().server("a1")
    assert (part.management.prefix, part.management.interface, part.management.dhcp_subnet_id) == ("10.0.1.0/24", "eth0", 101)
    assert (part.out_of_band.prefix, part.out_of_band.interface, part.out_of_band.dhcp_subnet_id) == ("10.0.9.0/24", "bmc", 109)
    assert part.hostname == "a1.here.example"


def test_an_address_that_is_there_is_kept() -> None:
    made = plan(worlds.snapshot((worlds.server(1, address="10.0.1.77/24"),)), worlds.POLICY, Request("server_install/me"))
    assert isinstance(made, Plan)
    assert made.server("a1").management.present == "10.0.1.77/24"


def test_the_diff_names_server_rack_serial_and_every_change() -> None:
    text = diff(healthy())
    assert "a1 (serial S1, rack A, U1)" in text
    assert "status: planned -> staged, then active" in text
    assert "primary_ip4: none -> one from 10.0.1.0/24 on eth0" in text
