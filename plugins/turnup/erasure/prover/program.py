"""`turnup-prove before ORDER | start ORDER | status`: JSON on standard output. ORDER is a file, or the signed order itself.

`before` remembers blocks (their SHA-256, never their content) of drives that are to be changed by their own command and not by
zeros: run it before the wipe. `start` reads back. Both work in the background. Exit codes: 0 done; 2 wrong words; 3 refused.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from turnup.erasure import canonical, orders, states
from turnup.erasure.canonical import NotCanonical
from turnup.erasure.drives import Unreadable
from turnup.erasure.orders import BadOrder
from turnup.erasure.prover import devices, work
from turnup.erasure.states import Folder

DONE, WRONG_WORDS, REFUSED = 0, 2, 3
STATES = Path("/run/turnup-prove")
_STARTS_WITHIN = 15.0  # seconds


def main(words: Sequence[str]) -> int:
    """What the words ask for; answers the exit code."""
    folder = Folder(STATES)
    match list(words):
        case ["status"]:
            return _print(status(folder))
        case [work.BEFORE | work.START as what, word]:
            return _begin(what, word, folder)
    print("turnup-prove before ORDER | start ORDER | status", file=sys.stderr)  # noqa: T201
    return WRONG_WORDS


def _begin(what: str, word: str, folder: Folder) -> int:
    """The reading goes on in the background. It needs no signature: it writes to nothing, and names the order by its hash."""
    try:
        order = orders.read(canonical.opened(orders.given(word), orders.KIND)[0])
        found = devices.present()
    except (OSError, NotCanonical, BadOrder, Unreadable) as error:
        _print({"refused": [f"this is no order that can be read, or a drive that cannot: {error}"]})
        return REFUSED
    place = folder.order(order.sha256)
    if folder.works():
        return _print({"started": False, "order": order.sha256, **status(folder)})
    for number, _ in work.wanted(what, order):
        work.file_of(place, what, number).unlink(missing_ok=True)
    if states.detach():
        try:
            with folder.hold() as free:
                if free:
                    work.read_all(what, order, place, found)
        finally:
            os._exit(0)  # nothing of the program that started it runs on here
    end = time.monotonic() + _STARTS_WITHIN
    while not all(work.file_of(place, what, number).exists() for number, _ in work.wanted(what, order)):
        if time.monotonic() > end:
            _print({"refused": ["the reading could not be begun"]})
            return REFUSED
        time.sleep(0.1)
    return _print({"started": True, "order": order.sha256, **status(folder)})


def status(folder: Folder) -> dict[str, Any]:
    """What was read for every order since the server started, newest first. What was interrupted has proven nothing."""
    works = folder.works()
    found = []
    for sha256 in reversed(folder.orders()):
        place = folder.order(sha256)
        before, after = (_states(place, what, works) for what in (work.BEFORE, work.START))
        left = any(one["state"] == work.RUNNING for one in (*before, *after))
        found.append({"order": sha256, "before": before, "after": after, "ended": not left})
    return {"working": works, "orders": found}


def _states(place: Path, what: str, works: bool) -> list[dict[str, Any]]:
    listed = [one for file in sorted(place.glob(f"{what}-*.json")) if isinstance(one := states.read(file), dict)]
    for one in listed:
        one.pop("blocks", None)
        if one["state"] == work.RUNNING and not works:
            one |= {"state": work.FAILED, "passed": False, "why": "the reading was interrupted"}
    return listed


def _print(document: dict[str, Any]) -> int:
    print(json.dumps(document, indent=1))  # noqa: T201
    return DONE
