"""Whether SSH servers answer, thousands at once: the greeting is read, nothing is sent, nobody logs in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

PORT = 22
AT_ONCE = 256
GREETING = b"SSH-"


class SshDoors:
    """The Doors port. `timeout` in seconds holds for each server."""

    def __init__(self, timeout: float = 5.0, port: int = PORT) -> None:
        self._timeout = timeout
        self._port = port

    def knock(self, addresses: Mapping[int, str], seconds: float) -> Mapping[int, bool]:
        """All of them, so many at once, for so long at most."""
        return asyncio.run(self._all(addresses, seconds))

    async def _all(self, addresses: Mapping[int, str], seconds: float) -> Mapping[int, bool]:
        found: dict[int, bool] = {}
        waiting = iter(addresses.items())

        async def worker() -> None:
            for key, address in waiting:
                found[key] = await self._greets(address)

        workers = [asyncio.create_task(worker()) for _ in range(min(AT_ONCE, len(addresses)))]
        if workers:
            _, late = await asyncio.wait(workers, timeout=seconds)
            for one in late:
                one.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return found

    async def _greets(self, address: str) -> bool:
        try:
            async with asyncio.timeout(self._timeout):
                reader, writer = await asyncio.open_connection(address, self._port)
                try:
                    return (await reader.readexactly(len(GREETING))) == GREETING
                finally:
                    writer.transport.abort()
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return False
