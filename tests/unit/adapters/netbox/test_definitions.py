"""What is wrong in inventory/netbox/ is said at once, before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from turnup.adapters.netbox import ensure
from turnup.adapters.netbox.definitions import KINDS, read_definitions
from turnup.domain.errors import Refused


def test_the_projects_own_definitions_are_valid_and_begin_with_turnup() -> None:
    ours = [one for one in read_definitions() if one.kind.ours]
    assert {one.key for one in ours} >= {
        "turnup_claim",
        "turnup_cause",
        "turnup_bmc_certificate",
        "turnup-hold",
        "turnup-unwiped",
    }
    assert all(one.key.startswith(("turnup_", "turnup-")) for one in ours)


def test_all_mistakes_are_listed_at_once(tmp_path: Path) -> None:
    (tmp_path / "tags.yaml").write_text(
        "- {name: a, slug: a, colour: f44336}\n- {slug: b}\n- {name: c, slug: c}\n- {name: c, slug: c}\n"
    )
    (tmp_path / "custom_fields.yaml").write_text("- {name: x, type: text, object_types: [1], ui_editable: no}\n")
    (tmp_path / "prefix_roles.yaml").write_text("name: a")
    (tmp_path / "webhook.yaml").write_text("[]")
    with pytest.raises(Refused) as raised:
        read_definitions(tmp_path)
    told = str(raised.value)
    for part in (
        "tags.yaml, a: has an unknown field 'colour'; did you mean 'color'?",
        "tags.yaml, b: lacks 'name'.",
        "tags.yaml, c: is there twice",
        "custom_fields.yaml, x: has something else than text in 'object_types'.",
        "custom_fields.yaml, x: has 'ui_editable' as bool, which has to be str. YAML reads a bare yes or no",
        "prefix_roles.yaml: has to be a list",
        "webhook.yaml: is no kind that turnup knows",
        "7 mistake(s)",
    ):
        assert part in told


@pytest.mark.parametrize("text", ["- [", "- {a: b: c}"])
def test_a_file_that_is_not_yaml_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "tags.yaml").write_text(text)
    with pytest.raises(Refused, match=r"tags\.yaml: is not YAML"):
        read_definitions(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="no folder"):
        read_definitions(tmp_path / "none")


def test_every_kind_is_told_apart_by_a_field_that_it_requires() -> None:
    assert all(kind.key in kind.required for kind in KINDS)


def test_the_command_wants_its_token_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NETBOX_TOKEN", raising=False)
    assert ensure.main(["ensure", "--url", "http://127.0.0.1:1"]) == 1
    assert "NETBOX_TOKEN" in capsys.readouterr().err
