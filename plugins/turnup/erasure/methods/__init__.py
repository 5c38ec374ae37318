"""Methods of erasing, one a file; a method's name, in orders and certificates, is its file's name."""

from __future__ import annotations

from turnup.discovery import discover, folder_of
from turnup.erasure.methods.kind import Method

METHODS = discover(__name__, folder_of(__file__), "METHOD", Method)
"""{name: method}, from the files of this folder."""
