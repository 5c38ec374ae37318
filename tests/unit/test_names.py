"""Names from NetBox may be anything. Whatever they are: a plan or a problem, one line each, and a file where it belongs."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.domain import worlds
from tests.unit.flow.datacenter import DataCenter, Install
from turnup.adapters.report_store import RunRecords
from turnup.adapters.salt_api import MINION_ID
from turnup.domain.diff import diff
from turnup.domain.errors import Problem, Refused
from turnup.domain.planner import Request, plan
from turnup.domain.plans import Plan
from turnup.flow.steps.boot import script

ODD = (
    "../../etc/passwd",
    "a b",
    "*",
    "a,b",
    "%s%d{0}",
    'a"b',
    "a'b",
    "A1",
    "a.b",
    "a..b",
    "-a",
    "a-",
    "räck",
    "a\nb",
    "{{ x }}",
    "\u212a1",
)
name = st.one_of(
    st.sampled_from(ODD),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=64),
    st.from_regex(r"[A-Za-z0-9.-]{1,64}", fullmatch=True),
)
anything = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
many = settings(max_examples=100, deadline=None, database=None, derandomize=True)
some = settings(many, max_examples=40)


def planned(device: str, **differs: object) -> Plan | tuple[Problem, ...]:
    servers = (worlds.server(1, name=device, **differs), worlds.server(2))
    return plan(worlds.snapshot(servers), worlds.POLICY, Request("server_install/me"))


@many
@given(name)
def test_a_device_is_planned_under_a_host_name_or_refused_with_one_line(device: str) -> None:
    made = planned(device)
    if isinstance(made, Plan):
        part = made.server(device)
        assert MINION_ID.fullmatch(part.hostname), "what the planner lets through, Salt is asked for by exact name"
        assert part.hostname.endswith(".here.example")
        assert part.hostname.lower() == part.hostname
        assert device.isascii()
    else:
        assert made
        for problem in made:
            assert len(str(problem).splitlines()) == 1, problem


@many
@given(name)
def test_the_name_of_a_device_that_is_left_alone_takes_one_line_of_the_plan(device: str) -> None:
    made, usual = planned(device, role="switch"), planned("sw1", role="switch")
    assert isinstance(made, Plan)
    assert isinstance(usual, Plan)
    assert len(diff(made).splitlines()) == len(diff(usual).splitlines())


@many
@given(name)
def test_a_name_that_was_asked_for_and_is_not_there_is_refused_on_one_line(device: str) -> None:
    made = plan(worlds.snapshot((worlds.server(7),)), worlds.POLICY, Request("server_install/me", (device,)))
    if device != "a7":
        assert not isinstance(made, Plan)
        assert [len(str(problem).splitlines()) for problem in made] == [1]


@some
@given(name)
def test_the_boot_script_of_any_server_that_is_planned_is_four_commands(device: str) -> None:
    if not isinstance(planned(device), Plan):
        return
    world = DataCenter(snapshot=worlds.snapshot((worlds.server(1, name=device),)))
    install = Install(world)
    install.make_plan()
    job = install.job("boot", device)
    lines = script(job, "0" * 32).splitlines()
    assert [line.split()[0] for line in lines] == ["#!ipxe", "kernel", "initrd", "boot"]
    assert lines[1].count("turnup.minion_id=") == 1
    assert urlsplit(f"{job.site.boot_url}/{job.server.management.mac}.ipxe").path == f"/boot/{job.server.management.mac}.ipxe"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports")


@many
@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20), st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
)
@example("../..", "..")
@example("%2e%2e", "a/../b")
@example("Rack 1/2", "*")
def test_a_record_of_any_name_is_read_back_and_lies_in_its_runs_folder(store: Path, run: str, server: str) -> None:
    try:
        records = RunRecords(str(store), "server_install", run)
        name = f"boot/{server}/1.json"
        records.write(name, b"{}")
    except Refused:
        return
    assert records.read(name) == b"{}"
    assert name in records.names(f"boot/{server}")
    folder = store / "runs" / "server_install" / quote(run, safe=" ")
    assert folder.parent == store / "runs" / "server_install"
    assert (folder / "boot").is_dir()
    outside = [path for path in store.rglob("*") if path.is_file() and store / "runs" / "server_install" not in path.parents]
    assert outside == []
