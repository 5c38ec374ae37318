"""Drives, orders, states and proofs to test with: right ones, of which a test makes one thing wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import strategies as st

from turnup.erasure.agent.decision import Facts
from turnup.erasure.capabilities import Ata, Capabilities, Nvme
from turnup.erasure.certificates import Circumstances, People, Person
from turnup.erasure.drives import Drive, Seen, Transport
from turnup.erasure.methods.kind import Ran
from turnup.erasure.orders import Order, OrderedDrive
from turnup.erasure.sealed_list import ListedDrive, ListedServer, SealedList

RECORDED = Path(__file__).parents[2] / "recorded/erasure"
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
SIZE = 128 * 1024 * 1024


def recorded(name: str) -> Ran:
    """A command that was run once."""
    kept = json.loads((RECORDED / f"{name}.json").read_text())
    return Ran(tuple(kept["argv"]), kept["exit_code"], kept["stdout"], kept["stderr"])


def private_key() -> str:
    key = Ed25519PrivateKey.generate()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


NVME = Drive("nvme0n1", "N1", SIZE, "QEMU NVMe Ctrl", Transport.NVME, rotational=False, slot="1")
DISK = Drive("sda", "S1", SIZE, "QEMU HARDDISK", Transport.ATA, rotational=True, slot="2")
FLASH = replace(DISK, rotational=False)
LOOP = Drive("vda", "L1", SIZE, "LABMETAL D256", Transport.LOOP, rotational=True, slot="1")

drives = st.builds(
    Drive,
    device=st.sampled_from(["sda", "nvme0n1", "vda"]),
    serial=st.sampled_from(["", "S1", "S2"]),
    size=st.sampled_from([0, 512, SIZE]),
    model=st.just("M"),
    transport=st.sampled_from(Transport),
    rotational=st.booleans(),
    slot=st.just("1"),
)
capabilities = st.builds(
    Capabilities,
    read_only=st.booleans(),
    write_zeroes_max=st.sampled_from([0, 4096]),
    nvme=st.builds(Nvme, sanitize=st.integers(0, 7), format=st.booleans(), format_crypto=st.booleans()),
    ata=st.builds(
        Ata, supported=st.booleans(), enabled=st.booleans(), locked=st.booleans(), frozen=st.booleans(), enhanced=st.booleans()
    ),
)

SEALED = (ListedDrive("L1", SIZE, "LABMETAL D256"), ListedDrive("L2", SIZE, "LABMETAL D256"))
SEAL = SealedList(
    "server_decommission/r1",
    "lab1",
    (
        ListedServer("lab1-r1-n01", "LM1", "TU-1", "R1", "U1", SEALED),
        ListedServer("lab1-r1-n02", "LM2", "TU-2", "R1", "U2", (ListedDrive("L3", SIZE, "LABMETAL D256"),)),
    ),
)
ORDER = Order(
    run=SEAL.run,
    server="lab1-r1-n01",
    serial="LM1",
    hostname="n01.example",
    nonce="abc",
    seal_sha256=SEAL.sha256,
    issued=NOW.isoformat(),
    expires=(NOW + timedelta(hours=1)).isoformat(),
    drives=(
        OrderedDrive("L1", SIZE, "LABMETAL D256", "overwrite", "clear", "zeroes", read_whole=False),
        OrderedDrive("L2", SIZE, "LABMETAL D256", "blkdiscard_zeroes", "clear", "zeroes", read_whole=True),
    ),
)
MARKER = "the marker of the image\n"


def facts(**values: Any) -> Facts:
    """The machine that ORDER is for."""
    present = (Seen(LOOP), Seen(replace(LOOP, device="vdb", serial="L2")))
    right: dict[str, Any] = {
        "marker": MARKER,
        "wanted_marker": MARKER,
        "bad_signature": "",
        "command_line": "console=ttyS0 turnup.nonce=abc turnup.hostname=n01.example",
        "serial": "LM1",
        "hostname": "n01.example",
        "now": NOW + timedelta(minutes=1),
        "drives": present,
        "device_problems": {"vda": "", "vdb": ""},
    }
    return Facts(**(right | values))


def state(drive: OrderedDrive, /, **values: Any) -> dict[str, Any]:
    """What the agent says of a drive that it erased."""
    return {
        "serial": drive.serial,
        "size": drive.size,
        "model": drive.model,
        "slot": "1",
        "transport": "loop",
        "rotational": True,
        "method": drive.method,
        "level": drive.level,
        "state": "ended",
        "why": "",
        "began": NOW.isoformat(),
        "ended": (NOW + timedelta(minutes=2)).isoformat(),
        "commands": [{"argv": ["dd", "of=/dev/vda"], "exit_code": 0}],
        "tools": {"dd": "dd (coreutils) 9.1"},
        "agent": "turnup-wipe 0.1.0",
    } | values


def proof(order: Order, drive: OrderedDrive, /, **values: Any) -> dict[str, Any]:
    """What the prover says of a drive that it read back."""
    return {
        "order": order.sha256,
        "serial": drive.serial,
        "size": drive.size,
        "state": "read",
        "passed": True,
        "why": "",
        "read_back": drive.read_back,
        "coverage": "whole",
        "bytes_read": drive.size,
        "blocks_read": 2048,
        "block_size": 65536,
        "seed": "00",
        "direct": True,
        "confidence": [],
        "statement": "All bytes were read; every byte was zero.",
        "tool": "turnup-prove 0.1.0",
        "began": (NOW + timedelta(minutes=3)).isoformat(),
        "ended": (NOW + timedelta(minutes=4)).isoformat(),
    } | values


def circumstances(**values: Any) -> Circumstances:
    people = People(Person("ada", NOW.isoformat(), "engineer"), (Person("grace", NOW.isoformat()),))
    right: Mapping[str, Any] = {"seal": SEAL, "people": people, "issued": NOW.isoformat(), "location": "Lab 1, rack R1"}
    return Circumstances(**(dict(right) | values))
