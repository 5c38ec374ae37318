"""What a person wishes by setting a status in NetBox, and what is still to be done about it. Pure.

One NetBox request is one run, for each flow and rack: who changes forty devices at once gets one run of forty. Its id follows
from the request alone, as the changelog keeps it, so whoever sees the request first, and however often, comes to the same run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from turnup.domain.plain_text import plain
from turnup.domain.policy import Site
from turnup.domain.seals import CLEAR
from turnup.domain.servers import Server
from turnup.domain.states import Status
from turnup.domain.webhooks import Delivery, Ignored


@dataclass(frozen=True)
class Wish:
    """What setting a status asks for. `put_back`: turnup gives the device its former status back before the run begins.

    A server that shall leave is in service until people have said yes, and only what is `active` leaves: so it stays `active`,
    and the run itself moves it on.
    """

    before: str
    after: str
    dag_id: str
    put_back: bool = False


WISHES = (
    Wish(Status.PLANNED, Status.STAGED, "server_install"),
    Wish(Status.ACTIVE, Status.DECOMMISSIONING, "server_decommission", put_back=True),
)
RUN = "netbox__"
"""What the ids of runs that NetBox started begin with."""

STANDS = timedelta(hours=6)
"""A wish that nobody heard for longer is forgotten: who set the status sees that nothing happens, and sets it again."""

PUT_BACK = "put back until that is approved"
"""What NetBox's changelog says where turnup gave a device its former status back."""


@dataclass(frozen=True)
class StatusChange:
    """One entry of NetBox's changelog by which a device's status changed; `at` is ISO 8601."""

    id: int
    request_id: str
    user: str
    at: str
    device_id: int
    device: str
    rack_id: int | None
    before: str
    after: str


@dataclass(frozen=True)
class Placed:
    """A device as it is now, with its site (slug) and its rack (id and name)."""

    server: Server
    site: str
    rack_id: int | None
    rack: str | None


@dataclass(frozen=True)
class Start:
    """A run to be created, if there is none of this id. `by` is who wished it, by NetBox's user name."""

    wish: Wish
    run_id: str
    site: str
    rack: str
    servers: tuple[Server, ...]
    by: str

    @property
    def names(self) -> tuple[str, ...]:
        """Its servers' names."""
        return tuple(server.name for server in self.servers)

    @property
    def parameters(self) -> dict[str, object]:
        """The run's. Nothing that is left out of them asks for less than the form's defaults do."""
        common: dict[str, object] = {"site": self.site, "rack": self.rack, "servers": list(self.names)}
        if self.wish.after != Status.DECOMMISSIONING:
            return common
        by = plain(self.by, 150) or "nobody known"
        return common | {"wipe": CLEAR, "reason": f"Set to {self.wish.after} in NetBox by {by}."}


def wish_of(before: str, after: str) -> Wish | None:
    """What this change of a status asks for."""
    return next((wish for wish in WISHES if (wish.before, wish.after) == (before, after)), None)


def why_no_wish(change: StatusChange | Delivery) -> Ignored:
    """Why a change of a status starts nothing."""
    of = [wish for wish in WISHES if wish.after == change.after]
    only = f"; only from {of[0].before} does that start something" if of else ", which starts nothing"
    return Ignored("no-wish", f"{plain(change.device)} went from {plain(change.before, 40)} to {plain(change.after, 40)}{only}.")


def merged(changes: Sequence[StatusChange]) -> tuple[StatusChange, ...]:
    """One change a device: from what it was before the request to what it was after it, in the order of the devices' ids."""
    by_device: dict[int, StatusChange] = {}
    for change in sorted(changes, key=lambda one: one.id):
        first = by_device.get(change.device_id)
        by_device[change.device_id] = replace(change, before=first.before) if first else change
    return tuple(change for _, change in sorted(by_device.items()) if change.before != change.after)


def is_touched_since(change: StatusChange, placed: Placed | None) -> bool:
    """Whether the device was saved after the change, as far as its version tells: NetBox's is the time of the last save."""
    if placed is None:
        return False
    try:
        return datetime.fromisoformat(placed.server.version) > datetime.fromisoformat(change.at)
    except ValueError:
        return True


def run_ids(changes: Sequence[StatusChange]) -> Mapping[tuple[str, int], str]:
    """{(DAG, rack's id): run id} of a request: the first rack has the plain one, each other one more word."""
    wanted = {(wish.dag_id, one.rack_id) for one in changes if one.rack_id and (wish := wish_of(one.before, one.after))}
    ids: dict[tuple[str, int], str] = {}
    for dag_id, rack_id in sorted(wanted):
        first = not any(dag == dag_id for dag, _ in ids)
        ids[dag_id, rack_id] = f"{RUN}{changes[0].request_id}" + ("" if first else f"__rack{rack_id}")
    return ids


