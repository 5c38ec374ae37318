"""What a page sends: a JSON document of a known shape, measured while it arrives. 422 says everything that is wrong with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import HTTPException, Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

LONGEST = 64 * 1024
"""Bytes: some hundred servers' names and a reason."""

SECONDS_TO_SEND = 10.0
KIND = "application/json"


def sent[B: BaseModel](kind: type[B]) -> Callable[[Request], Awaitable[B]]:
    """A dependency that reads the body as this kind. It has to come after those that ask who sends it."""

    async def read(request: Request) -> B:
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != KIND:
            raise HTTPException(415, f"The body has to be {KIND}.")
        try:
            return kind.model_validate_json(await _body(request))
        except ValidationError as error:
            raise HTTPException(422, "; ".join(_sentences(error))) from None

    return read


async def _body(request: Request) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(SECONDS_TO_SEND):
            async for chunk in request.stream():
                body += chunk
                if len(body) > LONGEST:
                    raise HTTPException(413, f"The body has more than {LONGEST} bytes.")
    except (TimeoutError, ClientDisconnect):
        raise HTTPException(400, "The body did not arrive.") from None
    return bytes(body)


def _sentences(error: ValidationError) -> list[str]:
    """Which field is wrong, and how; never what it held."""
    return [
        f"{'.'.join(str(part) for part in one['loc']) or 'body'}: {one['msg']}"
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    ]
