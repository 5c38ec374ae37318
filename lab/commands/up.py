"""`./lab/up`: installs what is missing, starts and seeds everything; every seeded server is `planned`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from lab import (
    authority,
    claim,
    connections,
    console,
    endpoints,
    environments,
    metal_interface,
    netbox_database,
    network,
    ports,
    prerequisites,
    services,
    slate,
    supervisor,
)
from lab.commands import reset
from lab.errors import LabError
from lab.services import airflow, bmcs, haproxy, kea, netbox, nginx, notices, postgres, prometheus, redis, salt


def main(arguments: Sequence[str]) -> int:  # noqa: ARG001 - it takes none
    """Brings the lab up and says where it answers."""
    run()
    console.say("lab", "is up: ./lab/status shows what runs where, ./lab/demo installs a rack, ./lab/down ends it")
    return 0


def run() -> None:
    """The lab is up: quick where all of it runs already."""
    claim.refuse_a_second()
    if not (running := supervisor.running()) and (ended := claim.end_leftovers()):
        console.say("lab", f"{ended} processes were left of a lab that did not end well: ended")
    ports.settle(running)
    prerequisites.install()
    authority.make()
    authority.ssh_key()
    network.build()
    for service in services.every():
        service.configure()
    supervisor.declare([program for service in services.every() for program in service.programs()])
    claim.take()
    _start(postgres)
    postgres.wait()
    # What NetBox needs (its environment, the migration) and what the others need keep one processor each busy.
    _both(_facts, _everything_else)
    connections.provide()
    _start(prometheus)
    prometheus.wait()
    console.say("prometheus", f"answers at {prometheus.url()}")
    if not slate.is_clean():
        console.say("lab", "NetBox began anew, so everything else does: reservations, keys, runs, servers")
        reset.run()
    metal_interface.call("power", "resume")
    _start(bmcs)
    endpoints.write()


def _facts() -> None:
    """NetBox: installed, migrated, serving, seeded."""
    _start(redis)
    environments.make("netbox")
    netbox_database.make()
    netbox.collect_static()
    _start(netbox)
    netbox.wait()
    console.say("netbox", f"answers at {netbox.url()}")
    netbox_database.seed()


def _everything_else() -> None:
    """DHCP, boot files, Salt, Airflow, and the metal."""
    kea.prepare()
    _start(kea)
    kea.wait()
    _start(nginx)
    _start(haproxy)
    _start(notices)
    console.say("kea, nginx", f"answer at {kea.url()} and {nginx.url()}")
    environments.make("salt")
    _start(salt)
    environments.make("airflow")
    environments.install_project()
    airflow.prepare()
    _start(airflow)
    salt.wait()
    console.say("salt", f"answers at {salt.url()}")
    metal_interface.call("images", "build")
    metal_interface.call("rack", "build")
    airflow.wait()
    console.say("airflow", f"answers at {airflow.url()}")


def _both(*tasks: Callable[[], None]) -> None:
    """Runs them side by side; a failure is told at once, and the other half is still finished: next time it is there."""

    def told(task: Callable[[], None]) -> None:
        try:
            task()
        except LabError as error:
            console.say("FAILED", f"{error}\n        (finishing what runs beside it)")
            raise

    with ThreadPoolExecutor() as pool:
        futures = [pool.submit(told, task) for task in tasks]
    for future in futures:
        future.result()


def _start(service: services.Service) -> None:
    for program in service.programs():
        supervisor.start(program.name)
