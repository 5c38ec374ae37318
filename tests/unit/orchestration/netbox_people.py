"""A rack in NetBox, people who save devices there, Airflow's runs, and what turnup makes of it."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.domain import worlds
from turnup.domain.policy import Site
from turnup.domain.servers import Server
from turnup.domain.webhooks import Delivery, Ignored
from turnup.fakes.changes import FakeChanges
from turnup.fakes.inventory import FakeInventory
from turnup.fakes.runs import FakeRuns
from turnup.orchestration.granting import Granted, Granting

ENGINEER, OWN = "engineer", "turnup"


class People:
    """Rack A: a1 to a4, a3 and a4 live, and the switch a9. Rack B: b1 (id 11). All at site `here`."""

    def __init__(self) -> None:
        others = (worlds.server(9, role="switch"),)
        rack_a = worlds.snapshot((worlds.server(1), worlds.server(2), worlds.live(3), worlds.live(4), *others))
        rack_b = worlds.snapshot((worlds.server(11, name="b1"),), rack="B", rack_id=8)
        self.inventory = FakeInventory(rack_a, rack_b)
        self.changes = FakeChanges(self.inventory, ("here", "A"), ("here", "B"), own_user=OWN)
        self.runs = FakeRuns()
        self.sites: dict[str, Site] = {"here": worlds.SITE}

    def server(self, key: int) -> Server:
        return self.inventory.device(key)

    def saved(self, status: str, *keys: int, user: str = ENGINEER) -> list[Delivery]:
        """A person sets the status of these devices in one request; what NetBox delivers for it."""
        request_id = self.changes.save(user, status, *keys)
        return [
            Delivery(request_id, one.user, one.device_id, one.device, one.before, one.after)
            for one in self.changes.of_request(request_id)
        ]

    def claim(self, key: int, run: str) -> None:
        self.inventory.correct(key, lambda server: replace(server, claim=run))

    def granting(self) -> Granting:
        return Granting(self.changes, self.inventory, self.runs, self.sites.get, OWN, lambda: self.changes.now)

    def delivered(self, delivery: Delivery) -> Granted | Ignored:
        return self.granting().answer(delivery)

    def ignored(self, delivery: Delivery) -> str:
        """Why nothing was done."""
        answer = self.delivered(delivery)
        assert isinstance(answer, Ignored), answer
        return answer.why
