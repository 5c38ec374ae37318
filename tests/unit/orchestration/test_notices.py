"""Notices from the task that asks for one to the sinks that get it: grouped, once, and never in the way of a run."""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from lab.notices.chat import Chat as ChatSink
from lab.notices.inbox import Inbox, Message
from lab.notices.mail import Mail as MailSink
from tests.unit.flow.datacenter import POLICY, DataCenter
from tests.unit.orchestration.test_operators import FakeWorkplace, Task, run_task
from tests.unit.orchestration.test_triggers import Trigger, events_of
from tests.unit.reporting.stories import Told
from turnup.domain.errors import HardwareFault, Refused, Transient, as_document
from turnup.domain.holds import Hold
from turnup.domain.notices import Event
from turnup.domain.policy import Chat, Mail, Notices, Policy
from turnup.flow.job import Run
from turnup.flow.waiting import Wait, Waiting
from turnup.orchestration import noticing, reports
from turnup.orchestration.noticing import Asked
from turnup.orchestration.operators import FinishOperator, RackRowOperator, ServerRowOperator
from turnup.orchestration.telling import NoticeOperator, read, tell
from turnup.orchestration.workplace import Workplace

TOKEN, PASSWORD = "T0000-a-secret-token", "secret-of-the-mail-server"
NOTICES = Notices(Chat("chat_here"), Mail("mail_here", ("dc@here.example",)), gather_seconds=60)
HOLD = Hold("here", "cooling is being repaired, ask Kim")


def policy(notices: Notices) -> Policy:
    return replace(POLICY, site=replace(POLICY.site, notices=notices))


class Place(FakeWorkplace):
    """A workplace that notes which runs of other DAGs are started; Airflow has an id once."""

    def __init__(self, install: Told) -> None:
        super().__init__(install)
        self.__dict__.update(
            {"started": {}, "run": Run("server_install", install.run_id, "https://airflow/run", "https://airflow/r")}
        )

    def start(self, dag_id: str, run_id: str, conf: dict[str, str], at: datetime) -> None:
        assert dag_id == "notices"
        self.__dict__["started"].setdefault(run_id, (conf, at))

    @property
    def asked(self) -> list[Asked]:
        return [read(conf) for conf, _ in self.__dict__["started"].values()]

    @property
    def begins(self) -> list[datetime]:
        return [at for _, at in self.__dict__["started"].values()]


@dataclass
class Site:
    """A rack, its run, and where its notices arrive."""

    inbox: Inbox
    chat: ChatSink
    count: int = 8
    notices: Notices = NOTICES
    world: DataCenter = field(init=False)
    install: Told = field(init=False)
    place: Place = field(init=False)

    def __post_init__(self) -> None:
        self.begin(self.count)

    def begin(self, count: int, notices: Notices = NOTICES, **params: Any) -> None:
        self.world = DataCenter(count)
        self.install = Told(self.world, policy=policy(notices))
        self.install.begin(**params)
        self.place = Place(self.install)

    def operator(self, kind: type, **arguments: Any) -> Any:
        place = self.place

        class Operator(kind):  # type: ignore[misc]
            def workplace(self, context: Any) -> Workplace:
                return place

        return Operator(**{"task_id": arguments.get("row", "task"), "retries": 3} | arguments)

    def fails(self, name: str, row: str = "boot", what: str = "it is off.") -> None:
        """The server's row fails for good, as the triggerer hands it to a worker."""
        error = HardwareFault(f"{name}: {what}", "mend it.", cause="bmc-silent")
        self.install.keep(row, self.install.at(), error, name)
        operator = self.operator(ServerRowOperator, row=row, server=name, after="dhcp")
        with pytest.raises(AirflowFailException):
            operator.write_down({"ti": Task()}, as_document(error))

    def told(self, kind: str = "chat") -> list[Message]:
        """What arrived, the oldest first."""
        return [one for one in self.inbox.messages() if one.kind == kind][::-1]

    def send(self, asked: Asked | None = None, by: str = "") -> tuple[str, ...]:
        asked = asked or self.place.asked[-1]
        return tell(self.place, asked, by or asked.key)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    inbox = Inbox(tmp_path)
    servers = (ChatSink(("127.0.0.1", 0), TOKEN, inbox), MailSink(("127.0.0.1", 0), "turnup", PASSWORD, inbox))
    threads = [threading.Thread(target=server.serve_forever, args=(0.02,)) for server in servers]
    for thread in threads:
        thread.start()
    connect(
        monkeypatch,
        "chat_here",
        conn_type="turnup_chat",
        password=f"http://127.0.0.1:{servers[0].server_address[1]}/services/{TOKEN}",
    )
    mail_at(monkeypatch, servers[1].server_address[1])
    connect(monkeypatch, "netbox_default", conn_type="netbox", host="https://netbox.example", password="nbt_a-token")
    yield Site(inbox, servers[0])
    for server, thread in zip(servers, threads, strict=True):
        server.shutdown()
        thread.join()
        server.server_close()


def connect(monkeypatch: pytest.MonkeyPatch, name: str, **fields: Any) -> None:
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))


