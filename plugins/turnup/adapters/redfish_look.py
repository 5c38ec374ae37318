"""Thousands of BMCs looked at at once: certificate, serial number, power, health. For audits; steps use `redfish`.

Each connection shows its certificate first. Only over one that shows exactly the certificate on record is a password sent, and
only on that connection: the handshake has proven that whoever shows it has its key. A login that is refused is not tried again,
so no account is locked.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import h11

from turnup.domain.facts import BmcSeen
from turnup.sources import BmcTarget

AT_ONCE = 128
LONGEST_ANSWER = 1 << 20  # bytes
REFUSED = {401, 403}
SYSTEMS = "/redfish/v1/Systems"


@dataclass(frozen=True)
class Login:
    """An account of a BMC."""

    name: str
    password: str

    @property
    def header(self) -> str:
        """As HTTP's basic authentication has it."""
        return "Basic " + base64.b64encode(f"{self.name}:{self.password}".encode()).decode()


class RedfishBmcs:
    """The Bmcs port. `timeout` in seconds holds for each BMC's every answer; `factory` is the login that none should take."""

    def __init__(self, port: int, login: Login, factory: Login | None = None, timeout: float = 10.0) -> None:
        self._port = port
        self._login = login
        self._factory = factory if factory != login else None
        self._timeout = timeout

    def look(self, targets: Sequence[BmcTarget], seconds: float) -> Mapping[int, BmcSeen]:
        """All of them, so many at once, for so long at most."""
        return asyncio.run(self._all(targets, seconds))

    async def _all(self, targets: Sequence[BmcTarget], seconds: float) -> Mapping[int, BmcSeen]:
        found: dict[int, BmcSeen] = {}
        waiting = iter(targets)
        context = _context()

        async def worker() -> None:
            for target in waiting:
                found[target.device_id] = await self._one(target, context)

        workers = [asyncio.create_task(worker()) for _ in range(min(AT_ONCE, len(targets)))]
        if workers:
            _, late = await asyncio.wait(workers, timeout=seconds)
            for one in late:
                one.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        return found

    async def _one(self, target: BmcTarget, context: ssl.SSLContext) -> BmcSeen:
        connection = _Connection(target, self._port, context, self._timeout)
        try:
            seen = BmcSeen(certificate=await connection.certificate())
        except (OSError, TimeoutError, asyncio.IncompleteReadError) as error:
            return BmcSeen(trouble=f"it does not answer on port {self._port} ({_told(error)})")
        try:
            if seen.certificate != target.certificate:
                return seen
            seen = await self._ask(connection, seen)
            if self._factory is not None:
                status, _ = await connection.get(SYSTEMS, self._factory)
                seen = replace(seen, factory=True if status == 200 else False if status in REFUSED else None)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, h11.RemoteProtocolError, ValueError, LookupError) as error:
            return replace(seen, trouble=seen.trouble or f"it broke off or answered no Redfish ({_told(error)})")
        finally:
            connection.close()
        return seen

    async def _ask(self, connection: _Connection, seen: BmcSeen) -> BmcSeen:
        """Its one system: two requests."""
        status, systems = await connection.get(SYSTEMS, self._login)
        if status in REFUSED:
            return replace(seen, login=False)
        members = systems["Members"] if status == 200 else []
        if len(members) != 1:
            return replace(seen, trouble=f"it answered HTTP {status} and names {len(members)} systems, not one")
        status, system = await connection.get(str(members[0]["@odata.id"]), self._login)
        if status != 200:
            return replace(seen, trouble=f"it answered HTTP {status} when asked for its system")
        told = system.get("Status") or {}
        health = told.get("HealthRollup") or told.get("Health")
        serial, power = system.get("SerialNumber"), system.get("PowerState")
        return replace(
            seen,
            login=True,
            serial=str(serial).strip() if serial else None,
            power=str(power) if power else None,
            health=str(health) if health else None,
        )


class _Connection:
    """HTTP over TLS to one BMC. Made anew, and looked at anew, where the BMC ends it after each answer."""

    def __init__(self, target: BmcTarget, port: int, context: ssl.SSLContext, timeout: float) -> None:
        self._target = target
        self._port = port
        self._context = context
        self._timeout = timeout
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._http = h11.Connection(h11.CLIENT)

    async def certificate(self) -> str:
        """SHA-256 (hex) of what it shows on a new connection."""
        self.close()
        async with asyncio.timeout(self._timeout):
            self._streams = await asyncio.open_connection(
                self._target.address, self._port, ssl=self._context, limit=LONGEST_ANSWER
            )
        self._http = h11.Connection(h11.CLIENT)
        tls = self._streams[1].get_extra_info("ssl_object")
        shown = tls.getpeercert(binary_form=True) if tls else None
        return hashlib.sha256(shown or b"").hexdigest()

    async def get(self, path: str, login: Login) -> tuple[int, Any]:
        """(status, JSON). OSError: a new connection shows another certificate than the one on record; nothing was sent."""
        if (
            self._streams is None or self._http.our_state is not h11.IDLE
        ) and await self.certificate() != self._target.certificate:
            raise OSError("it shows another certificate now")
        async with asyncio.timeout(self._timeout):
            return await self._exchange(path, login)

    async def _exchange(self, path: str, login: Login) -> tuple[int, Any]:
        if self._streams is None:
            raise OSError("no connection")
        reader, writer = self._streams
        host = f"[{self._target.address}]" if ":" in self._target.address else self._target.address
        headers = [("Host", f"{host}:{self._port}"), ("Accept", "application/json"), ("Authorization", login.header)]
        writer.write(self._http.send(h11.Request(method="GET", target=path, headers=headers)) or b"")
        writer.write(self._http.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        status, body = 0, b""
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await reader.read(65536))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > LONGEST_ANSWER:
                    raise ValueError("it answers more than anybody asked for")
            elif isinstance(event, h11.EndOfMessage):
                break
            elif isinstance(event, h11.ConnectionClosed):
                raise ConnectionResetError("it broke off")
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        else:
            self.close()
        return status, json.loads(body) if status == 200 else {}

    def close(self) -> None:
        """End it at once."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


def _context() -> ssl.SSLContext:
    """Factory certificates are self-signed and expire: the fingerprint on record is what verifies them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _told(error: BaseException) -> str:
    return str(error) or ("no answer in time" if isinstance(error, TimeoutError) else type(error).__name__)
