"""Looks at NetBox's facts and Airflow's runs together, and tells how racks and servers stand: what the Racks page shows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from turnup.domain.board import ABORT, DAGS, NEEDS_SOMEBODY, Standing, State, standing
from turnup.domain.elevation import elevation, numbers
from turnup.domain.errors import TurnupError
from turnup.domain.fleet import Device, Fleet, Rack
from turnup.domain.holds import covering
from turnup.domain.policy import Site
from turnup.domain.progress import FAILED, RunSeen, Step
from turnup.flow.flows import FLOWS
from turnup.reporting.gather import BEFORE, BEFORE_LEAVING
from turnup.web.access import Reader
from turnup.web.course import Course
from turnup.web.kept_causes import KeptCauses
from turnup.web.showing import count, freshness, rack_link, rack_url, run_shown, server_shown, together, urgent_shown
from turnup.web.shown import Drawn, FleetShown, RackLine, RackShown, RunShown, ServerShown, SiteShown, Urgent
from turnup.web.watch import Known, Watch

type Counted = tuple[RackLine, list[Urgent]]

MOST_URGENT = 50
"""Servers that the first page lists as waiting for somebody."""

UNDOING = (
    Step("check", "may it be undone?"),
    Step("undo", "what was done is taken back, in reverse", each=True),
    Step("finish", "journals"),
)


def steps() -> Mapping[str, Sequence[Step]]:
    """{DAG: its steps}, as the flows' tables have them; the look of a dry run and the closing row are no server's steps."""
    found: dict[str, Sequence[Step]] = {ABORT: UNDOING}
    for name, flow in FLOWS.items():
        before = [Step(*one) for one in (BEFORE_LEAVING if flow.leaves else BEFORE) if one[0] != "preflight"]
        rack_rows = [Step(row.name, row.title) for row in flow.rack_rows]
        found[f"server_{name}"] = (*before, *rack_rows, *(Step(row.name, row.title, each=True) for row in flow.server_rows))
    return found


class Sight:
    """How everything stands. Runs are shown to those who may read their DAG, actions to those who may start it."""

    def __init__(self, watch: Watch, course: Course, policy: Callable[[str], Site | None], kept: KeptCauses) -> None:
        self._watch = watch
        self._course = course
        self._policy = policy
        self._kept = kept
        self._steps = steps()
        self._counted: dict[int, tuple[tuple[object, ...], Counted]] = {}
        watch.before_showing(self.prepare)

    def fleet(self, reader: Reader) -> FleetShown:
        """Every site and rack with counts, and who waits for somebody."""
        known = self._watch.look()
        runs, told, error = self._runs(self._course.going_on, reader)
        summed = self._sum(known.fleet or Fleet(), runs, told=told)
        return replace(summed, freshness=freshness(known, error))

    def rack(self, reader: Reader, site: str, rack: str) -> RackShown | None:
        """One rack; None where NetBox has none of that name there, as far as it is known."""
        known = self._watch.look()
        fleet = known.fleet or Fleet()
        found = fleet.named(site, rack)
        if not found:
            return None
        one, devices = found[0], fleet.in_rack.get(found[0].id, ())
        named = {claim for device in devices for claim in (device.claim, device.last_run) if claim}
        runs, told, error = self._runs(lambda: self._course.of_rack(site, rack, named), reader)
        policy, note = self._policy_of(site)
        stood = {
            device.id: self._told(
                standing(device, rack, runs, self._steps, ours=_ours(policy, device), runs_known=_known(device, told))
            )
            for device in devices
        }
        return self._shown(known, one, devices, stood, runs, reader, error, (note, _same_name(found)))

    def _shown(
        self,
        known: Known,
        rack: Rack,
        devices: Sequence[Device],
        stood: Mapping[int, Standing],
        runs: tuple[RunSeen, ...],
        reader: Reader,
        error: str,
        notes: Iterable[str],
    ) -> RackShown:
        fleet = known.fleet or Fleet()
        may = {dag: reader.may_clear(dag) for dag in DAGS if dag != ABORT}  # what it left undone, another abort undoes

        def shown(device: Device) -> ServerShown:
            one = stood[device.id]
            return server_shown(one, known.url, may_resume=one.next is not None and may.get(one.next.dag_id, False))

        drawing = elevation(rack, devices)
        hold = covering(fleet.holds, rack.site)
        return RackShown(
            site=rack.site,
            site_name=next((site.name for site in fleet.sites if site.slug == rack.site), rack.site),
            rack=rack.name,
            status=rack.status,
            location=rack.location,
            units=numbers(rack),
            counts=count([one.state for one in stood.values() if one.ours]),
            servers=tuple(Drawn(shown(one.device), one.top, one.height, one.half) for one in drawing.places),
            others=tuple(shown(device) for device in drawing.unplaced),
            runs=tuple(self._told_of(runs)),
            hold=str(hold) if hold else "",
            notes=tuple(note for note in notes if note),
            netbox=rack_link(rack, known.url),
            freshness=freshness(known, error),
        )

    def prepare(self, fleet: Fleet) -> None:
        """Count everything once, so that a view has to count only what changed since."""
        self._sum(fleet, (), told=frozenset(DAGS))

    def _sum(self, fleet: Fleet, runs: tuple[RunSeen, ...], *, told: frozenset[str]) -> FleetShown:
        sites, urgent = [], []
        for site in fleet.sites:
            policy, note = self._policy_of(site.slug)
            lines = []
            for rack in fleet.racks_of.get(site.slug, ()):
                about = tuple(run for run in runs if run.site in {"", site.slug} and run.rack in {"", rack.name})
                line, waiting = self._line(rack, fleet.in_rack.get(rack.id, ()), about, policy, told=told)
                lines.append(line)
                urgent += waiting
            hold = covering(fleet.holds, site.slug)
            sites.append(SiteShown(site.slug, site.name, together(lines), tuple(lines), str(hold) if hold else "", note))
        order = list(State)
        urgent.sort(key=lambda one: order.index(one.state))
        return FleetShown(tuple(sites), tuple(urgent[:MOST_URGENT]), len(urgent), len(fleet.devices), freshness(Known(), ""))

    def _line(
        self, rack: Rack, devices: tuple[Device, ...], runs: tuple[RunSeen, ...], policy: Site | None, *, told: frozenset[str]
    ) -> Counted:
        """One rack counted, or as it was counted where nothing changed."""
        held = tuple(_known(device, told) for device in devices if device.claim is not None)
        key = (rack, devices, runs, policy, held)
        kept = self._counted.get(rack.id)
        if kept is not None and kept[0] == key:
            return kept[1]
        stood = [
            standing(device, rack.name, runs, {}, ours=_ours(policy, device), runs_known=_known(device, told))
            for device in devices
        ]
        ours, url = [one.state for one in stood if one.ours], rack_url(rack.site, rack.name)
        waiting = [urgent_shown(one, rack.name, url) for one in stood if one.state in NEEDS_SOMEBODY]
        counted = RackLine(rack.site, rack.name, count(ours), len(stood) - len(ours), url), waiting
        self._counted[rack.id] = key, counted
        return counted

    def _runs(self, ask: Callable[[], tuple[RunSeen, ...]], reader: Reader) -> tuple[tuple[RunSeen, ...], frozenset[str], str]:
        """The runs that the reader may see, the DAGs of which they may see all, and why nothing is known."""
        try:
            runs = ask()
        except TurnupError as error:
            return (), frozenset(), str(error)
        told = frozenset(dag for dag in DAGS if reader.may_read(dag))
        return tuple(run for run in runs if run.dag_id in told), told, ""

    def _policy_of(self, site: str) -> tuple[Site | None, str]:
        """The site's policy, and what is to be said where there is none."""
        try:
            found = self._policy(site)
        except TurnupError as error:
            return None, str(error)
        return found, "" if found else f"turnup does nothing at this site: inventory/sites/ has no {site}.yaml."

    def _told_of(self, runs: Sequence[RunSeen]) -> Iterable[RunShown]:
        """Runs that go on; and the newest of all, where it failed before its servers had tasks of their own."""
        for number, run in enumerate(runs):
            if run.going_on:
                yield run_shown(run)
            elif number == 0 and run.state == FAILED and not any(one.index >= 0 and one.state == FAILED for one in run.tasks):
                why = self._kept.of_run(run)
                yield run_shown(run, cause=why.what if why else "", advice=why.advice if why else "")

    def _told(self, one: Standing) -> Standing:
        """With the cause that only the run's folder has: a server that the run did not hold has none in NetBox."""
        if one.state is not State.FAILED or one.cause is not None or one.run is None:
            return one
        why = self._kept.of_server(one.run, one.device.name, one.since)
        return replace(one, cause=why) if why else one


def _ours(policy: Site | None, device: Device) -> bool:
    return policy is not None and policy.is_ours(device.role, device.tenant)


def _known(device: Device, told: frozenset[str]) -> bool:
    """Whether the run that holds the server would be known if it went on: not where its DAG is hidden from the reader."""
    dag_id = (device.claim or "").partition("/")[0]
    return bool(told) and (dag_id in told or dag_id not in DAGS)


def _same_name(found: Sequence[Rack]) -> str:
    if len(found) == 1:
        return ""
    places = ", ".join(rack.location or "no location" for rack in found)
    return f"The site has {len(found)} racks of this name ({places}); this is one. turnup runs at neither before they differ."
