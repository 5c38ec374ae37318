"""Audit checks, one a file; a check's name is its file's name. Each is pure over the facts of a site (`domain.facts`)."""

from __future__ import annotations

from turnup.checks.kind import Check
from turnup.discovery import discover, folder_of

CHECKS = discover(__name__, folder_of(__file__), "CHECK", Check)
"""{name: check}, from the files of this folder."""
