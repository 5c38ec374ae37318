from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from lab import ports


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        monkeypatch.setattr(ports, "PREFERRED", {"redis": probe.getsockname()[1]})
    monkeypatch.setattr(ports, "_FILE", tmp_path / "ports.json")
    return tmp_path / "ports.json"


def test_a_port_that_a_stranger_holds_is_left_for_another(file: Path) -> None:
    preferred = ports.PREFERRED["redis"]
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", preferred))
        stranger.listen()
        ports.settle(running=False)
    assert json.loads(file.read_text())["redis"] != preferred


def test_a_service_returns_to_its_preferred_port_once_that_is_free(file: Path) -> None:
    file.write_text(json.dumps({"redis": 1}))
    ports.settle(running=False)
    assert ports.port("redis") == ports.PREFERRED["redis"]


def test_while_the_lab_runs_ports_stay(file: Path) -> None:
    file.write_text(json.dumps({"redis": 1}))
    ports.settle(running=True)
    assert ports.port("redis") == 1
