"""The two programs of the acceptance image: one file each, for a plain Python 3.11, with nothing else of turnup."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.unit.erasure.worlds import private_key
from turnup.erasure import payload, signing
from turnup.erasure.release import RELEASE

ROOT = Path(__file__).parents[3]
PUBLIC = signing.public_key_of(private_key()).encode()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("image")
    (folder / "key").write_bytes(PUBLIC)
    assert payload.main([str(folder / "key"), str(folder / "root")]) == 0
    return folder / "root"


def modules(program: Path) -> dict[str, ast.Module]:
    with zipfile.ZipFile(program) as archive:
        return {name: ast.parse(archive.read(name), feature_version=(3, 11)) for name in archive.namelist()}


def imported(tree: ast.Module) -> set[str]:
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return found | {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", [payload.WIPE, payload.PROVE])
def test_a_program_has_all_that_it_imports_and_needs_no_other_package(image: Path, path: str) -> None:
    inside = modules(image / path)
    here = {name.removesuffix(".py").replace("/", ".").removesuffix(".__init__") for name in inside}
    for name, tree in inside.items():
        for module in imported(tree):
            top = module.split(".")[0]
            assert top in sys.stdlib_module_names or module in here, f"{name} imports {module}"


def test_the_prover_shares_no_code_with_what_erases(image: Path) -> None:
    names = set(modules(image / payload.PROVE))
    assert not [name for name in names if "/agent/" in name or "/methods/" in name or "choice" in name]
    assert not [name for name in modules(image / payload.WIPE) if "/prover/" in name or name.endswith("proof.py")]


@pytest.mark.parametrize("path", [payload.WIPE, payload.PROVE])
def test_a_program_starts_under_a_plain_python(image: Path, path: str) -> None:
    done = subprocess.run(
        ["/usr/bin/python3", "-I", image / path, "nonsense"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "ORDER" in done.stderr


def test_on_a_machine_that_is_no_acceptance_image_the_agent_refuses(image: Path, tmp_path: Path) -> None:
    assert not Path("/etc/turnup-acceptance").exists()
    key = private_key()
    order = tmp_path / "order"
    order.write_bytes(signing.sign("turnup.wipe-order", {}, key))
    done = subprocess.run([image / payload.WIPE, "start", order], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "refused" in json.loads(done.stdout)


def test_the_same_sources_make_the_same_programs() -> None:
    assert payload.files(PUBLIC) == payload.files(PUBLIC)
    assert payload.files(PUBLIC)["etc/turnup-acceptance"] != payload.files(b"another key")["etc/turnup-acceptance"]
    assert tuple(payload.files(PUBLIC)) == payload.PATHS


def test_the_programs_say_the_release_of_the_project() -> None:
    assert f'version = "{RELEASE}"' in (ROOT / "pyproject.toml").read_text()
