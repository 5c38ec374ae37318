"""Burn-in: one test a file. A test is a command that runs on the server, and a pure reader of what it prints.

A test's name, used in `inventory/hardware/*.yaml`, is its file's name.
"""

from __future__ import annotations

from turnup.burnin.kind import Test
from turnup.discovery import discover, folder_of

TESTS = discover(__name__, folder_of(__file__), "TEST", Test)
"""{name: test}, from the files of this folder."""
