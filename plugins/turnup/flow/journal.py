"""What a run writes into a device's journal: one sentence that stays what it is under Markdown, and a link to the report."""

from __future__ import annotations

import re

from turnup.flow.job import Run
from turnup.ports import JournalEntry


def entry(device_id: int, run: Run, kind: str, text: str) -> JournalEntry:
    """A line in the journal. `text` is plain; what its names and causes hold is shown and does nothing."""
    link = f" [Report]({run.report})" if run.report else ""
    return JournalEntry(device_id, kind, f"{plain(text)}{link}")


def plain(text: str) -> str:
    """The text as Markdown that reads as the text. An underscore inside a word, as in a run's id, means nothing and stays."""
    text = text.replace("&", "&amp;").replace("<", "&lt;")
    text = re.sub(r"([\\`*\[\]])", r"\\\1", text)
    text = re.sub(r"(?:^|(?<=[^a-zA-Z0-9_]))_+|_+(?=[^a-zA-Z0-9_]|$)", lambda found: r"\_" * len(found.group()), text)
    text = re.sub(r"~(?=~)|(?<=~)~", "&#126;", text)
    return re.sub(r"^(\s{0,3})([#>=])", r"\1\\\2", text, flags=re.MULTILINE)
