"""A run's report becomes a notice: what a person has to know and do, in a few lines, one a cause and not one a server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from turnup.domain.causes import CAUSES
from turnup.domain.holds import LIFTED_BY, Hold
from turnup.domain.notices import Event, Group, Link, Notice, Severity
from turnup.reporting.drives import to_be_shredded
from turnup.reporting.report import Cause, Report, Server, State
from turnup.reporting.words import first_line, without

MOST = 6
"""Groups in one notice; what is beyond them is counted."""

RESUME = "Mend each cause, then clear that server's failed task with what follows: it goes on there. The others are not touched."
AGAIN = "Mend what is wrong, then start a new run."


@dataclass(frozen=True)
class Places:
    """Where a notice leads: the Racks page, and {server: its page in NetBox}."""

    racks: str = ""
    devices: Mapping[str, str] = field(default_factory=dict)


def finished(report: Report, places: Places) -> Notice:
    """The run has ended, well or badly."""
    shred = to_be_shredded(report.servers)
    good = Severity.ATTENTION if shred else Severity.GOOD
    severity = good if report.state is State.DONE else Severity.BAD
    sentence, _, _ = first_line(report.headline).partition(". ")
    failed = [server for server in report.servers if server.open_cause is not None]
    steps = (
        (bool(failed), RESUME),
        (bool(shred), "Pull and shred the drives that the report lists."),
        (report.state is State.DONE, "Nothing."),
        (True, AGAIN),
    )
    return Notice(
        Event.RUN_FINISHED,
        severity,
        f"{_title(report)}: {sentence.rstrip('.')}",
        _asked_by(report),
        _most([*_problems(report), *_of_servers(report, failed, places)]),
        next(step for applies, step in steps if applies),
        _links(report, places),
    )


def failures(report: Report, names: Collection[str], places: Places) -> Notice:
    """These servers failed while the run goes on with the others."""
    failed = [server for server in report.servers if server.name in names]
    going_on = sum(server.state in (State.GOING_ON, State.PENDING) for server in report.servers)
    others = f"{going_on} go on" if going_on else "no other goes on"
    every, total = sum(server.open_cause is not None for server in report.servers), len(report.servers)
    more = f"{len(failed)} more of {total} servers failed, {every} by now"
    count = f"{more if every > len(failed) else f'{len(failed)} of {total} servers failed'}, {others}"
    groups = _most(list(_of_servers(report, failed, places)))
    return Notice(
        Event.SERVER_FAILED,
        Severity.BAD,
        f"{_title(report)}: {count}",
        _asked_by(report),
        groups,
        RESUME,
        _links(report, places),
    )


def approval(report: Report, server: str, people: Sequence[str], places: Places) -> Notice:
    """Somebody has to say yes or no: to the plan, or to the part of one server that was planned again."""
    what = f"{server}, planned again," if server else f"a plan for {_servers(len(report.servers))}"
    who = f"One of these may answer: {', '.join(people)}." if people else "Whoever may start such a run may answer."
    return Notice(
        Event.APPROVAL_WAITING,
        Severity.ATTENTION,
        f"{_title(report)}: {what} waits for an approval",
        f"{_asked_by(report)} {who}".strip(),
        (),
        "Read what is asked and answer it in Airflow, under Required Actions. No answer in time means no.",
        (Link("Answer it", f"{report.url}/required_actions"), *_links(report, places)),
    )


def held(report: Report, hold: Hold, places: Places) -> Notice:
    """The run waits, because somebody holds its site."""
    return Notice(
        Event.HOLD_SET,
        Severity.ATTENTION,
        f"{_title(report)}: waits, {hold}",
        "What was begun goes on to the end of its row; no further row begins.",
        (),
        f"Ask {LIFTED_BY}",
        _links(report, places),
    )


def _title(report: Report) -> str:
    """What was asked for, with the site, whatever the report knows of it."""
    known = not report.site or f"site {report.site}" in report.title
    return report.title if known else f"{report.title}, site {report.site}"


def _asked_by(report: Report) -> str:
    return f"Asked for by {report.started_by}." if report.started_by else ""


def _problems(report: Report) -> Iterator[Group]:
    """Why nothing was begun: what a plan was refused for, else what ended the run before any server's own row."""
    for problem in report.problems:
        yield Group(f"{problem.subject}: {problem.what}", advice=problem.advice)
    if not any(server.open_cause for server in report.servers):
        for cause in report.causes:
            if not cause.mended and cause.row != "finish":
                yield Group(_heading(cause, ""), evidence=first_line(cause.what), advice=_advice(cause))


def _of_servers(report: Report, failed: Sequence[Server], places: Places) -> Iterator[Group]:
    """One group for each row and cause, the largest first."""
    found: dict[tuple[str, str], list[tuple[Server, Cause]]] = defaultdict(list)
    for server in failed:
        if (cause := server.open_cause) is not None:
            found[cause.row, cause.code].append((server, cause))
    for alike in sorted(found.values(), key=len, reverse=True):
        server, cause = alike[0]
        yield Group(
            _heading(cause, f"{_servers(len(alike))} failed "),
            tuple(Link(one.name, places.devices.get(one.name, "")) for one, _ in alike),
            f"{server.name}: {first_line(without(cause.what, server.subject))}",
            _advice(cause),
            _task(report, server, cause),
        )


def _servers(count: int) -> str:
    return f"{count} server{'' if count == 1 else 's'}"


def _heading(cause: Cause, who: str) -> str:
    known = CAUSES.get(cause.code)
    return f"{who}at {cause.row}: {known.title if known else 'see below'} [{cause.code}]"


def _advice(cause: Cause) -> str:
    known = CAUSES.get(cause.code)
    return cause.advice or (known.action if known else "")


def _task(report: Report, server: Server, cause: Cause) -> Link | None:
    """The server's task in Airflow: mapped indexes are in the plan's order, as the report's servers are."""
    if not report.url or cause.row not in {row.name for row in server.rows}:
        return None
    index = [one.name for one in report.servers].index(server.name)
    return Link(f"Task {cause.row} of {server.name}", f"{report.url}/tasks/{cause.row}/mapped/{index}")


def _most(groups: Sequence[Group]) -> tuple[Group, ...]:
    if len(groups) <= MOST:
        return tuple(groups)
    return (*groups[: MOST - 1], Group(f"{len(groups) - MOST + 1} more, in the report"))


def _links(report: Report, places: Places) -> tuple[Link, ...]:
    every = (Link("Racks page", places.racks), Link("Run", report.url), Link("Report", report.link))
    return tuple(link for link in every if link.url)
