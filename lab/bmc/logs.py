"""What a BMC wrote down, as Redfish shows it: `EventLog` and, as OpenBMC has it, the host's console as `HostLogger`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sushy_tools.emulator import main as emulator

from lab.bmc.driver import ServerDriver
from lab.metal.event_log import EventLog
from lab.metal.folder import Folder

_PAGE = 1000  # entries at once, at most
_CONSOLE = 500  # lines that are kept
type Rows = list[dict[str, Any]]


def add(driver: ServerDriver) -> None:
    """The service answers for this system's logs."""
    folder = Folder(driver.server)
    _Logs(driver, {"EventLog": lambda: _events(EventLog(folder.events)), "HostLogger": lambda: _lines(folder)}).serve()


def _events(log: EventLog) -> Rows:
    return [
        {"EntryType": "Event", "Created": event.created, "Severity": event.severity, "Message": event.message}
        for event in log.entries()
    ]


def _lines(folder: Folder) -> Rows:
    """The console's last lines. They carry no time of the BMC's."""
    try:
        text = folder.console.read_text(errors="replace")
    except FileNotFoundError:
        return []
    return [{"EntryType": "Oem", "Severity": "OK", "Message": line} for line in text.splitlines()[-_CONSOLE:]]


class _Logs:
    """The resources of some logs {name: its entries, oldest first}."""

    def __init__(self, driver: ServerDriver, logs: dict[str, Callable[[], Rows]]) -> None:
        self.driver = driver
        self.logs = logs
        self.path = f"/redfish/v1/Systems/{driver.server.uuid}/LogServices"

    def serve(self) -> None:
        """Routes for the collection, the logs and their entries."""
        rule = "/redfish/v1/Systems/<identity>/LogServices"
        emulator.app.add_url_rule(rule, "log_services", self._services)
        emulator.app.add_url_rule(f"{rule}/<log>", "log_service", self._service)
        emulator.app.add_url_rule(f"{rule}/<log>/Entries", "log_entries", self._entries)

    def _services(self, identity: str) -> object:
        self.driver.uuid(identity)
        members = [{"@odata.id": f"{self.path}/{log}"} for log in self.logs]
        return _answer("#LogServiceCollection.LogServiceCollection", self.path, Name="Logs", **_collection(members, len(members)))

    def _service(self, identity: str, log: str) -> object:
        self._known(identity, log)
        path = f"{self.path}/{log}"
        entries = {"@odata.id": f"{path}/Entries"}
        return _answer("#LogService.v1_1_0.LogService", path, Id=log, Name=log, OverWritePolicy="WrapsWhenFull", Entries=entries)

    def _entries(self, identity: str, log: str) -> object:
        self._known(identity, log)
        path = f"{self.path}/{log}/Entries"
        rows = list(self._numbered(path, self.logs[log]()))
        asked = emulator.flask.request.args
        skip, top = asked.get("$skip", 0, int), min(asked.get("$top", _PAGE, int), _PAGE)
        page = rows[skip : skip + top]
        more = {"Members@odata.nextLink": f"{path}?$skip={skip + top}"} if skip + top < len(rows) else {}
        return _answer("#LogEntryCollection.LogEntryCollection", path, Name=log, **_collection(page, len(rows)), **more)

    def _numbered(self, path: str, rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
        for number, row in enumerate(rows):
            yield {
                "@odata.type": "#LogEntry.v1_9_0.LogEntry",
                "@odata.id": f"{path}/{number}",
                "Id": str(number),
                "Name": "Entry",
            } | row

    def _known(self, identity: str, log: str) -> None:
        self.driver.uuid(identity)
        if log not in self.logs:
            emulator.flask.abort(404)


def _collection(members: Sequence[object], count: int) -> dict[str, object]:
    return {"Members@odata.count": count, "Members": members}


def _answer(kind: str, path: str, **content: object) -> object:
    return emulator.flask.jsonify({"@odata.type": kind, "@odata.id": path, **content})
