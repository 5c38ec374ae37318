"""Slow answers: a person has one at a time, others are not kept waiting, and nobody waits for ever."""

from __future__ import annotations

import asyncio
from threading import Event

import pytest
from fastapi import HTTPException

from turnup.domain.errors import Refused, Transient
from turnup.web.patience import Queue


async def begun(queue: Queue, person: str, held: Event) -> asyncio.Task[bool]:
    """Work that goes on until `held` is set."""
    started = Event()

    def work() -> bool:
        started.set()
        return held.wait(30)

    task = asyncio.create_task(queue.answer(person, work))
    await asyncio.to_thread(started.wait, 30)
    return task


def test_a_person_has_one_at_a_time_and_others_are_not_kept_waiting() -> None:
    async def story() -> None:
        queue, held = Queue(), Event()
        first = await begun(queue, "ann", held)
        with pytest.raises(HTTPException) as refused:
            await queue.answer("ann", lambda: "second")
        assert (refused.value.status_code, refused.value.headers) == (429, {"Retry-After": "2"})
        assert await queue.answer("bob", lambda: "bob's") == "bob's"
        held.set()
        assert await first
        assert await queue.answer("ann", lambda: "third") == "third"

    asyncio.run(story())


def test_after_a_while_nobody_waits_and_until_it_has_ended_the_person_starts_no_other() -> None:
    async def story() -> None:
        queue, held = Queue(seconds=0.05), Event()
        slow = await begun(queue, "ann", held)
        with pytest.raises(Transient, match="takes longer than"):
            await slow
        with pytest.raises(HTTPException):
            await queue.answer("ann", lambda: "second")
        held.set()

    asyncio.run(story())


def test_work_learns_that_nobody_waits_for_it_any_more() -> None:
    async def story() -> None:
        gave_up = Event()
        with pytest.raises(Transient):
            await Queue(seconds=0.05).answer("ann", lambda: gave_up.wait(30), gave_up)
        assert gave_up.is_set()

    asyncio.run(story())


def test_an_error_comes_out_and_the_next_one_is_taken() -> None:
    def refuse() -> str:
        raise Refused("no such rack")

    async def story() -> None:
        queue = Queue()
        with pytest.raises(Refused):
            await queue.answer("ann", refuse)
        assert await queue.answer("ann", lambda: "next") == "next"

    asyncio.run(story())
