#!/usr/bin/python3
"""Writes down which servers of HAProxy's pools are in rotation, so that a reload or a restart of HAProxy begins with them.

    keep_pools.py /run/haproxy/admin.sock /etc/haproxy/pools

HAProxy forgets servers that were added while it runs. For each `<backend>.head` in the folder (the whole backend but its servers)
this keeps `<backend>.cfg` beside it: the head, and one line a server that is in rotation now. HAProxy reads the folder with a
second `-f`. Drained servers and those in maintenance are left out: a restart never brings back who was taken out. Runs beside
HAProxy, needs nothing but Python, and looks once a second; while HAProxy does not answer, the files stay as they are.
"""

import socket
import sys
import time
from pathlib import Path

EVERY = 1.0  # seconds
TIMEOUT = 5.0  # seconds
NOT_IN_ROTATION = 0x63 | 0x18  # srv_admin_state: maintenance and drain, each forced or inherited


def ask(api: str, command: str) -> str:
    """What HAProxy answers to a command."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(TIMEOUT)
        connection.connect(api)
        connection.sendall(f"{command}\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def servers(answer: str) -> "list[str] | None":
    """The lines of those in rotation, from `show servers state`; None where HAProxy has no such backend."""
    head, *rows = [line.lstrip("# ").split() for line in answer.splitlines()[1:] if line.strip()] or [[]]
    if "srv_admin_state" not in head:
        return None
    lines = []
    for row in rows:
        one = dict(zip(head, row, strict=False))
        if not int(one["srv_admin_state"]) & NOT_IN_ROTATION and one["srv_uweight"] != "0":
            address = f"[{one['srv_addr']}]" if ":" in one["srv_addr"] else one["srv_addr"]
            lines.append(f"    server {one['srv_name']} {address}:{one['srv_port']}\n")
    return sorted(lines)


def keep(api: str, head: Path) -> None:
    """The file beside the head says what is in rotation now. Who reads it never sees half of it."""
    lines = servers(ask(api, f"show servers state {head.stem}"))
    if lines is None:
        return
    file, text = head.with_suffix(".cfg"), head.read_text() + "".join(lines)
    if not file.exists() or file.read_text() != text:
        new = file.with_suffix(".new")
        new.write_text(text)
        new.replace(file)


def main(api: str, folder: str) -> None:
    """Look, again and again."""
    while True:
        for head in sorted(Path(folder).glob("*.head")):
            try:
                keep(api, head)
            except OSError as error:
                sys.stderr.write(f"{head.stem}: {error}\n")
        time.sleep(EVERY)


if __name__ == "__main__":
    main(*sys.argv[1:])
