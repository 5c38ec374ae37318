"""The agent and the prover on real block devices: loop devices of the test's own, one thing wrong with each in turn."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.erasure.worlds import private_key
from turnup.erasure import outcomes, signing
from turnup.erasure.agent import program, supervisor
from turnup.erasure.agent.machine import Machine, marker
from turnup.erasure.drives import Drive, Seen, Transport
from turnup.erasure.methods import METHODS
from turnup.erasure.orders import KIND, Order, OrderedDrive
from turnup.erasure.outcomes import Outcome, Result
from turnup.erasure.prover import program as prover
from turnup.erasure.prover import work as reading
from turnup.erasure.states import Folder

SIZE = 48 * 1024 * 1024
PATTERN = b"PATTERN-OF-A-CUSTOMER\n"
KEY = private_key()


class Bench(Machine):
    """This machine as the acceptance image would show it, with the test's loop devices for drives."""

    def __init__(self, root: Path, present: list[Drive]) -> None:
        super().__init__(root)
        self.present = present
        self.sys = Path("/sys/block")
        (root / "dev").symlink_to("/dev")
        (root / "etc").mkdir()
        self.public_key.write_text(signing.public_key_of(KEY))
        (root / "etc/turnup-acceptance").write_text(marker(self.public_key.read_bytes()))

    def command_line(self) -> str:
        return "console=ttyS0 turnup.nonce=abc"

    def serial(self) -> str:
        return "LM1"

    def hostname(self) -> str:
        return "n01.example"

    def drives(self) -> tuple[Seen, ...]:
        return tuple(Seen(drive) for drive in self.present)


@contextmanager
def loop(file: Path) -> Iterator[Drive]:
    """A loop device of the file, which plays a drive, full of the pattern as far as it takes it."""
    device = subprocess.run(["losetup", "--find", "--show", file], check=True, capture_output=True, text=True).stdout.strip()
    try:
        yield Drive(Path(device).name, f"SN-{file.stem}", file.stat().st_size, "LOOP", Transport.LOOP, True, f"slot {file.stem}")
    finally:
        subprocess.run(["blockdev", "--setrw", device], check=True)  # or whoever gets the device next cannot write to it
        subprocess.run(["losetup", "--detach", device], check=True)


