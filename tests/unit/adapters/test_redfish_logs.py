"""Vendors' logs: other places, other names, the newest first, no paging. Shapes as in DMTF's LogEntry and vendors' mock-ups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from turnup.adapters import redfish_logs

SYSTEM, MANAGER = "/redfish/v1/Systems/1/LogServices", "/redfish/v1/Managers/1/LogServices"


class Vendor:
    """Logs {collection: {name: entries as this vendor orders them}}."""

    def __init__(self, logs: Mapping[str, Mapping[str, list[dict[str, Any]]]], *, pages: bool = True) -> None:
        self.logs = logs
        self.pages = pages

    def get(self, path: str) -> Mapping[str, Any]:
        url = urlsplit(path)
        if url.path in self.logs:
            return {"Members": [{"@odata.id": f"{url.path}/{name}"} for name in self.logs[url.path]]}
        for collection, logs in self.logs.items():
            for name, entries in logs.items():
                if url.path == f"{collection}/{name}":
                    return {"Entries": {"@odata.id": f"{url.path}/Entries"}}
                if url.path == f"{collection}/{name}/Entries":
                    if url.query and not self.pages:
                        return {}
                    asked = {key: int(value[0]) for key, value in parse_qs(url.query).items()}
                    skip, top = asked.get("$skip", 0), asked.get("$top", len(entries))
                    return {"Members@odata.count": len(entries), "Members": entries[skip : skip + top]}
        return {}


def entries(count: int) -> list[dict[str, Any]]:
    return [
        {"Created": f"2026-01-01T00:{number:02}:00+01:00", "Severity": "OK", "Message": f"event {number}"}
        for number in range(count)
    ]


def numbers(texts: tuple[str, ...]) -> list[int]:
    return [int(text.split()[-1]) for text in texts]


def test_the_newest_are_found_whether_they_come_first_or_last() -> None:
    for ordered in (entries(50), entries(50)[::-1]):
        for pages in (True, False):
            vendor = Vendor({SYSTEM: {"EventLog": ordered}}, pages=pages)
            assert numbers(redfish_logs.events(vendor.get, [SYSTEM])) == list(range(30, 50))


def test_a_log_below_the_manager_is_found_by_its_vendors_name() -> None:
    vendor = Vendor({SYSTEM: {}, MANAGER: {"Lclog": [], "FaultList": [], "Sel": entries(2)}})
    assert redfish_logs.events(vendor.get, [SYSTEM, MANAGER])[0] == "2025-12-31T23:00:00+00:00 OK event 0"


def test_a_little_more_than_a_page_is_neither_cut_nor_doubled() -> None:
    vendor = Vendor({SYSTEM: {"EventLog": entries(27)}})
    assert numbers(redfish_logs.events(vendor.get, [SYSTEM])) == list(range(7, 27))


def test_entries_without_a_time_severity_or_message_are_shown_as_far_as_they_go() -> None:
    vendor = Vendor({SYSTEM: {"SEL": [{"MessageId": "Base.1.0.Weird"}, {"Created": "yesterday", "Message": None}]}})
    assert redfish_logs.events(vendor.get, [SYSTEM]) == ("no time OK Base.1.0.Weird", "no time OK no message")


def test_a_log_that_nobody_knows_and_answers_of_another_shape_are_no_logs() -> None:
    assert redfish_logs.events(Vendor({SYSTEM: {"Dump": entries(1)}}).get, [SYSTEM]) == ()
    assert redfish_logs.console(lambda _: {"Members": "none"}, [SYSTEM]) == ()


def test_of_a_traceback_on_the_console_the_error_alone_is_told_and_the_lines_before_it_stay() -> None:
    said = (
        "sshd does not start",
        "minion: Failed to load grains:",
        "minion: Traceback (most recent call last):",
        '  File "/opt/salt/loader.py", line 1604, in grains',
        "    ret = funcs[key](**kwargs)",
        "          ^^^^^^^^^^^^^^^^^^^^",
        "OSError: [Errno 22] Invalid argument",
        "  an indented line of another kind",
    )
    lines = [said[0], said[1], said[2], *(f"minion: {line}" for line in said[3:])]
    vendor = Vendor({SYSTEM: {"HostLogger": [{"Message": f"2026-01-01 00:00:{at:02} {line}"} for at, line in enumerate(lines)]}})
    assert redfish_logs.console(vendor.get, [SYSTEM]) == (
        "2026-01-01 00:00:00 sshd does not start",
        "2026-01-01 00:00:01 minion: Failed to load grains:",
        "2026-01-01 00:00:06 minion: OSError: [Errno 22] Invalid argument",
        "2026-01-01 00:00:07 minion: an indented line of another kind",
    )
