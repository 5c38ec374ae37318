"""Switches one server on: `python -m lab.metal.namespace.boot SERVER` returns when it runs.

It goes into the server's network namespace and control group, makes the other namespaces, and leaves there, as PID 1 of a
session of its own, the firmware.
"""

from __future__ import annotations

import os
import signal
import sys

from lab.datacenter import BY_NAME
from lab.metal import firmware
from lab.metal.namespace import limits, root
from lab.metal.namespace.server import NamespaceServer, start_time


def main(name: str) -> int:
    """The server's PID 1 runs, and its id is on file."""
    metal = NamespaceServer(BY_NAME[name])
    with metal.wire.path.open() as network:
        os.setns(network.fileno(), os.CLONE_NEWNET)
    for controller, part in ((limits.CPU, "processor"), (limits.DISK, "disk")):
        if not limits.enter(metal.server.namespace, controller):
            metal.console.say(f"no control group to be had: the {part} has no limit", "metal")
    metal.limit(slow_disk=False)  # the image makes its file system first
    os.unshare(os.CLONE_NEWNS | os.CLONE_NEWUTS | os.CLONE_NEWIPC)
    root.private()
    metal.fit_disks()
    os.unshare(os.CLONE_NEWPID)  # last: the next process that is started is PID 1, and it has to be the firmware
    if pid := os.fork():
        metal.folder.pid.write_text(f"{pid} {start_time(pid)}")
        os._exit(0)
    # PID 1 of a namespace dies of no signal that it does not handle; SIGKILL from outside is the exception.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    firmware.run(metal.server, root.start)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
