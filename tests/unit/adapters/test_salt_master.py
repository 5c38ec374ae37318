"""The Salt master asked about all of its minions: by exact names, and by what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from turnup.adapters import salt_master
from turnup.adapters.salt_master import SaltApiMaster
from turnup.domain.errors import Refused, Transient
from turnup.sources import Keys


@dataclass
class FakeSession:
    """A salt-api session with these keys and minions."""

    keys: dict[str, list[str]] = field(default_factory=dict)
    up: set[str] = field(default_factory=set)
    obeys: bool = True
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def call(self, low: Mapping[str, Any]) -> Any:
        self.asked.append(low)
        if low["fun"] == "test.ping":
            return {name: True for name in low["tgt"] if name in self.up}
        if low["fun"] != "key.list_all" and self.obeys:
            ((state, names),) = low["match"].items()
            there = "minions_rejected" if low["fun"] == "key.reject_dict" else "minions"
            for name in names:
                if name in self.keys.get(state, []):
                    self.keys[state].remove(name)
                    self.keys.setdefault(there, []).append(name)
        return {"data": {"success": True, "return": dict(self.keys)}}


def master(session: FakeSession) -> SaltApiMaster:
    return SaltApiMaster(session)  # type: ignore[arg-type]


def test_every_key_is_known_by_its_state() -> None:
    session = FakeSession({"minions": ["a.x"], "minions_pre": ["b.x"], "minions_rejected": ["c.x"], "local": ["master.pem"]})
    assert master(session).keys() == Keys(frozenset({"a.x"}), frozenset({"b.x"}), frozenset({"c.x"}))


def test_an_answer_without_a_list_of_keys_is_no_master_without_keys() -> None:
    with pytest.raises(Transient):
        master(FakeSession({"local": ["master.pem"]})).keys()


def test_minions_are_named_one_by_one_in_few_calls_and_patterns_are_not_asked() -> None:
    names = [f"n{number}.x" for number in range(salt_master.AT_ONCE + 1)]
    session = FakeSession(up={"n1.x", "n2500.x"})
    assert master(session).answering([*names, "*", "a,b", "N[ab].x"]) == {"n1.x", "n2500.x"}
    assert [low["tgt_type"] for low in session.asked] == ["list", "list"]
    assert sorted(name for low in session.asked for name in low["tgt"]) == sorted(names)


def test_a_key_is_rejected_and_accepted_again_by_its_exact_name() -> None:
    session = FakeSession({"minions": ["a.x", "b.x"]})
    for _ in range(2):
        master(session).reject_key("a.x")
    assert session.keys == {"minions": ["b.x"], "minions_rejected": ["a.x"]}
    assert session.asked[0] == {
        "client": "wheel",
        "fun": "key.reject_dict",
        "match": {"minions": ["a.x"]},
        "include_accepted": True,
    }
    master(session).accept_rejected_key("a.x")
    assert set(session.keys["minions"]) == {"a.x", "b.x"}
    with pytest.raises(Refused):
        master(session).reject_key("*")


def test_a_master_that_does_not_obey_is_not_believed() -> None:
    session = FakeSession({"minions": ["a.x"]}, obeys=False)
    with pytest.raises(Transient, match="did not reject"):
        master(session).reject_key("a.x")
    with pytest.raises(Transient, match="did not accept"):
        master(session).accept_rejected_key("b.x")