def mail_at(monkeypatch: pytest.MonkeyPatch, port: int, timeout: int = 5) -> None:
    extra = {"from_email": "turnup@here.example", "timeout": timeout, "retry_limit": 0, "disable_ssl": True, "disable_tls": True}
    connect(
        monkeypatch, "mail_here", conn_type="smtp", host="127.0.0.1", port=port, login="turnup", password=PASSWORD, extra=extra
    )


def planned(site: Site) -> None:
    site.install.make_plan()
    site.install.rack_rows()


def test_eight_servers_that_fail_within_the_time_are_one_notice(site: Site) -> None:
    planned(site)
    for name in site.world.servers:
        site.fails(name)
    (asked,) = site.place.asked
    assert 50 < (site.place.begins[0] - datetime.now(UTC)).total_seconds() <= 60
    assert site.send() == ("chat", "mail")
    (said,), (mail,) = site.told(), site.told("mail")
    assert "8 of 8 servers failed" in said.title
    assert mail.title in said.title
    assert said.text.count("bmc-silent") == 1
    assert "<https://netbox.example/dcim/devices/8/|a8>" in said.text
    assert asked.event == Event.SERVER_FAILED


def test_what_is_handed_to_airflow_has_no_text_of_anybody(site: Site) -> None:
    planned(site)
    site.fails("a1", what="a cause with details.")
    ((conf, _),) = site.place.__dict__["started"].values()
    assert set(conf) == {"dag_id", "run_id", "site", "event", "key", "task", "server"}
    assert "details" not in json.dumps(conf)


def test_a_server_that_fails_later_is_told_in_a_notice_of_its_own(site: Site) -> None:
    planned(site)
    site.fails("a1")
    site.send()
    site.fails("a2", row="burn_in")
    assert len(site.place.asked) == 2
    site.send()
    first, second = site.told()
    assert "1 of 8 servers failed, 7 go on" in first.title
    assert "1 more of 8 servers failed, 2 by now, 6 go on" in second.title
    assert "a1" not in second.text


def test_nothing_is_told_twice_whoever_tries_again(site: Site) -> None:
    planned(site)
    site.fails("a1")
    assert site.send() == ("chat", "mail")
    assert site.send() == ()
    assert site.send(by="another run of it") == ()
    assert (len(site.told()), len(site.told("mail"))) == (1, 1)


def test_a_server_that_was_resumed_and_fails_again_is_told_again(site: Site) -> None:
    planned(site)
    for _ in range(2):
        site.install.now += 100
        site.fails("a1")
        site.send()
    assert len(site.told()) == 2


def test_what_the_run_s_end_told_is_not_told_once_more(site: Site) -> None:
    planned(site)
    for name in site.world.servers:
        site.fails(name)
    with pytest.raises(AirflowFailException):
        run_task(site.operator(FinishOperator, row="finish", after=None), xcoms={"plan": list(site.world.servers)})
    failed, finished = site.place.asked
    assert (failed.event, finished.event) == (Event.SERVER_FAILED, Event.RUN_FINISHED)
    assert site.send(finished) == ("chat", "mail")
    assert site.send(failed) == ()
    (said,) = site.told()
    assert "0 of 8 servers are active" in said.title


def test_a_closing_row_that_is_cleared_tells_nothing_new_and_one_that_is_tried_again_tells_nothing_yet(site: Site) -> None:
    site.begin(2)
    site.install.everything()
    finish = site.operator(FinishOperator, row="finish", after=None)
    site.world.inventory.fail_next("rack_servers", Transient("NetBox is busy."))
    with pytest.raises(AirflowException):
        run_task(finish, xcoms={"plan": ["a1", "a2"]})
    assert site.place.asked == []
    for try_number in (2, 3, 9):
        run_task(finish, try_number=try_number, xcoms={"plan": ["a1", "a2"]})
    assert [one.event for one in site.place.asked] == [Event.RUN_FINISHED]


def test_a_dry_run_and_an_event_that_nobody_wants_are_not_told(site: Site) -> None:
    site.begin(1, dry_run=True)
    site.install.make_plan()
    reports.publish(site.place, site.install.at())
    assert site.place.asked == []
    site.begin(1, Notices(Chat("chat_here", (Event.RUN_FINISHED,))))
    planned(site)
    site.fails("a1")
    assert site.place.asked == []


def test_a_channel_gets_what_it_is_told_and_no_more(site: Site) -> None:
    site.begin(1, Notices(Chat("chat_here"), Mail("mail_here", ("dc@here.example",), (Event.HOLD_SET,))))
    planned(site)
    site.fails("a1")
    assert site.send() == ("chat",)
    assert site.told("mail") == []


def test_rack_wide_failures_are_told_too(site: Site) -> None:
    site.install.make_plan()
    claim = site.operator(RackRowOperator, row="claim", after="plan")
    site.world.inventory.correct(1, lambda server: replace(server, status="offline"))
    assert "a1" not in run_task(claim, xcoms={"plan": list(site.world.servers)})
    assert [one.event for one in site.place.asked] == [Event.SERVER_FAILED]


