"""DHCP backends are found by the folder's listing, and say what their connection lacks."""

from __future__ import annotations

import pytest

from turnup.adapters import dhcp
from turnup.domain.errors import Refused
from turnup.ports import Reservation


def test_every_backend_is_found() -> None:
    assert list(dhcp.backends()) == ["kea_hosts_database", "none"]


def test_an_unknown_kind_is_refused_naming_the_known_ones() -> None:
    with pytest.raises(Refused, match="kea_hosts_database, none"):
        dhcp.backend("dnsmasq", {}, 5)


def test_without_dhcp_nothing_is_served_and_nothing_fails() -> None:
    server = dhcp.backend("none", {}, 5)
    reservation = Reservation(1, "02:00:00:00:00:01", "198.19.0.2", "n1.example")
    server.reserve([reservation])
    server.release([reservation])
    assert server.subnets() == {}
    assert server.reservations([reservation.mac]) == ()


def test_a_connection_that_lacks_something_is_refused_naming_it() -> None:
    settings = {"host": "db", "schema": "kea", "login": "", "password": "secret", "extra": {"control_url": "http://x/"}}
    with pytest.raises(Refused, match="login, control_username in its extra, control_password in its extra") as refusal:
        dhcp.backend("kea_hosts_database", settings, 5)
    assert "secret" not in str(refusal.value)
