from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from lab import paths
from lab.metal import dhcp_client, images


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = tmp_path / "dhclient"
    client.write_bytes(b"\x7fELF")
    client.chmod(0o755)
    monkeypatch.setattr(paths, "IMAGES", tmp_path / "images")
    monkeypatch.setattr(paths, "ENV", tmp_path / "env")
    monkeypatch.setattr(dhcp_client, "program", lambda: client)
    images.build()


def _members(name: str) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(paths.IMAGES / name / images.INITRD) as archive:
        return {member.name: member for member in archive}


def test_the_production_image_hides_what_wipes_disks_and_the_acceptance_image_does_not() -> None:
    production, acceptance = _members(images.PRODUCTION), _members(images.ACCEPTANCE)
    for tool in ("usr/sbin/blkdiscard", "usr/bin/shred", "usr/sbin/nvme", "usr/sbin/hdparm", "usr/sbin/wipefs"):
        assert production[tool].ischr()
        assert tool not in acceptance
    assert "usr/bin/dd" not in production


def test_an_image_says_its_name_and_holds_its_own_accounts() -> None:
    for name in (images.PRODUCTION, images.ACCEPTANCE):
        with tarfile.open(paths.IMAGES / name / images.INITRD) as archive:
            said = archive.extractfile("etc/turnup-image")
            assert said is not None
            assert said.read().decode() == f"{name}\n"
        members = _members(name)
        assert members["init"].mode == 0o755
        assert members["etc/shadow"].mode == 0o600
        assert "etc/passwd" in members


def test_an_image_that_did_not_change_is_not_written_again() -> None:
    before = (paths.IMAGES / images.PRODUCTION / images.INITRD).stat().st_mtime_ns
    images.build()
    assert (paths.IMAGES / images.PRODUCTION / images.INITRD).stat().st_mtime_ns == before
