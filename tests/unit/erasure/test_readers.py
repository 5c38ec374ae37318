"""Drives and capabilities from recorded output."""

from __future__ import annotations

import json

import pytest

from tests.unit.erasure.worlds import recorded
from turnup.erasure import capabilities, drives
from turnup.erasure.capabilities import Ata, Nvme
from turnup.erasure.drives import Drive, Seen, Transport, Unreadable


def disk(**values: object) -> dict[str, object]:
    return {
        "name": "sda",
        "kname": "sda",
        "maj:min": "8:0",
        "type": "disk",
        "size": 1000,
        "serial": "S1 ",
        "model": "MAKER  M1 ",
        "tran": "sata",
        "rota": True,
        "hctl": "0:0:0:0",
    } | values


def printed(*devices: dict[str, object]) -> str:
    return json.dumps({"blockdevices": devices})


def test_lsblk_of_a_machine_with_sata_and_nvme() -> None:
    found = [seen.drive for seen in drives.read(recorded("tools/qemu-lsblk").stdout)]
    assert [(drive.device, drive.transport, drive.size, drive.rotational) for drive in found] == [
        ("sda", Transport.ATA, 67108864, True),
        ("sdb", Transport.ATA, 67108864, True),
        ("sdc", Transport.ATA, 67108864, True),
        ("nvme0n1", Transport.NVME, 134217728, False),
    ]
    assert (found[3].serial, found[3].model) == ("LMNVME0001", "QEMU NVMe Ctrl")
    assert found[0].slot == "0:0:0:0"


def test_old_lsblk_prints_texts_for_numbers_and_truths() -> None:
    (seen,) = drives.read(printed(disk(size="1000", rota="0", tran="sas")))
    assert seen.drive == Drive("sda", "S1", 1000, "MAKER M1", Transport.SCSI, rotational=False, slot="0:0:0:0")


@pytest.mark.parametrize(
    "odd", [{"type": "rom"}, {"type": "loop"}, {"size": 0}, {"name": "zram0", "type": "disk"}, {"type": "part"}]
)
def test_what_is_no_drive_is_not_listed(odd: dict[str, object]) -> None:
    assert drives.read(printed(disk(**odd))) == ()


def test_a_file_that_plays_a_drive_is_told_by_its_number() -> None:
    (seen,) = drives.read(printed(disk(**{"maj:min": "7:3", "name": "vda", "tran": None})))
    assert seen.drive.transport is Transport.LOOP


def test_what_is_built_upon_a_drive_and_mounted_from_it_is_told() -> None:
    raid = {"name": "md0", "type": "raid1", "maj:min": "9:0"}
    parts = [
        {"name": "sda1", "type": "part", "maj:min": "8:1"},
        {"name": "sda2", "type": "part", "maj:min": "8:2", "children": [raid]},
    ]
    (seen,) = drives.read(printed(disk(children=parts)))
    assert (seen.numbers, seen.used_by) == (("8:0", "8:1", "8:2"), ("raid1 md0",))
    mounts = "36 35 8:1 / /boot rw shared:1 - ext4 /dev/sda1 rw\n37 35 0:44 / /run rw - tmpfs tmpfs rw\n"
    assert drives.with_mounts(seen, mounts).used_by == ("raid1 md0", "mounted at /boot")
    assert drives.with_mounts(Seen(seen.drive, ("8:16",)), mounts).used_by == ()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"blockdevices": null}', '{"blockdevices": [{}]}', printed(disk(rota="maybe"))])
def test_what_is_no_lsblk_result_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        drives.read(text)


def test_a_controller_without_sanitize_that_formats() -> None:
    assert capabilities.id_ctrl(recorded("tools/qemu-id-ctrl").stdout) == Nvme(sanitize=0, format=True, format_crypto=False)


def test_a_controller_that_sanitizes_and_erases_by_key() -> None:
    found = capabilities.id_ctrl(json.dumps({"sanicap": 0xA0000003, "oacs": 0x17, "fna": 0x5}))
    assert found == Nvme(sanitize=3, format=True, format_crypto=True)


def test_security_of_ata_drives() -> None:
    read = capabilities.hdparm
    assert read(recorded("tools/qemu-hdparm-I").stdout) == Ata()
    ready = read(recorded("ata_secure_erase/state-ready").stdout)
    assert ready == Ata(supported=True, enhanced=True, minutes=2, minutes_enhanced=2)
    assert read(recorded("ata_secure_erase/state-frozen").stdout).frozen
    assert read(recorded("ata_secure_erase/state-password-set").stdout).enabled
    assert read(recorded("ata_secure_erase/state-locked").stdout).locked
    assert capabilities.serial_from_hdparm(recorded("tools/qemu-hdparm-I").stdout) == "LMSATA0001"


def test_read_only_is_read_and_nothing_else_passes_for_it() -> None:
    assert capabilities.getro(recorded("tools/getro-read-only").stdout) is True
    assert capabilities.getro("0\n") is False
    for read, text in ((capabilities.getro, ""), (capabilities.hdparm, "no such device"), (capabilities.id_ctrl, "{}")):
        with pytest.raises(Unreadable):
            read(text)
