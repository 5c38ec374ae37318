"""Finds what a folder offers: the module-level constant of that name in each of its modules, in sorted order.

So a burn-in test, a DHCP backend, a method of erasing or an audit check is added by adding its file. No import registers
anything. It runs on servers too, for the methods of erasing: in Python 3.11, also out of a zip file.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def discover(package: str, folder: str, constant: str, kind: type[T]) -> Mapping[str, T]:  # noqa: UP047 -- Python 3.11
    """{module name: its constant}, for the modules in the package's folder that have one of that kind."""
    found: dict[str, T] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules([folder])):
        value = getattr(importlib.import_module(f"{package}.{module}"), constant, None)
        if isinstance(value, kind):
            found[module] = value
    return found


def folder_of(file: str) -> str:
    """The folder a package's `__file__` lies in."""
    return str(Path(file).parent)
