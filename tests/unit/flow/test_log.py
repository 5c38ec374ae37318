"""Every log line says which server, step and run it is about, whatever their names hold."""

from __future__ import annotations

import pytest

from turnup.flow.job import Run, flow_log


def test_a_line_names_server_step_and_run(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="turnup.flow"):
        flow_log(Run("server_install", "run-1"), "boot", "a1").info("switched on after %d s", 3)
        flow_log(Run("server_install", "run-1"), "claim").info("done")
    assert caplog.messages == ["a1 boot: switched on after 3 s  [run-1]", "claim: done  [run-1]"]


def test_a_name_with_a_percent_sign_is_no_format(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", logger="turnup.flow"):
        flow_log(Run("server_install", "100%s"), "boot", "%d%n").info("on after %d s: %s", 3, "%x")
    assert caplog.messages == ["%d%n boot: on after 3 s: %x  [100%s]"]
