"""Fills NetBox with a site of thousands of servers, in bulk: `python -m lab.inside_netbox.fleet`, from JSON on standard input.

`{"site": slug, "role": slug, "device_type": slug, "prefixes": {role slug: prefix}, "servers": [{"name", "serial", "rack", "unit",
"certificate", "ports": [{"name", "mac", "address", "mgmt_only"}, the NIC first, then the BMC]}]}`.
`./lab/reset` takes it all back.
"""

import json
import os
import sys

import django  # type: ignore[import-not-found, unused-ignore]

AT_ONCE = 2000

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "netbox.settings"
    django.setup()
    from dcim.models import (  # type: ignore[import-not-found, unused-ignore]  # after setup()
        Device,
        DeviceRole,
        DeviceType,
        Interface,
        MACAddress,
        Rack,
        Site,
    )
    from django.contrib.contenttypes.models import ContentType  # type: ignore[import-not-found, unused-ignore]
    from django.db import connection, transaction  # type: ignore[import-not-found, unused-ignore]
    from ipam.models import IPAddress, Prefix, Role  # type: ignore[import-not-found, unused-ignore]
    from netaddr import IPNetwork

    wanted = json.load(sys.stdin)
    with transaction.atomic():
        site = Site.objects.create(name=wanted["site"], slug=wanted["site"], status="active")
        for role, prefix in wanted["prefixes"].items():
            Prefix(prefix=IPNetwork(prefix), scope=site, status="active", role=Role.objects.get(slug=role)).save()
        role, kind = DeviceRole.objects.get(slug=wanted["role"]), DeviceType.objects.get(slug=wanted["device_type"])
        names = dict.fromkeys(server["rack"] for server in wanted["servers"])
        racks = {name: Rack.objects.create(name=name, site=site, u_height=48, status="active") for name in names}
        devices = Device.objects.bulk_create(
            [
                Device(
                    name=one["name"],
                    serial=one["serial"],
                    site=site,
                    rack=racks[one["rack"]],
                    position=one["unit"],
                    face="front",
                    role=role,
                    device_type=kind,
                    status="active",
                    custom_field_data={"turnup_bmc_certificate": one["certificate"]},
                )
                for one in wanted["servers"]
            ],
            batch_size=AT_ONCE,
        )
        ports = [
            (device, number, port, Interface(device=device, name=port["name"], type="1000base-t", mgmt_only=port["mgmt_only"]))
            for device, one in zip(devices, wanted["servers"], strict=True)
            for number, port in enumerate(one["ports"])
        ]
        for device, _, _, interface in ports:
            interface._site, interface._rack = site, device.rack
        Interface.objects.bulk_create([interface for *_, interface in ports], batch_size=AT_ONCE)
        on = {"assigned_object_type": ContentType.objects.get_for_model(Interface)}
        macs = [MACAddress(mac_address=port["mac"], assigned_object_id=interface.pk, **on) for _, _, port, interface in ports]
        MACAddress.objects.bulk_create(macs, batch_size=AT_ONCE)
        addresses = [
            IPAddress(address=IPNetwork(port["address"]), status="active", assigned_object_id=interface.pk, **on)
            for _, _, port, interface in ports
        ]
        IPAddress.objects.bulk_create(addresses, batch_size=AT_ONCE)
        for (device, number, _, interface), mac, address in zip(ports, macs, addresses, strict=True):
            interface.primary_mac_address = mac
            setattr(device, "oob_ip" if number else "primary_ip4", address)
        Interface.objects.bulk_update([interface for *_, interface in ports], ["primary_mac_address"], batch_size=AT_ONCE)
        Device.objects.bulk_update(devices, ["primary_ip4", "oob_ip"], batch_size=AT_ONCE)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
