"""Where the lab keeps things. Everything is below `.lab/`, which git ignores, except the cache of what is slow to make."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
STATE = Path(os.environ.get("TURNUP_LAB_STATE", CHECKOUT / ".lab"))

ENV = STATE / "env"  # virtual environments: lab, airflow, netbox, salt
ETC = STATE / "etc"  # generated configuration, one folder a service
LOG = STATE / "log"  # one file a service
RUN = STATE / "run"  # sockets and process ids
VAR = STATE / "var"  # data: databases, keys, disks
CA = STATE / "ca"  # the lab's certificate authority: ca.crt, ca.key
BOOT = VAR / "www" / "boot"  # boot scripts, <mac>.ipxe, served by nginx as /boot/
IMAGES = VAR / "www" / "images"  # images, served by nginx as /images/
METAL = VAR / "metal"  # one folder a server: disks, console log, BMC certificate, faults
REPORTS = VAR / "reports"  # turnup's report store
SECRETS = STATE / "secrets.json"  # every generated password, mode 0600
ENDPOINTS = STATE / "endpoints.json"  # what other programs read, mode 0600

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "turnup-lab"


def python(environment: str) -> Path:
    """The interpreter of one of the lab's virtual environments."""
    return ENV / environment / "bin" / "python"


SOCKETS = Path("/run/turnup-lab")  # unix sockets (their path has at most 107 characters) and which checkout runs the lab
