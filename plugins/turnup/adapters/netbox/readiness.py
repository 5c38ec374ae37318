"""Whether a NetBox is ready for turnup: its version, what the token may do, and the objects that turnup needs there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.definitions import Definition
from turnup.adapters.netbox.ensure import ensure
from turnup.domain.errors import Problem, Refused, TurnupError

SINCE = (4, 7)
CREATE, CHANGE = "POST", "PUT"
WRITES: Mapping[str, Mapping[str, str]] = {
    "dcim/devices": {CHANGE: "change devices"},
    "dcim/racks": {CHANGE: "change racks"},
    "ipam/ip-addresses": {CREATE: "add IP addresses"},
    "extras/journal-entries": {CREATE: "add journal entries"},
}
"""{path: {method: what it means}} of what turnup writes, as far as NetBox tells it without a write."""


def make_sure(client: Client, definitions: Sequence[Definition]) -> str:
    """What is there, in a sentence. Refused: with everything that is not as turnup needs it. Nothing is written."""
    version = client.status().get("netbox-version")
    if not isinstance(version, str):
        raise Refused(f"What answers at {client.url} is not NetBox.", "check the connection's URL.", cause="netbox-connection")
    problems = [*_too_old(version), *_forbidden(client), *_not_ensured(client, definitions)]
    if problems:
        raise Refused(
            f"NetBox {version} answers and takes the token, but: {' '.join(map(str, problems))}", cause="netbox-refused"
        )
    return f"NetBox {version} answers, the token is valid and may write, turnup's {len(definitions)} definitions are in place."


def _too_old(version: str) -> list[Problem]:
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if numbers >= SINCE:
        return []
    since = ".".join(map(str, SINCE))
    return [Problem("Version", f"turnup needs NetBox {since} or newer.", "upgrade it.")]


def _forbidden(client: Client) -> list[Problem]:
    missing = [
        meaning for path, needed in WRITES.items() for method, meaning in needed.items() if method not in client.allowed(path)
    ]
    if not missing:
        return []
    advice = "enable write on the token, and permit it to the token's user."
    return [Problem("Permissions", f"the token may not {', '.join(missing)}.", advice)]


def _not_ensured(client: Client, definitions: Sequence[Definition]) -> list[Problem]:
    try:
        outcomes = ensure(client, definitions, dry_run=True)
    except TurnupError as error:
        return [Problem("Definitions", error.what, error.advice)]
    wrong = [f"{outcome.key} ({outcome.kind})" for outcome in outcomes if outcome.what != "unchanged"]
    if not wrong:
        return []
    return [
        Problem("Definitions", f"missing or not as turnup needs them: {', '.join(wrong)}.", "run `turnup-netbox ensure` on it.")
    ]
