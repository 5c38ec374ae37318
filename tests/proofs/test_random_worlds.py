"""Ten thousand random worlds over fakes, other ones each time. `--hypothesis-seed=0` plays the same ones again."""

from __future__ import annotations

import sys

import pytest

from tests.unit.flow.chance.many import played, too_pale

PARTS, EACH = 10, 1000


@pytest.mark.parametrize("part", range(1, PARTS + 1), ids="part-{}".format)
def test_in_no_world_is_done_what_must_never_be(part: int, capsys: pytest.CaptureFixture[str]) -> None:
    reached = played(EACH, repeatable=False)
    with capsys.disabled():
        told = ", ".join(f"{count} {what}" for what, count in sorted(reached.items()))
        sys.stdout.write(f"\nof {reached['worlds']} worlds: {told}\n")
    assert reached["worlds"] >= EACH
    assert not too_pale(reached)
