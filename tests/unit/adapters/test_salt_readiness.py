"""What a Salt account may not do is said at once, by Salt's own rules for external_auth."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from turnup.adapters.salt_readiness import HARMLESS, NEEDED, make_sure, not_allowed
from turnup.domain.errors import Refused

ROOT = Path(__file__).parents[3]
EVERYTHING: list[Any] = [".*", "@wheel", "@runner"]
JUST_ENOUGH: list[Any] = [
    {"*": ["test.ping", "state.sls", r"turnup_burnin\..*"]},
    {"@wheel": ["key.print", "key.accept_dict", "key.delete_dict", "key.list_all", "key.reject_dict"]},
    {"@runner": ["jobs.list_job"]},
]


@dataclass
class FakeSession:
    """A salt-api session that grants what a test says."""

    granted: list[object]
    username: str = "turnup"
    asked: list[Mapping[str, object]] = field(default_factory=list)

    def permissions(self) -> list[object]:
        return self.granted

    def call(self, low: Mapping[str, object]) -> object:
        self.asked.append(low)
        return {}

    def events(self) -> io.BytesIO:
        return io.BytesIO()


def lacking(granted: list[Any]) -> list[str]:
    return list(not_allowed(granted))


@pytest.mark.parametrize("granted", [EVERYTHING, JUST_ENOUGH, ["@wheels", "@runners", "test", "state", "turnup_burnin"]])
def test_an_account_that_may_do_it_lacks_nothing(granted: list[Any]) -> None:
    assert lacking(granted) == []


def test_everything_that_is_missing_is_named_with_its_client() -> None:
    granted = [{"n*": ["test.ping"]}, {"@wheel": ["key.print"]}]
    assert lacking(granted) == [
        "state.sls",
        "turnup_burnin.run",
        "key.accept_dict (wheel)",
        "key.delete_dict (wheel)",
        "key.list_all (wheel)",
        "key.reject_dict (wheel)",
        "jobs.list_job (runner)",
    ]


def test_minions_functions_grant_no_wheel_and_the_other_way_round() -> None:
    assert lacking([".*"]) == [
        "key.print (wheel)",
        "key.accept_dict (wheel)",
        "key.delete_dict (wheel)",
        "key.list_all (wheel)",
        "key.reject_dict (wheel)",
        "jobs.list_job (runner)",
    ]
    assert lacking(["@wheel", "@runner"]) == list(NEEDED["local"])


def test_a_module_may_be_granted_by_name_and_a_function_with_conditions_on_its_arguments() -> None:
    granted = [{"*": [{"state.sls": {"args": ["common"]}}, "test.ping", "turnup_burnin"]}, "@key", {"@jobs": ["list_.*"]}]
    assert lacking(granted) == []


def test_a_pattern_that_is_none_grants_nothing() -> None:
    assert "state.sls" in lacking([{"*": ["("]}])


def test_an_account_that_lacks_something_is_refused_before_it_calls_anything() -> None:
    session: Any = FakeSession([{"*": ["test.ping"]}])
    with pytest.raises(Refused, match=r"turnup gets in, but may not call state\.sls, .*jobs\.list_job \(runner\)"):
        make_sure(session)
    assert session.asked == []


@pytest.mark.parametrize("granted", [JUST_ENOUGH, []], ids=["told", "not told"])
def test_every_client_is_tried_with_a_call_that_reaches_no_minion(granted: list[object]) -> None:
    session: Any = FakeSession(granted)
    assert "may call all that turnup calls" in make_sure(session)
    assert session.asked == list(HARMLESS)


def test_the_list_of_functions_is_that_of_the_code_and_of_the_readme() -> None:
    modules = "|".join({function.split(".")[0] for functions in NEEDED.values() for function in functions} | {"saltutil", "cmd"})
    code = [path for room in ("adapters", "flow") for path in (ROOT / "plugins/turnup" / room).rglob("*.py")]
    called = {
        name
        for path in code
        if path.name != "salt_readiness.py"
        for name in re.findall(rf'"((?:{modules})\.[a-z_]+)"', path.read_text())
    }
    assert called == {function for functions in NEEDED.values() for function in functions}
    readme = (ROOT / "README.md").read_text()
    assert [function for function in sorted(called) if f"`{function}`" not in readme] == []
