"""The sweep: what NetBox delivered to nobody is delivered again, by the same door, under the same identity.

It starts nothing itself. It looks for changes whose wish may still stand, and delivers one of each run's to the webhook, signed
as NetBox signs: the webhook looks whether there is that run, and whether the wish still stands.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator

from turnup.domain.errors import Refused, TurnupError
from turnup.domain.webhooks import Delivery
from turnup.domain.wishes import STANDS, WISHES, to_deliver
from turnup.flow.job import flow_log
from turnup.orchestration import settings
from turnup.orchestration.hooks.turnup_webhooks import CONNECTION, WebhooksHook
from turnup.ports import Changes

if TYPE_CHECKING:
    from airflow.sdk import Context

ON_ITS_WAY = timedelta(seconds=60)
"""What is younger may be on its way."""

TIMEOUT = 20.0  # seconds for each call


def sweep(changes: Changes, deliver: Callable[[Delivery], str], now: datetime, say: Callable[[Delivery, str], None]) -> int:
    """Deliver again what may be lost, and say what came of each; answers how many. All are tried before an error is raised."""
    standing = changes.standing([wish.after for wish in WISHES], now - STANDS)
    settled = [one for one in standing if datetime.fromisoformat(one.at) <= now - ON_ITS_WAY]
    deliveries = to_deliver(settled, changes.own_user()) if settled else ()
    failed: list[TurnupError] = []
    for delivery in deliveries:
        try:
            say(delivery, deliver(delivery))
        except TurnupError as error:
            say(delivery, str(error))
            failed.append(error)
    if failed:
        raise failed[0]
    return len(deliveries)


class SweepOperator(BaseOperator):
    """Sweeps once. Its XCom is how many changes were delivered again. Where webhooks are not set up, it does nothing."""

    def execute(self, context: Context) -> int:
        """Look, and deliver."""
        dag_run = context["dag_run"]
        log = flow_log(settings.run_of(dag_run.dag_id, dag_run.run_id), self.task_id)
        from turnup.orchestration.operators import failure  # noqa: PLC0415 -- of all that the rows need, the DAG file needs nothing

        try:
            hook = _set_up()
            if hook is None:
                log.info("Webhooks are not set up: there is no Airflow connection %s.", CONNECTION)
                return 0
            return sweep(*_between(hook), datetime.now(UTC), lambda one, said: log.info("%s: %s", _told(one), said))
        except TurnupError as error:
            raise failure(log, error) from None


def _set_up() -> WebhooksHook | None:
    """The connection, if there is one."""
    try:
        return WebhooksHook(CONNECTION)
    except Refused:
        return None


def _between(hook: WebhooksHook) -> tuple[Changes, Callable[[Delivery], str]]:
    """NetBox's changelog, and how to deliver."""
    from turnup.adapters.netbox.changes import NetBoxChanges  # noqa: PLC0415 -- a DAG file imports this module
    from turnup.adapters.netbox.client import PAUSES  # noqa: PLC0415
    from turnup.adapters.webhooks import Deliverer  # noqa: PLC0415
    from turnup.orchestration.hooks.netbox import NetBoxHook  # noqa: PLC0415

    door = hook.door()
    netbox = NetBoxHook(door.netbox, f"the connection {CONNECTION} names")
    deliverer = Deliverer(door.url, door.secrets[0], door.ca, TIMEOUT)
    return NetBoxChanges(netbox.client(TIMEOUT, PAUSES, "turnup-sweep")), lambda delivery: deliverer.deliver(
        delivery, "webhook_sweep"
    )


def _told(delivery: Delivery) -> str:
    return f"{delivery.device}, {delivery.before} > {delivery.after} by {delivery.user} (request {delivery.request_id})"
