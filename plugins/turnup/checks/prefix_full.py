"""A prefix is nearly full."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_network

from turnup.checks.kind import Check, Seen
from turnup.domain.facts import Facts, Range, Source
from turnup.domain.findings import Severity
from turnup.domain.networks import Networks, parsed
from turnup.domain.servers import ip_version


def look(facts: Facts) -> Iterator[Seen]:
    """Each IPv4 prefix of which at least so many percent are taken, by addresses or by ranges that count as taken."""
    most = facts.policy.site.audit.prefix_full_percent
    for prefix, (used, size) in fill(facts).items():
        if 100 * used >= most * size:
            yield Seen(prefix, f"{used} of its {size} addresses are taken, {100 * used // size} %.")


def fill(facts: Facts) -> dict[str, tuple[int, int]]:
    """{IPv4 prefix: how many of its addresses are taken, and how many there are}."""
    prefixes = [one.cidr for one in facts.estate.prefixes if ip_version(one.cidr) == 4]
    networks = Networks(prefixes)
    spans = [(parsed(one.first)[1], parsed(one.last)[1]) for one in facts.estate.ranges if ip_version(one.first) == 4]
    single = {one.ip for one in facts.estate.addresses if ip_version(one.ip) == 4}
    taken = Counter(networks.of(ip) for ip in single if not any(low <= parsed(ip)[1] <= high for low, high in spans))
    for one in facts.estate.ranges:
        if ip_version(one.first) == 4 and (prefix := networks.of(one.first)):
            taken[prefix] += _length(one)
    return {prefix: (taken[prefix], _size(prefix)) for prefix in prefixes}


def _length(one: Range) -> int:
    return parsed(one.last)[1] - parsed(one.first)[1] + 1


def _size(prefix: str) -> int:
    """Network and broadcast address are nobody's, but in the smallest ones."""
    network = ip_network(prefix)
    return network.num_addresses - (2 if network.prefixlen < 31 else 0)


CHECK = Check(
    area="Addresses",
    title="A prefix is nearly full",
    severity=Severity.WARNING,
    needs=(Source.NETBOX,),
    look=look,
    why="The next rack cannot be installed: a plan that needs more addresses than are left is refused.",
    advice="enlarge the prefix, or free addresses that nobody uses; see also `quarantine_over`.",
    steps="1. In NetBox, look through the prefix's addresses for those of machines that are gone.\n"
    "2. Else plan a larger prefix, or a second VLAN: DHCP's subnet and the gateway have to follow.\n"
    "3. From how many percent on this is said is the site's policy: `audit.prefix_full_percent`.",
)