def filled(file: Path) -> Path:
    file.write_bytes((PATTERN * (SIZE // len(PATTERN) + 1))[:SIZE])
    return file


@pytest.fixture
def drives(tmp_path: Path) -> Iterator[list[Drive]]:
    with ExitStack() as stack:
        yield [stack.enter_context(loop(filled(tmp_path / f"{name}.img"))) for name in ("a", "b")]


@pytest.fixture
def bench(tmp_path: Path, drives: list[Drive]) -> Bench:
    (tmp_path / "root").mkdir()
    return Bench(tmp_path / "root", list(drives))


def ordered(drive: Drive, method: str = "overwrite") -> OrderedDrive:
    whole = METHODS[method].read_back_whole
    return OrderedDrive(drive.serial, drive.size, drive.model, method, "clear", str(METHODS[method].expected), whole)


def order(*drives: OrderedDrive, **values: Any) -> Order:
    now = datetime.now(UTC)
    right: dict[str, Any] = {"run": "r", "server": "n01", "serial": "LM1", "hostname": "n01.example", "nonce": "abc"}
    right |= {"seal_sha256": "0" * 64, "issued": now.isoformat(), "expires": (now + timedelta(hours=1)).isoformat()}
    return Order(**(right | {"drives": drives, "stall_seconds": 30} | values))


def carried_out(bench: Bench, wanted: Order) -> tuple[Outcome, ...]:
    """Every drive's outcome, after the order was carried out and read back."""
    folder, proofs = Folder(bench.root / "wipe"), Folder(bench.root / "prove")
    supervisor.erase(wanted, bench, folder)
    devices = {drive.identity: Path("/dev", drive.device) for drive in bench.present}
    reading.read_all(reading.START, wanted, proofs.order(wanted.sha256), devices)
    states, read = supervisor.status(folder)["orders"][0], prover.status(proofs)["orders"][0]
    assert states["order"] == read["order"] == wanted.sha256
    return outcomes.outcomes(wanted, states["drives"], read["after"])


def pattern_left(drive: Drive) -> int:
    subprocess.run(["blockdev", "--flushbufs", f"/dev/{drive.device}"], check=True)
    return Path("/dev", drive.device).read_bytes().count(PATTERN[:8])


@pytest.mark.parametrize("method", ["overwrite", "blkdiscard_zeroes"])
def test_no_byte_of_the_pattern_is_left_on_drives_that_were_ordered_and_each_is_on_others(
    bench: Bench, drives: list[Drive], method: str
) -> None:
    first, second = drives
    before = pattern_left(second)
    bench.present = [first]
    (outcome,) = carried_out(bench, order(ordered(first, method)))
    assert (outcome.result, outcome.method, outcome.level, outcome.slot) == (Result.WIPED, method, "clear", "slot a")
    assert set(Path("/dev", first.device).read_bytes()) == {0}
    assert pattern_left(second) == before > 0


def test_a_drive_that_is_read_only_has_an_outcome_of_its_own_and_the_other_is_wiped(bench: Bench, drives: list[Drive]) -> None:
    subprocess.run(["blockdev", "--setro", f"/dev/{drives[0].device}"], check=True)
    first, second = carried_out(bench, order(*(ordered(drive) for drive in drives)))
    assert (first.result, second.result) == (Result.READ_ONLY, Result.WIPED)
    assert pattern_left(drives[0]) > 0


def test_a_drive_that_takes_only_half_fails(bench: Bench, drives: list[Drive], tmp_path: Path) -> None:
    """Its file lies where there is room for half of it: a write beyond is an I/O error."""
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE // 2}", "tmpfs", small], check=True)
    try:
        with (small / "c.img").open("wb") as file:
            file.write(PATTERN)
            file.truncate(SIZE)
        for method in ("overwrite", "blkdiscard_zeroes"):
            with loop(small / "c.img") as failing:
                bench.present = [failing, drives[1]]
                first, second = carried_out(bench, order(ordered(failing, method), ordered(drives[1]), run=method))
            assert (first.result, second.result) == (Result.FAILED, Result.WIPED)
            assert "error" in first.why or "No space left" in first.why
    finally:
        subprocess.run(["umount", small], check=True)


def tool(folder: Path, name: str, script: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of tools that come before the machine's."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}:{os.environ['PATH']}")
    return tmp_path / "tools"


def test_a_tool_that_says_all_is_zero_and_did_nothing_is_found_out(bench: Bench, drives: list[Drive], tools: Path) -> None:
    bench.present = drives[:1]
    tool(tools, "blkdiscard", f"echo '/dev/x: Zero-filled {SIZE} bytes from the offset 0'")
    (outcome,) = carried_out(bench, order(ordered(drives[0], "blkdiscard_zeroes")))
    assert outcome.result is Result.FAILED
    assert "the read-back does not prove it" in outcome.why
    assert pattern_left(drives[0]) > 0


def test_a_drive_that_shows_no_progress_hangs_and_the_other_is_wiped(bench: Bench, drives: list[Drive], tools: Path) -> None:
    tool(tools, "dd", '[ "$1" = --version ] || exec sleep 600')
    first, second = carried_out(bench, order(ordered(drives[0]), ordered(drives[1], "blkdiscard_zeroes"), stall_seconds=1))
    assert (first.result, second.result) == (Result.HUNG, Result.WIPED)
    assert "no progress for 1 seconds" in first.why


def test_a_drive_that_is_mounted_is_not_touched_even_if_that_happened_after_the_order_was_examined(
    bench: Bench, drives: list[Drive], tmp_path: Path
) -> None:
    bench.present = drives[:1]
    device, place = f"/dev/{drives[0].device}", tmp_path / "mounted"
    place.mkdir()
    subprocess.run(["mkfs.ext4", "-q", "-F", device], check=True)
    subprocess.run(["mount", device, place], check=True)
    try:
        (outcome,) = carried_out(bench, order(ordered(drives[0])))
        assert (outcome.result, outcome.why) == (Result.FAILED, "it is in use")
        (place / "still").write_text("writable")
    finally:
        subprocess.run(["umount", place], check=True)


def test_a_method_that_the_drive_does_not_offer_is_refused_and_nothing_is_touched(bench: Bench, drives: list[Drive]) -> None:
    bench.present = drives[:1]
    wanted = replace(ordered(drives[0]), method="nvme_format", level="purge", read_back="changed")
    (outcome,) = carried_out(bench, order(wanted))
    assert (outcome.result, outcome.why) == (Result.REFUSED, "nvme_format: it is no NVMe drive")
    (weaker,) = carried_out(bench, order(replace(ordered(drives[0]), level="purge"), run="another"))
    assert weaker.result is Result.REFUSED
    assert "reaches clear on it, ordered is purge" in weaker.why
    assert pattern_left(drives[0]) > 0


def test_the_same_order_twice_is_one_wipe_and_what_was_interrupted_is_begun_again(bench: Bench, drives: list[Drive]) -> None:
    folder, wanted = Folder(bench.root / "wipe"), order(*(ordered(drive) for drive in drives))
    assert all(outcome.wiped for outcome in carried_out(bench, wanted))
    first = (folder.order(wanted.sha256) / "0.json").read_text()
    file = folder.order(wanted.sha256) / "1.json"
    file.write_text(file.read_text().replace('"ended"', '"running"', 1))
    found = supervisor.status(folder)["orders"][0]
    assert [one["state"] for one in found["drives"]] == ["ended", "interrupted"]
    assert found["ended"]
    supervisor.erase(wanted, bench, folder)
    assert (folder.order(wanted.sha256) / "0.json").read_text() == first
    assert [one["state"] for one in supervisor.status(folder)["orders"][0]["drives"]] == ["ended", "ended"]


def test_stopped_before_the_next_drive_says_which_were_begun(bench: Bench, drives: list[Drive], tools: Path) -> None:
    folder, wanted = Folder(bench.root / "wipe"), order(*(ordered(drive) for drive in drives), at_once=1)
    stop = folder.order(wanted.sha256) / "stop"
    tool(tools, "dd", f'touch {stop}; exec /usr/bin/dd "$@"')
    supervisor.erase(wanted, bench, folder)
    states = supervisor.status(folder)["orders"][0]
    assert [(one["state"], one["begun"]) for one in states["drives"]] == [("ended", True), ("not-begun", False)]
    assert states["stopped"]
    assert pattern_left(drives[1]) > 0


def refusal(bench: Bench, wanted: Order, capsys: pytest.CaptureFixture[str], key: str = KEY) -> str:
    code = program.main(["start", signing.sign(KIND, wanted.document(), key).decode()], bench)
    assert code == program.REFUSED
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"nonce": "abd"}, "another boot"),
        ({"serial": "LM2"}, "serial number LM2"),
        ({"hostname": "n02.example"}, "for the host"),
        ({"issued": "2020-01-01T00:00:00+00:00", "expires": "2020-01-02T00:00:00+00:00"}, "expired"),
        ({"drives": ()}, "an empty list means stop"),
    ],
)
def test_a_wrong_order_is_refused_by_the_program_and_nothing_is_touched(
    bench: Bench, drives: list[Drive], values: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = replace(order(*(ordered(drive) for drive in drives)), **values)
    assert said in refusal(bench, wanted, capsys)
    assert all(pattern_left(drive) > 0 for drive in drives)
    assert not (bench.root / "run/turnup-wipe").exists() or not Folder(bench.root / "run/turnup-wipe").orders()


def test_another_key_an_extra_a_missing_and_a_resized_drive_are_refused(
    bench: Bench, drives: list[Drive], capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = order(*(ordered(drive) for drive in drives))
    assert "not by the key" in refusal(bench, wanted, capsys, private_key())
    assert "not in the order" in refusal(bench, replace(wanted, drives=wanted.drives[:1]), capsys)
    bench.present = drives[:1]
    assert "not in this server" in refusal(bench, wanted, capsys)
    bench.present = [drives[0], replace(drives[1], size=SIZE // 2)]
    assert "the order says" in refusal(bench, wanted, capsys)
    (bench.root / "etc/turnup-acceptance").unlink()
    assert "not the acceptance image" in refusal(bench, wanted, capsys)
    assert all(pattern_left(drive) > 0 for drive in drives)


def test_a_drive_that_erases_itself_is_compared_with_what_was_there_before(bench: Bench, drives: list[Drive]) -> None:
    """Nobody here has one: the order says `changed`, and the test changes the drive, or does not."""
    first, second = drives
    wanted = order(*(replace(ordered(drive), read_back="changed") for drive in drives), sample_blocks=50)
    folder = Folder(bench.root / "prove")
    place, devices = folder.order(wanted.sha256), {drive.identity: Path("/dev", drive.device) for drive in drives}
    reading.read_all(reading.BEFORE, wanted, place, devices)
    with Path("/dev", first.device).open("r+b") as changed:
        changed.write(os.urandom(SIZE))
    reading.read_all(reading.START, wanted, place, devices)
    (found,) = prover.status(folder)["orders"]
    assert [one["passed"] for one in found["after"]] == [True, False]
    assert all("blocks" not in one for one in found["before"])
    nothing = order(replace(ordered(second), read_back="changed"))
    reading.read_all(reading.START, nothing, folder.order(nothing.sha256), devices)
    assert "nothing was remembered" in prover.status(folder)["orders"][0]["after"][0]["why"]


def test_one_byte_at_the_very_end_is_found(bench: Bench, drives: list[Drive], tmp_path: Path) -> None:
    bench.present = drives[:1]
    wanted = order(ordered(drives[0]))
    folder = Folder(bench.root / "wipe")
    supervisor.erase(wanted, bench, folder)
    with Path("/dev", drives[0].device).open("r+b") as device:
        device.seek(SIZE - 1)
        device.write(b"x")
    place = Folder(bench.root / "prove").order(wanted.sha256)
    reading.read_all(reading.START, wanted, place, {drives[0].identity: Path("/dev", drives[0].device)})
    (read,) = prover.status(Folder(bench.root / "prove"))["orders"][0]["after"]
    assert (read["passed"], read["bad_blocks"], read["first_bad_offset"]) == (False, 1, SIZE - 65536)
