"""The identity that a server's board carries, by the keywords of `dmidecode -s`."""

from __future__ import annotations

from lab.datacenter import MANUFACTURER, Server

WRONG_SERIAL = "LM9999999"


def values(server: Server, *, wrong_serial: bool = False) -> dict[str, str]:
    """What dmidecode prints for each keyword."""
    serial = WRONG_SERIAL if wrong_serial else server.serial
    return {
        "bios-vendor": MANUFACTURER,
        "bios-version": "1.0",
        "bios-release-date": "01/01/2026",
        "system-manufacturer": MANUFACTURER,
        "system-product-name": server.generation.name,
        "system-version": "1",
        "system-serial-number": serial,
        "system-uuid": server.uuid,
        "system-family": "Lab",
        "baseboard-manufacturer": MANUFACTURER,
        "baseboard-product-name": server.generation.name,
        "baseboard-serial-number": serial,
        "chassis-manufacturer": MANUFACTURER,
        "chassis-type": "Rack Mount Chassis",
        "chassis-serial-number": serial,
        "chassis-asset-tag": server.asset_tag,
    }
