"""States: one worker at a time, and whoever asks keeps nobody from working."""

from __future__ import annotations

from pathlib import Path

from turnup.erasure import states
from turnup.erasure.states import Folder


def test_nobody_works_until_somebody_does_and_then_nobody_else(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "states")
    assert not folder.works()
    with folder.hold() as free:
        assert free
        assert folder.works()
        with Folder(folder.path).hold() as again:
            assert not again
    assert not folder.works()


def test_a_state_is_read_back_and_what_cannot_be_read_is_none(tmp_path: Path) -> None:
    file = tmp_path / "0.json"
    assert states.read(file) is None
    states.write(file, {"state": "running"})
    assert states.read(file) == {"state": "running"}
    file.write_text('{"state": ')
    assert states.read(file) is None


def test_orders_are_known_in_the_order_in_which_they_began(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for name in ("b", "a"):
        folder.order(name).mkdir()
    assert set(folder.orders()) == {"a", "b"}
    assert Folder(tmp_path / "none").orders() == []
