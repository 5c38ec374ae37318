"""The BMC as Redfish shows it: a manager with a network interface of its own, which sushy-tools' managers lack."""

from __future__ import annotations

from sushy_tools.emulator import main as emulator

from lab.bmc.driver import ServerDriver
from lab.datacenter import BMC, MANUFACTURER

_MANAGERS = "/redfish/v1/Managers"


def add(driver: ServerDriver) -> None:
    """The service answers for this BMC's manager."""
    server = driver.server
    path = f"{_MANAGERS}/{server.uuid}"

    def manager(identity: str) -> object:
        driver.uuid(identity)
        return emulator.flask.jsonify(
            {
                "@odata.type": "#Manager.v1_3_1.Manager",
                "@odata.id": path,
                "Id": server.uuid,
                "Name": f"BMC of {server.name}",
                "UUID": server.uuid,
                "ManagerType": "BMC",
                "Manufacturer": MANUFACTURER,
                "Model": "Labmetal BMC",
                "FirmwareVersion": "1.00",
                "PowerState": "On",
                "Status": {"State": "Enabled", "Health": "OK"},
                "EthernetInterfaces": {"@odata.id": f"{path}/EthernetInterfaces"},
                "Links": {"ManagerForServers": [{"@odata.id": f"/redfish/v1/Systems/{server.uuid}"}]},
            }
        )

    def interfaces(identity: str) -> object:
        driver.uuid(identity)
        return emulator.flask.jsonify(
            {
                "@odata.type": "#EthernetInterfaceCollection.EthernetInterfaceCollection",
                "@odata.id": f"{path}/EthernetInterfaces",
                "Name": "Interfaces of the BMC",
                "Members@odata.count": 1,
                "Members": [{"@odata.id": f"{path}/EthernetInterfaces/{BMC}"}],
            }
        )

    def interface(identity: str) -> object:
        driver.uuid(identity)
        return emulator.flask.jsonify(
            {
                "@odata.type": "#EthernetInterface.v1_0_2.EthernetInterface",
                "@odata.id": f"{path}/EthernetInterfaces/{BMC}",
                "Id": BMC,
                "Name": "Out-of-band interface",
                "MACAddress": server.bmc_mac,
                "PermanentMACAddress": server.bmc_mac,
                "Status": {"State": "Enabled", "Health": "OK"},
            }
        )

    emulator.app.view_functions["manager_resource"] = manager
    rule = f"{_MANAGERS}/<identity>/EthernetInterfaces"
    emulator.app.add_url_rule(rule, "manager_interfaces", interfaces)
    emulator.app.add_url_rule(f"{rule}/{BMC}", "manager_interface", interface)
