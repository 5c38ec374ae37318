"""Somebody mended the cause and cleared the server's task: what goes on, what is planned again, and what is asked again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import POLICY, DataCenter, Install, burn_in_of
from turnup.domain.errors import Refused, RefusedPlan
from turnup.domain.servers import Server
from turnup.fakes.metal import FakeServer
from turnup.flow import approval, replanning
from turnup.flow.approval import APPROVE, REJECT, Decision
from turnup.flow.replanning import Proposal
from turnup.flow.steps import plan as plan_step
from turnup.ports import DeviceWrite

NEW_MAC, NEW_SERIAL = "02:00:00:00:77:01", "S1-new"


def correct(world: DataCenter, change: Callable[[Server], Server]) -> None:
    """Somebody corrects a1 in NetBox."""
    world.inventory.correct(1, change)


def new_nic(server: Server) -> Server:
    nic, bmc = server.interfaces
    return replace(server, interfaces=(replace(nic, mac=NEW_MAC), bmc))


def new_board(server: Server) -> Server:
    """A board brings its own BMC, and that another certificate."""
    return replace(server, serial=NEW_SERIAL, bmc_certificate=None)


def swap_machine(world: DataCenter, *, serial: str = "S1", mac: str = NEW_MAC) -> None:
    """Another machine stands where a1 stood: new, off, with a key of its own."""
    world.servers["a1"] = FakeServer(serial, mac, "a1.here.example", world.salt, world.boot_files)


def proposal_for(install: Install, step: str = "boot") -> Proposal | None:
    return replanning.propose(install.job(step, "a1"), install.policy)


def dead_nic(world: DataCenter) -> Install:
    """An install in which a1 did not boot."""
    world.servers["a1"].boots = False
    install = Install(world)
    install.everything()
    assert world.statuses()["a1"] == "failed"
    return install


def test_nothing_is_planned_again_where_no_fact_changed() -> None:
    install = dead_nic(DataCenter(2))
    assert proposal_for(install) is None


def test_a_server_that_did_not_come_up_is_switched_off_again() -> None:
    world = DataCenter(2)
    dead_nic(world)
    assert world.servers["a1"].bmc.power == "Off"


def test_claim_addresses_and_dhcp_are_made_sure_of_once_after_a_failure_not_before_every_row() -> None:
    world = DataCenter(2)
    install = dead_nic(world)
    world.servers["a1"].boots = True
    world.inventory.calls.clear()
    for row in ("boot", "identity", "salt_key", "configure", "burn_in", "live"):
        assert install.row(row, "a1", resumed=True), install.failed
    assert world.inventory.calls.count("addresses_on") == 1
    assert world.claims()["a1"] == install.run.claim


def test_a_server_that_lost_its_claim_is_made_sure_of_again() -> None:
    world = DataCenter(2)
    install = dead_nic(world)
    world.servers["a1"].boots = True
    assert install.row("boot", "a1", resumed=True), install.failed
    now = world.inventory.device(1)
    world.inventory.write(1, now.version, DeviceWrite(status="failed", claim=""), "by hand")
    assert install.row("identity", "a1", resumed=True), install.failed
    assert world.claims()["a1"] == install.run.claim


def test_a_replaced_nic_is_planned_again_and_its_server_goes_on() -> None:
    world = DataCenter(2)
    install = dead_nic(world)
    old = world.dhcp.reservations(["02:00:00:00:00:01"])
    swap_machine(world)
    correct(world, new_nic)
    proposal = proposal_for(install)
    assert proposal is not None
    assert "MAC of eth0: 02:00:00:00:00:01 -> 02:00:00:00:77:01" in str(proposal)
    replanning.accept(install.job("boot", "a1"), proposal)
    assert install.server_rows("a1", resumed=True), install.failed
    assert install.finish() == {}
    assert world.statuses() == {"a1": "active", "a2": "active"}
    assert world.dhcp.reservations(["02:00:00:00:00:01"]) == ()
    (reserved,) = world.dhcp.reservations([NEW_MAC])
    assert reserved.ip == old[0].ip, "the server keeps its address"


def test_a_replaced_board_begins_at_boot_and_its_old_key_is_deleted() -> None:
    world = DataCenter(2)
    world.salt.answers["turnup_burnin.run"] = None
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    for row in ("boot", "identity", "salt_key", "configure"):
        assert install.row(row, "a1")
    assert not install.row("burn_in", "a1")
    swap_machine(world, serial=NEW_SERIAL, mac="02:00:00:00:00:01")
    world.salt.answers["turnup_burnin.run"] = burn_in_of
    correct(world, new_board)
    proposal = proposal_for(install, "burn_in")
    assert proposal is not None and [change.field for change in proposal.changed] == ["serial number", "BMC certificate"]
    replanning.accept(install.job("burn_in", "a1"), proposal)
    assert not install.row("burn_in", "a1", resumed=True)
    assert install.failed["a1"].cause == "identity-unproven"
    assert "boot" in install.failed["a1"].advice
    assert install.server_rows("a1", first="boot", resumed=True), install.failed
    assert world.statuses()["a1"] == "active"


def test_an_abort_after_a_part_was_planned_again_leaves_nothing_of_either() -> None:
    world = DataCenter(1)
    install = dead_nic(world)
    swap_machine(world)
    correct(world, new_nic)
    proposal = proposal_for(install)
    assert proposal is not None
    replanning.accept(install.job("boot", "a1"), proposal)
    assert install.row("boot", "a1", resumed=True)
    install.abort()
    assert world.dhcp.reservations(["02:00:00:00:00:01", NEW_MAC]) == ()
    assert world.statuses() == {"a1": "planned"}
    (server,) = world.inventory.snapshot("here", "A").servers
    assert all(not interface.addresses for interface in server.interfaces)


def test_a_certificate_that_was_cleared_is_trusted_at_first_use_again() -> None:
    world = DataCenter(1)
    install = dead_nic(world)
    world.servers["a1"].boots = True
    world.servers["a1"].bmc.shown = "cc" * 32
    assert not install.row("boot", "a1", resumed=True)
    assert install.failed["a1"].cause == "bmc-certificate-changed"
    assert proposal_for(install) is None
    correct(world, lambda server: replace(server, bmc_certificate=None))
    proposal = proposal_for(install)
    assert proposal is not None and [change.field for change in proposal.changed] == ["BMC certificate"]
    replanning.accept(install.job("boot", "a1"), proposal)
    assert install.server_rows("a1", resumed=True), install.failed


def test_what_nobody_can_plan_says_why() -> None:
    world = DataCenter(1)
    install = dead_nic(world)
    correct(world, lambda server: replace(server, serial=""))
    with pytest.raises(RefusedPlan, match="has no serial number"):
        proposal_for(install)


def test_policy_that_changed_meanwhile_is_no_changed_fact() -> None:
    install = dead_nic(DataCenter(1))
    hardware = replace(install.policy.hardware[0], kernel_arguments="console=ttyS1")
    install.policy = replace(install.policy, hardware=(hardware,))
    assert proposal_for(install) is None


def needing_approval(world: DataCenter) -> tuple[Install, Proposal]:
    """A run whose plan was approved, in which a1 failed and got a new NIC."""
    world.servers["a1"].boots = False
    install = Install(world)
    plan = install.make_plan(approval_required=True)
    approval.keep(install.records, Decision(APPROVE, "kim", "2026-01-01T00:00:00", plan.sha256))
    install.rack_rows()
    assert not install.row("boot", "a1")
    swap_machine(world)
    correct(world, new_nic)
    proposal = proposal_for(install)
    assert proposal is not None
    return install, proposal


def test_what_was_planned_again_needs_an_approval_of_its_own_where_the_plan_needed_one() -> None:
    world = DataCenter(2)
    install, proposal = needing_approval(world)
    job = install.job("boot", "a1")
    assert approval.is_asked_for(job, proposal.part)
    replanning.offer(job, proposal)
    assert replanning.offered(job) == proposal
    replanning.accept(job, proposal)
    with pytest.raises(Refused, match=r"planned again .* needs an approval") as refused:
        install.rack_rows()
    assert refused.value.cause == "approval-missing"
    approval.keep(install.records, Decision(APPROVE, "kim", "2026-01-01T01:00:00", proposal.part.sha256))
    assert install.server_rows("a1", resumed=True), install.failed


def test_the_other_servers_go_on_while_one_waits_for_its_approval() -> None:
    world = DataCenter(2)
    install, proposal = needing_approval(world)
    replanning.offer(install.job("boot", "a1"), proposal)
    assert install.server_rows("a2", resumed=True), install.failed


def test_a_no_about_the_new_part_is_a_no() -> None:
    install, proposal = needing_approval(DataCenter(1))
    for chosen, at in ((APPROVE, "2026-01-01T01:00:00"), (REJECT, "2026-01-01T02:00:00")):
        approval.keep(install.records, Decision(chosen, "kim", at, proposal.part.sha256))
    assert not approval.is_approved(install.records, proposal.part.sha256)
    assert [one.chosen for one in approval.decisions(install.records)] == [APPROVE, APPROVE, REJECT]


def test_without_approvals_nobody_is_asked() -> None:
    world = DataCenter(1)
    install = dead_nic(world)
    correct(world, new_nic)
    proposal = proposal_for(install)
    assert proposal is not None
    assert not approval.is_asked_for(install.job("boot", "a1"), proposal.part)


def test_the_first_plan_stays_as_it_was_made() -> None:
    world = DataCenter(2)
    install = dead_nic(world)
    made = plan_step.first(install.records)
    correct(world, new_nic)
    proposal = proposal_for(install)
    assert proposal is not None
    replanning.accept(install.job("boot", "a1"), proposal)
    assert plan_step.first(install.records) == made
    assert plan_step.kept(install.records).server("a1") == proposal.part
    assert plan_step.kept(install.records).server("a2") == made.server("a2")
    assert POLICY.site.site == made.site == worlds.SITE.site
