"""NetBox's web application, which misbehaves while a file in NetBox's folder `faults` says so (see `lab.services.netbox`)."""

import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from netbox.wsgi import application as netbox  # type: ignore[import-not-found, unused-ignore]

FAULTS = Path(os.environ["NETBOX_ROOT"]) / "faults"
SLOW = 3.0  # seconds
BODY = b'{"detail": "NetBox is unavailable for the moment (fault unavailable)."}'


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The API is slow or answers 503; the pages are as always."""
    if environ["PATH_INFO"].startswith("/api/"):
        if (FAULTS / "unavailable").exists():
            start_response("503 Service Unavailable", [("Content-Type", "application/json")])
            return [BODY]
        if (FAULTS / "slow").exists():
            time.sleep(SLOW)
    answer: Iterable[bytes] = netbox(environ, start_response)
    return answer
