from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab import claim, paths, supervisor

# Leads a session, leaves one process in it, says the ids of both, and ends.
LEADER = """
import os, subprocess, sys
left = subprocess.Popen(["sleep", "60"], cwd=sys.argv[1], env={}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(os.getpid(), left.pid)
"""


@contextmanager
def left_behind(folder: Path) -> Iterator[tuple[int, int]]:
    done = subprocess.run(
        [sys.executable, "-c", LEADER, str(folder)], capture_output=True, text=True, check=True, start_new_session=True
    )
    leader, left = map(int, done.stdout.split())
    try:
        yield leader, left
    finally:
        if supervisor.alive(left):
            subprocess.run(["kill", "-9", str(left)], check=False)


def test_what_a_dead_supervisord_left_in_the_labs_state_is_found(tmp_path: Path) -> None:
    with left_behind(tmp_path) as (leader, left):
        assert supervisor.leftovers(tmp_path / "checkout", tmp_path, leader) == [left]


def test_a_foreign_process_of_a_session_of_the_same_number_is_spared(tmp_path: Path) -> None:
    with left_behind(Path("/")) as (leader, _):
        assert supervisor.leftovers(tmp_path / "checkout", tmp_path, leader) == []


def test_a_claim_of_an_earlier_boot_names_no_session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "lab.json"
    monkeypatch.setattr(claim, "_FILE", file)
    monkeypatch.setattr(paths, "CHECKOUT", tmp_path / "mine")
    with left_behind(tmp_path) as (leader, left):
        held = {"checkout": "/nowhere", "state": str(tmp_path), "supervisord": leader, "started": 1, "boot": "another"}
        file.write_text(json.dumps(held))
        assert claim.end_leftovers() == 0
        assert supervisor.alive(left)
        file.write_text(json.dumps(held | {"boot": claim._boot()}))
        assert claim.holder() is None
        assert claim.end_leftovers() == 1
        assert not supervisor.alive(left)
