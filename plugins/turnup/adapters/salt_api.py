"""Salt through salt-api: minions by exact id, keys by the hash of their DER form, jobs by id.

Salt's targets and its key functions take globs, so an id is checked to be a plain host name before it goes anywhere.
Fingerprints of Salt itself are not compared: its master and its minion compute different ones for the same key.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from turnup.adapters.salt_events import EventStream, as_returned, shared_stream
from turnup.adapters.salt_transport import SaltSession
from turnup.domain.errors import Refused, Transient
from turnup.ports import Returned

LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
MINION_ID = re.compile(rf"(?=.{{1,253}}\Z){LABEL}(?:\.{LABEL})*")
JOB_ID = re.compile(r"\d{20}(?:_\d+)?")
STATUSES = ("minions", "minions_pre", "minions_rejected", "minions_denied")
HEARD = 15.0  # seconds that a sign of life counts, and between two pings of a minion that gave none
PING = 2  # seconds that the master waits for a ping, and once more for whether it still runs


class SaltApi:
    """The `ConfigManagement` port: one account at one salt-api.

    `url` is salt-api's (https), `eauth` Salt's name of the login's kind (`sharedsecret`: the secret is the password), `ca` the
    path of the authority's certificate file (None: the system's), `timeout` in seconds holds for every call.
    """

    def __init__(
        self, url: str, username: str, password: str, eauth: str = "sharedsecret", ca: str | None = None, timeout: float = 20.0
    ) -> None:
        self._session = SaltSession(url, username, password, eauth, ca, timeout)
        self._stream: EventStream = shared_stream(self._session)

    def waiting_key(self, minion_id: str) -> str | None:
        """SHA-256 of the DER form of the key that waits to be accepted."""
        return self._keys(minion_id).get("minions_pre")

    def accepted_key(self, minion_id: str) -> str | None:
        """SHA-256 of the DER form of the accepted key."""
        return self._keys(minion_id).get("minions")

    def accept_key(self, minion_id: str) -> None:
        """Accept exactly this minion's waiting key; accepted already is no error. Refused: there is none."""
        keys = self._keys(minion_id)
        if "minions_pre" in keys:
            accepted = self._wheel("key.accept_dict", {"minions_pre": [minion_id]})
            if minion_id not in accepted.get("minions", ()):
                raise Transient(
                    f"The Salt master did not accept the key of {minion_id}.",
                    "Look into the Salt master's log.",
                    cause="salt-unavailable",
                )
        elif "minions" not in keys:
            raise Refused(
                f"No key of {minion_id} waits at the Salt master.",
                "See whether its minion runs and finds its master.",
                cause="salt-key-missing",
            )

    def delete_key(self, minion_id: str) -> None:
        """Delete this minion's keys, whatever their status."""
        self._wheel("key.delete_dict", {status: [checked(minion_id)] for status in STATUSES})

    def is_up(self, minion_id: str) -> bool:
        """True where it gave a sign of life in the last 15 s, or answers a ping; a silent minion is pinged every 15 s at most."""
        checked(minion_id)
        if self._stream.heard_within(minion_id, HEARD):
            return True
        if not self._stream.ping_due(minion_id, HEARD):
            return False
        low = {"client": "local", "fun": "test.ping", "timeout": PING, "gather_job_timeout": PING}
        answer = self._session.call({**low, **_only(minion_id)})
        up = isinstance(answer, dict) and answer.get(minion_id) is True
        if up:
            self._stream.hear(minion_id)
        return up

    def submit(self, minion_id: str, function: str, arguments: Sequence[object], keywords: Mapping[str, object]) -> str:
        """Start it and answer the job id. Transient: the master does not know the minion (yet).

        Refused: a text among `arguments` that Salt would read as something else; give it as a keyword, those arrive as they are.
        """
        for argument in arguments:
            if isinstance(argument, str) and not _is_plain(argument):
                raise Refused(f"{function}: Salt would parse the argument {argument!r}.", "Give it as a keyword.")
        low = {"client": "local_async", "fun": function, "arg": list(arguments), "kwarg": dict(keywords)}
        answer = self._session.call({**low, **_only(minion_id)})
        if not isinstance(answer, dict) or minion_id not in answer.get("minions", ()):
            raise Transient(
                f"The Salt master sent {function} to nobody: it has no accepted key of {minion_id}.",
                "See whether the minion's key was accepted.",
            )
        return str(answer["jid"])

    def returned(self, job_id: str, minion_id: str) -> Returned | None:
        """From the event stream as soon as it comes; else from the master's job cache, looked up every 10 to 30 s."""
        checked(minion_id)
        if not JOB_ID.fullmatch(job_id):
            raise Refused(f"{job_id!r} is not a Salt job id.")
        found = self._stream.returned(job_id, minion_id)
        if found is None and self._stream.look_up_due(job_id, minion_id):
            job = self._session.call({"client": "runner", "fun": "jobs.list_job", "jid": job_id})
            result = job.get("Result") if isinstance(job, dict) else None
            data = result.get(minion_id) if isinstance(result, dict) else None
            if isinstance(data, dict) and "return" in data:
                found = as_returned(data)
                self._stream.keep(job_id, minion_id, found, len(json.dumps(data)))
        return found

    def _keys(self, minion_id: str) -> dict[str, str]:
        """{status: SHA-256 of the DER form} of the minion's keys. A denied key is none of them."""
        printed = self._wheel("key.print", checked(minion_id))
        return {
            status: _der_sha256(keys[minion_id], minion_id)
            for status, keys in printed.items()
            if status in STATUSES[:3] and minion_id in keys
        }

    def _wheel(self, function: str, match: object) -> dict[str, Any]:
        answer = self._session.call({"client": "wheel", "fun": function, "match": match})
        data = answer.get("data") if isinstance(answer, dict) else None
        result = data.get("return") if isinstance(data, dict) and data.get("success") else None
        if not isinstance(result, dict):
            raise Transient(
                f"The Salt master failed at {function}.", "Look into the Salt master's log.", cause="salt-unavailable"
            )
        return result


def checked(minion_id: str) -> str:
    """The minion id, if Salt cannot take it for a pattern."""
    if not MINION_ID.fullmatch(minion_id):
        raise Refused(
            f"{minion_id!r} is not a plain host name, Salt could take it for a pattern.",
            "Correct the server's name.",
            cause="minion-id-unsafe",
        )
    return minion_id


def _is_plain(text: str) -> bool:
    """Whether Salt takes a positional text as it is: no `name=value`, no YAML but a word that means itself."""
    return re.fullmatch(r"[A-Za-z_/][\w./-]*", text) is not None and yaml.safe_load(text) == text


def _only(minion_id: str) -> dict[str, object]:
    """A target that is exactly this minion."""
    return {"tgt": [checked(minion_id)], "tgt_type": "list"}


def _der_sha256(pem: str, minion_id: str) -> str:
    try:
        der = load_pem_public_key(pem.encode()).public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm, AttributeError) as error:
        raise Refused(
            f"The key of {minion_id} at the Salt master is not a public key.",
            "Delete it and restart the minion.",
            cause="salt-key-differs",
        ) from error
    return hashlib.sha256(der).hexdigest()
