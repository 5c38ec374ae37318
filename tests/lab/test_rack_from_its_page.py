"""An engineer installs servers from the Racks page, in Chromium: the plan first, then the run; one fails, and is resumed there.

A viewer sees the same page, and can start nothing, by its buttons or without them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

from lab import paths
from lab.datacenter import RACKS, SITE, Server
from lab.services import airflow
from tests.lab.conftest import LONGEST, Lab
from tests.lab.faults import CASES

DAG = "server_install"
RACK = RACKS[0]
GOOD, BAD = RACK.servers[:2]
FAULT = CASES["bmc-password"]
CHROMIUM = "/usr/bin/chromium"
SHOTS = paths.LOG / "pages"  # to be looked at
SECOND = 1000.0


@dataclass
class RackPage:
    """The rack's page, as somebody has it open who is logged in."""

    page: Page
    user: str

    def open(self) -> None:
        """By way of the login, to which the page leads."""
        address = f"{airflow.url()}/turnup/?{urlencode({'site': SITE, 'rack': RACK.name})}"
        self.page.goto(address)
        self.page.locator('input[name="username"]').fill(self.user, timeout=60 * SECOND)
        self.page.locator('input[name="password"]').fill(airflow.password(self.user))
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda url: "/login" not in url, timeout=60 * SECOND)
        self.page.goto(address)
        expect(self.row(GOOD)).to_be_visible(timeout=60 * SECOND)

    def row(self, server: Server) -> Locator:
        return self.page.locator("li.server").filter(has=self.page.locator(".name", has_text=server.name))

    def choose(self, *servers: Server) -> None:
        for server in servers:
            self.page.locator(f'input[name="server"][value="{server.name}"]').check()

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def started(self) -> str:
        """The id of the run that the dialog leads to, which is closed."""
        link = self.dialog.locator(".act-done a")
        expect(link).to_be_visible(timeout=60 * SECOND)
        run = urlsplit(link.get_attribute("href") or "").path.rsplit("/", maxsplit=1)[-1]
        self.page.keyboard.press("Escape")
        expect(self.dialog).to_be_hidden()
        return run

    def until(self, server: Server, state: str) -> None:
        """The page shows it by itself: nothing is reloaded."""
        expect(self.row(server).locator(f".badge.{state}")).to_be_visible(timeout=LONGEST * SECOND)

    def shot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)


@contextmanager
def opened(browser: Browser, user: str) -> Iterator[RackPage]:
    context = browser.new_context(viewport={"width": 1280, "height": 900}, reduced_motion="reduce")
    try:
        shown = RackPage(context.new_page(), user)
        shown.open()
        yield shown
    finally:
        context.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@dataclass(frozen=True)
class Story:
    lab: Lab
    plan: str  # as the dialog showed it
    changes: tuple[int, int]  # of NetBox, before and after the plan was shown
    run: str
    pressed_again: int  # runs of the page's, after the button was pressed twice
    cause: str  # of the bad server, as the page shows it
    meanwhile: dict[str, str]  # statuses, when it had failed and the other one was active
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
    shown.page.locator('[data-action="install"]').click()
    expect(shown.dialog.locator(".plan-server")).to_have_count(2, timeout=90 * SECOND)
    plan, changes = shown.dialog.locator(".act-plan").inner_text(), (before, lab.changes())
    shown.shot("plan")
    shown.dialog.locator(".act-go").dblclick()
    run = shown.started()
    again = len(lab.airflow.runs_from(DAG, "racks__"))
    for server in (GOOD, BAD):
        shown.until(server, "working")
    shown.shot("moving")
    shown.until(BAD, "failed")
    cause = shown.row(BAD).locator(".cause").inner_text()
    shown.shot("failed")
    shown.until(GOOD, "active")
    meanwhile = lab.statuses(RACK.name)
    lab.ended(run)
    lab.fault(BAD.name, "clear")
    shown.row(BAD).locator('[data-action="resume"]').click()
    shown.shot("resume")
    shown.dialog.locator(".act-go").click()
    assert shown.started() == run
    shown.until(BAD, "working")
    shown.until(BAD, "active")
    shown.shot("active")
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
    assert story.meanwhile[GOOD.name] == "active"


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
SEND = """([path, order, token]) => fetch(`api/${path}`, {method: "POST", body: JSON.stringify(order),
    headers: {"Content-Type": "application/json", "X-Turnup-Token": token}}).then((answer) => answer.status)"""


def test_a_viewer_sees_the_rack_and_can_start_nothing_there(story: Story, browser: Browser) -> None:
    before = story.lab.airflow.runs()
    with opened(browser, "viewer") as shown:
        expect(shown.row(BAD).locator(".badge.active")).to_be_visible()
        assert shown.page.locator("[data-action]").count() == 0
        assert shown.page.locator('input[name="server"]').count() == 0
        token = shown.page.locator("main").get_attribute("data-csrf") or ""
        for path, order in ORDERS.items():
            assert shown.page.evaluate(SEND, [path, order, token]) == 403, path
    assert len(story.lab.airflow.runs()) == len(before)


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
