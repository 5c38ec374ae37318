from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from lab import authority, paths
from lab.metal import dhcp_client, images
from turnup.erasure import payload
from turnup.erasure.agent.machine import PUBLIC_KEY


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client = tmp_path / "dhclient"
    client.write_bytes(b"\x7fELF")
    client.chmod(0o755)
    monkeypatch.setattr(paths, "IMAGES", tmp_path / "images")
    monkeypatch.setattr(paths, "ENV", tmp_path / "env")
    monkeypatch.setattr(paths, "ETC", tmp_path / "etc")
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


def test_the_acceptance_image_alone_has_what_erases_drives_and_the_key_whose_orders_it_obeys() -> None:
    production, acceptance = _members(images.PRODUCTION), _members(images.ACCEPTANCE)
    for path in payload.PATHS:
        assert path in acceptance
        assert path not in production
    assert not [name for name in production if "turnup-wipe" in name or "erasure" in name]
    assert acceptance[payload.WIPE].mode == 0o755
    _, public = authority.erasure_key("order")
    with tarfile.open(paths.IMAGES / images.ACCEPTANCE / images.INITRD) as archive:
        held = archive.extractfile(str(PUBLIC_KEY))
        assert held is not None
        assert held.read() == public.read_bytes()
    assert (paths.ETC / "erasure/order.key").stat().st_mode & 0o777 == 0o600
    assert (paths.ETC / "erasure").stat().st_mode & 0o777 == 0o700


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