@dataclass(frozen=True)
class Standing:
    """What is so by now: the devices, `later` changes of their statuses, turnup's NetBox user, the policy of a site (slug)."""

    now: datetime
    devices: Mapping[int, Placed]
    later: Sequence[StatusChange]
    own_user: str
    site_of: Callable[[str], Site | None]


def judge(changes: Sequence[StatusChange], now: Standing) -> tuple[tuple[Start, ...], Mapping[int, Ignored]]:
    """The runs that a request's changes ask for, and {device: why it is in none of them}."""
    ids = run_ids(changes)
    starts: dict[tuple[str, str], Start] = {}
    ignored: dict[int, Ignored] = {}
    for change in changes:
        judged = _judged(change, now)
        if isinstance(judged, Ignored):
            ignored[change.device_id] = judged
            continue
        wish, placed, rack = judged
        key = wish.dag_id, ids[wish.dag_id, change.rack_id or 0]
        start = starts.get(key) or Start(wish, key[1], placed.site, rack, (), change.user)
        starts[key] = replace(start, servers=(*start.servers, placed.server))
    return tuple(starts.values()), ignored


def _judged(change: StatusChange, now: Standing) -> tuple[Wish, Placed, str] | Ignored:
    """What a device's change asks for, where, and in which rack; or why it starts nothing as things are by now."""
    name, wish, placed = plain(change.device), wish_of(change.before, change.after), now.devices.get(change.device_id)
    if change.user == now.own_user:
        return Ignored("own-write", f"{name}: turnup wrote that itself.")
    if wish is None:
        return why_no_wish(change)
    if placed is None:
        return Ignored("gone", f"{name} is not in NetBox any more.")
    why = next(_objections(change, wish, placed, now), None)
    if why is not None or placed.rack is None:
        return why or Ignored("no-rack", f"{name} is in no rack.")
    return wish, placed, placed.rack


def _objections(change: StatusChange, wish: Wish, placed: Placed, now: Standing) -> Iterator[Ignored]:
    """Why what was wished for the device is not done."""
    name, server = plain(change.device), placed.server
    if not server.name:
        yield Ignored("no-name", f"The device {name} has no name in NetBox.")
    if now.now - datetime.fromisoformat(change.at) > STANDS:
        yield Ignored("too-old", f"{name} was set to {change.after} more than {STANDS.seconds // 3600} hours ago.")
    if moved := _moved_on(change, wish, placed, now):
        yield Ignored("moved-on", f"{name} {moved}")
    if server.claim:
        yield Ignored("held", f"{name} is held by the run {server.claim}.")
    site = now.site_of(placed.site)
    if site is None:
        yield Ignored("no-policy", f"{name} is at site {placed.site}, which has no file in inventory/sites/.")
    elif not site.is_ours(server.role, server.tenant):
        yield Ignored("not-ours", f"{name} ({server.role}) is none of the servers that turnup installs at {placed.site}.")


def _moved_on(change: StatusChange, wish: Wish, placed: Placed, now: Standing) -> str | None:
    """What became of the device since; None where the wish still stands. That turnup itself put it back is no news."""
    since = [one for one in now.later if one.device_id == change.device_id and one.id > change.id]
    ours = [one for one in since if (one.user, one.before, one.after) == (now.own_user, wish.after, wish.before)]
    if others := [one for one in since if one not in ours]:
        last = max(others, key=lambda one: one.id)
        return f"was set to {last.after} by {plain(last.user)} since."
    if placed.server.status != (wish.before if ours and wish.put_back else wish.after):
        return f"is {placed.server.status} by now."
    if placed.rack_id != change.rack_id:
        return "is in another rack by now."
    return None


def to_deliver(changes: Sequence[StatusChange], own_user: str) -> tuple[Delivery, ...]:
    """What to deliver again, so that each run that these changes ask for is looked for: one device a request, flow and rack."""
    found: dict[tuple[str, str, int | None], Delivery] = {}
    for request_id in dict.fromkeys(change.request_id for change in changes):
        for change in merged([one for one in changes if one.request_id == request_id]):
            wish = wish_of(change.before, change.after)
            if wish is not None and change.user != own_user:
                key = wish.dag_id, request_id, change.rack_id
                delivery = Delivery(request_id, change.user, change.device_id, change.device, change.before, change.after)
                found.setdefault(key, delivery)
    return tuple(found.values())
