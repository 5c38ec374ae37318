"""What a `state.sls` run returned, judged. Salt answers {state tag: {...}} or, where it could not even begin, a list of texts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from turnup.domain.plain_text import plain
from turnup.domain.salt_changes import in_words


@dataclass(frozen=True)
class FailedState:
    """One state that failed: its id, its function (`file.managed`) and Salt's reason."""

    id: str
    function: str
    reason: str


@dataclass(frozen=True)
class ChangedState:
    """One state that changed something (or would): its id, its function, Salt's comment, and what, without any contents."""

    id: str
    function: str
    comment: str
    changes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {"id": self.id, "function": self.function, "comment": self.comment, "changes": list(self.changes)}


@dataclass(frozen=True)
class StateRun:
    """How many states there were, those that changed something (or would), and those that failed."""

    count: int
    changes: tuple[ChangedState, ...]
    failed: tuple[FailedState, ...]

    @property
    def changed(self) -> tuple[str, ...]:
        """The ids of the states that changed something."""
        return tuple(state.id for state in self.changes)


def judge(returned: object) -> StateRun:
    """Read a run's return. Anything that is no state run is a failure with that text as its reason."""
    if not isinstance(returned, Mapping) or not returned:
        texts = returned if returned and isinstance(returned, list) else [returned or "Salt returned nothing"]
        return StateRun(0, (), tuple(FailedState("rendering", "state.sls", str(text)) for text in texts))
    changes: list[ChangedState] = []
    failed: list[FailedState] = []
    for tag, state in sorted(returned.items(), key=_run_number):
        # A tag is `file_|-the id_|-the name_|-managed`.
        parts = str(tag).split("_|-")
        function = f"{parts[0]}.{parts[-1]}"
        if not isinstance(state, Mapping):
            failed.append(FailedState(str(tag), function, str(state)))
            continue
        identifier = str(state.get("__id__", parts[1] if len(parts) > 1 else tag))
        if state.get("result") is False or "result" not in state:
            failed.append(FailedState(identifier, function, str(state.get("comment", "")).strip()))
        elif state.get("changes") or state.get("result") is None:
            changes.append(ChangedState(identifier, function, _comment(function, state), in_words(state.get("changes"))))
    return StateRun(len(returned), tuple(changes), tuple(failed))


def _comment(function: str, state: Mapping[str, Any]) -> str:
    """Salt's comment on one line; none of a command, which repeats the command line and whatever is in it."""
    return "" if function.startswith("cmd.") else plain(str(state.get("comment") or ""))


def _run_number(item: tuple[object, object]) -> int:
    state = item[1]
    number = state.get("__run_num__", 0) if isinstance(state, Mapping) else 0
    return number if isinstance(number, int) else 0
