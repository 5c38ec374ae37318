"""What NetBox delivers when somebody saves a device: whether it comes from NetBox, and what it says. Pure.

Nothing of a body is read before its signature is found to be right. What a delivery says is only why NetBox's changelog is looked
into: what is done rests on the changelog.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from turnup.domain.errors import Refused
from turnup.domain.plain_text import plain

LONGEST = 1024 * 1024
"""Bytes of a body. A device with a large config context has some ten thousand."""

SIGNATURE = "X-Hook-Signature"
DEVICE = "dcim.device"
UPDATED = "updated"
LARGEST_ID = 2**63 - 1


@dataclass(frozen=True)
class Ignored:
    """Nothing is done: `why` in a word that is counted, `text` for a person."""

    why: str
    text: str


@dataclass(frozen=True)
class Delivery:
    """A device whose status changed, in the NetBox request of this id. `before` and `after` are NetBox's statuses."""

    request_id: str
    user: str
    device_id: int
    device: str
    before: str
    after: str


def signature(body: bytes, secret: str) -> str:
    """What NetBox sends as `X-Hook-Signature`: the HMAC-SHA512 of the body, in hex."""
    return hmac.new(secret.encode(), body, hashlib.sha512).hexdigest()


def is_signed(body: bytes, given: str, secrets: Sequence[str]) -> bool:
    """Whether one of the secrets signed exactly this body. It takes as long whichever it is, and if none did."""
    found = False
    for secret in filter(None, secrets):
        found |= hmac.compare_digest(signature(body, secret).encode(), given.encode("utf-8", "replace"))
    return found


def read(body: bytes) -> Delivery | Ignored:
    """What the body says. Refused: it is no delivery of NetBox."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        raise _senseless("it is not JSON") from None
    if not isinstance(found, dict):
        raise _senseless("it is no object")
    model, event = _text(found, "object_type"), _text(found, "event")
    if model != DEVICE or event != UPDATED:
        return Ignored("no-status", f"{plain(model, 60)} {plain(event, 60)}: only a device's status starts something.")
    data, request = _mapping(found, "data"), _mapping(found, "request")
    device_id = data.get("id")
    if type(device_id) is not int or not 0 < device_id <= LARGEST_ID:
        raise _senseless("data.id is no id of a device")
    device = plain(data["name"]) if isinstance(data.get("name"), str) else f"device {device_id}"
    snapshots = _mapping(found, "snapshots")
    before, after = _status(snapshots, "prechange"), _status(snapshots, "postchange")
    if before is None or after is None or before == after:
        return Ignored("no-status", f"{device}: its status did not change.")
    return Delivery(_request_id(request), _text(request, "user"), device_id, device, before, after)


def written(delivery: Delivery, sent_by: str) -> dict[str, Any]:
    """The delivery as NetBox would have made it: `read` reads it back. `sent_by` says who made it instead."""
    return {
        "event": UPDATED,
        "object_type": DEVICE,
        "sent_by": sent_by,
        "data": {"id": delivery.device_id, "name": delivery.device},
        "request": {"id": delivery.request_id, "user": delivery.user},
        "snapshots": {"prechange": {"status": delivery.before}, "postchange": {"status": delivery.after}},
    }


def _request_id(request: Mapping[str, Any]) -> str:
    try:
        return str(UUID(_text(request, "id")))
    except ValueError:
        raise _senseless("request.id is no UUID") from None


def _status(snapshots: Mapping[str, Any], which: str) -> str | None:
    """The status in a snapshot; None where NetBox took none."""
    snapshot = snapshots.get(which)
    if snapshot is None:
        return None
    if not isinstance(snapshot, dict) or not isinstance(snapshot.get("status"), str):
        raise _senseless(f"snapshots.{which}.status is no text")
    return str(snapshot["status"])


def _mapping(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = found.get(name)
    if not isinstance(value, dict):
        raise _senseless(f"{name} is no object")
    return value


def _text(found: Mapping[str, Any], name: str) -> str:
    value = found.get(name)
    if not isinstance(value, str):
        raise _senseless(f"{name} is no text")
    return value


def _senseless(why: str) -> Refused:
    return Refused(f"The body makes no sense: {why}.", "NetBox's webhook has to send its own body: leave its template empty.")
