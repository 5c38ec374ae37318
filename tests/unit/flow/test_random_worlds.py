"""Whatever happens: no wipe outside the seal, no release before proof or waiver, never too few, never without an approval.

These few worlds are the same each time; `./lab/prove worlds` plays ten thousand others.
"""

from __future__ import annotations

from tests.unit.flow.chance.many import played, too_pale


def test_in_no_world_is_done_what_must_never_be_and_most_come_to_a_wipe() -> None:
    reached = played(200, repeatable=True)
    assert reached["worlds"] >= 200
    assert not too_pale(reached, 0.6), reached
