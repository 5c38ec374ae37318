"""A wish from NetBox becomes a run: the changelog says what was wished, the devices say whether it still is, Airflow has it once.

Everything may be done twice, by the webhook, by the sweep and by both at once: a run's id follows from the NetBox request, and
Airflow has an id once. A run that was refused has had its attempt: its id is taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from turnup.domain.errors import Refused
from turnup.domain.policy import Site
from turnup.domain.webhooks import Delivery, Ignored
from turnup.domain.wishes import (
    PUT_BACK,
    RUN,
    Standing,
    Start,
    StatusChange,
    is_touched_since,
    judge,
    merged,
    why_no_wish,
    wish_of,
)
from turnup.ports import Changes, DeviceWrite, Inventory, Runs


@dataclass(frozen=True)
class Granted:
    """The run that a delivered change is part of; `new` where this delivery made it."""

    dag_id: str
    run_id: str
    servers: tuple[str, ...]
    new: bool


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Granting:
    """One NetBox, and Airflow's runs. `site_of` gives the policy of a site (slug) that has one."""

    changes: Changes
    inventory: Inventory
    runs: Runs
    site_of: Callable[[str], Site | None]
    own_user: str
    clock: Callable[[], datetime] = _now

    def answer(self, delivery: Delivery) -> Granted | Ignored:
        """Make sure of the run that the delivery's request asks for. Transient: try again, or let the sweep do it."""
        if delivery.user == self.own_user:
            return Ignored("own-write", f"{delivery.device}: turnup wrote that itself.")
        wish = wish_of(delivery.before, delivery.after)
        if wish is None:
            return why_no_wish(delivery)
        for run in self.runs.started(wish.dag_id, f"{RUN}{delivery.request_id}"):
            if delivery.device in run.servers:
                return Granted(wish.dag_id, run.run_id, run.servers, new=False)
        return self._look(delivery)

    def _look(self, delivery: Delivery) -> Granted | Ignored:
        """The whole request, as NetBox kept it, and what became of its devices: 2 requests, 3 where a device was saved since."""
        changes = merged(self.changes.of_request(delivery.request_id))
        if delivery.device_id not in {change.device_id for change in changes}:
            return Ignored("unknown-request", f"{delivery.device}: NetBox's changelog has no such change of its status.")
        starts, ignored = judge(changes, self._standing(changes))
        granted = [(start, self._start(start)) for start in starts]
        for start, outcome in granted:
            if delivery.device_id in {server.id for server in start.servers}:
                return outcome if isinstance(outcome, Ignored) else _with(delivery, outcome)
        return ignored[delivery.device_id]

    def _standing(self, changes: tuple[StatusChange, ...]) -> Standing:
        devices = self.changes.placed([change.device_id for change in changes])
        touched = [one for one in changes if is_touched_since(one, devices.get(one.device_id))]
        later: tuple[StatusChange, ...] = ()
        if touched:
            later = self.changes.after(min(one.id for one in touched), [one.device_id for one in touched])
        return Standing(self.clock(), devices, later, self.own_user, self.site_of)

    def _start(self, start: Start) -> Granted | Ignored:
        """Put back what has to be, then create the run. Where only the first was done, the next look does the second."""
        if there := self._there(start):
            return there
        self.runs.ready(start.wish.dag_id)
        if start.wish.put_back:
            self._put_back(start)
        try:
            new = self.runs.start(start)
        except Refused as error:
            return Ignored("not-started", str(error))
        return Granted(start.wish.dag_id, start.run_id, start.names, new)

    def _there(self, start: Start) -> Granted | None:
        """The run of this id, if there is one: it was made of those who could be started then, and takes in nobody later."""
        runs = self.runs.started(start.wish.dag_id, start.run_id)
        found = (Granted(start.wish.dag_id, run.run_id, run.servers, new=False) for run in runs if run.run_id == start.run_id)
        return next(found, None)

    def _put_back(self, start: Start) -> None:
        run = f"{start.wish.dag_id}/{start.run_id}"
        for server in start.servers:
            if server.status == start.wish.after:
                message = f"{run}: {PUT_BACK}, wished by {start.by}"
                self.inventory.write(server.id, server.version, DeviceWrite(status=start.wish.before), message)


def _with(delivery: Delivery, run: Granted) -> Granted | Ignored:
    """The run, if the device is in it."""
    if run.new or delivery.device in run.servers:
        return run
    return Ignored("attempted", f"{run.run_id} was started without {delivery.device}: set its status once more.")
