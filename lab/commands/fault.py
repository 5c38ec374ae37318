"""`./lab/fault TARGET KIND`, `./lab/fault TARGET clear`, `./lab/fault --list`: makes a part of the lab misbehave."""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Sequence

from lab.fault import Fault, Target, targets

CLEAR = "clear"


def main(arguments: Sequence[str]) -> int:
    """What was asked for; 2 for a name that does not exist."""
    known = {target.name: target for target in targets()}
    parser = argparse.ArgumentParser(
        prog="./lab/fault",
        description="Makes a server, a rack or NetBox misbehave. Without KIND: which faults it has now.",
        epilog=f"{_table(known)}\n{CLEAR:<16} no fault any more",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--list", action="store_true", help="name the kinds, and the faults that are on")
    parser.add_argument("target", nargs="?", metavar="TARGET", help="a server's or rack's name, or netbox")
    parser.add_argument("kind", nargs="?", metavar="KIND")
    try:
        asked = parser.parse_args(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
    if asked.list:
        print(_table(known))
        print("\nNow: " + ("\n     ".join(_said(target) for target in known.values() if target.active()) or "no fault anywhere"))
        return 0
    if asked.target is None:
        print("Name a server, a rack or netbox, and a kind; or ask for --list.", file=sys.stderr)
        return 2
    if asked.target not in known:
        return _unknown("server, rack or service", asked.target, list(known))
    return _change(known[asked.target], asked.kind)


def _change(target: Target, kind: str | None) -> int:
    faults = {fault.kind: fault for fault in target.faults}
    if kind is not None and kind != CLEAR and kind not in faults:
        return _unknown(f"fault of {target.name}", kind, [*faults, CLEAR])
    if kind == CLEAR:
        target.clear()
    elif kind is not None:
        target.put(kind)
    print(_said(target))
    if kind in faults:
        print(f"{kind}: {_told(faults[kind])}")
    return 0


def _table(known: dict[str, Target]) -> str:
    """Every kind, what it does and from when, under the names of those that have it."""
    groups: dict[tuple[Fault, ...], list[str]] = {}
    for name, target in known.items():
        groups.setdefault(target.faults, []).append(name)
    return "\n\n".join(
        "\n".join(
            [
                f"{', '.join(names) if len(names) < 4 else f'{names[0]} to {names[-1]}'}:",
                *(f"  {fault.kind:<16} {_told(fault)}" for fault in faults),
            ]
        )
        for faults, names in groups.items()
    )


def _told(fault: Fault) -> str:
    return f"{fault.does} ({fault.when})"


def _said(target: Target) -> str:
    return f"{target.name}: {', '.join(target.active()) or 'no fault'}"


def _unknown(what: str, name: str, known: list[str]) -> int:
    close = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(close)}?" if close else f"there are: {', '.join(known)}"
    print(f"No {what} is called {name!r}; {hint}", file=sys.stderr)
    return 2
