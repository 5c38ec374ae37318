"""The boot setting of a server, as Redfish names it: what it boots from, at the next start only or at every one."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

NETWORK, DISK = "Pxe", "Hdd"
TARGETS = ("None", NETWORK, DISK)
DISABLED, ONCE, CONTINUOUS = "Disabled", "Once", "Continuous"
ENABLED = (DISABLED, ONCE, CONTINUOUS)


@dataclass(frozen=True)
class BootSetting:
    """BootSourceOverrideTarget and BootSourceOverrideEnabled. Without an override a server tries the network first."""

    target: str = "None"
    enabled: str = DISABLED


def read(file: Path) -> BootSetting:
    """The setting that is in force."""
    try:
        return BootSetting(**json.loads(file.read_text()))
    except FileNotFoundError:
        return BootSetting()


def write(file: Path, setting: BootSetting) -> None:
    """Keeps the setting for the next start."""
    new = file.with_suffix(".new")
    new.write_text(json.dumps(asdict(setting)))
    new.replace(file)


def take(file: Path) -> str:
    """What to boot from now. A setting for one start is used up by this."""
    setting = read(file)
    if setting.enabled == ONCE:
        write(file, BootSetting())
    return NETWORK if setting.enabled == DISABLED or setting.target == "None" else setting.target
