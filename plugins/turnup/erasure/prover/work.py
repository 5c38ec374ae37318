"""Reads the drives of one order, side by side, and keeps for each what that shows."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from turnup.erasure import proof, states
from turnup.erasure.drives import Unreadable
from turnup.erasure.orders import Order, OrderedDrive
from turnup.erasure.prover import reading
from turnup.erasure.prover.devices import Devices
from turnup.erasure.release import RELEASE

BEFORE, START = "before", "start"
RUNNING, READ, FAILED = "running", "read", "failed"
_TELL = 1.0  # seconds


def wanted(what: str, order: Order) -> list[tuple[int, OrderedDrive]]:
    """The order's drives that are to be read, with their numbers. Before the wipe: those that will not read as zeros after it."""
    return [one for one in enumerate(order.drives) if what == START or one[1].read_back == proof.CHANGED]


def file_of(place: Path, what: str, number: int) -> Path:
    """Where the result of one drive is."""
    return place / f"{what}-{number:04}.json"


def read_all(what: str, order: Order, place: Path, devices: Devices) -> None:
    """Every drive has a result. `what` is `before` the wipe or, after it, `start`."""
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ThreadPoolExecutor(max_workers=order.at_once) as pool:
        list(pool.map(lambda one: _Work(what, order, one[1], place, one[0]).run(devices), wanted(what, order)))


@dataclass
class _Work:
    """One drive that is read."""

    what: str
    order: Order
    drive: OrderedDrive
    place: Path
    number: int
    document: dict[str, Any] = field(default_factory=dict)

    def run(self, devices: Devices) -> None:
        """Read it and keep what that shows. Never raises: where it fails, nothing is proven and somebody reads why."""
        drive = self.drive
        self._say(serial=drive.serial, size=drive.size, model=drive.model, order=self.order.sha256, read_back=drive.read_back)
        self._say(tool=f"turnup-prove {RELEASE}", state=RUNNING, permille=0, began=_now(), ended=None, passed=False, why="")
        try:
            if drive.identity not in devices:
                raise Unreadable("no drive of this serial number and size is here")  # noqa: TRY301
            self._read(devices[drive.identity])
        except Exception as error:
            self._say(state=FAILED, passed=False, why=f"{type(error).__name__}: {error}", ended=_now())

    def _say(self, **values: Any) -> None:
        self.document |= values
        states.write(file_of(self.place, self.what, self.number), self.document)

    def _read(self, path: Path) -> None:
        before = states.read(file_of(self.place, BEFORE, self.number)) if self.what == START else None
        known = {int(offset): digest for offset, digest in before.get("blocks", {}).items()} if before else {}
        changes = self.drive.read_back == proof.CHANGED
        if self.what == START and changes and not known:
            raise Unreadable("nothing was remembered of it before the wipe that could be compared")
        plan = proof.reading(
            self.drive.size,
            whole=self.drive.read_whole,
            whole_up_to=0 if changes else self.order.whole_up_to,
            sample_blocks=self.order.sample_blocks,
            seed=before["seed"] if before else secrets.token_hex(16),
        )
        with reading.opened(path) as source:
            if source.size() != self.drive.size:
                raise Unreadable(f"it has {source.size()} bytes")
            self._say(device=path.name, direct=source.direct, seed=plan.seed)
            if self.what == BEFORE:
                self._say(blocks=self._remember(source, plan), state=READ, permille=1000, ended=_now())
            else:
                self._judge(plan, self._tally(source, plan, known if changes else None))

    def _remember(self, source: reading.Source, plan: proof.Reading) -> dict[str, str]:
        """{offset: SHA-256} of every block that is not one byte repeated."""
        found = {}
        for extent, data in source.read(plan.extents()):
            if data.count(data[:1]) != len(data):
                found[str(extent.offset)] = hashlib.sha256(data).hexdigest()
        return found

    def _tally(self, source: reading.Source, plan: proof.Reading, before: Mapping[int, str] | None) -> proof.Tally:
        tally, told = proof.Tally(), time.monotonic()
        of = sum(1 for _ in plan.extents())
        for extent, data in source.read(plan.extents()):
            if before is None:
                tally.zeroes(extent, data)
            else:
                tally.changed(extent, data, hashlib.sha256(data).hexdigest(), before)
            if time.monotonic() - told > _TELL:
                told = time.monotonic()
                self._say(permille=tally.blocks * 1000 // of)
        return tally

    def _judge(self, plan: proof.Reading, tally: proof.Tally) -> None:
        if tally.blocks != sum(1 for _ in plan.extents()):
            raise Unreadable("not all that was to be read was read")
        self._say(
            state=READ,
            permille=1000,
            ended=_now(),
            passed=tally.passed,
            why="" if tally.passed else f"{tally.bad} of {tally.blocks} blocks are not as they have to be",
            coverage=plan.coverage,
            block_size=proof.BLOCK,
            blocks_drawn=plan.drawn,
            blocks_read=tally.blocks,
            bytes_read=tally.length,
            bad_blocks=tally.bad,
            mute_blocks=tally.mute,
            first_bad_offset=tally.first_bad,
            confidence=[list(pair) for pair in proof.confidence(plan, tally.mute)],
            statement=proof.statement(plan, tally, self.drive.read_back),
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
