"""The Racks page where people find it: in Airflow's sidebar, light and dark as Airflow is, on a phone; and who may only look."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests
from playwright.sync_api import Browser, FrameLocator, Page, expect, sync_playwright

from lab import paths
from lab.datacenter import RACKS, SITE
from lab.services import airflow, netbox
from tests.lab.conftest import Lab

RACK = RACKS[1]
CHROMIUM = "/usr/bin/chromium"
SHOTS = paths.LOG / "pages"  # to be looked at
LONG = 60_000.0  # milliseconds: the machine has few processors, and Airflow's pages are large


@pytest.fixture(scope="module")
def browser(lab: Lab) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--no-proxy-server"])
        yield running
        running.close()


@contextmanager
def logged_in(browser: Browser, user: str, width: int = 1400, scheme: str = "light") -> Iterator[Page]:
    """Airflow's page after the login."""
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme="dark" if scheme == "dark" else "light")
    context.set_default_timeout(LONG)
    try:
        page = context.new_page()
        page.goto(f"{airflow.url()}/auth/login/")
        page.fill('input[name="username"]', user)
        page.fill('input[name="password"]', airflow.password(user))
        page.keyboard.press("Enter")
        expect(page.locator('a[href$="plugin/racks"]')).to_be_visible(timeout=LONG)
        yield page
    finally:
        context.close()


def through_the_sidebar(page: Page) -> FrameLocator:
    """The rack's page, as somebody reaches it who came to Airflow."""
    page.locator('a[href$="plugin/racks"]').click()
    frame = page.frame_locator('iframe[title="Racks"]')
    frame.locator(f'.rack[data-key="{SITE}/{RACK.name}"] a').click(timeout=LONG)
    expect(frame.locator("h1", has_text=RACK.name)).to_be_visible(timeout=LONG)
    return frame


def shot(page: Page, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def test_an_operator_finds_the_rack_in_the_sidebar_and_sees_its_servers_where_they_are(browser: Browser) -> None:
    with logged_in(browser, "operator") as page:
        frame = through_the_sidebar(page)
        for server in RACK.servers:
            row = frame.locator("li.server").filter(has=frame.locator(".name", has_text=server.name))
            expect(row.locator(".unit")).to_have_text(f"U{server.unit}")
            expect(frame.locator(f'.box[data-name="{server.name}"]')).to_have_count(1)
        expect(frame.locator('input[name="server"]')).to_have_count(len(RACK.servers))
        expect(frame.locator("li.server.foreign")).to_have_count(3)  # a switch, a probe, and another owner's server
        for action in ("install", "decommission", "abort"):
            expect(frame.locator(f'.toolbar [data-action="{action}"]')).to_be_visible()
        assert "plugin/racks/turnup" in page.url, "Airflow's address leads back to the same rack"
        shot(page, "rack-light")


def test_what_is_chosen_stays_while_the_page_updates_itself(browser: Browser, lab: Lab) -> None:
    server = RACK.servers[0]
    device = lab.devices(RACK.name)[server.name]
    with logged_in(browser, "operator") as page:
        frame = through_the_sidebar(page)
        box = frame.locator(f'input[name="server"][value="{server.name}"]')
        box.check()
        box.focus()
        try:
            device.update({"status": "offline"})
            row = frame.locator("li.server").filter(has=frame.locator(".name", has_text=server.name))
            expect(row.locator(".badge.offline")).to_be_visible(timeout=LONG)
        finally:
            device.update({"status": "planned"})
        expect(box).to_be_checked()
        expect(box).to_be_focused()
        expect(frame.locator("[data-chosen]")).to_have_text(f"1 of {len(RACK.servers)} chosen")


def test_links_lead_out_of_airflows_frame(browser: Browser) -> None:
    with logged_in(browser, "operator", scheme="dark") as page:
        frame = through_the_sidebar(page)
        expect(frame.locator("html")).to_have_attribute("data-theme", "dark")
        shot(page, "rack-dark")
        with page.context.expect_page() as opened:
            frame.locator("li.server").last.get_by_role("link", name="NetBox").click()
        opened.value.wait_for_url(f"{netbox.url()}/**", timeout=LONG)


def test_a_viewer_sees_the_rack_and_has_nothing_to_act_with(browser: Browser) -> None:
    with logged_in(browser, "viewer", width=800) as page:
        frame = through_the_sidebar(page)
        expect(frame.locator("li.server")).to_have_count(len(RACK.servers) + 3)
        expect(frame.locator('button, input[name="server"], dialog')).to_have_count(0)
        shot(page, "rack-viewer")


def test_on_a_phone_nothing_is_wider_than_the_phone(browser: Browser) -> None:
    with logged_in(browser, "viewer", width=1000) as page:
        page.set_viewport_size({"width": 360, "height": 800})
        page.goto(f"{airflow.url()}/turnup/?site={SITE}&rack={RACK.name}")
        expect(page.locator("li.server").first).to_be_visible(timeout=LONG)
        assert page.evaluate("document.documentElement.scrollWidth") == 360
        shot(page, "rack-phone")


@pytest.mark.parametrize("path", ["", "api/racks", f"api/rack?site={SITE}&rack={RACK.name}"])
def test_without_a_login_nothing_is_shown(running_lab: Lab, path: str) -> None:
    answer = requests.get(f"{airflow.url()}/turnup/{path}", timeout=30)
    assert answer.status_code == 401
    assert RACK.servers[0].name not in answer.text
