"""Every cause has a code, every code a meaning: in the code, in the table and on the page."""

from __future__ import annotations

import ast
import importlib
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from turnup.domain import causes
from turnup.domain.causes import CAUSES
from turnup.domain.errors import (
    KINDS,
    Conflict,
    HardwareFault,
    Refused,
    Transient,
    TurnupError,
    about,
    as_document,
    from_document,
    with_more,
)

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "plugins/turnup"
TABLE = PACKAGE / "domain/causes.py"
FLOW = sorted((PACKAGE / "flow").rglob("*.py"))
OTHERS = sorted(path for room in ("adapters", "orchestration") for path in (PACKAGE / room).rglob("[!_]*.py"))


def raised(path: Path) -> Iterator[tuple[ast.Call, type[TurnupError]]]:
    """Every error that a module constructs."""
    names = vars(importlib.import_module(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)))
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            kind = names.get(node.func.id)
            if isinstance(kind, type) and issubclass(kind, TurnupError):
                yield node, kind


def code_of(call: ast.Call) -> str | None:
    value = next((keyword.value for keyword in call.keywords if keyword.arg == "cause"), None)
    return value.value if isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def used() -> Iterator[str]:
    """Every code that is written anywhere in the package. An empty one empties NetBox's field of that name: no code."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.keyword)
                and node.arg == "cause"
                and isinstance(node.value, ast.Constant)
                and node.value.value
            ):
                yield str(node.value.value)
            elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Constant):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(isinstance(target, ast.Name) and target.id == "usual" for target in targets):
                    yield str(node.value.value)


@pytest.mark.parametrize("path", FLOW, ids=lambda path: path.stem)
def test_every_error_of_the_flow_names_its_cause_and_is_of_that_cause_s_kind(path: Path) -> None:
    for call, kind in raised(path):
        code = code_of(call) or vars(kind).get("usual" if kind not in KINDS else "")
        assert code in CAUSES, f"{path}:{call.lineno} names {code!r} as its cause; causes.py has no such code"
        assert issubclass(kind, CAUSES[code].kind), f"{path}:{call.lineno}: {code} is a {CAUSES[code].kind.__name__}"


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: "/".join(path.relative_to(PACKAGE).parts))
def test_an_error_that_names_a_cause_is_of_that_cause_s_kind(path: Path) -> None:
    for call, kind in raised(path):
        code = code_of(call)
        if code in CAUSES:
            assert issubclass(kind, CAUSES[code].kind), f"{path}:{call.lineno}: {code} is a {CAUSES[code].kind.__name__}"


def test_every_code_that_is_used_is_in_the_table_and_every_one_in_the_table_is_used() -> None:
    assert set(used()) == set(CAUSES)


def test_codes_are_unique_kebab_case_and_explained() -> None:
    listed = [cause for area in causes.AREAS.values() for cause in area]
    assert len(listed) == len(CAUSES)
    for cause in listed:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", cause.code)
        assert len(cause.code) <= 30
        assert not cause.title.endswith(".")
        assert cause.why.endswith(".")
        assert cause.action.endswith((".", "`"))


def test_the_page_of_causes_is_the_table() -> None:
    written = runpy.run_path(str(ROOT / "docs/write_causes.py"))["page"]()
    assert (ROOT / "docs/causes.md").read_text() == written, "run: PYTHONPATH=plugins python docs/write_causes.py"


@pytest.mark.parametrize("kind", [Transient, Refused, Conflict, HardwareFault])
def test_an_error_keeps_kind_and_cause_wherever_it_is_handed_on(kind: type[TurnupError]) -> None:
    error = kind("It is broken.", "mend it.", cause="bmc-silent")
    for again in (about("s1", error), with_more(error, "Badly."), from_document(as_document(error))):
        assert type(again) is kind
        assert (again.advice, again.cause) == ("mend it.", "bmc-silent")


def test_a_message_ends_with_the_code_of_its_cause() -> None:
    assert str(HardwareFault("It is broken.", "mend it.", cause="bmc-silent")) == "It is broken. Next: mend it. [bmc-silent]"
    assert str(Transient("It is away.")) == "It is away. [service-unavailable]"
