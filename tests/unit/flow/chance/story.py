"""Plays a world: runs, their servers' rows, aborts and people, one after the other or by turns, as the world says."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.unit.flow.chance.actors import Actor, Crash, Going
from tests.unit.flow.chance.happenings import EVENTS, LOST, TAMPERED, hold_again, lose, mend, number, plan_again, tamper
from tests.unit.flow.chance.site import ChanceSite
from tests.unit.flow.chance.truth import Truth
from tests.unit.flow.chance.witness import Witness
from tests.unit.flow.chance.world import CLAIM, Ask, Happening, Interruption, World
from tests.unit.flow.leaving import PEOPLE, POLICY, REASON, ROWS, Leave
from turnup.domain.errors import Transient, TurnupError
from turnup.domain.policy import Policy, Power, Timeouts
from turnup.domain.states import why_not_abortable
from turnup.fakes.faults import Faults
from turnup.flow import abort, approval, ending
from turnup.flow.course import course
from turnup.flow.job import Run
from turnup.flow.steps import plan as plan_step
from turnup.flow.waiting import Patience, Wait, Waiting, advance

SHORT = Timeouts(8, 6, 8, 8, 8, 30, 30, 8)
PATIENT_LOOKS = 12
"""Looks at one wait; after that time goes by faster."""

MOST_TURNS = 20_000


def policy_of(world: World) -> Policy:
    """The site's policy in this world."""
    people = replace(PEOPLE, caps=world.caps, drain_seconds=20)
    power = Power(at_once_per_rack=1, seconds=20) if world.one_start_at_a_time else Power()
    site = replace(POLICY.site, decommission=people, capacity={"edge": world.capacity}, timeouts=SHORT, power=power)
    return Policy(site, POLICY.hardware)


