"""Writes docs/causes.md from the table in turnup/domain/causes.py: `PYTHONPATH=plugins python docs/write_causes.py`."""

from __future__ import annotations

from pathlib import Path

from turnup.domain.causes import AREAS, Cause
from turnup.domain.errors import Conflict, HardwareFault, Refused, Transient, TurnupError

HEAD = """\
# Causes

Every message of turnup ends with a code in brackets, such as `[bmc-silent]`: in a task's log in Airflow, in the device's journal
and in its field `turnup_cause` in NetBox. Search this page for the code. **Next** is what to do; the message has names, addresses
and figures.

*Clear the task* means: in Airflow's grid, the failed task of that server, *Clear*, with *downstream*. That is always safe: it
makes sure of claim, addresses and DHCP again and goes on where it stopped. One server's failure stops that server alone.

| who acts | said of |
|---|---|
| nobody at first | *passing*: tried again with growing pauses; it is named when it did not pass |
| whoever asked | *refused*: the input or the state of things does not allow it; *overtaken*: somebody was faster or facts moved |
| a technician | *at the machine*: somebody has to go there |

<!-- Written by `PYTHONPATH=plugins python docs/write_causes.py` from plugins/turnup/domain/causes.py. -->
"""

KINDS = {
    Transient: "passing",
    Refused: "refused",
    Conflict: "overtaken",
    HardwareFault: "at the machine",
    TurnupError: "a defect",
}


def page() -> str:
    """The page; a test compares it with the file."""
    parts = [HEAD]
    for area, causes in AREAS.items():
        parts.append(f"\n## {area}\n")
        parts += [_entry(cause) for cause in causes]
    return "".join(parts)


def _entry(cause: Cause) -> str:
    return f"\n### `{cause.code}`: {cause.title}\n\n*{KINDS[cause.kind].capitalize()}.* {cause.why}\n\n**Next:** {cause.action}\n"


if __name__ == "__main__":
    Path(__file__).with_name("causes.md").write_text(page())
