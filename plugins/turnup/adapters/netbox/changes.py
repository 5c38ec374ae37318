"""NetBox's changelog as the Changes port: who set which device's status to what, in which request."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from turnup.adapters.netbox.client import Client, Row
from turnup.adapters.netbox.inventory import CUSTOM_FIELDS
from turnup.adapters.netbox.snapshot import DEVICE_FIELDS, read_server
from turnup.domain.webhooks import DEVICE
from turnup.domain.wishes import PUT_BACK, Placed, StatusChange

CLAIM = CUSTOM_FIELDS["claim"]
FIELDS = "id,time,user_name,request_id,changed_object_id,object_repr,prechange_data,postchange_data"


class NetBoxChanges:
    """The Changes port (see `ports.Changes`) over one NetBox. Its token has to be allowed to read the changelog."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def own_user(self) -> str:
        """Whose token it is: 1 request."""
        return str(self._client.me()["username"])

    def of_request(self, request_id: str) -> tuple[StatusChange, ...]:
        """Of one request: 1 request for a thousand changes."""
        return _read(self._client.rows("core/object-changes", request_id=request_id, **_DEVICES))

    def after(self, change_id: int, device_ids: Sequence[int]) -> tuple[StatusChange, ...]:
        """Of these devices, later: 1 request for a few hundred devices."""
        rows = self._client.rows_by("core/object-changes", "changed_object_id", device_ids, id__gt=change_id, **_DEVICES)
        return _read(rows)

    def standing(self, statuses: Sequence[str], since: datetime) -> tuple[StatusChange, ...]:
        """Of devices in these statuses that no run holds, and of those put back: 3 requests for a few hundred.

        What else is changed costs nothing.
        """
        rows = self._client.rows("dcim/devices", status=list(statuses), fields="id,custom_fields")
        free = [row["id"] for row in rows if not (row["custom_fields"] or {}).get(CLAIM)]
        of_devices = _DEVICES | {"time_after": since.isoformat()}
        put_back = self._client.rows("core/object-changes", q=PUT_BACK, **of_devices | {"fields": "id,changed_object_id"})
        ids = [*free, *(row["changed_object_id"] for row in put_back)]
        return _read(self._client.rows_by("core/object-changes", "changed_object_id", ids, **of_devices))

    def placed(self, device_ids: Sequence[int]) -> Mapping[int, Placed]:
        """Devices by id: 1 request for a few hundred."""
        rows = self._client.rows_by("dcim/devices", "id", device_ids, fields=f"{DEVICE_FIELDS},site,rack")
        return {row["id"]: _placed(row) for row in rows}


_DEVICES: dict[str, Any] = {"changed_object_type": DEVICE, "action": "update", "fields": FIELDS, "ordering": "id"}


def _read(rows: Iterable[Row]) -> tuple[StatusChange, ...]:
    """Those that changed a status, each once: a changelog that grows while it is read in pages may repeat itself."""
    found = {row["id"]: change for row in rows if (change := _change(row)) is not None}
    return tuple(change for _, change in sorted(found.items()))


def _change(row: Row) -> StatusChange | None:
    before, after = row["prechange_data"] or {}, row["postchange_data"] or {}
    if not before.get("status") or not after.get("status") or before["status"] == after["status"]:
        return None
    return StatusChange(
        id=row["id"],
        request_id=str(row["request_id"]),
        user=row["user_name"],
        at=row["time"],
        device_id=row["changed_object_id"],
        device=after.get("name") or row["object_repr"],
        rack_id=after.get("rack"),
        before=before["status"],
        after=after["status"],
    )


def _placed(row: Row) -> Placed:
    rack = row["rack"] or {}
    return Placed(read_server(row), row["site"]["slug"], rack.get("id"), rack.get("name"))