def test_an_approval_is_told_once_until_it_is_answered(site: Site) -> None:
    site.install.make_plan(approval_required=True)
    for _ in range(3):
        noticing.approval(site.place, "approval")
    (asked,) = site.place.asked
    site.send()
    assert "a plan for 8 servers waits for an approval" in site.told()[0].title
    site.install.keep("approval", site.install.at(), Refused("Nobody answered in time.", cause="nobody-answered"))
    noticing.approval(site.place, "approval")
    assert len(site.place.asked) == 2
    assert site.place.asked[1].key != asked.key


def test_a_hold_is_told_by_the_worker_that_waits_and_a_lifted_one_is_not(site: Site) -> None:
    planned(site)
    site.world.inventory.held = [HOLD]
    noticing.held(site.place, HOLD)
    noticing.held(site.place, HOLD)
    (asked,) = site.place.asked
    site.world.inventory.held = []
    assert site.send(asked) == ()
    assert site.told() == []


class Held(Trigger):
    """A row that waits for the end of a hold."""

    place: Place

    def _place(self) -> Workplace:
        return self.place


def under_hold(site: Site, server: str) -> Held:
    def row() -> Waiting[None]:
        for _ in range(3):
            yield Wait("the hold to be lifted", float("inf"), Refused("held", cause="on-hold"), every=0.01, last=str(HOLD))

    trigger = Held(row)
    trigger.place, trigger.server, trigger.run_id = site.place, server, site.install.run_id
    return trigger


def test_of_all_servers_that_meet_a_hold_in_the_triggerer_one_tells_it(site: Site) -> None:
    planned(site)
    site.world.inventory.held = [HOLD]
    for server in ("a1", "a2", "a1"):
        assert len(events_of(under_hold(site, server))) == 1
    assert [HOLD.reason in one.title for one in site.told()] == [True]


def test_a_row_goes_on_beside_a_notifier_that_hangs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(site)
    site.world.inventory.held = [HOLD]
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mail_at(monkeypatch, silent.getsockname()[1], timeout=2)
        trigger = under_hold(site, "a1")
        trigger.telling = 0.2
        (event,) = events_of(trigger)
    assert type(event).__name__ == "TaskSuccessEvent"


def test_a_channel_that_is_dead_fails_the_notice_and_the_next_try_tells_that_channel_alone(
    site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    planned(site)
    site.fails("a1")
    site.chat.token = "rotated"
    with caplog.at_level(logging.INFO), pytest.raises(Refused, match="404: invalid_token"):
        site.send()
    assert "Not told by chat" in caplog.text
    assert TOKEN not in caplog.text
    assert PASSWORD not in caplog.text
    site.fails("a2")
    site.chat.token = TOKEN
    assert site.send(site.place.asked[0]) == ("chat",)
    assert "1 of 8" in site.told()[0].title, "it says what it said before"
    assert len(site.told("mail")) == 1


def test_a_chat_that_refuses_for_good_does_not_keep_the_mail_from_being_tried_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned(site)
    site.fails("a1")
    site.chat.token = "rotated"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    mail_at(monkeypatch, port, timeout=1)
    with pytest.raises(Transient, match="took no mail"):
        site.send()


@pytest.mark.parametrize("how", ["gone", "hanging", "wrong password"])
def test_a_mail_server_that_is_dead_fails_the_notice_and_nothing_else(
    site: Site, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    planned(site)
    site.fails("a1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        if how == "gone":
            silent.close()
        if how == "wrong password":
            monkeypatch.setenv(
                "AIRFLOW_CONN_MAIL_HERE", json.dumps(json.loads(os.environ["AIRFLOW_CONN_MAIL_HERE"]) | {"password": "another"})
            )
        else:
            mail_at(monkeypatch, port, timeout=1)
        with pytest.raises(Transient, match="took no mail") as told:
            site.send()
    assert told.value.cause == "notice-undelivered"
    assert PASSWORD not in str(told.value)
    assert len(site.told()) == 1


def test_airflow_that_starts_no_run_fails_no_server(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    planned(site)

    def start(*_: object) -> None:
        raise RuntimeError("the API server is away")

    site.place.__dict__["start"] = start
    with caplog.at_level(logging.WARNING):
        site.fails("a1")
    assert site.world.statuses()["a1"] == "failed"
    assert "No notice is asked for (server-failed): RuntimeError" in caplog.text


@dataclass
class NoticeRun:
    """What the operator asks of its run."""

    conf: dict[str, Any]
    dag_id: str = "notices"
    run_id: str = "n1"


def test_the_dag_sends_what_a_task_asked_for_and_refuses_what_nobody_did(site: Site) -> None:
    planned(site)
    site.fails("a1")
    ((conf, _),) = site.place.__dict__["started"].values()
    send = site.operator(NoticeOperator)
    assert send.execute({"dag_run": NoticeRun(conf)}) == ["chat", "mail"]
    for wrong in ({}, {"key": "x"}, conf | {"event": "party"}, conf | {"key": "../plan"}):
        with pytest.raises(AirflowFailException, match="not started by a task"):
            send.execute({"dag_run": NoticeRun(wrong)})
