"""Whether a salt-api is ready for turnup: its account may call all that turnup calls, and the master answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from turnup.adapters.salt_transport import SaltSession
from turnup.domain.errors import Refused

NOBODY = "nobody.turnup.invalid"  # no minion has this id
NEEDED: Mapping[str, Sequence[str]] = {
    "local": ("test.ping", "state.sls", "turnup_burnin.run"),
    "wheel": ("key.print", "key.accept_dict", "key.delete_dict", "key.list_all", "key.reject_dict"),
    "runner": ("jobs.list_job",),
}
"""{salt-api's client: the functions that turnup calls through it}."""

HARMLESS: Sequence[Mapping[str, object]] = (
    {"client": "local", "fun": "test.ping", "tgt": [NOBODY], "tgt_type": "list", "timeout": 1},
    {"client": "local_async", "fun": "test.ping", "tgt": [NOBODY], "tgt_type": "list"},
    {"client": "wheel", "fun": "key.print", "match": NOBODY},
    {"client": "runner", "fun": "jobs.list_job", "jid": "20000101000000000000"},
)
"""A call through each client that turnup uses, which reaches the master and no minion."""


def make_sure(session: SaltSession) -> str:
    """What is there, in a sentence. Refused: with every function that the account may not call."""
    granted = session.permissions()
    if granted and (missing := list(not_allowed(granted))):
        raise Refused(
            f"The Salt account {session.username} gets in, but may not call {', '.join(missing)}.",
            "allow it under external_auth in the Salt master's configuration.",
            cause="salt-forbidden",
        )
    for call in HARMLESS:
        session.call(call)
    session.events().close()
    return (
        f"salt-api answers, its certificate verifies, and the account {session.username} may call all that turnup calls, "
        "the event stream included."
    )


def not_allowed(granted: Sequence[object]) -> Iterator[str]:
    """What of `NEEDED` is not in `granted`, a list as salt-api's login answers it: in the form of external_auth."""
    for client, functions in NEEDED.items():
        for function in functions:
            if not any(_allows(each, client, function) for each in granted):
                yield function if client == "local" else f"{function} ({client})"


def _allows(granted: object, client: str, function: str) -> bool:
    """Salt's own rules: a text or the key of a mapping names minions' functions, `@wheel` and the like everything there.

    {"@wheel": [function]} and {"@key": [function without its module]} allow some; functions are patterns, matched at their start.
    """
    module, name = function.split(".")
    if isinstance(granted, str):
        everything = granted in {f"@{client}", f"@{client}s", f"@{module}"}
        return everything if client != "local" else not granted.startswith("@") and _matches(granted, function)
    if not isinstance(granted, Mapping) or len(granted) != 1:
        return False
    where, functions = next(iter(granted.items()))
    some = functions if isinstance(functions, list) else [functions]
    patterns = [str(next(iter(each), "")) if isinstance(each, Mapping) else str(each) for each in some]
    if client == "local":
        return not where.startswith("@") and any(_matches(pattern, function) for pattern in patterns)
    if where in {f"@{client}", f"@{client}s"}:
        return any(_matches(pattern, function) for pattern in patterns)
    return where == f"@{module}" and any(_matches(pattern, name) for pattern in patterns)


def _matches(pattern: str, function: str) -> bool:
    try:
        return re.match(pattern, function) is not None
    except re.error:
        return False
