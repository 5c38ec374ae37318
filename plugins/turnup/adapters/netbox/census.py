"""How full prefixes are, and since when servers are in their states: what a look at the whole fleet does not tell.

Requests grow with pages of a thousand addresses, not with prefixes; the changelog is asked once for each change of a state.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from ipaddress import ip_interface, ip_network

from turnup.adapters.netbox.client import Client, Row
from turnup.adapters.netbox.snapshot import INEXHAUSTIBLE
from turnup.domain.census import PASSING, Fill
from turnup.domain.fleet import Device
from turnup.domain.policy import Site
from turnup.ports import Changes


class Since:
    """When servers came to their passing states, remembered from look to look."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[str, str, str]] = {}

    def of(self, changes: Changes, devices: Iterable[Device]) -> Mapping[int, str]:
        """{device: when}. What the changelog does not know any more is left out: 1 request for a few hundred new ones."""
        there = {one.id: one for one in devices if one.status in PASSING}
        new = [key for key, one in there.items() if self._known.get(key, ("", "", ""))[:2] != _version(one)]
        came = {change.device_id: change for change in changes.after(0, new)} if new else {}
        for key in new:
            change, was = came.get(key), self._known.get(key)
            if change is not None and change.after == there[key].status:
                at = change.at
            else:
                at = was[2] if was and was[0] == there[key].status else there[key].version
            self._known[key] = (*_version(there[key]), at)
        self._known = {key: known for key, known in self._known.items() if key in there}
        return {key: at for key, (_, _, at) in self._known.items()}


def _version(device: Device) -> tuple[str, str]:
    """What is another one when the device may have left its state and come back."""
    return device.status, device.claim or ""


def fills(client: Client, sites: Mapping[str, Site]) -> tuple[Fill, ...]:
    """How full the prefixes are that servers and BMCs of these sites (slug: policy) get addresses from.

    2 requests, and 1 for every thousand addresses. Left out is what cannot fill up: more addresses than anybody could have used.
    """
    ids = {row["id"]: row["slug"] for row in client.rows("dcim/sites", slug=sorted(sites), fields="id,slug")} if sites else {}
    if not ids:
        return ()
    fields = "id,prefix,role,scope_id,is_pool"
    rows = client.rows("ipam/prefixes", scope_type="dcim.site", scope_id=list(ids), status="active", fields=fields)
    empty = [one for row in rows if (one := _empty(row, ids[row["scope_id"]], sites)) is not None]
    prefixes = [one.prefix for one in empty]
    taken = client.rows_by("ipam/ip-addresses", "parent", prefixes, fields="id,address") if prefixes else []
    return _filled(empty, sorted({int(ip_interface(row["address"]).ip) for row in taken}))


def _empty(row: Row, slug: str, sites: Mapping[str, Site]) -> Fill | None:
    """The prefix without any address; None where servers get none of it, or it cannot fill up."""
    site, role = sites[slug], (row["role"] or {}).get("slug")
    network = ip_network(row["prefix"])
    if role not in {site.management_prefix_role, site.out_of_band_prefix_role} or network.num_addresses > INEXHAUSTIBLE:
        return None
    reserved = 2 if network.version == 4 and network.prefixlen < 31 and not row["is_pool"] else 0
    return Fill(slug, str(network), role, 0, network.num_addresses - reserved)


def _filled(empty: Sequence[Fill], taken: Sequence[int]) -> tuple[Fill, ...]:
    """`taken` is sorted: ten thousand addresses cost no more than two looks a prefix."""
    found = []
    for one in empty:
        network = ip_network(one.prefix)
        used = bisect_right(taken, int(network.broadcast_address)) - bisect_right(taken, int(network.network_address) - 1)
        found.append(replace(one, used=used))
    return tuple(found)
