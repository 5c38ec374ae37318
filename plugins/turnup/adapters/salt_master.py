"""The Salt master asked about all of its minions at once, through salt-api, for audits."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from turnup.adapters.salt_api import MINION_ID, checked
from turnup.adapters.salt_transport import SaltSession
from turnup.domain.errors import Transient
from turnup.sources import Keys

AT_ONCE = 2500
"""Minions that are named in one call."""

PING = 5
"""Seconds that the master waits for answers, and once more for whether the silent ones still run."""


class SaltApiMaster:
    """The SaltMaster port. The session's timeout has to be longer than two pings of the master."""

    def __init__(self, session: SaltSession) -> None:
        self._session = session

    def keys(self) -> Keys:
        """One call, without the keys themselves."""
        found = self._wheel("key.list_all")
        if "minions" not in found:  # without any it is an empty list
            raise _failed("named no keys, not even none")
        accepted, waiting, rejected = (
            frozenset(found.get(name) or ()) for name in ("minions", "minions_pre", "minions_rejected")
        )
        return Keys(accepted, waiting, rejected)

    def answering(self, minion_ids: Collection[str]) -> frozenset[str]:
        """One call for a few thousand; an id that Salt could take for a pattern is not asked, and does not answer."""
        safe = sorted(one for one in minion_ids if MINION_ID.fullmatch(one))
        up: set[str] = set()
        for start in range(0, len(safe), AT_ONCE):
            up |= self._ping(safe[start : start + AT_ONCE])
        return frozenset(up)

    def reject_key(self, minion_id: str) -> None:
        """From accepted to rejected; rejected already is no error."""
        self._move("key.reject_dict", "minions", minion_id, include_accepted=True)
        if checked(minion_id) in self.keys().accepted:
            raise _failed(f"did not reject the key of {minion_id}")

    def accept_rejected_key(self, minion_id: str) -> None:
        """From rejected to accepted; accepted already is no error."""
        self._move("key.accept_dict", "minions_rejected", minion_id, include_rejected=True)
        if checked(minion_id) not in self.keys().accepted:
            raise _failed(f"did not accept the key of {minion_id}")

    def _ping(self, minion_ids: Sequence[str]) -> set[str]:
        low = {"client": "local", "fun": "test.ping", "timeout": PING, "gather_job_timeout": PING}
        answer = self._session.call({**low, "tgt": list(minion_ids), "tgt_type": "list"})
        if not isinstance(answer, dict):
            raise _failed("gave no answers to test.ping")
        return {name for name, said in answer.items() if said is True}

    def _move(self, function: str, state: str, minion_id: str, **include: bool) -> None:
        self._wheel(function, match={state: [checked(minion_id)]}, **include)

    def _wheel(self, function: str, **arguments: object) -> dict[str, Any]:
        answer = self._session.call({"client": "wheel", "fun": function, **arguments})
        data = answer.get("data") if isinstance(answer, dict) else None
        result = data.get("return") if isinstance(data, dict) and data.get("success") else None
        if not isinstance(result, dict):
            raise _failed(f"failed at {function}")
        return result


def _failed(what: str) -> Transient:
    return Transient(f"The Salt master {what}.", "Look into the Salt master's log.", cause="salt-unavailable")
