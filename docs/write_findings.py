"""Writes docs/findings.md from the checks in turnup/checks: `PYTHONPATH=plugins python docs/write_findings.py`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from turnup.checks import CHECKS
from turnup.checks.kind import Check

HEAD = """\
# Findings

What an [audit](audits.md) looks for, one section a check; each finding in a report leads to its section. *Fix* means that the
audit offers a safe one: name the check in the run's *fix*, and it is done and can be undone.

<!-- Written by `PYTHONPATH=plugins python docs/write_findings.py` from plugins/turnup/checks. -->
"""


def page() -> str:
    """The page; a test compares it with the file."""
    parts = [HEAD]
    areas = list(dict.fromkeys(check.area for check in CHECKS.values()))
    for area, checks in groupby(sorted(CHECKS.items(), key=lambda one: areas.index(one[1].area)), key=lambda one: one[1].area):
        parts.append(f"\n## {area}\n")
        parts += [_section(name, check) for name, check in checks]
    return "".join(parts)


def _section(name: str, check: Check) -> str:
    needs = ", ".join(check.needs) or "nothing: it tells what was away"
    offers = " It offers a **fix**." if check.fixes else ""
    return (
        f"\n### {name}\n\n**{check.title}.** *{check.severity.capitalize()}.* {check.why}{offers}\n\n"
        f"**Next:** {check.advice}\n\n{check.steps}\n\nNeeds: {needs}.\n"
    )


if __name__ == "__main__":
    Path(__file__).with_name("findings.md").write_text(page())
