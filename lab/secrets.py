"""Every password and key of the lab: generated once, kept in `.lab/secrets.json`, readable by root alone."""

from __future__ import annotations

import base64
import json
import secrets
import string
from functools import cache
from threading import Lock

from lab import configuration, paths

_lock = Lock()


def _letters(length: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


@cache
def _stored() -> dict[str, str]:
    stored: dict[str, str] = json.loads(paths.SECRETS.read_text()) if paths.SECRETS.exists() else {}
    return stored


def secret(name: str, length: int = 32) -> str:
    """The secret of this name, letters and digits only; made at its first use."""
    with _lock:
        stored = _stored()
        if name not in stored:
            stored[name] = _letters(length)
            configuration.write(paths.SECRETS, json.dumps(stored, indent=2, sort_keys=True))
        return stored[name]


def fernet_key() -> str:
    """Airflow's key for what it encrypts in its database: 32 bytes, in URL-safe base64."""
    return base64.urlsafe_b64encode(secret("airflow_fernet", 32).encode()).decode()
