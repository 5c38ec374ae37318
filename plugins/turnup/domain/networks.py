"""Which of many prefixes an address lies in: the longest, found without looking at each. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_address, ip_network

BITS = {4: 32, 6: 128}


@lru_cache(maxsize=1 << 17)
def parsed(ip: str) -> tuple[int, int]:
    """(version, number) of an address without prefix length, which is parsed once however many checks ask."""
    found = ip_address(ip)
    return found.version, int(found)


class Networks:
    """These prefixes (`10.0.1.0/24`); they are returned as they were given."""

    def __init__(self, prefixes: Iterable[str]) -> None:
        self._of: dict[tuple[int, int, int], str] = {}
        for prefix in prefixes:
            network = ip_network(prefix, strict=False)
            self._of[network.version, network.prefixlen, int(network.network_address)] = prefix
        self._lengths = {
            version: sorted({length for of, length, _ in self._of if of == version}, reverse=True) for version in BITS
        }

    def of(self, ip: str) -> str | None:
        """The longest prefix with this address (without prefix length); None: in none."""
        version, number = parsed(ip)
        for length in self._lengths[version]:
            shift = BITS[version] - length
            if (found := self._of.get((version, length, number >> shift << shift))) is not None:
                return found
        return None