class Story:
    """One world, played once. Whoever does harm is caught by the witness."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.site = ChanceSite(world.servers)
        self.witness = Witness(self.site)
        self.site.before_call, self.site.after_call = self._before_call, self._after_call
        self.policy = policy_of(world)
        self.runs = [Leave(self.site, f"run-{number}", policy=self.policy) for number, _ in enumerate(world.asks, 1)]
        self.pending = list(world.happenings)
        self.interruptions = list(world.interruptions)
        self.clock = 0.0
        self.actors: list[Actor] = []
        self.aborts = 0
        for server in self.site.servers.values():
            server.at_once = world.at_once
        for one in world.before:
            self._event(one, "a1")

    def play(self) -> Witness:
        """To the end, with what is cleared late."""
        self.actors = [self._actor(run, self._all(run, ask)) for run, ask in zip(self.runs, self.world.asks, strict=True)]
        self._all_go_on(list(self.world.order))
        for run in self.runs:
            self._finish(run)
        for index, row, first in self.world.late:
            run = self.runs[index % len(self.runs)]
            if first == "mend":
                mend(self.site)
            for name in self._names(run) if first == "claim" else ():
                hold_again(self.site, name, run.run.claim)
            self.witness.reached["cleared late"] += 1
            for name in self._names(run):
                self.actors = [self._actor(run, self._rows(run, name, (row,), resumed=first != "claim"), name)]
                self._all_go_on([])
        return self.witness

    def _actor(self, run: Leave, going: Going, name: str = "") -> Actor:
        return Actor(run.run.claim, "run", name, going)

    def _all_go_on(self, order: list[int]) -> None:
        """By turns as the world says, then each to its end."""
        for _ in range(MOST_TURNS):
            if not self.actors:
                return
            actor = self.actors[order.pop(0) % len(self.actors) if order else 0]
            if not self._goes_on(actor):
                self.actors.remove(actor)
        raise AssertionError("this story has no end")

    def _goes_on(self, actor: Actor) -> bool:
        """To its next wait; False where that was its end."""
        assert actor.going is not None
        before, self.site.actor = self.site.actor, actor
        try:
            wait = next(actor.going)
        except StopIteration:
            return False
        finally:
            self.site.actor = before
        if wait is not None:
            self.clock += wait.every
            self.site.slots.now = self.clock
        return True

    # ---- a run

    def _me(self) -> Actor:
        assert self.site.actor is not None
        return self.site.actor

    def _all(self, run: Leave, ask: Ask) -> Going:
        """Sealed, answered and claimed; then each server is somebody's."""
        self._begin("seal", "")
        drives = {name: list(server.drives) for name, server in self.site.servers.items()}
        try:
            plan = run.seal(*ask.names, wipe=ask.wipe, reason=REASON, requesters=ask.requesters)
        except (TurnupError, Crash) as error:
            self.witness.reached["not sealed"] += 1
            self.witness.why += [one.what for one in getattr(error, "problems", ())]
            return
        self.witness.truths[run.run.claim] = Truth(plan, plan_step.first(run.records).sha256, self.policy, ask.requesters, drives)
        self.witness.records[run.run.claim] = run.records
        self.witness.reached["sealed"] += 1
        yield None
        self._begin("decide", "")
        self._answers(run, ask)
        yield None
        going_on = yield from self._claims(run, ask)
        for name in plan.names:
            if name in going_on or CLAIM in ask.skipped:
                first = Actor(run.run.claim, "run", name)
                first.going = self._server(run, ask, name, resumed=name not in going_on)
                self.actors.append(first)

    def _answers(self, run: Leave, ask: Ask) -> None:
        truth = self.witness.truths[run.run.claim]
        for one in ask.answers:
            at = (datetime.now(UTC) - timedelta(seconds=one.ago)).isoformat()
            decision = approval.Decision(one.chosen, one.by, at, truth.sha256 if one.right_hash else "0" * 64, one.gate)
            try:
                approval.keep(run.records, decision)
            except (TurnupError, Crash):
                continue
            truth.decided.append(decision)

    def _claims(self, run: Leave, ask: Ask) -> Waiting[tuple[str, ...]]:
        """The claim, cleared twice where it fails; the names of those that go on."""
        for look in range(3):
            self._begin(CLAIM, "", look)
            if CLAIM in ask.skipped:
                break
            try:
                return run.rack_rows()
            except Crash:
                self._me().dead = False
            except TurnupError as error:
                self._note(error)
            yield Wait("somebody to clear the claim", 100.0, Transient("never"), every=30.0)
        return ()

    def _server(self, run: Leave, ask: Ask, name: str, *, resumed: bool) -> Going:
        rows = tuple(row for row in ROWS if row not in ask.skipped)
        done = yield from self._rows(run, name, rows, resumed=resumed)
        for first in ask.clears:
            if done:
                return
            if ask.mends:
                mend(self.site)
            done = yield from self._rows(run, name, tuple(ROWS[ROWS.index(first) :]), resumed=True)

    def _rows(self, run: Leave, name: str, rows: tuple[str, ...], *, resumed: bool) -> Waiting[bool]:
        for row in rows:
            if not (yield from self._row(run, name, row, resumed=resumed)):
                return False
            self.witness.reached[f"row {row}"] += 1
            resumed = False
        return True

    def _row(self, run: Leave, name: str, row: str, *, resumed: bool) -> Waiting[bool]:
        """One row; where its process dies it begins anew."""
        for _ in range(4):
            self._begin(row, name)
            try:
                job = run.job(row, name)
                try:
                    yield from self._followed(course(run.flow, run.flow.server_row(row), job, resumed=resumed), name)
                except TurnupError as error:
                    self._note(error)
                    ending.fail(job, error)
                    return False
                else:
                    return True
            except Crash:
                self._me().dead = False
                self.witness.reached["crashed"] += 1
            except TurnupError as error:
                self._note(error)
                return False
        return False

    def _followed(self, step: Waiting[object], name: str) -> Waiting[None]:
        """A step with its waits, and what happens while it waits."""
        patience, looks = Patience(lambda: self.clock), 0
        wait = advance(step)
        while wait is not None:
            looks += 1
            if looks > PATIENT_LOOKS and wait.within < 1e9:
                self.clock += wait.within / 4
            yield wait
            if looks > 2 * PATIENT_LOOKS:
                mend(self.site)
            self._happen(self._me().row, name, looks)
            wait = advance(step, wait.error() if patience.is_over(wait) else None)

    def _finish(self, run: Leave) -> None:
        if run.run.claim not in self.witness.truths:
            return
        self.site.actor = Actor(run.run.claim, "run", row="finish")
        try:
            run.finish()
        except (TurnupError, Crash) as error:
            self.witness.reached[f"finish failed: {getattr(error, 'cause', 'crash')}"] += 1
        finally:
            self.site.actor = None

    def _note(self, error: TurnupError) -> None:
        self.witness.reached[f"[{error.cause}]"] += 1

    # ---- an abort

    def _abort(self, name: str) -> Actor:
        self.aborts += 1
        run = Run("server_abort", f"abort-{self.aborts}")
        actor = Actor(run.claim, "abort", name, row="abort")
        actor.going = self._aborting(run, name)
        return actor

    def _aborting(self, run: Run, name: str) -> Going:
        for _ in range(3):
            try:
                now = self.site.inventory.device(number(name))
                held_by = next((one for one in self.runs if one.run.claim == now.last_run), None)
                if why_not_abortable(now, holder_runs=False) is not None or held_by is None:
                    return
                ended = now.claim if now.claim != run.claim else None
                job = abort.job_of(held_by.records, run, name, held_by.ports)
                yield from self._followed(abort.undo(held_by.flow, job, ended, "changed our minds"), name)
            except Crash:
                self._me().dead = False
            except TurnupError as error:
                self.witness.reached[f"abort: [{error.cause}]"] += 1
            else:
                self.witness.reached["aborted"] += 1
                return
            yield Wait("somebody to clear the abort", 400.0, Transient("never"), every=301.0)

    # ---- what happens

    def _begin(self, row: str, name: str, look: int = 0) -> None:
        actor = self._me()
        actor.row, actor.calls = row, 0
        self._happen(row, name, look)

    def _happen(self, row: str, name: str, look: int) -> None:
        due = [one for one in self.pending if one.row == row and one.look <= look]
        for one in due:
            self.pending.remove(one)
            self._event(one, name)

    def _event(self, one: Happening, name: str) -> None:
        """It happens, done by nobody who is watched."""
        actor, self.site.actor = self.site.actor, None
        names = list(self.site.servers)
        this = names[(names.index(name) if name in names else 0) + one.who - len(names)]
        other = names[(names.index(this) + one.other) % len(names)]
        records = next((run.records for run in self.runs if actor and run.run.claim == actor.claim), self.runs[0].records)
        self.witness.reached[f"happened: {one.what}"] += 1
        try:
            if one.what in EVENTS:
                EVENTS[one.what](self.site, this, other)
            elif one.what == "abort":
                self.actors.insert(0, self._abort(this))
            elif one.what == "rejected":
                self._rejected()
            elif one.what == "planned again":
                EVENTS["drive added"](self.site, this, other)
                plan_again(records, this)
            elif one.what.removeprefix("tampered ") in TAMPERED:
                tamper(records, one.what.removeprefix("tampered "))
            elif one.what.removeprefix("lost ") in LOST:
                lose(records, one.what.removeprefix("lost "))
        finally:
            self.site.actor = actor

    def _rejected(self) -> None:
        for run in self.runs:
            if (truth := self.witness.truths.get(run.run.claim)) is not None:
                no = approval.Decision("Reject", "ann", datetime.now(UTC).isoformat(), truth.sha256)
                approval.keep(run.records, no)
                truth.decided.append(no)

    def _before_call(self, fake: Faults, owner: str, method: str, arguments: tuple[object, ...]) -> None:
        self._me().calls += 1
        self._interrupt(after=False)
        self.witness.before(fake, owner, method, arguments)

    def _after_call(self, fake: Faults, owner: str, method: str, arguments: tuple[object, ...]) -> None:
        self.witness.after(fake, owner, method, arguments)
        self._interrupt(after=True)

    def _interrupt(self, *, after: bool) -> None:
        actor = self._me()
        for one in self.interruptions:
            if (one.row, one.call, one.after) == (actor.row, actor.calls, after):
                self.interruptions.remove(one)
                self._interrupted(one, actor)
                return

    def _interrupted(self, one: Interruption, actor: Actor) -> None:
        self.witness.reached[f"interrupted: {one.what}"] += 1
        if one.what == "crash":
            actor.dead = True
            raise Crash
        if one.what == "abort" and actor.server and not actor.aborts:
            other = self._abort(actor.server)
            if self._goes_on(other):
                self.actors.insert(0, other)
        others = [each for each in self.actors if each is not actor and not each.going.gi_running]  # type: ignore[union-attr]
        if one.what == "another" and others and not self._goes_on(others[0]):
            self.actors.remove(others[0])

    def _names(self, run: Leave) -> tuple[str, ...]:
        """By the names of the beginning, which those of a seal are."""
        truth = self.witness.truths.get(run.run.claim)
        return truth.plan.names if truth else ()
