"""The page: every text escaped, nothing runs, nothing is loaded, and its links lead where they should."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import DataCenter
from tests.unit.reporting.stories import Told
from turnup.fakes.records import FakeRecords
from turnup.reporting import archive, words
from turnup.reporting.page import CONTENT_SECURITY_POLICY, STYLE, page
from turnup.reporting.report import Cause, LeftAlone, Problem, Report, SaltChange, SaltRun, Server, State

EVIL = "<script>alert(1)</script>"
VOID = {"meta", "link", "br", "img", "input", "hr"}


class Elements(HTMLParser):
    """Which elements a page has, whether they nest as they should, and its ids and links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def everywhere(text: str) -> Report:
    """A report with this text wherever text may stand."""
    cause = Cause("boot", f"{text} what", f"{text} next", "bmc-silent", text)
    server = Server(
        name=text,
        state=State.FAILED,
        status=text,
        serial=text,
        asset_tag=text,
        rack=text,
        unit=text,
        role=text,
        generation=text,
        hostname=text,
        causes=(replace(cause, mended=True), replace(cause, code=text)),
        addresses={text: text},
        salt=(SaltRun(1, (SaltChange(text, text, text, (text,)),)),),
        planned_again=(text,),
        undone=(text,),
        remark=text,
        former_run=text,
        former_report=text,
    )
    return Report(
        id="server_install.x",
        dag_id=text,
        run_id=text,
        state=State.FAILED,
        headline=text,
        written_at=text,
        title=text,
        url=f"http://airflow/{text}",
        link="http://airflow/turnup/reports/server_install.x",
        started_by=text,
        started_at=text,
        params={text: text, "servers": [text]},
        reason=text,
        plan_text=text,
        problems=(Problem(text, text, text),),
        causes=(cause,),
        servers=(server,),
        left_alone=(LeftAlone(text, text),),
        notes=(text,),
    )


def a_day(count: int = 2) -> Told:
    world = DataCenter(count)
    world.servers["a1"].bmc.answers = False
    told = Told(world)
    told.run = replace(told.run, url="http://airflow/run", report="http://airflow/turnup/reports/server_install.run-1")
    told.begin()
    told.everything()
    return told


@pytest.mark.parametrize("evil", [EVIL, '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", "{{ 7 * 7 }}", "</style>"])
def test_text_is_text_wherever_it_stands(evil: str) -> None:
    harmless, found = Elements(page(everywhere("harmless"), 1, (1,))), Elements(page(everywhere(evil), 1, (1,)))
    assert found.names == harmless.names
    assert found.attributes == harmless.attributes
    assert "script" not in found.names
    assert "onerror" not in found.attributes


def test_a_server_named_script_is_shown_by_its_name() -> None:
    told = Told(DataCenter(snapshot=worlds.snapshot((worlds.server(1, serial=EVIL),))))
    told.begin()
    told.make_plan()
    text = page(told.told())
    assert EVIL not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_a_refused_device_named_script_is_shown_by_its_name() -> None:
    told = Told(DataCenter(snapshot=worlds.snapshot((worlds.server(1, name=EVIL),))))
    told.refused()
    text = page(told.told())
    assert EVIL not in text
    assert "&lt;script&gt;" in text


def test_the_page_has_no_script_no_inline_style_and_loads_nothing() -> None:
    told = a_day()
    found = Elements(page(told.told(), 1, (1,)))
    assert not found.names & {"script", "img", "link", "iframe", "object", "form"}
    assert not {name for name in found.attributes if name.startswith("on") or name in {"style", "src"}}
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_the_policy_allows_exactly_the_style_that_is_in_the_page() -> None:
    (style,) = re.findall(r"<style>(.*?)</style>", page(a_day(1).told()), re.DOTALL)
    sha256 = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"'sha256-{sha256}'" in CONTENT_SECURITY_POLICY


def test_every_link_within_the_page_leads_somewhere_and_ids_are_unique() -> None:
    found = Elements(page(a_day(3).told(), 1, (1, 2)))
    assert len(found.ids) == len(set(found.ids))
    inner = {link.removeprefix("#") for link in found.links if link.startswith("#")}
    assert inner == set(found.ids)
    assert "http://airflow/turnup/reports/server_install.run-1.json?version=1" in found.links
    assert "http://airflow/run" in found.links


def test_the_page_says_what_is_to_be_done_before_anything_else() -> None:
    text = page(a_day().told(), 1, (1,))
    assert text.index("What needs doing") < text.index("<h2>Servers</h2>")
    assert "The BMC does not answer" in text
    assert "bmc-silent" in text


def test_a_page_that_was_not_written_says_so_and_an_older_one_names_the_newest() -> None:
    told = a_day()
    assert "As things stood at 2026-11-22" in page(told.told())
    assert "Load the page again" in page(told.told(going_on=True))
    assert "This is version 1" in page(told.told(), 1, (1, 2))
    assert "This is version" not in page(told.told(), 2, (1, 2))


def test_versions_are_written_once_and_each_has_its_page() -> None:
    told = a_day()
    assert archive.write(told.records, told.told()) == 1
    told.now += 60
    assert archive.write(told.records, told.told()) == 1, "nothing changed but the time"
    told.row("boot", "a1", resumed=True)
    assert archive.write(told.records, told.told()) == 2
    assert archive.versions(told.records) == (1, 2)
    first, second = archive.read(told.records, 1), archive.read(told.records, 2)
    assert first is not None
    assert second is not None
    assert len(first.servers[0].rows[0].tries) < len(second.servers[0].rows[0].tries)
    assert (told.records.read("report/2.html") or b"").startswith(b"<!doctype html>")
    assert archive.read(told.records, 3) is None


def test_versions_are_counted_beyond_nine() -> None:
    records, report = FakeRecords(), everywhere("x")
    for number in range(1, 12):
        assert archive.write(records, replace(report, headline=str(number))) == number
    newest = archive.read(records, archive.versions(records)[-1])
    assert newest is not None
    assert newest.headline == "11"


def test_a_report_reads_back_as_it_was() -> None:
    told = a_day()
    archive.write(told.records, told.told())
    assert archive.read(told.records, 1) == told.told()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (12.4, "12 s"), (65, "1 min 5 s"), (3599.6, "1 h 0 min"), (86400 + 300, "24 h 5 min")],
)
def test_durations_read_as_a_person_says_them(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


def test_numbers_have_as_many_digits_as_matter() -> None:
    assert [words.number(value) for value in (None, 0.002608, 426.17913, 20.0)] == ["\N{EN DASH}", "0.002608", "426.2", "20"]
    assert words.number(105379.924) == "105\N{NARROW NO-BREAK SPACE}380"
