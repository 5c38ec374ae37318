"""`./lab/down`: stops and removes every process, namespace and bridge that the lab made, and nothing else."""

from __future__ import annotations

import http.client
import shutil
import xmlrpc.client
from collections.abc import Sequence

from lab import claim, console, metal_interface, network, paths, prerequisites, supervisor
from lab.errors import LabError
from lab.services import postgres, redis


def main(arguments: Sequence[str]) -> int:  # noqa: ARG001 - it takes none
    """Works when half of the lab is there, and when none of it is."""
    claim.refuse_a_second()
    problems = []
    try:
        metal_interface.call("rack", "remove")
    except Exception as error:  # the rest has to be taken down all the same
        problems.append(f"metal: {error}")
    console.say("services", "stopping")
    try:
        supervisor.shut_down(last=(postgres.NAME, redis.NAME))
    except (LabError, OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
        problems.append(str(error))
    ended = claim.end_leftovers()
    removed: list[str] = []
    try:
        removed = network.remove()
    except LabError as error:
        problems.append(str(error))
    prerequisites.let_services_start()
    shutil.rmtree(paths.SOCKETS, ignore_errors=True)  # with the claim: the machine is free again
    console.say("lab", f"is down (bridges removed: {', '.join(removed) or 'none'}; stray processes ended: {ended})")
    console.say("lab", f"its data stays in {paths.STATE}: ./lab/up goes on with it")
    for problem in problems:
        console.warn(problem)
    return 1 if problems else 0
