"""The state that sets an IPv6 address: once, not at all in a test run, and a failure is one of the state. `ip` is a stand-in."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

SOURCE = Path(__file__).parents[3] / "salt/states/_states/turnup_network.py"
IP = """#!/bin/sh
# Keeps one interface, eth0, in $KEPT: an address a line.
for dev; do :; done
[ "$dev" = eth0 ] || { echo "Cannot find device \\"$dev\\"" >&2; exit 1; }
if [ "$3" = replace ]; then echo "$4" >>"$KEPT"; exit; fi
printf '[{"ifname": "eth0", "addr_info": [{"family": "inet6", "local": "fe80::1", "prefixlen": 64}'
while IFS=/ read -r ip length; do printf ', {"family": "inet6", "local": "%s", "prefixlen": %s}' "$ip" "$length"; done <"$KEPT"
echo '] }]'
"""


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program, kept = tmp_path / "ip", tmp_path / "kept"
    program.write_text(IP)
    program.chmod(0o755)
    kept.touch()
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("KEPT", str(kept))
    return kept


def state(*, test: bool) -> ModuleType:
    """As Salt's loader has it."""
    spec = importlib.util.spec_from_file_location("turnup_network", SOURCE)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.__dict__["__opts__"] = {"test": test}
    return module


def test_an_address_is_set_once_and_the_second_run_changes_nothing(kept: Path) -> None:
    first = state(test=False).address("fd00:1::7/64", "eth0")
    assert (first["result"], first["changes"]) == (True, {"new": "fd00:1::7/64 on eth0"})
    for test in (False, True):
        again = state(test=test).address("fd00:1::7/64", "eth0")
        assert (again["result"], again["changes"]) == (True, {})
    assert kept.read_text() == "fd00:1::7/64\n"


def test_the_same_address_written_in_another_way_is_there_already(kept: Path) -> None:
    kept.write_text("fd00:1::7/64\n")
    assert state(test=False).address("FD00:0001:0:0:0:0:0:7/64", "eth0")["changes"] == {}


def test_a_test_run_says_what_would_change_and_changes_nothing(kept: Path) -> None:
    would = state(test=True).address("fd00:1::7/64", "eth0")
    assert (would["result"], would["changes"]) == (None, {"new": "fd00:1::7/64 on eth0"})
    assert kept.read_text() == ""


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(
    ("address", "dev", "said"),
    [
        ("fd00:1::7/64", "eth9", 'Cannot find device "eth9"'),
        ("10.0.1.7/24", "eth0", "10.0.1.7/24"),
        ("$(reboot)", "eth0", "$(reboot)"),
    ],
)
def test_what_cannot_be_is_a_failed_state_with_the_reason(address: str, dev: str, said: str) -> None:
    failed = state(test=False).address(address, dev)
    assert failed["result"] is False
    assert failed["changes"] == {}
    assert said in failed["comment"]
