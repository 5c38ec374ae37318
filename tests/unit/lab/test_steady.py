"""The steady client counts what a person would have seen."""

from __future__ import annotations

from lab.clients.steady import Steady
from tests.contract.load_balancer import web_servers
from tests.contract.processes import eventually, free_port

ADDRESS = "127.0.18.9"


def test_it_asks_at_its_rate_and_counts_who_answered() -> None:
    with web_servers((ADDRESS,)) as servers, Steady(f"http://{ADDRESS}:{servers.port}/", rate=200) as clients:
        eventually(lambda: clients.count().asked >= 200, "two hundred requests")
        count = clients.count()
        assert (count.failed, set(count.servers)) == (0, {ADDRESS})
        assert 100 < count.rate < 250


def test_what_fails_is_counted_and_told_and_the_clients_go_on() -> None:
    with web_servers((ADDRESS,)) as servers:
        servers.unwell.add(ADDRESS)
        with Steady(f"http://{ADDRESS}:{servers.port}/healthz") as clients:
            eventually(lambda: clients.count().failed >= 10, "ten failures")
            servers.unwell.clear()
            eventually(lambda: bool(clients.count().servers), "an answer")
        assert clients.count().problems[0] == "HTTP 503"


def test_nobody_there_is_a_failure_for_each_request() -> None:
    with Steady(f"http://127.0.0.1:{free_port()}/") as clients:
        eventually(lambda: clients.count().asked >= 10, "ten requests")
    count = clients.count()
    assert count.failed == count.asked
    assert count.problems[0].startswith("ConnectionRefusedError")
