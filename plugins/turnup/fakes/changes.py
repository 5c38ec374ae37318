"""NetBox's changelog in memory, over a fake inventory: what people save there is in it, and so is what turnup writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from turnup.domain.errors import Refused
from turnup.domain.wishes import PUT_BACK, Placed, StatusChange
from turnup.fakes.faults import Faults
from turnup.fakes.inventory import FakeInventory
from turnup.ports import Changes

BEGIN = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class FakeChanges(Faults, port=Changes):
    """The Changes port over the racks (site, name) of an inventory. `now` is the time of the next change; a test may set it."""

    def __init__(self, inventory: FakeInventory, *racks: tuple[str, str], own_user: str = "turnup") -> None:
        super().__init__()
        self._inventory = inventory
        self._racks = racks
        self._own_user = own_user
        self._changes: list[StatusChange] = []
        self.now = BEGIN
        inventory.on_call, inventory.on_answer = self._before_write, self._after_write
        self._before: dict[int, Placed] = {}
        self._put_back: set[int] = set()

    def own_user(self) -> str:
        """The user that turnup is."""
        return self._own_user

    def of_request(self, request_id: str) -> tuple[StatusChange, ...]:
        """Of one request."""
        return tuple(change for change in self._changes if change.request_id == request_id)

    def after(self, change_id: int, device_ids: Sequence[int]) -> tuple[StatusChange, ...]:
        """Of these devices, later."""
        return tuple(one for one in self._changes if one.id > change_id and one.device_id in device_ids)

    def standing(self, statuses: Sequence[str], since: datetime) -> tuple[StatusChange, ...]:
        """Of devices in these statuses that no run holds, and of those that were put back, however long ago."""
        now = self._all()
        free = {key for key, one in now.items() if one.server.status in statuses and not one.server.claim}
        return tuple(
            one for one in self._changes if one.device_id in free | self._put_back and datetime.fromisoformat(one.at) >= since
        )

    def placed(self, device_ids: Sequence[int]) -> Mapping[int, Placed]:
        """Devices by id."""
        return {key: placed for key, placed in self._all().items() if key in device_ids}

    def save(self, user: str, after: str, *device_ids: int) -> str:
        """A person sets the status of these devices, in one request; answers its id."""
        request_id, before = str(uuid4()), self._all()
        for key in device_ids:
            self._inventory.correct(key, lambda server: replace(server, status=after))
        self._note(request_id, user, {key: before[key] for key in device_ids})
        return request_id

    def _before_write(self, method: str, _: tuple[object, ...]) -> None:
        if method == "write":
            self._before = self._all()

    def _after_write(self, method: str, arguments: tuple[object, ...]) -> None:
        if method == "write":
            key, *_, message = arguments
            if PUT_BACK in str(message):
                self._put_back.add(int(str(key)))
            self._note(str(uuid4()), self._own_user, self._before)

    def _note(self, request_id: str, user: str, before: Mapping[int, Placed]) -> None:
        now = self._all()
        for key, placed in before.items():
            was, has = placed.server.status, now[key].server.status
            if was != has:
                number, name, rack = len(self._changes) + 1, placed.server.name, placed.rack_id
                change = StatusChange(number, request_id, user, self.now.isoformat(), key, name, rack, was, has)
                self._changes.append(change)
        self.now += timedelta(seconds=1)

    def _all(self) -> dict[int, Placed]:
        found: dict[int, Placed] = {}
        for site, rack in self._racks:
            try:
                snapshot = self._inventory.snapshot(site, rack)
            except Refused:
                continue
            placed = {one.id: Placed(replace(one, interfaces=()), site, snapshot.rack_id, rack) for one in snapshot.servers}
            found.update(placed)
        return found
