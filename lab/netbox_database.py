"""NetBox's database: migrated once (minutes), kept in a cache outside the checkout, restored from there (seconds).

Two copies lie beside it: `netbox_empty` with the accounts, and `netbox_seeded` with the data center, to which reset returns.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path

from psycopg import sql

from lab import configuration, console, environments, paths, slate, waiting
from lab.console import clock
from lab.errors import LabError
from lab.secrets import secret
from lab.services import airflow, netbox, postgres
from lab.supervisor import ENVIRONMENT

_STAMP = netbox.ROOT / "database"
_SEED_STAMP = netbox.ROOT / "seed"
_LOG = paths.LOG / "netbox-migrate.log"
_ACCOUNTS = paths.CHECKOUT / "lab" / "inside_netbox" / "accounts.py"
_EMPTY, _SEEDED = "netbox_empty", "netbox_seeded"


def _version() -> str:
    found = re.search(r"^netbox==(\S+)", environments.lock("netbox").read_text(), re.MULTILINE)
    if not found:
        raise LabError(f"{environments.lock('netbox')} names no version of NetBox. Make it again as lab/locks/README.md says.")
    return found[1]


def _cached() -> Path:
    return paths.CACHE / f"netbox-{_version()}-{configuration.digest(environments.lock('netbox'))}.dump"


def make() -> None:
    """The database is migrated and has the accounts; `netbox_empty` is a copy of it in that state."""
    wanted = f"{_cached().name} {configuration.digest(_ACCOUNTS)}"
    if _STAMP.exists() and _STAMP.read_text() == wanted and postgres.exists(_EMPTY):
        return
    if _STAMP.exists():
        slate.spoil()
    _recreate()
    if _cached().exists():
        with console.step("netbox", f"restoring the migrated database from {_cached()}"):
            _postgres(
                "pg_restore",
                "--no-owner",
                "--no-privileges",
                "--jobs=2",
                f"--dbname={postgres.login('netbox')[0]}",
                str(_cached()),
            )
    else:
        _migrate()
        _keep()
    with console.step("netbox", "making the accounts"):
        users = {
            netbox.ADMIN: secret("netbox_admin", 16),
            netbox.ENGINEER: secret("netbox_engineer", 16),
            netbox.TURNUP: None,
        }
        netbox.run("-m", "lab.inside_netbox.accounts", stdin=json.dumps({"users": users, "tokens": netbox.tokens()}))
    postgres.copy("netbox", _EMPTY)
    _SEED_STAMP.unlink(missing_ok=True)
    configuration.write(_STAMP, wanted, 0o644)


def _recreate() -> None:
    _STAMP.unlink(missing_ok=True)
    with postgres.connect() as connection:
        for name in ("netbox", _EMPTY, _SEEDED):
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(name)))
        connection.execute("CREATE DATABASE netbox")


def _migrate() -> None:
    """The first time on this machine: some minutes, in which the terminal shows how far it is."""
    console.say("netbox", f"migrating a new database: 4 to 10 minutes, this once (log: {_LOG})")
    command = [str(paths.python("netbox")), "-m", "lab.inside_netbox.migrate"]
    total, applied, began, shown = 0, 0, time.monotonic(), 0.0
    with (
        _LOG.open("w") as log,
        subprocess.Popen(
            command,
            env=ENVIRONMENT | netbox.environment(),
            cwd=netbox.ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process,
    ):
        for line in process.stdout or ():
            log.write(line)
            log.flush()
            if line.startswith("total "):
                total = int(line.split()[1])
            applied += "... OK" in line
            if (elapsed := time.monotonic() - began) - shown >= 10:
                shown = elapsed
                console.say("netbox", f"migrating {applied}/{total}  {clock(elapsed)}")
    if process.returncode:
        raise LabError(f"NetBox's migration failed. The end of {_LOG}:\n{waiting.tail(_LOG)}")
    console.say("netbox", f"migrated {applied}/{total} in {clock(time.monotonic() - began)}")


def _keep() -> None:
    """The cache makes the next time fast; a machine where it cannot be written does without."""
    try:
        paths.CACHE.mkdir(parents=True, exist_ok=True)
        new = _cached().with_suffix(".new")
        _postgres("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={new}", postgres.login("netbox")[0])
        new.replace(_cached())
    except OSError as error:
        console.say("netbox", f"the migrated database could not be kept in {paths.CACHE} ({error}): next time takes as long")


def _postgres(program: str, *arguments: str) -> None:
    command, password = [postgres.binary(program), *arguments], postgres.login("netbox")[1]
    done = subprocess.run(command, env=os.environ | password, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"{program} failed: {done.stderr.strip()[-2000:]}. If {_cached()} is damaged, remove it and run it again.")


def seed() -> None:
    """The database holds the data center as it was delivered; nothing is done when it does already.

    What the seed is made of changed: NetBox begins anew, because a new seed over old runs is neither.
    """
    sources = [paths.CHECKOUT / "lab" / "datacenter.py", *sorted(_seed_sources())]
    # NetBox delivers to Airflow's URL, which the seed holds: another port is another seed.
    wanted = f"{configuration.digest(*sources)} {airflow.url()}"
    if _SEED_STAMP.exists() and _SEED_STAMP.read_text() == wanted and postgres.exists(_SEEDED):
        return
    # Only where NetBox is there to be filled.
    from lab import seed as data_center  # noqa: PLC0415
    from turnup.adapters.netbox.ensure import Receiver  # noqa: PLC0415

    if _SEED_STAMP.exists():
        console.say("netbox", "the seed has changed: NetBox begins anew")
        slate.spoil()
        postgres.copy(_EMPTY, "netbox")
    with console.step("netbox", "seeding the data center"):
        data_center.seed(netbox.url(), netbox.token(), Receiver(airflow.url(), secret("netbox_webhook")))
    postgres.copy("netbox", _SEEDED)
    configuration.write(_SEED_STAMP, wanted, 0o644)


def _seed_sources() -> list[Path]:
    found = [*(paths.CHECKOUT / "lab").glob("seed*.py"), *(paths.CHECKOUT / "lab" / "seed").glob("*.py")]
    return [path for path in [*found, *(paths.CHECKOUT / "inventory" / "netbox").rglob("*")] if path.is_file()]


def reset() -> None:
    """The database is as it was after the seed."""
    if not postgres.exists(_SEEDED):
        raise LabError("NetBox was never seeded. Run ./lab/up first.")
    postgres.copy(_SEEDED, "netbox")
