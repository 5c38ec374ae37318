"""An engineer installs servers from the Racks page, in Chromium: the plan first, then the run; one fails, and is resumed there.

A viewer sees the same page, and can start nothing, by its buttons or without them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Browser, FrameLocator, Locator, Page, expect

from lab.datacenter import RACKS, SITE, Server
from lab.services import airflow
from tests.lab.conftest import LONGEST, Lab
from tests.lab.faults import CASES
from tests.lab.test_racks_page import LONG, browser, logged_in, shot

__all__ = ["browser"]

DAG = "server_install"
RACK = RACKS[0]
GOOD, BAD = RACK.servers[:2]
FAULT = CASES["bmc-password"]
WHOLE_RUN = LONGEST * 1000.0


@dataclass(frozen=True)
class RackPage:
    """The rack's page in Airflow's frame, as somebody has it open who is logged in."""

    page: Page
    frame: FrameLocator

    def row(self, server: Server) -> Locator:
        return self.frame.locator("li.server").filter(has=self.frame.locator(".name", has_text=server.name))

    def choose(self, *servers: Server) -> None:
        for server in servers:
            self.frame.locator(f'input[name="server"][value="{server.name}"]').check()

    @property
    def dialog(self) -> Locator:
        return self.frame.get_by_role("dialog")

    def started(self) -> str:
        """The id of the run that the dialog leads to, which is closed."""
        link = self.dialog.locator(".act-done a")
        expect(link).to_be_visible(timeout=LONG)
        run = urlsplit(link.get_attribute("href") or "").path.rsplit("/", maxsplit=1)[-1]
        self.dialog.locator(".act-cancel").click()
        expect(self.dialog).to_be_hidden()
        return run

    def until(self, server: Server, state: str) -> None:
        """The page shows it by itself: nothing is reloaded."""
        expect(self.row(server).locator(f".badge.{state}")).to_be_visible(timeout=WHOLE_RUN)


@contextmanager
def opened(running: Browser, user: str) -> Iterator[RackPage]:
    with logged_in(running, user) as page:
        page.locator('a[href$="plugin/racks"]').click()
        frame = page.frame_locator('iframe[title="Racks"]')
        frame.locator(f'.rack[data-key="{SITE}/{RACK.name}"] a').click(timeout=LONG)
        shown = RackPage(page, frame)
        expect(shown.row(GOOD)).to_be_visible(timeout=LONG)
        yield shown


@dataclass(frozen=True)
class Story:
    lab: Lab
    plan: str  # as the dialog showed it
    changes: tuple[int, int]  # of NetBox, before and after the plan was shown
    run: str
    pressed_again: int  # runs of the page's, after the button was pressed twice
    cause: str  # of the bad server, as the page shows it
    meanwhile: dict[str, str]  # statuses, when it had failed and the other one went on
    ended: str


@pytest.fixture(scope="module")
def story(lab: Lab, browser: Browser) -> Story:
    lab.fault(BAD.name, FAULT.kind)
    try:
        with opened(browser, "operator") as shown:
            return told(lab, shown)
    finally:
        lab.fault(BAD.name, "clear")


def told(lab: Lab, shown: RackPage) -> Story:
    before = lab.changes()
    shown.choose(GOOD, BAD)
    shown.frame.locator('[data-action="install"]').click()
    expect(shown.dialog.locator(".plan-server")).to_have_count(2, timeout=LONG)
    plan, changes = shown.dialog.locator(".act-plan").inner_text(), (before, lab.changes())
    shot(shown.page, "act-plan")
    shown.dialog.locator(".act-go").dblclick()
    run = shown.started()
    again = len(lab.airflow.runs_from(DAG, "racks__"))
    shown.until(GOOD, "working")
    shot(shown.page, "act-moving")
    shown.until(BAD, "failed")
    cause = shown.row(BAD).locator(".cause").inner_text()
    shot(shown.page, "act-failed")
    meanwhile = lab.statuses(RACK.name)
    lab.fault(BAD.name, "clear")
    shown.row(BAD).locator('[data-action="resume"]').click()
    shot(shown.page, "act-resume")
    shown.dialog.locator(".act-go").click()
    assert shown.started() == run
    shown.until(BAD, "working")
    shown.until(GOOD, "active")
    shown.until(BAD, "active")
    shot(shown.page, "act-active")
    return Story(lab, plan, changes, run, again, cause, meanwhile, lab.ended(run))


def test_the_plan_is_shown_before_anything_is_changed(story: Story) -> None:
    for server in (GOOD, BAD):
        assert server.name in story.plan
        assert server.serial in story.plan
        assert server.mac in story.plan
    assert "staged, then active" in story.plan
    assert story.changes[0] == story.changes[1]


def test_the_button_pressed_twice_is_one_run_in_the_engineer_s_name(story: Story) -> None:
    assert story.pressed_again == 1
    (run,) = story.lab.airflow.runs_from(DAG, story.run)
    assert run["triggering_user_name"] == "operator"
    assert run["conf"]["servers"] == [GOOD.name, BAD.name]


def test_the_page_says_why_the_bad_one_failed_and_what_to_do(story: Story) -> None:
    for words in FAULT.told:
        assert words in story.cause
    assert "Next:" in story.cause
    assert story.meanwhile[BAD.name] == "failed"
    assert story.meanwhile[GOOD.name] == "staged"


def test_resumed_by_its_button_it_goes_live_too(story: Story) -> None:
    assert story.ended == "success"
    statuses = story.lab.statuses(RACK.name)
    assert (statuses[GOOD.name], statuses[BAD.name]) == ("active", "active")
    others = {server.name for server in RACK.servers} - {GOOD.name, BAD.name}
    assert {statuses[name] for name in others} == {"planned"}


ORDERS = {
    "plans": {"dag_id": DAG, "site": SITE, "rack": RACK.name, "servers": [], "params": {}},
    "runs": {
        "dag_id": DAG,
        "site": SITE,
        "rack": RACK.name,
        "servers": [],
        "params": {},
        "plan_hash": "0" * 64,
        "key": str(uuid4()),
    },
    "abort": {"site": SITE, "servers": [GOOD.name], "reason": "a viewer tries it", "key": str(uuid4())},
    "resume": {"dag_id": DAG, "run_id": "any", "task_id": "boot", "map_index": 0},
}
SEND = """(main, [path, order]) => fetch(`api/${path}`, {method: "POST", body: JSON.stringify(order),
    headers: {"Content-Type": "application/json", "X-Turnup-Token": main.dataset.csrf || ""}}).then((answer) => answer.status)"""


def test_a_viewer_sees_the_rack_and_can_start_nothing_there(story: Story, browser: Browser) -> None:
    before = story.lab.airflow.runs_from(DAG, "racks__")
    with opened(browser, "viewer") as shown:
        shown.until(BAD, "active")
        expect(shown.frame.locator("[data-action]")).to_have_count(0)
        expect(shown.frame.locator('input[name="server"]')).to_have_count(0)
        for path, order in ORDERS.items():
            assert shown.frame.locator("main").evaluate(SEND, [path, order]) == 403, path
    assert story.lab.airflow.runs_from(DAG, "racks__") == before
    assert story.lab.airflow.runs_from("server_abort", "racks__") == []


@pytest.mark.parametrize("path", ORDERS)
def test_without_a_page_nobody_starts_anything(story: Story, path: str) -> None:
    address = f"{airflow.url()}/turnup/api/{path}"
    headers = {"Content-Type": "application/json"}
    with requests.Session() as session:
        session.trust_env = False
        assert session.post(address, data=json.dumps(ORDERS[path]), headers=headers, timeout=30).status_code == 401
        login = {"username": "operator", "password": airflow.password("operator")}
        token = session.post(f"{airflow.url()}/auth/token", json=login, timeout=30).json()["access_token"]
        headers["Cookie"] = f"_token={token}"
        assert session.post(address, data=json.dumps(ORDERS[path]), headers=headers, timeout=30).status_code == 403
        evil = headers | {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        assert session.post(address, data=json.dumps(ORDERS[path]), headers=evil, timeout=30).status_code == 403
