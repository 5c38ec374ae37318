"""Methods against recorded output: what ended well, what failed, and what lied."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.erasure.worlds import DISK, FLASH, LOOP, NVME, SIZE, recorded
from turnup.erasure.capabilities import BLOCK_ERASE, CRYPTO_ERASE, OVERWRITE, Ata, Capabilities, Nvme
from turnup.erasure.drives import Unreadable
from turnup.erasure.levels import Level
from turnup.erasure.methods import METHODS
from turnup.erasure.methods.kind import Ran

SATA = replace(DISK, size=67108864)
TAKEN = recorded("nvme_sanitize/taken")
PASSWORD_SET, ERASED = recorded("ata_secure_erase/set-pass"), recorded("ata_secure_erase/erase")
AFTER = recorded("ata_secure_erase/state-after").stdout
LOG_DONE = recorded("nvme_sanitize/log-done").stdout
CAN = Capabilities(
    write_zeroes_max=4096,
    nvme=Nvme(sanitize=BLOCK_ERASE, format=True),
    ata=Ata(supported=True, enhanced=True, minutes=2, minutes_enhanced=3),
)


def test_what_went_well_reads_as_ended() -> None:
    assert METHODS["overwrite"].why_failed(NVME, [recorded("overwrite/done")], "") == ""
    assert METHODS["blkdiscard_zeroes"].why_failed(SATA, [recorded("blkdiscard_zeroes/done")], "") == ""
    assert METHODS["nvme_format"].why_failed(NVME, [recorded("nvme_format/qemu-format-1")], "") == ""
    for log in ("log-done", "log-done-status-as-key"):
        assert METHODS["nvme_sanitize"].why_failed(NVME, [TAKEN], recorded(f"nvme_sanitize/{log}").stdout) == ""
    assert METHODS["ata_secure_erase"].why_failed(SATA, [PASSWORD_SET, ERASED], AFTER) == ""


@pytest.mark.parametrize(
    ("method", "runs", "last", "why"),
    [
        ("overwrite", ["overwrite/write-error"], "", "Input/output error"),
        ("overwrite", ["overwrite/read-only"], "", "Operation not permitted"),
        ("blkdiscard_zeroes", ["blkdiscard_zeroes/write-error"], "", "Input/output error"),
        ("blkdiscard_zeroes", ["blkdiscard_zeroes/read-only"], "", "Operation not permitted"),
        ("blkdiscard_zeroes", ["blkdiscard_zeroes/secure-not-there"], "", "Operation not supported"),
        ("blkdiscard_zeroes", ["blkdiscard_zeroes/only-discarded"], "", "filled 0 of"),
        ("nvme_sanitize", ["nvme_sanitize/qemu-sanitize-not-there"], LOG_DONE, "Invalid Command Opcode"),
        ("nvme_sanitize", ["nvme_sanitize/taken"], recorded("nvme_sanitize/qemu-log-not-there").stdout, "no Sanitize Status log"),
        ("nvme_sanitize", ["nvme_sanitize/taken"], recorded("nvme_sanitize/log-failed").stdout, "status 3"),
        ("nvme_sanitize", ["nvme_sanitize/taken"], recorded("nvme_sanitize/log-going-on").stdout, "status 2"),
        ("nvme_sanitize", ["nvme_sanitize/taken"], recorded("nvme_sanitize/log-never").stdout, "speaks of 0"),
        (
            "nvme_sanitize",
            ["nvme_sanitize/taken"],
            recorded("nvme_sanitize/log-done-of-another-operation").stdout,
            "crypto erase",
        ),
        ("ata_secure_erase", ["ata_secure_erase/qemu-set-pass", "ata_secure_erase/qemu-erase"], AFTER, "SG_IO"),
        ("ata_secure_erase", ["ata_secure_erase/set-pass", "ata_secure_erase/qemu-erase-enhanced"], AFTER, "SG_IO"),
        ("ata_secure_erase", ["ata_secure_erase/frozen-refuses", "ata_secure_erase/erase"], AFTER, "SG_IO"),
        (
            "ata_secure_erase",
            ["ata_secure_erase/set-pass", "ata_secure_erase/erase"],
            recorded("ata_secure_erase/state-password-set").stdout,
            "still set",
        ),
        (
            "ata_secure_erase",
            ["ata_secure_erase/set-pass", "ata_secure_erase/erase"],
            recorded("ata_secure_erase/qemu-state-after").stdout,
            "no ATA security",
        ),
        ("ata_secure_erase", ["ata_secure_erase/set-pass", "ata_secure_erase/erase"], "", "no identification"),
    ],
)
def test_what_failed_or_lied_reads_as_failed(method: str, runs: list[str], last: str, why: str) -> None:
    assert why in METHODS[method].why_failed(SATA, [recorded(run) for run in runs], last)


@pytest.mark.parametrize("name", sorted(METHODS))
@pytest.mark.parametrize("printed", ["", "{", "null", "[]", '{"nvme0": {}}', "Killed", "0 bytes copied, 1 s"])
def test_output_that_says_nothing_never_reads_as_ended_well(name: str, printed: str) -> None:
    ran = Ran(("nvme", "sanitize", "--sanact=2"), 0, printed, printed)
    assert METHODS[name].why_failed(SATA, [ran, ran], printed)
    assert METHODS[name].why_failed(SATA, [], printed)


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_command_that_ends_with_an_error_is_no_success_whatever_it_prints(name: str) -> None:
    good = {
        "overwrite": "overwrite/done",
        "blkdiscard_zeroes": "blkdiscard_zeroes/done",
        "nvme_sanitize": "nvme_sanitize/taken",
        "nvme_format": "nvme_format/qemu-format-1",
        "ata_secure_erase": "ata_secure_erase/erase",
    }[name]
    last = LOG_DONE if name == "nvme_sanitize" else AFTER
    assert METHODS[name].why_failed(SATA, [replace(recorded(good), exit_code=1)], last)


def test_half_of_the_drive_is_not_the_drive() -> None:
    assert "wrote 134217728 of" in METHODS["overwrite"].why_failed(replace(NVME, size=2 * SIZE), [recorded("overwrite/done")], "")
    larger = replace(SATA, size=SIZE)
    assert "filled 67108864 of" in METHODS["blkdiscard_zeroes"].why_failed(larger, [recorded("blkdiscard_zeroes/done")], "")
    gap = Ran(("blkdiscard",), 0, "/dev/sda: Zero-filled 33554432 bytes from the offset 33554432\n" * 2, "")
    assert "filled 0 of" in METHODS["blkdiscard_zeroes"].why_failed(SATA, [gap], "")


def test_progress_is_read_while_it_runs() -> None:
    dd = "\r33554432 bytes (34 MB, 32 MiB) copied, 1 s, 33 MB/s\r67108864 bytes (67 MB, 64 MiB) copied, 2 s, 33 MB/s"
    assert METHODS["overwrite"].progress(dd, NVME).permille == 500
    assert METHODS["overwrite"].progress("", NVME).permille is None
    lines = "/dev/sda: Zero-filled 33554432 bytes from the offset 0\n"
    assert METHODS["blkdiscard_zeroes"].progress(lines, SATA).permille == 500
    sanitize = METHODS["nvme_sanitize"].progress(recorded("nvme_sanitize/log-going-on").stdout, NVME)
    assert (sanitize.permille, sanitize.going_on) == (355, True)
    assert METHODS["nvme_sanitize"].progress(LOG_DONE, NVME).going_on is False
    assert METHODS["nvme_format"].progress(recorded("nvme_format/qemu-id-ns").stdout, NVME).permille is None
    assert METHODS["nvme_format"].progress('{"fpi": 188}', NVME).permille == 400
    with pytest.raises(Unreadable):
        METHODS["nvme_sanitize"].progress(recorded("nvme_sanitize/qemu-log-not-there").stdout, NVME)


def test_levels_are_those_that_the_drive_reaches() -> None:
    reached = {name: method.level(DISK, CAN) for name, method in METHODS.items()}
    assert reached == {
        "ata_secure_erase": Level.PURGE,
        "blkdiscard_zeroes": Level.CLEAR,
        "nvme_format": Level.PURGE,
        "nvme_sanitize": Level.PURGE,
        "overwrite": Level.CLEAR,
    }
    assert METHODS["ata_secure_erase"].level(FLASH, CAN) is Level.CLEAR
    assert METHODS["ata_secure_erase"].level(DISK, Capabilities(ata=Ata(supported=True))) is Level.CLEAR


@pytest.mark.parametrize(
    ("sanitize", "action"), [(BLOCK_ERASE | CRYPTO_ERASE | OVERWRITE, 2), (CRYPTO_ERASE | OVERWRITE, 4), (OVERWRITE, 3)]
)
def test_sanitize_asks_the_controller_for_what_it_offers(sanitize: int, action: int) -> None:
    (command,) = METHODS["nvme_sanitize"].commands(NVME, Capabilities(nvme=Nvme(sanitize=sanitize)))
    assert command.argv == ("nvme", "sanitize", "/dev/nvme0", f"--sanact={action}")


def test_every_command_names_its_one_drive_and_no_other() -> None:
    for name, method in METHODS.items():
        drive = NVME if name.startswith("nvme") else LOOP
        commands = method.commands(drive, CAN)
        assert any(command.erases for command in commands)
        for command in commands:
            named = [word for word in command.argv if "/dev/" in word and "/dev/zero" not in word]
            assert len(named) == 1
            assert named[0].endswith((f"/dev/{drive.device}", "/dev/nvme0"))


def test_a_method_says_what_it_does_not_prove() -> None:
    assert all(method.unproven and method.technique and method.tools for method in METHODS.values())
