"""Salt: the master that minions find at the services' address, and salt-api over TLS with one account of few rights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import requests
import yaml

from lab import authority, configuration, environments, paths, waiting
from lab.datacenter import SALT_PUBLISH_PORT, SALT_RETURN_PORT, SERVICES_ADDRESS
from lab.ports import answers, port
from lab.secrets import secret
from lab.supervisor import Program

NAME = "salt"
EAUTH, USER = "sharedsecret", "turnup"
_ETC, _VAR = paths.ETC / "salt", paths.VAR / "salt"
_MASTER = _ETC / "master"
PKI = _VAR / "pki"

# All that turnup may ask of Salt. No cmd.run, no shell, no file server: whoever steals the account can apply the states
# that are in the checkout, and no more.
MINION_FUNCTIONS = [
    "test.ping",  # who answers
    "state.apply",  # configure a server, with test=True first
    "state.sls",  # what state.apply turns into when it is given states
    "saltutil.sync_all",  # bring turnup's modules to the server
    "saltutil.refresh_pillar",  # after its facts changed
    "saltutil.find_job",  # is a job still running
    "saltutil.is_running",  # the same for a function
    "grains.items",  # what the server says it is
    r"turnup_burnin\..*",  # the burn-in's tests
]
WHEEL_FUNCTIONS = [
    "key.list_all",  # which keys wait
    "key.name_match",  # the same for one name
    "key.print",  # the key itself, whose hash is compared with the server's
    "key.accept_dict",  # by exact name; plain key.accept takes globs
    "key.reject_dict",
    "key.delete_dict",
]
RUNNER_FUNCTIONS = [
    "jobs.lookup_jid",  # what a job returned, when its event was missed
    "jobs.list_job",
    "jobs.active",
]


def _master() -> dict[str, Any]:
    certificate, key = authority.issue("salt-api", paths.ETC / "salt")
    return {
        "user": "root",
        "interface": str(SERVICES_ADDRESS),
        "publish_port": SALT_PUBLISH_PORT,
        "ret_port": SALT_RETURN_PORT,
        "root_dir": str(_VAR),
        "pki_dir": str(PKI),
        "cachedir": str(_VAR / "cache"),
        "sock_dir": str(paths.SOCKETS / "salt"),
        "pidfile": str(paths.RUN / "salt-master.pid"),
        "api_pidfile": str(paths.RUN / "salt-api.pid"),
        "log_file": "/dev/null",  # what goes to the console is in supervisord's file
        "log_level": "info",
        "log_fmt_console": "%(asctime)s [%(levelname)-8s] %(message)s",
        "api_logfile": "/dev/null",
        "auto_accept": False,
        "keysize": 2048,
        "worker_threads": 4,
        "keep_jobs_seconds": 86400,
        "file_roots": {"base": [str(paths.CHECKOUT / "salt" / "states")]},
        "pillar_roots": {"base": [str(paths.CHECKOUT / "salt" / "pillar")]},
        "sharedsecret": secret("salt_api"),
        "netapi_enable_clients": ["local", "local_async", "runner", "wheel"],
        "external_auth": {
            EAUTH: {USER: [{"*": MINION_FUNCTIONS}, {"@wheel": WHEEL_FUNCTIONS}, {"@runner": RUNNER_FUNCTIONS}]},
        },
        "rest_cherrypy": {
            "host": "127.0.0.1",
            "port": port("salt_api"),
            "ssl_crt": str(certificate),
            "ssl_key": str(key),
            "thread_pool": 50,  # one event stream holds one thread
        },
    }


def configure() -> None:
    """Write its configuration."""
    for folder in (PKI, _VAR / "cache", _ETC):
        folder.mkdir(parents=True, exist_ok=True)
    configuration.write(_MASTER, yaml.safe_dump(_master(), sort_keys=False, width=200))


def programs() -> Sequence[Program]:
    """Its processes, in the order in which they start."""
    scripts = paths.ENV / "salt" / "bin"
    variables = {
        "LAB_CONFIG": configuration.digest(_MASTER, environments.lock("salt")),
        "MALLOC_ARENA_MAX": "2",
        "PYTHONUNBUFFERED": "1",
    }
    return [
        Program("salt-master", [str(scripts / "salt-master"), "-c", str(_ETC)], variables, stop_seconds=15, stop_group=False),
        Program("salt-api", [str(scripts / "salt-api"), "-c", str(_ETC)], variables, stop_group=False),
    ]


def url() -> str:
    """Where it answers."""
    return f"https://127.0.0.1:{port('salt_api')}"


def ready() -> bool:
    """Whether it answers."""
    try:
        return answers(SALT_RETURN_PORT, str(SERVICES_ADDRESS)) and bool(_login())
    except (requests.RequestException, KeyError):
        return False


def wait() -> None:
    """Returns when salt-api lets turnup in, which it does when the master answers."""
    waiting.until(ready, "salt-api answers", 90, paths.LOG / "salt-api.log")


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.verify = str(authority.CERTIFICATE)
    return session


def _login() -> str:
    body = {"username": USER, "password": secret("salt_api"), "eauth": EAUTH}
    with _session() as session:
        answer = session.post(f"{url()}/login", json=body, headers={"Accept": "application/json"}, timeout=10)
    answer.raise_for_status()
    return str(answer.json()["return"][0]["token"])


def wheel(function: str, **arguments: object) -> Any:
    """Runs a wheel function of the master and returns what it returned."""
    body = [{"client": "wheel", "fun": function, **arguments}]
    headers = {"Accept": "application/json", "X-Auth-Token": _login()}
    with _session() as session:
        answer = session.post(url(), json=body, headers=headers, timeout=30)
    answer.raise_for_status()
    return answer.json()["return"][0]["data"]["return"]


def delete_all_keys() -> int:
    """The master knows no minion; returns how many it knew."""
    keys = wheel("key.list_all")
    kinds = ("minions", "minions_pre", "minions_rejected", "minions_denied")
    match = {kind: keys[kind] for kind in kinds if keys.get(kind)}
    if match:
        wheel("key.delete_dict", match=match)
    return sum(len(names) for names in match.values())
