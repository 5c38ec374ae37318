"""PostgreSQL: a cluster of the lab's own, with the databases of NetBox, Airflow and Kea.

It refuses to run as root, and its account cannot enter a checkout below /root. So it runs in a mount namespace of its own,
in which the data lies where Debian keeps PostgreSQL's; root sets that up and then gives its privileges away.
Nothing is flushed to disk: after a crash of the machine the lab is made anew.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from lab import paths, waiting
from lab.errors import LabError
from lab.ports import port
from lab.secrets import secret
from lab.supervisor import Program

NAME = "postgres"
DATABASES = ("netbox", "airflow", "kea")
_DATA = paths.VAR / "postgres"
_HOME = Path("/var/lib/postgresql")
_LOG = paths.LOG / "postgres.log"

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "250",
    "shared_buffers": "256MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
}


def binary(name: str) -> str:
    """A program of the newest PostgreSQL that Debian installed; its own are not on PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    if not found:
        raise LabError(f"PostgreSQL's `{name}` is not there. Install the package postgresql.")
    return str(found[-1])


def _as_postgres(command: Sequence[str]) -> list[str]:
    """The command as user postgres, with the cluster mounted at its home and nowhere else."""
    inside = shlex.join(["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command])
    mount = shlex.join(["mount", "--bind", str(_DATA), str(_HOME)])
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", f"{mount} && cd {_HOME} && exec {inside}"]


def configure() -> None:
    """The cluster exists, with a superuser `turnup` whose password is the lab's."""
    if (_DATA / "data" / "PG_VERSION").exists():
        return
    shutil.rmtree(_DATA, ignore_errors=True)
    _DATA.mkdir(parents=True)
    shutil.chown(_DATA, "postgres", "postgres")
    password = _DATA / "password"
    password.write_text(secret("postgres"))
    shutil.chown(password, "postgres", "postgres")
    password.chmod(0o600)
    access = ["--username=turnup", "--pwfile=password", "--auth=scram-sha-256"]
    options = [*access, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    done = subprocess.run(
        _as_postgres([binary("initdb"), "--pgdata=data", *options]), capture_output=True, text=True, check=False
    )
    password.unlink()
    if done.returncode:
        raise LabError(f"PostgreSQL's cluster could not be made below {_DATA}: {done.stderr.strip()}")


def programs() -> Sequence[Program]:
    """Its processes, in the order in which they start."""
    settings = [f"-c{name}={value}" for name, value in _SETTINGS.items()]
    command = [binary("postgres"), "-D", str(_HOME / "data"), f"-p{port(NAME)}", *settings]
    return [Program(NAME, _as_postgres(command), stop_signal="INT", stop_seconds=30, stop_group=False)]


def url(database: str = "") -> str:
    """With the password: what goes to people leaves it out."""
    return f"postgresql://turnup:{secret('postgres')}@127.0.0.1:{port(NAME)}/{database}"


def login(database: str) -> tuple[str, dict[str, str]]:
    """For a program's command line, which everybody may read: the address, and the password as an environment variable."""
    return f"postgresql://turnup@127.0.0.1:{port(NAME)}/{database}", {"PGPASSWORD": secret("postgres")}


def connect(database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
    """A connection in which every statement commits by itself."""
    return psycopg.connect(url(database), autocommit=True, connect_timeout=5)


def ready() -> bool:
    """Whether it answers."""
    try:
        with connect():
            return True
    except psycopg.OperationalError:
        return False


def wait() -> None:
    """Returns when PostgreSQL takes connections and the databases exist."""
    waiting.until(ready, "PostgreSQL takes connections", 60, _LOG)
    for name in DATABASES:
        if not exists(name):
            with connect() as connection:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def exists(database: str) -> bool:
    """Whether there is such a database."""
    with connect() as connection:
        return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone() is not None


def copy(source: str, target: str) -> None:
    """Puts a copy of `source` in the place of `target`; whoever was connected to either one connects again.

    The copy is made aside and swapped in by renaming, so that programs miss their database for a moment only.
    """
    new, old = f"{target}_new", f"{target}_old"
    with connect() as connection:
        for name in (new, old):
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(name)))
        _without(
            connection, source, sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(new), sql.Identifier(source))
        )
        if exists(target):
            _without(
                connection, target, sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(target), sql.Identifier(old))
            )
        connection.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(new), sql.Identifier(target)))
        connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(sql.Identifier(target)))
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} (FORCE)").format(sql.Identifier(old)))


def _without(connection: psycopg.Connection[tuple[object, ...]], database: str, statement: sql.Composed) -> None:
    """Runs a statement that bears no other connection to the database, by keeping them out for the moment."""
    name = sql.Identifier(database)
    connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
    connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,))
    waiting.until(
        lambda: connection.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = %s", (database,)).fetchone() == (0,),
        f"nobody is connected to {database}",
        10,
        pause=0.02,
    )
    try:
        connection.execute(statement)
    finally:
        if exists(database):
            connection.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
