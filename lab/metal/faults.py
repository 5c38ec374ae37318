"""Faults: what `./lab/fault` can break on a server of the lab, one row a kind.

A fault is an empty file in the server's folder. Whatever it breaks looks there itself: the BMC each time it is asked, the
firmware and the metal at power-on.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from lab.datacenter import BY_NAME, Server
from lab.metal.folder import Folder

CLEAR = "clear"
AT_ONCE, AT_POWER_ON = "at once", "from the next power-on"


@dataclass(frozen=True)
class Fault:
    """One kind of misbehaviour."""

    kind: str
    does: str
    when: str


FAULTS = (
    Fault("bmc-serial", "the BMC reports another serial number than the server's label", AT_ONCE),
    Fault("bmc-dead", "the BMC answers nothing and asks for no address", AT_ONCE),
    Fault("dmi-serial", "the board carries another serial number: dmidecode on the server reports it", AT_POWER_ON),
    Fault("no-dhcp", "the NIC sends no DHCP request: the server does not boot", AT_POWER_ON),
    Fault("minion-silent", "the Salt minion is not started", AT_POWER_ON),
    Fault("ssh-dead", "the SSH server is not started", AT_POWER_ON),
    Fault("nonce-lost", "the kernel's arguments lack turnup.nonce", AT_POWER_ON),
    Fault("slow-cpu", "the processor runs at a fifth of its speed", AT_POWER_ON),
)
KINDS = {fault.kind: fault for fault in FAULTS}


def active(server: Server, kind: str) -> bool:
    """Whether this fault is on."""
    return (Folder(server).faults / KINDS[kind].kind).exists()


def of(server: Server) -> list[str]:
    """The faults that are on, by kind."""
    return [kind for kind in KINDS if active(server, kind)]


def put(server: Server, kind: str) -> None:
    """The fault is on."""
    folder = Folder(server)
    folder.make()
    (folder.faults / KINDS[kind].kind).touch()


def clear(server: Server) -> None:
    """No fault is on."""
    for kind in KINDS:
        (Folder(server).faults / kind).unlink(missing_ok=True)


def table() -> str:
    """Every kind, what it does and from when, as `--list` prints it."""
    return "\n".join(f"{fault.kind:<14} {fault.does} ({fault.when})" for fault in FAULTS)


def main(argv: Sequence[str]) -> int:
    """`./lab/fault SERVER KIND`, `./lab/fault SERVER clear`, `./lab/fault --list`; 2 for a name that does not exist."""
    parser = argparse.ArgumentParser(
        prog="./lab/fault",
        description="Makes one lab server misbehave. Without KIND: which faults it has now.",
        epilog=f"kinds:\n{table()}\n{CLEAR:<14} no fault any more",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--list", action="store_true", help="name the kinds, and the faults that are on")
    parser.add_argument("server", nargs="?", metavar="SERVER")
    parser.add_argument("kind", nargs="?", metavar="KIND")
    try:
        arguments = parser.parse_args(argv)
    except SystemExit as ended:
        return int(ended.code or 0)
    if arguments.list:
        print(table())
        print("\n".join(_said(server) for server in BY_NAME.values() if of(server)) or "no server has a fault now")
        return 0
    if arguments.server is None:
        print("Name a server and a kind, or ask for --list.", file=sys.stderr)
        return 2
    return _change(arguments.server, arguments.kind)


def _change(name: str, kind: str | None) -> int:
    if name not in BY_NAME:
        return _unknown("server", name, list(BY_NAME))
    if kind is not None and kind != CLEAR and kind not in KINDS:
        return _unknown("fault", kind, [*KINDS, CLEAR])
    server = BY_NAME[name]
    if kind == CLEAR:
        clear(server)
    elif kind is not None:
        put(server, kind)
    print(_said(server))
    if kind in KINDS:
        print(f"{kind}: {KINDS[kind].does}, {KINDS[kind].when}")
    return 0


def _said(server: Server) -> str:
    return f"{server.name}: {', '.join(of(server)) or 'no fault'}"


def _unknown(what: str, name: str, known: list[str]) -> int:
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(known)}"
    print(f"No {what} is called {name!r}; {hint}", file=sys.stderr)
    return 2
