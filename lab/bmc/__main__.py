"""Runs every server's BMC: `python -m lab.bmc`, one process that forks one a BMC.

sushy-tools is imported once, before the forks. A BMC that ended is started again after a moment; one with the fault
`bmc-dead` is not, until the fault is cleared. Ending this process ends the BMCs and leaves the servers running.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from types import FrameType
from typing import NoReturn

from lab.bmc import service
from lab.connections import redfish_password
from lab.datacenter import SERVERS, Server
from lab.metal import faults
from lab.metal.folder import Folder
from lab.metal.rack import bmc_wire

_LOOK = 0.5  # seconds
_BACKOFF = 3.0  # seconds
_log = logging.getLogger("bmcs")


class Bmcs:
    """The processes, by server."""

    def __init__(self) -> None:
        self.running: dict[int, Server] = {}
        self.not_before: dict[Server, float] = {}

    def tend(self) -> None:
        """Every BMC that is to run does, and no other."""
        self._bury()
        now = time.monotonic()
        alive = {server: pid for pid, server in self.running.items()}
        for server in SERVERS:
            dead = faults.active(server, "bmc-dead")
            if server in alive and dead:
                os.kill(alive[server], signal.SIGTERM)
            elif server not in alive and not dead and now >= self.not_before.get(server, 0):
                self.not_before[server] = now + _BACKOFF
                self.running[_fork(server)] = server

    def end(self) -> None:
        """No BMC runs."""
        for pid in self.running:
            os.kill(pid, signal.SIGTERM)
        while self.running:
            self._bury()
            time.sleep(0.05)

    def _bury(self) -> None:
        while self.running:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if server := self.running.pop(pid, None):
                bmc_wire(server).quiet()
                _log.warning("BMC of %s ended: %s", server.name, os.waitstatus_to_exitcode(status))


def _fork(server: Server) -> int:
    pid = os.fork()
    if pid:
        return pid
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        service.run(server)
    except Exception:
        _log.exception("BMC of %s", server.name)
    finally:
        os._exit(1)  # whatever was raised (werkzeug raises SystemExit): what the parent does at its end is not for a child


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    raise SystemExit(0)


def main() -> int:
    """Runs until it is told to end."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    redfish_password()  # made before the forks: else each would make its own
    for server in SERVERS:
        Folder(server).make()
    bmcs = Bmcs()
    try:
        while True:
            bmcs.tend()
            time.sleep(_LOOK)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        bmcs.end()


if __name__ == "__main__":
    sys.exit(main())
