"""The house's rules: imports run one way, Airflow loads one plugin file, every listed thing has its case file."""

from __future__ import annotations

import ast
import fnmatch
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "plugins/turnup"
LAYERS = {
    "domain": 0,
    "discovery": 0,
    "ports": 1,
    "burnin": 1,
    "checks": 1,
    "sources": 1,
    "erasure": 1,
    "flow": 2,
    "fakes": 2,
    "adapters": 2,
    "reporting": 3,
    "auditing": 3,
    "orchestration": 4,
    "web": 5,
}
"""A module may import from its own layer's room, and from rooms of a lower layer. Rooms of one layer do not know each other."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def room(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "turnup" and len(parts) > 1 else None


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", MODULES, ids=[str(path.relative_to(PACKAGE)) for path in MODULES])
def test_imports_run_one_way(path: Path) -> None:
    here = room(".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts))
    if here is None or here == "__init__":
        return
    for name in imports(path):
        there = room(name)
        if there is not None and there != here:
            assert LAYERS[there] < LAYERS[here], f"{here} imports {name}"


@pytest.mark.parametrize("path", sorted((PACKAGE / "domain").glob("*.py")), ids=lambda path: path.name)
def test_the_domain_needs_nothing_but_the_standard_library_and_netaddr(path: Path) -> None:
    allowed = set(sys.stdlib_module_names) - {"socket", "subprocess", "time", "os", "random", "secrets", "urllib", "http"}
    for name in imports(path):
        assert name.split(".")[0] in allowed | {"turnup", "netaddr"}, name


def test_airflow_scans_exactly_one_file() -> None:
    patterns = [line.strip("/") for line in (ROOT / "plugins/.airflowignore").read_text().split()]
    scanned = [
        path.relative_to(ROOT / "plugins")
        for path in (ROOT / "plugins").rglob("*.py")
        if not any(fnmatch.fnmatch(path.relative_to(ROOT / "plugins").parts[0], pattern) for pattern in patterns)
    ]
    assert [str(path) for path in scanned] == ["turnup_plugin.py"]


def test_every_burn_in_test_has_recorded_output() -> None:
    names = {path.stem for path in (PACKAGE / "burnin").glob("*.py")} - {"__init__", "kind"}
    recorded = {path.stem for path in (ROOT / "tests/recorded/burnin").iterdir()}
    assert names <= recorded, f"no recorded output in tests/recorded/burnin for: {names - recorded}"


def test_every_method_of_erasing_has_recorded_output() -> None:
    names = {path.stem for path in (PACKAGE / "erasure/methods").glob("*.py")} - {"__init__", "kind"}
    recorded = {path.name for path in (ROOT / "tests/recorded/erasure").iterdir() if path.is_dir()}
    assert names <= recorded, f"no recorded output in tests/recorded/erasure for: {names - recorded}"
