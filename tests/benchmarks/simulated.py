"""A site of thousands of servers at its boundaries: BMCs over TLS, SSH greetings, salt-api, Kea's control agent; one process.

`python -m tests.benchmarks.simulated COUNT CERTIFICATE KEY` prints its ports as JSON and serves until its input ends. A BMC is
told by the address that it is asked at: 127.64.0.0/16 are BMCs, 127.32.0.0/16 the servers' NICs.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import Awaitable, Callable
from ipaddress import IPv4Address
from typing import Any
from urllib.parse import urlsplit

NIC_PREFIX, BMC_PREFIX = "127.32.0.0/16", "127.64.0.0/16"
NIC_SUBNET, BMC_SUBNET = 32, 64
DOMAIN = "fleet.turnup.example"
PATH = "/redfish/v1/Systems/1"
SEEN = 1_790_000_000  # seconds since 1970, when every lease was used last

type Reply = Callable[[str, Any, str], Any]


def address(prefix: str, number: int) -> str:
    """Server `number`'s address in the prefix: from 10 on."""
    return str(IPv4Address(prefix.split("/", maxsplit=1)[0]) + 10 + number)


def mac(number: int, port: int) -> str:
    """Of server `number`'s NIC (0) or BMC (1)."""
    return f"02:1c:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}:{port:02x}"


def name(number: int) -> str:
    """NetBox's name."""
    return f"fleet-n{number:05}"


def minion(number: int) -> str:
    """Its minion id."""
    return f"{name(number)}.{DOMAIN}"


def redfish(path: str, _body: Any, local: str) -> Any:
    """What the BMC at that address answers."""
    number = int(IPv4Address(local)) - int(IPv4Address(BMC_PREFIX.split("/", maxsplit=1)[0])) - 10
    if path == PATH:
        return {"SerialNumber": f"F{number:05}", "PowerState": "On", "Status": {"Health": "OK"}}
    return {"Members": [{"@odata.id": PATH}]}


def salt(count: int) -> Reply:
    """salt-api with an accepted key and a minion that answers for each server."""
    everyone = [minion(number) for number in range(1, count + 1)]

    def reply(path: str, body: Any, _: str) -> Any:
        if path.endswith("/login"):
            return {"return": [{"token": "t", "perms": [".*"]}]}
        low = body[0]
        if low["fun"] == "test.ping":
            return {"return": [dict.fromkeys(low["tgt"], True)]}
        return {
            "return": [{"data": {"success": True, "return": {"minions": everyone, "minions_pre": [], "minions_rejected": []}}}]
        }

    return reply


def kea(count: int) -> Reply:
    """The control agent: two subnets, a lease for each NIC."""
    subnets = [{"id": NIC_SUBNET, "subnet": NIC_PREFIX}, {"id": BMC_SUBNET, "subnet": BMC_PREFIX}]
    leases = [{"ip-address": address(NIC_PREFIX, one), "hw-address": mac(one, 0), "cltt": SEEN} for one in range(1, count + 1)]
    places = {lease["ip-address"]: index for index, lease in enumerate(leases, start=1)}

    def reply(_path: str, body: Any, _: str) -> Any:
        if body["command"] == "config-get":
            return [{"result": 0, "arguments": {"Dhcp4": {"subnet4": subnets}}}]
        asked = body["arguments"]
        first = places.get(asked["from"], 0)
        page = leases[first : first + asked["limit"]]
        return [{"result": 0 if page else 3, "arguments": {"leases": page}}]

    return reply


def http(reply: Reply) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """HTTP/1.1 as far as our clients speak it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        local = writer.get_extra_info("sockname")[0]
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                length = next((int(line.split(":")[1]) for line in head if line.lower().startswith("content-length:")), 0)
                body = json.loads(await reader.readexactly(length)) if length else None
                content = json.dumps(reply(urlsplit(head[0].split()[1]).path, body, local)).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(content) + content
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.transport.abort()

    return serve


async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """An SSH server's first words."""
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await writer.drain()
    writer.close()


async def main(count: int, certificate: str, key: str) -> None:
    """Serve."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    servers = {
        "bmc": await asyncio.start_server(http(redfish), "0.0.0.0", 0, ssl=context, backlog=1024),
        "ssh": await asyncio.start_server(greet, "0.0.0.0", 0, backlog=1024),
        "salt": await asyncio.start_server(http(salt(count)), "127.0.0.1", 0, ssl=context),
        "kea": await asyncio.start_server(http(kea(count)), "127.0.0.1", 0),
    }
    sys.stdout.write(json.dumps({what: server.sockets[0].getsockname()[1] for what, server in servers.items()}) + "\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
