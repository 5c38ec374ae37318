"""What people are told while they look elsewhere: one notice an event, as a value. Where it goes, a site's policy says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Event(StrEnum):
    """What a notice can be about, by the words of a site's file."""

    RUN_FINISHED = "run-finished"
    SERVER_FAILED = "server-failed"
    APPROVAL_WAITING = "approval-waiting"
    HOLD_SET = "hold-set"


class Severity(StrEnum):
    """How urgent it is, as the first word of a title."""

    GOOD = "OK"
    ATTENTION = "ATTENTION"
    BAD = "FAILED"


@dataclass(frozen=True)
class Link:
    """A text, and where it leads; `url` is empty where there is nothing to lead to."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Group:
    """Servers that failed for one cause, or one reason of a refusal: said once, however many there are.

    `what` is the heading, `evidence` what was found on the first of them, `advice` the next step, `task` the first one's task.
    """

    what: str
    servers: tuple[Link, ...] = ()
    evidence: str = ""
    advice: str = ""
    task: Link | None = None


@dataclass(frozen=True)
class Notice:
    """One message: `title` says how bad, where, what and how many; `next_step` what a person does now.

    Texts are data as they came from NetBox, BMCs and logs: who sends a notice escapes them for where it goes.
    """

    event: Event
    severity: Severity
    title: str
    text: str = ""
    groups: tuple[Group, ...] = ()
    next_step: str = ""
    links: tuple[Link, ...] = ()
