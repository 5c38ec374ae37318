"""Burn-in readers against recorded output, and against output that is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from turnup.burnin import TESTS
from turnup.domain.policy import BurnInTest
from turnup.domain.verdicts import Unreadable

RECORDED = Path(__file__).parents[2] / "recorded/burnin"


def test_cpu_reads_the_real_time_rate() -> None:
    assert TESTS["cpu"].read((RECORDED / "cpu.txt").read_text()) == {"bogo_ops_per_second": 674.115313}


def test_disk_reads_iops_and_the_99th_percentile() -> None:
    figures = TESTS["disk"].read("note: something\n" + (RECORDED / "disk.txt").read_text())
    assert figures["read_iops"] == pytest.approx(10030.969)
    assert figures["write_iops"] == pytest.approx(10014.985)
    assert figures["read_p99_ms"] == pytest.approx(0.33792)


@pytest.mark.parametrize("name", sorted(TESTS))
@pytest.mark.parametrize("printed", ["", "Killed", "{", '{"jobs": []}', "metrics:\n  - stressor: cpu\n"])
def test_output_without_figures_is_unreadable(name: str, printed: str) -> None:
    with pytest.raises(Unreadable):
        TESTS[name].read(printed)


@pytest.mark.parametrize("name", sorted(TESTS))
def test_a_command_names_its_duration_and_keeps_its_metrics(name: str) -> None:
    command = TESTS[name].command(BurnInTest(name, 17))
    assert any("17s" in word for word in command)
    assert "--quiet" not in command
