"""disk: fio, random reads and writes in a file of its own. Figures: read_iops, write_iops, read_p99_ms."""

from __future__ import annotations

import json
from collections.abc import Mapping

from turnup.burnin.kind import Test
from turnup.domain.policy import BurnInTest
from turnup.domain.verdicts import Unreadable

FILE = "/var/tmp/turnup-burn-in.fio"  # noqa: S108 -- a path on the server under test, in an image that nobody else uses


def command(test: BurnInTest) -> list[str]:
    """Options: `size_mb` of the file."""
    return [
        "fio",
        "--name=turnup",
        f"--filename={FILE}",
        f"--size={test.options.get('size_mb', 64)}M",
        "--rw=randrw",
        "--bs=4k",
        "--time_based",
        f"--runtime={test.seconds}s",
        "--unlink=1",
        "--output-format=json",
    ]


def read(printed: str) -> Mapping[str, float]:
    """From fio's JSON; notes may stand before it."""
    start = printed.find("{")
    try:
        job = json.loads(printed[start:])["jobs"][0]
        reads, writes = job["read"], job["write"]
        return {
            "read_iops": float(reads["iops"]),
            "write_iops": float(writes["iops"]),
            "read_p99_ms": float(reads["clat_ns"]["percentile"]["99.000000"]) / 1e6,
        }
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise Unreadable(f"no fio result ({error}) in {printed[:200]!r}") from error


TEST = Test(command, read)
