"""Erases the drives of one order side by side, in a process of its own that no lost connection ends."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from turnup.erasure import states
from turnup.erasure.agent.machine import Machine
from turnup.erasure.agent.work import ENDED, FINAL, NOT_BEGUN, RUNNING, WAITING, Work
from turnup.erasure.methods import METHODS
from turnup.erasure.orders import Order
from turnup.erasure.states import Folder

INTERRUPTED = "interrupted"
_STOP = "stop"
_STARTS_WITHIN = 15.0  # seconds until the states of all drives are there


def start(order: Order, machine: Machine, folder: Folder) -> bool:
    """The drives of the order are being erased; False where that could not be begun. Those that ended well before stay so."""
    if not states.detach():
        return _until(lambda: len(list(_states(folder.order(order.sha256)))) == len(order.drives))
    try:
        with folder.hold() as free:
            if free:
                erase(order, machine, folder)
    finally:
        os._exit(0)  # nothing of the program that started it runs on here


def erase(order: Order, machine: Machine, folder: Folder) -> None:
    """Every drive of the order has a final state."""
    place = folder.order(order.sha256)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    (place / _STOP).unlink(missing_ok=True)
    here = {seen.drive.identity: seen.drive for seen in machine.drives()}
    todo = []
    for number, ordered in enumerate(order.drives):
        file = place / f"{number}.json"
        known = states.read(file)
        if isinstance(known, dict) and known.get("state") == ENDED:
            continue
        todo.append(Work(order, ordered, here[ordered.identity], METHODS[ordered.method], machine, file))
        todo[-1].say(state=WAITING)

    def one(work: Work) -> None:
        if (place / _STOP).exists():
            work.end(NOT_BEGUN, "stopped before it began")
        else:
            work.run()

    with ThreadPoolExecutor(max_workers=order.at_once) as pool:
        list(pool.map(one, todo))


def stop(folder: Folder) -> dict[str, Any]:
    """No drive that was not begun will be; answers the status, which names those that were."""
    for sha256 in folder.orders():
        (folder.order(sha256) / _STOP).touch()
    return status(folder)


def status(folder: Folder) -> dict[str, Any]:
    """Every order since the server started, newest first. What nobody works on any more and has no end was interrupted."""
    works = folder.works()
    return {"working": works, "orders": [_order(folder, sha256, works) for sha256 in reversed(folder.orders())]}


def _order(folder: Folder, sha256: str, works: bool) -> dict[str, Any]:
    place = folder.order(sha256)
    found = [_as_it_is(one, works) for one in _states(place)]
    left = [one["seconds_left"] for one in found if one["state"] == RUNNING]
    return {
        "order": sha256,
        "drives": found,
        "ended": bool(found) and all(one["state"] in (*FINAL, INTERRUPTED) for one in found),
        "permille": sum(one["permille"] for one in found) // len(found) if found else 0,
        "seconds_left": max(left) if left and None not in left else None,
        "stopped": (place / _STOP).exists(),
    }


def _as_it_is(document: Mapping[str, Any], works: bool) -> dict[str, Any]:
    if document["state"] in FINAL or works:
        return dict(document)
    why = "the agent ended before it was done" if document["begun"] else "the agent ended before it began"
    return {**document, "state": INTERRUPTED if document["begun"] else NOT_BEGUN, "why": why, "seconds_left": None}


def _states(place: Path) -> Iterator[dict[str, Any]]:
    if place.is_dir():
        for file in sorted(place.glob("[0-9]*.json"), key=lambda one: int(one.stem)):
            document = states.read(file)
            if isinstance(document, dict):
                yield document


def _until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + _STARTS_WITHIN
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
