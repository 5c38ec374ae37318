"""The install flow over fakes: the good day, each bad day that has a cause of its own, restarts, and two runs at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import BURN_IN, POLICY, DataCenter, Install
from turnup.domain.errors import Conflict, HardwareFault, Refused, RefusedPlan, Transient
from turnup.domain.states import why_not_abortable
from turnup.flow import abort
from turnup.flow.approval import APPROVE, REJECT, Decision, keep
from turnup.flow.install import INSTALL
from turnup.flow.job import Run
from turnup.ports import AddressRequest, Completed, DeviceWrite, Returned

ROWS = [row.name for row in INSTALL.server_rows]


def test_every_server_of_the_rack_ends_active() -> None:
    world = DataCenter(3)
    assert Install(world).everything() == {}
    assert world.statuses() == {"a1": "active", "a2": "active", "a3": "active"}
    assert set(world.claims().values()) == {None}
    assert all(server.bmc.power == "On" for server in world.servers.values())
    assert all(world.boot_files.read(server.mac) is None for server in world.servers.values())


def test_the_certificate_seen_first_is_recorded_in_netbox() -> None:
    world = DataCenter(1)
    Install(world).everything()
    (server,) = world.inventory.snapshot("here", "A").servers
    assert server.bmc_certificate == world.servers["a1"].bmc.shown


def test_an_install_of_an_active_rack_writes_nothing() -> None:
    world = DataCenter(2)
    Install(world).everything()
    messages = list(world.inventory.messages)
    plan = Install(world, "run-2").make_plan()
    assert plan.servers == ()
    assert world.inventory.messages == messages


Break = Callable[[DataCenter], None]


def fail_states(world: DataCenter) -> None:
    broken = {"file_|-a_|-a_|-managed": {"__id__": "a", "result": False, "comment": "no space left", "changes": {}}}
    world.salt.answers["state.sls"] = lambda call: (
        Returned(False, 2, broken) if call.minion_id.startswith("a1.") else Returned(True, 0, {"x_|-b_|-b_|-y": {"result": True}})
    )


def slow_cpu(world: DataCenter) -> None:
    slow = {"exit_code": 0, "stdout": "      bogo-ops-per-second-real-time: 3.5\n", "stderr": "", "seconds": 10.0}
    former = world.salt.answers["turnup_burnin.run"]

    def answer(call: object) -> Returned | None:
        is_cpu_of_a1 = call.minion_id.startswith("a1.") and "stress-ng" in call.keywords["argv"]  # type: ignore[attr-defined]
        if is_cpu_of_a1:
            return Returned(True, 0, slow)
        assert callable(former)
        return former(call)  # type: ignore[arg-type]

    world.salt.answers["turnup_burnin.run"] = answer


def swap_serials(world: DataCenter) -> None:
    world.servers["a1"].bmc.serial = "S2"


def set_bmc(**what: object) -> Break:
    def breaks(world: DataCenter) -> None:
        for name, value in what.items():
            setattr(world.servers["a1"].bmc, name, value)

    return breaks


def inside(**what: object) -> Break:
    def breaks(world: DataCenter) -> None:
        for name, value in what.items():
            setattr(world.servers["a1"], name, value)

    return breaks


def lose_nonce(world: DataCenter) -> None:
    server = world.servers["a1"]
    power = server.bmc.on_power
    assert power is not None

    def from_disk(state: str, from_network: bool) -> None:
        power(state, False)

    server.bmc.on_power = from_disk


def another_key(world: DataCenter) -> None:
    server = world.servers["a1"]
    world.salt.offer(server.minion_id, "ff" * 32)
    world.salt.accept_key(server.minion_id)


def no_dmidecode(world: DataCenter) -> None:
    server = world.servers["a1"]
    power = server.bmc.on_power
    assert power is not None

    def and_break(state: str, from_network: bool) -> None:
        power(state, from_network)
        server.machine.outputs[("dmidecode", "-s", "system-serial-number")] = Completed(127, "", "dmidecode: not found")

    server.bmc.on_power = and_break


BAD_DAYS: list[tuple[str, Break, str, tuple[str, ...]]] = [
    ("the BMC is dead", set_bmc(answers=False), "boot", ("its BMC (MAC 02:00:00:00:01:01) does not answer",)),
    ("the BMC's password is another", set_bmc(password_ok=False), "boot", ("refuses the login",)),
    ("the BMC reports its neighbor's serial", swap_serials, "boot", ("reports the serial number S2", "may be swapped")),
    ("the BMC reports an unknown serial", set_bmc(serial="X9"), "boot", ("reports the serial number X9", "label")),
    ("the server stays off", set_bmc(obeys=False), "boot", ("stays off", "power supplies")),
    ("the server is on already", set_bmc(power="On"), "boot", ("is On, and this run did not switch it on", "never resets")),
    ("nothing comes up", inside(boots=False), "boot", ("SSH does not answer", "console")),
    ("it boots from its disk", lose_nonce, "identity", ("no nonce", "boot from the network")),
    ("DMI has another serial", inside(inner_serial="X9"), "identity", ("says from inside (DMI)", "X9")),
    ("the NIC was swapped", inside(inner_macs=("02:00:00:00:00:ff",)), "identity", ("no NIC has the MAC", "02:00:00:00:00:ff")),
    ("the image lacks a tool", no_dmidecode, "identity", ("dmidecode -s system-serial-number ended with 127",)),
    ("another machine offers its key", another_key, "salt_key", ("is not the one on the machine",)),
    ("a state fails", fail_states, "configure", ("1 of 1 Salt states fail", "a (file.managed): no space left")),
    ("burn-in is too slow", slow_cpu, "burn_in", ("cpu bogo_ops_per_second: fail, 3.5, wanted at least 100",)),
]


@pytest.mark.parametrize(("day", "breaks", "step", "words"), BAD_DAYS, ids=[day for day, *_ in BAD_DAYS])
def test_one_server_fails_alone_with_its_cause(day: str, breaks: Break, step: str, words: tuple[str, ...]) -> None:
    world = DataCenter(2)
    breaks(world)
    install = Install(world)
    failures = install.everything()
    assert list(failures) == ["a1"]
    assert world.statuses() == {"a1": "failed", "a2": "active"}
    assert world.claims() == {"a1": None, "a2": None}
    cause = world.inventory.causes[1]
    assert cause.startswith(f"{step}: ")
    for word in (*words, "Next: ", "server_install/run-1"):
        assert word in cause, cause
    assert "a1 (serial S1, rack A, U1)" in cause
    assert world.boot_files.read(world.servers["a1"].mac) is None
    assert [entry.kind for entry in world.inventory.journal] == ["danger", "success"]


def test_no_password_goes_to_a_bmc_whose_certificate_changed() -> None:
    world = DataCenter(snapshot=worlds.snapshot((worlds.server(1, bmc_certificate="bb" * 32),)))
    install = Install(world)
    install.everything()
    assert "No password was sent" in world.inventory.causes[1]
    assert set(world.servers["a1"].bmc.calls) == {"certificate"}


def test_an_unknown_certificate_is_refused_where_policy_trusts_none() -> None:
    world = DataCenter(1)
    policy = replace(POLICY, site=replace(POLICY.site, trust_bmc_on_first_use=False))
    Install(world, policy=policy).everything()
    assert "trusts none on first use" in world.inventory.causes[1]
    assert set(world.servers["a1"].bmc.calls) == {"certificate"}


@pytest.mark.parametrize("row", ROWS)
def test_a_row_done_twice_equals_a_row_done_once(row: str) -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    for each in ROWS:
        assert install.row(each, "a1")
        if each == row:
            before = world.footprint()
            assert install.row(each, "a1"), install.failed
            assert world.footprint() == before
    assert world.statuses() == {"a1": "active"}


@pytest.mark.parametrize("row", [row.name for row in INSTALL.rack_rows])
def test_a_rack_wide_row_done_twice_equals_one_done_once(row: str) -> None:
    world = DataCenter(2)
    install = Install(world)
    names = install.make_plan().names
    for each in INSTALL.rack_rows:
        assert each.do(install.rack_job(each.name, names)) == {}
        if each.name == row:
            before = world.footprint()
            assert each.do(install.rack_job(each.name, names)) == {}
            assert world.footprint() == before


@pytest.mark.parametrize("last", ["claim", "addresses", "dhcp", *ROWS[: ROWS.index("live")]])
def test_an_abort_after_any_row_leaves_a_clean_slate(last: str) -> None:
    world = DataCenter(2)
    clean = world.footprint()
    install = Install(world)
    names = install.make_plan().names
    for row in INSTALL.rack_rows:
        row.do(install.rack_job(row.name, names))
        if row.name == last:
            break
    else:
        for name in names:
            for each in ROWS[: ROWS.index(last) + 1]:
                assert install.row(each, name)
    install.abort()
    assert world.footprint() == clean
    assert {(one.last_run, one.bmc_certificate) for one in world.inventory.snapshot("here", "A").servers} == {(None, None)}
    install.abort()
    assert world.footprint() == clean


@pytest.mark.parametrize(
    ("fake", "method"),
    [
        ("inventory", "device"),
        ("inventory", "write"),
        ("salt", "waiting_key"),
        ("salt", "accept_key"),
        ("salt", "submit"),
        ("salt", "returned"),
        ("boot_files", "write"),
    ],
)
@pytest.mark.parametrize("answer_lost", [False, True], ids=["before", "after"])
def test_what_passes_by_itself_fails_nothing(fake: str, method: str, answer_lost: bool) -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    getattr(world, fake).fail_next(method, Transient("busy"), answer_lost=answer_lost)
    assert install.server_rows("a1"), install.failed
    assert getattr(world, fake).faults_left == 0
    assert world.statuses() == {"a1": "active"}


@pytest.mark.parametrize("method", ["power_on", "boot_from_network_once", "system"])
@pytest.mark.parametrize("answer_lost", [False, True], ids=["before", "after"])
def test_a_bmc_that_answers_late_is_asked_again(method: str, answer_lost: bool) -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    world.servers["a1"].bmc.fail_next(method, Transient("busy"), answer_lost=answer_lost)
    assert install.server_rows("a1"), install.failed
    assert world.statuses() == {"a1": "active"}


def test_after_the_cause_is_mended_a_failed_server_goes_on_at_its_step() -> None:
    world = DataCenter(2)
    fail_states(world)
    install = Install(world)
    install.everything()
    assert world.statuses()["a1"] == "failed"
    world.salt.answers["state.sls"] = Returned(True, 0, {"x_|-b_|-b_|-y": {"result": True}})
    assert install.server_rows("a1", first="configure", resumed=True), install.failed
    assert install.finish() == {}
    assert world.statuses() == {"a1": "active", "a2": "active"}


def test_a_failed_server_may_be_planned_again_by_a_new_run() -> None:
    world = DataCenter(1)
    fail_states(world)
    Install(world).everything()
    world.salt.answers["state.sls"] = Returned(True, 0, {"x_|-b_|-b_|-y": {"result": True}})
    world.servers["a1"].bmc.power_off()
    assert Install(world, "run-2").everything() == {}
    assert world.statuses() == {"a1": "active"}


def test_of_two_runs_with_the_same_plan_the_second_holds_nothing() -> None:
    world = DataCenter(3)
    first, second = Install(world, "run-1"), Install(world, "run-2")
    first.make_plan()
    second.make_plan()
    first.rack_rows()
    with pytest.raises(Conflict, match="held by the run server_install/run-1"):
        second.rack_rows()
    assert set(world.claims().values()) == {"server_install/run-1"}


def test_a_run_that_meets_another_one_half_way_gives_back_what_it_took() -> None:
    world = DataCenter(3)
    first, second = Install(world, "run-1"), Install(world, "run-2")
    first.make_plan(servers=("a2", "a3"))
    second.make_plan()
    first.rack_rows()
    with pytest.raises(Conflict):
        second.rack_rows()
    assert world.claims() == {"a1": None, "a2": "server_install/run-1", "a3": "server_install/run-1"}
    assert world.statuses() == {"a1": "planned", "a2": "staged", "a3": "staged"}


def test_a_change_that_the_plan_does_not_rest_on_does_not_stop_the_claim() -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    now = world.inventory.device(1)
    world.inventory.write(1, now.version, DeviceWrite(cause="somebody wrote something"), "by hand")
    assert install.rack_rows() == ("a1",)


def test_a_server_that_was_taken_out_of_planning_is_not_claimed() -> None:
    world = DataCenter(2)
    install = Install(world)
    install.make_plan()
    now = world.inventory.device(1)
    world.inventory.write(1, now.version, DeviceWrite(status="offline"), "by hand")
    assert install.rack_rows() == ("a2",)
    assert world.statuses() == {"a1": "offline", "a2": "staged"}


def test_a_prefix_that_fills_up_meanwhile_stops_only_those_it_has_nothing_for() -> None:
    prefixes = (replace(worlds.PREFIXES[0], free=2), worlds.PREFIXES[1])
    snapshot = worlds.snapshot((worlds.server(1), worlds.server(2)), prefixes=prefixes)
    world = DataCenter(snapshot=snapshot)
    install = Install(world)
    install.make_plan()
    world.inventory.allocate(1, [AddressRequest(interface_id=11, dns_name="", description="somebody else")])
    going_on = install.rack_rows()
    assert going_on == ("a1",)
    assert not install.server_rows("a2", resumed=True)
    assert "10.0.1.0/24" in world.inventory.causes[2]
    assert world.statuses() == {"a1": "staged", "a2": "failed"}


def test_a_plan_is_refused_with_every_problem_and_nothing_is_touched() -> None:
    world = DataCenter(snapshot=worlds.snapshot((worlds.server(1, serial=""), worlds.server(2, mac=None))))
    with pytest.raises(RefusedPlan) as refused:
        Install(world).make_plan()
    assert len(refused.value.problems) == 2
    assert world.inventory.messages == []


def test_a_plan_that_needs_approval_is_not_begun_without_one() -> None:
    world = DataCenter(1)
    install = Install(world)
    plan = install.make_plan(approval_required=True)
    for decision in (None, Decision(REJECT, "b", "now", plan.sha256)):
        if decision is not None:
            keep(install.records, decision)
        with pytest.raises(Refused, match="needs an approval"):
            install.rack_rows()
    assert world.statuses() == {"a1": "planned"}


def test_an_approval_of_another_plan_does_not_count() -> None:
    install = Install(DataCenter(1))
    install.make_plan(approval_required=True)
    keep(install.records, Decision(APPROVE, "b", "now", "0" * 64))
    with pytest.raises(Refused, match="needs an approval"):
        install.rack_rows()


def test_an_approved_plan_goes_on() -> None:
    install = Install(DataCenter(1))
    plan = install.make_plan(approval_required=True)
    keep(install.records, Decision(APPROVE, "b", "now", plan.sha256))
    assert install.rack_rows() == ("a1",)


def test_a_policy_that_asks_for_approval_cannot_be_lowered_by_a_parameter() -> None:
    policy = replace(POLICY, site=replace(POLICY.site, approval_required=True))
    assert Install(DataCenter(1), policy=policy).make_plan(approval_required=False).approval_required


def test_a_server_whose_task_died_without_a_word_is_marked_failed() -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    failures = install.finish()
    assert isinstance(failures["a1"], HardwareFault)
    assert world.statuses() == {"a1": "failed"}
    assert world.claims() == {"a1": None}


def test_a_mac_that_was_corrected_since_the_plan_stops_that_server_before_dhcp() -> None:
    world = DataCenter(2)
    install = Install(world)
    install.make_plan()
    other = worlds.snapshot((worlds.server(1, mac="02:00:00:00:00:99"), worlds.server(2)))
    changed = DataCenter(snapshot=other)
    install.ports = replace(install.ports, inventory=changed.inventory)
    assert install.rack_rows() == ("a2",)
    assert world.dhcp.reservations(["02:00:00:00:00:01", "02:00:00:00:00:99"]) == ()


def test_the_certificate_of_the_wrong_bmc_is_not_recorded() -> None:
    world = DataCenter(2)
    swap_serials(world)
    Install(world).everything()
    assert world.inventory.device(1).bmc_certificate is None


def test_a_row_begun_anew_waits_for_the_salt_job_of_before() -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    for row in ("boot", "identity", "salt_key", "configure"):
        assert install.row(row, "a1")
    submitted = len(world.salt.submitted)
    world.salt.fail_next("returned", Transient("the triggerer restarts"), times=3)
    assert install.row("burn_in", "a1")
    assert len(world.salt.submitted) - submitted == len(BURN_IN)
    assert install.row("burn_in", "a1")
    assert len(world.salt.submitted) - submitted == len(BURN_IN)


def test_a_burn_in_that_failed_is_run_again_after_a_resume() -> None:
    world = DataCenter(1)
    former = world.salt.answers["turnup_burnin.run"]
    slow_cpu(world)
    install = Install(world)
    install.everything()
    assert world.statuses() == {"a1": "failed"}
    world.salt.answers["turnup_burnin.run"] = former
    assert install.server_rows("a1", first="burn_in", resumed=True), install.failed
    assert world.statuses() == {"a1": "active"}


def test_a_second_nic_that_is_missing_is_noticed() -> None:
    server = worlds.server(1)
    second = replace(server.interfaces[0], id=15, name="eth1", mac="02:00:00:00:02:01")
    world = DataCenter(snapshot=worlds.snapshot((replace(server, interfaces=(*server.interfaces, second)),)))
    Install(world).everything()
    assert "no NIC has the MAC 02:00:00:00:02:01" in world.inventory.causes[1]


def test_a_refused_plan_is_made_anew_after_netbox_was_corrected_and_a_made_one_stays() -> None:
    world = DataCenter(snapshot=worlds.snapshot((worlds.server(1, serial=""),)))
    install = Install(world)
    with pytest.raises(RefusedPlan):
        install.make_plan()
    corrected = DataCenter(1)
    install.ports = replace(install.ports, inventory=corrected.inventory)
    plan = install.make_plan()
    assert plan.names == ("a1",)
    install.ports = replace(install.ports, inventory=world.inventory)
    assert install.make_plan() == plan


@pytest.mark.parametrize(("day", "breaks", "step", "words"), BAD_DAYS, ids=[day for day, *_ in BAD_DAYS])
def test_an_abort_after_any_failure_leaves_a_clean_slate(day: str, breaks: Break, step: str, words: tuple[str, ...]) -> None:
    world = DataCenter(1)
    breaks(world)
    clean = world.footprint()
    install = Install(world)
    install.everything()
    assert world.statuses() == {"a1": "failed"}
    world.servers["a1"].bmc.obeys = True
    install.abort()
    after = world.footprint()
    if day != "another machine offers its key":
        assert after["keys"] == clean["keys"]
    assert {**after, "keys": None} == {**clean, "keys": None}
    assert "changed our minds" in world.inventory.journal[-1].comments


def test_an_abort_does_not_take_a_server_that_somebody_else_took_meanwhile() -> None:
    world = DataCenter(1)
    fail_states(world)
    install = Install(world)
    install.everything()
    second = Install(world, "run-2")
    second.make_plan()
    second.rack_rows()
    job = abort.job_of(install.records, Run("server_abort", "abort-1"), "a1", install.ports)
    with pytest.raises(Conflict, match="held by server_install/run-2"):
        install.until_done(abort.undo(INSTALL, job, None, "changed our minds"))
    assert world.statuses() == {"a1": "staged"}


@pytest.mark.parametrize(
    ("status", "claim", "holder_runs", "words"),
    [
        ("active", None, False, "is active and held by no run"),
        ("decommissioning", None, False, "is decommissioning"),
        ("staged", "server_install/x", True, "which has not ended"),
    ],
)
def test_what_an_abort_refuses(status: str, claim: str | None, holder_runs: bool, words: str) -> None:
    server = replace(worlds.server(1), status=status, claim=claim, last_run="server_install/x")
    assert words in (why_not_abortable(server, holder_runs=holder_runs) or "")


def test_an_abort_may_break_the_claim_of_a_run_that_has_ended() -> None:
    world = DataCenter(1)
    install = Install(world)
    install.make_plan()
    install.rack_rows()
    install.abort()
    assert world.statuses() == {"a1": "planned"}
    assert world.claims() == {"a1": None}
