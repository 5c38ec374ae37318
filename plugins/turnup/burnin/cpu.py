"""cpu: stress-ng's CPU stressor with its own verification on. Figure: bogo_ops_per_second (real time, all workers)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from turnup.burnin.kind import Test
from turnup.domain.policy import BurnInTest
from turnup.domain.verdicts import Unreadable


def command(test: BurnInTest) -> list[str]:
    """Options: `workers`, 0 for one a CPU. Not `--quiet`: that takes the metrics out of the YAML."""
    workers = str(test.options.get("workers", 0))
    return ["stress-ng", "--cpu", workers, "--verify", "--timeout", f"{test.seconds}s", "--metrics", "--yaml", "/dev/stdout"]


def read(printed: str) -> Mapping[str, float]:
    """From the metrics that `--yaml` prints amid the log lines."""
    found = re.search(r"^\s*bogo-ops-per-second-real-time:\s*([0-9.]+)\s*$", printed, re.MULTILINE)
    if found is None:
        raise Unreadable(f"no bogo-ops-per-second-real-time in {printed[-200:]!r}")
    return {"bogo_ops_per_second": float(found.group(1))}


TEST = Test(command, read)
