from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from lab.datacenter import SERVERS
from lab.metal import smbios
from lab.metal.dhcp_client import IMAGE


@pytest.fixture
def dmidecode(tmp_path: Path) -> list[str]:
    """The image's dmidecode, over values in a folder of the test instead of the board's."""
    for keyword, value in smbios.values(SERVERS[0]).items():
        (tmp_path / keyword).write_text(f"{value}\n")
    shim = (IMAGE / "usr/sbin/dmidecode").read_text().replace("/run/metal/smbios", str(tmp_path))
    return ["sh", "-c", shim, "dmidecode"]


def test_dmidecode_prints_what_is_on_the_label(dmidecode: list[str]) -> None:
    for keyword, value in {
        "system-serial-number": SERVERS[0].serial,
        "system-uuid": SERVERS[0].uuid,
        "chassis-asset-tag": SERVERS[0].asset_tag,
        "system-manufacturer": "Labmetal",
        "system-product-name": "labmetal-g1",
    }.items():
        done = subprocess.run([*dmidecode, "-s", keyword], capture_output=True, text=True, check=True)
        assert done.stdout == f"{value}\n"


@pytest.mark.parametrize("keyword", ["system-colour", "../../etc/passwd", "", "."])
def test_dmidecode_refuses_an_unknown_keyword_as_the_real_one_does(dmidecode: list[str], keyword: str) -> None:
    done = subprocess.run([*dmidecode, "-s", keyword], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Invalid string keyword" in done.stderr


def test_no_two_servers_share_what_identifies_them() -> None:
    for keyword in ("system-serial-number", "system-uuid", "chassis-asset-tag"):
        assert len({smbios.values(server)[keyword] for server in SERVERS}) == len(SERVERS)
