"""From a status that a person sets in NetBox to exactly one run, whatever is delivered, how often and in which order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations

import pytest

from tests.unit.orchestration.netbox_people import ENGINEER, People
from turnup.domain.errors import Conflict, Refused, Transient
from turnup.domain.seals import CLEAR
from turnup.domain.webhooks import Delivery, Ignored
from turnup.domain.wishes import STANDS
from turnup.orchestration.granting import Granted
from turnup.ports import DeviceWrite

INSTALL, DECOMMISSION = "server_install", "server_decommission"


@pytest.fixture
def people() -> People:
    return People()


def test_a_planned_server_that_is_staged_is_installed_by_a_run_of_the_request_s_name(people: People) -> None:
    (delivery,) = people.saved("staged", 1)
    run_id = f"netbox__{delivery.request_id}"
    assert people.delivered(delivery) == Granted(INSTALL, run_id, ("a1",), new=True)
    start = people.runs.runs[INSTALL, run_id]
    assert start.parameters == {"site": "here", "rack": "A", "servers": ["a1"]}
    assert start.by == ENGINEER
    assert people.server(1).status == "staged"


@pytest.mark.parametrize("order", list(permutations(range(2))))
def test_one_request_is_one_run_of_all_its_devices_whichever_delivery_comes_first(people: People, order: tuple[int, ...]) -> None:
    deliveries = people.saved("staged", 1, 2)
    answers = [people.delivered(deliveries[number]) for number in (*order, *order)]
    assert [isinstance(answer, Granted) and answer.new for answer in answers] == [True, False, False, False]
    ((_, start),) = people.runs.runs.items()
    assert start.names == ("a1", "a2")


def test_a_delivery_that_was_answered_before_costs_netbox_nothing(people: People) -> None:
    first, second = people.saved("staged", 1, 2)
    people.delivered(first)
    people.changes.calls.clear()
    people.delivered(second)
    people.delivered(first)
    assert people.changes.calls == []


def test_two_racks_in_one_request_are_two_runs_with_names_of_their_own(people: People) -> None:
    deliveries = people.saved("staged", 1, 11)
    plain = f"netbox__{deliveries[0].request_id}"
    answers = [people.delivered(delivery) for delivery in reversed(deliveries)]
    assert set(people.runs.runs) == {(INSTALL, plain), (INSTALL, f"{plain}__rack8")}
    assert {answer.servers for answer in answers if isinstance(answer, Granted)} == {("a1",), ("b1",)}
    assert {start.rack for start in people.runs.runs.values()} == {"A", "B"}


def test_a_server_that_shall_leave_stays_active_and_its_run_asks_for_no_less_than_the_form(people: People) -> None:
    (delivery,) = people.saved("decommissioning", 3)
    answer = people.delivered(delivery)
    assert isinstance(answer, Granted)
    assert people.server(3).status == "active"
    start = people.runs.runs[DECOMMISSION, answer.run_id]
    reason = "Set to decommissioning in NetBox by engineer."
    assert start.parameters == {"site": "here", "rack": "A", "servers": ["a3"], "wipe": CLEAR, "reason": reason}
    assert answer.run_id in people.inventory.messages[-1]


def test_its_later_deliveries_and_the_write_that_put_it_back_start_nothing_more(people: People) -> None:
    first, second = people.saved("decommissioning", 3, 4)
    people.delivered(first)
    assert people.delivered(second) == Granted(DECOMMISSION, f"netbox__{first.request_id}", ("a3", "a4"), new=False)
    put_back = people.changes.after(0, [3])[-1]
    again = Delivery(put_back.request_id, put_back.user, 3, "a3", put_back.before, put_back.after)
    assert people.ignored(again) == "own-write"
    assert len(people.runs.runs) == 1


def test_a_run_that_was_not_created_after_its_servers_were_put_back_is_created_by_the_next_look(people: People) -> None:
    first, second = people.saved("decommissioning", 3, 4)
    people.runs.fail_next("start", Transient("Airflow is away."))
    with pytest.raises(Transient):
        people.delivered(first)
    assert people.server(3).status == "active"
    assert people.delivered(second) == Granted(DECOMMISSION, f"netbox__{first.request_id}", ("a3", "a4"), new=True)


def test_nothing_is_put_back_for_a_run_that_cannot_be_created_now(people: People) -> None:
    (delivery,) = people.saved("decommissioning", 3)
    people.runs.fail_next("ready", Transient("The DAG has an import error."))
    with pytest.raises(Transient):
        people.delivered(delivery)
    assert people.server(3).status == "decommissioning"


def test_a_server_that_somebody_changes_at_that_moment_is_looked_at_again(people: People) -> None:
    (delivery,) = people.saved("decommissioning", 3)
    people.inventory.fail_next("write", Conflict("It moved on."))
    with pytest.raises(Conflict):
        people.delivered(delivery)
    assert people.runs.runs == {}


@pytest.mark.parametrize(("key", "statuses"), [(1, ("staged", "planned")), (3, ("decommissioning", "active"))])
def test_a_wish_that_was_taken_back_starts_nothing(people: People, key: int, statuses: tuple[str, str]) -> None:
    (wish,) = people.saved(statuses[0], key)
    people.saved(statuses[1], key)
    assert people.ignored(wish) == "moved-on"
    assert people.runs.runs == {}


def test_out_of_order_the_last_request_alone_is_the_run(people: People) -> None:
    (first,) = people.saved("staged", 1)
    (back,) = people.saved("planned", 1)
    (last,) = people.saved("staged", 1)
    assert isinstance(people.delivered(last), Granted)
    assert people.ignored(back) == "no-wish"
    assert people.ignored(first) == "moved-on"
    assert [start.run_id for start in people.runs.runs.values()] == [f"netbox__{last.request_id}"]


def test_who_moved_on_is_left_out_and_the_others_start(people: People) -> None:
    first, second = people.saved("staged", 1, 2)
    people.saved("failed", 1)
    assert people.delivered(second) == Granted(INSTALL, f"netbox__{second.request_id}", ("a2",), new=True)
    assert people.ignored(first) == "moved-on"


def test_a_refused_run_is_not_started_again_and_a_new_wish_is_a_new_run(people: People) -> None:
    (first,) = people.saved("staged", 1)
    people.delivered(first)
    assert people.delivered(first) == Granted(INSTALL, f"netbox__{first.request_id}", ("a1",), new=False)
    people.saved("planned", 1)
    (second,) = people.saved("staged", 1)
    assert people.delivered(second) == Granted(INSTALL, f"netbox__{second.request_id}", ("a1",), new=True)


def test_what_a_run_of_turnup_writes_starts_nothing(people: People) -> None:
    server = people.server(1)
    people.inventory.write(1, server.version, DeviceWrite(status="staged", claim="server_install/by-hand"), "claim")
    (change,) = people.changes.after(0, [1])
    delivery = Delivery(change.request_id, change.user, 1, "a1", change.before, change.after)
    assert people.ignored(delivery) == "own-write"
    assert people.ignored(replace(delivery, user="somebody else")) == "own-write", "the changelog knows who it was"


@pytest.mark.parametrize(
    ("key", "status", "why"),
    [(1, "decommissioning", "no-wish"), (1, "active", "no-wish"), (3, "staged", "no-wish"), (9, "staged", "not-ours")],
)
def test_what_asks_for_nothing_is_said(people: People, key: int, status: str, why: str) -> None:
    (delivery,) = people.saved(status, key)
    assert people.ignored(delivery) == why
    assert people.server(key).status == status


def test_another_owner_s_server_and_a_site_without_policy_are_left_alone(people: People) -> None:
    people.inventory.correct(1, lambda server: replace(server, tenant="guest"))
    first, second = people.saved("staged", 1, 2)
    assert people.ignored(first) == "not-ours"
    people.runs.runs.clear()
    people.sites.clear()
    assert people.ignored(second) == "no-policy"


def test_a_server_that_a_run_holds_is_left_to_it(people: People) -> None:
    (delivery,) = people.saved("decommissioning", 3)
    people.claim(3, "server_adopt/x")
    assert people.ignored(delivery) == "held"
    assert people.server(3).status == "decommissioning"


def test_a_device_that_is_gone_and_a_request_that_never_was_start_nothing(people: People) -> None:
    (delivery,) = people.saved("staged", 1)
    people.inventory.carry_away(1)
    assert people.ignored(delivery) == "gone"
    forged = Delivery("00000000-0000-4000-8000-000000000000", ENGINEER, 2, "a2", "planned", "staged")
    assert people.ignored(forged) == "unknown-request"


@pytest.mark.parametrize("method", ["of_request", "after", "placed"])
def test_while_netbox_is_away_nothing_is_done_and_the_next_delivery_does_it(people: People, method: str) -> None:
    (delivery,) = people.saved("staged", 1)
    people.changes.fail_next(method, Transient("NetBox is away."))
    with pytest.raises(Transient):
        people.delivered(delivery)
    assert people.runs.runs == {}
    assert isinstance(people.delivered(delivery), Granted)


def test_while_airflow_s_database_is_away_nothing_is_done(people: People) -> None:
    (delivery,) = people.saved("staged", 1)
    people.runs.fail_next("started", Transient("Airflow is away."))
    with pytest.raises(Transient):
        people.delivered(delivery)
    assert people.runs.runs == {}


def test_a_run_whose_answer_got_lost_is_there_once(people: People) -> None:
    (delivery,) = people.saved("staged", 1)
    people.runs.fail_next("start", Transient("The answer got lost."), answer_lost=True)
    with pytest.raises(Transient):
        people.delivered(delivery)
    assert people.delivered(delivery) == Granted(INSTALL, f"netbox__{delivery.request_id}", ("a1",), new=False)


def test_parameters_that_the_dag_does_not_take_are_said(people: People) -> None:
    (delivery,) = people.saved("staged", 1)
    people.runs.fail_next("start", Refused("The rack's name is too long."))
    answer = people.delivered(delivery)
    assert isinstance(answer, Ignored)
    assert (answer.why, "too long" in answer.text) == ("not-started", True)


def test_who_could_not_be_started_with_the_others_is_told_to_be_set_again(people: People) -> None:
    first, second = people.saved("staged", 1, 2)
    people.inventory.correct(2, lambda server: replace(server, tenant="guest"))
    people.delivered(first)
    people.inventory.correct(2, lambda server: replace(server, tenant=None))
    assert people.ignored(second) == "attempted"
    people.claim(1, "server_install/x")
    assert people.ignored(second) == "attempted"
    assert [start.names for start in people.runs.runs.values()] == [("a1",)]
    people.saved("planned", 2)
    (again,) = people.saved("staged", 2)
    assert isinstance(people.delivered(again), Granted)


def test_who_is_too_late_for_a_run_is_not_put_back(people: People) -> None:
    first, second = people.saved("decommissioning", 3, 4)
    people.inventory.correct(4, lambda server: replace(server, tenant="guest"))
    people.delivered(first)
    people.inventory.correct(4, lambda server: replace(server, tenant=None))
    assert people.ignored(second) == "attempted"
    assert (people.server(3).status, people.server(4).status) == ("active", "decommissioning")


def test_a_device_without_a_name_keeps_no_other_from_being_started(people: People) -> None:
    people.inventory.correct(2, lambda server: replace(server, name=""))
    first, second = people.saved("staged", 1, 2)
    assert people.ignored(second) == "no-name"
    assert people.delivered(first) == Granted(INSTALL, f"netbox__{first.request_id}", ("a1",), new=False)


def test_a_delivery_that_is_repeated_after_airflow_forgot_its_run_starts_nothing(people: People) -> None:
    deliveries = [*people.saved("staged", 1), *people.saved("decommissioning", 3)]
    for delivery in deliveries:
        assert isinstance(people.delivered(delivery), Granted)
    people.runs.runs.clear()
    people.changes.now += STANDS + timedelta(minutes=1)
    assert [people.ignored(delivery) for delivery in deliveries] == ["too-old", "too-old"]
