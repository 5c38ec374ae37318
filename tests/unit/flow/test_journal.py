"""Journal entries: Markdown in which names and causes stay text, with a link to the report."""

from __future__ import annotations

import pytest

from turnup.flow.job import Run
from turnup.flow.journal import entry

RUN = Run("server_install", "manual__2026", report="http://airflow/turnup/reports/server_install.manual__2026")


def test_an_entry_links_to_the_report() -> None:
    made = entry(7, RUN, "success", f"Installed by {RUN.claim}.")
    assert (made.device_id, made.kind) == (7, "success")
    assert made.comments == f"Installed by server_install/manual__2026. [Report]({RUN.report})"


def test_without_an_address_there_is_no_link() -> None:
    assert entry(7, Run("a", "b"), "info", "x").comments == "x"


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("<script>alert(1)</script>", "&lt;script>alert(1)&lt;/script>"),
        ("[here](http://evil)", r"\[here\](http://evil)"),
        ("a *b* `c` \\", r"a \*b\* \`c\` \\"),
        ("_x_ and turnup_cause", r"\_x\_ and turnup_cause"),
        ("__A__ manual__2026 a__ _", r"\_\_A\_\_ manual__2026 a\_\_ \_"),
        ("~~gone~~", "&#126;&#126;gone&#126;&#126;"),
        ("# a\n> b", "\\# a\n\\> b"),
        ("&amp;", "&amp;amp;"),
    ],
)
def test_what_names_and_causes_hold_is_shown_and_does_nothing(text: str, markdown: str) -> None:
    assert entry(7, Run("a", "b"), "info", text).comments == markdown
