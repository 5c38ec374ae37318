"""Whether NetBox has what turnup needs there, for an audit: `turnup-netbox ensure`, as a dry run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from turnup.adapters.netbox.client import Client
from turnup.adapters.netbox.definitions import Definition
from turnup.adapters.netbox.ensure import Receiver, ensure, ensure_ties
from turnup.domain.facts import Misfit

ELSEWHERE = {"link_url"}
"""Fields that each installation sets as it likes: under which URL people reach Airflow."""


@dataclass(frozen=True)
class NetBoxSetup:
    """The Setup port. `to`: where NetBox is to deliver; None: webhooks are not set up, and `ties` are not looked for."""

    client: Client
    definitions: Sequence[Definition]
    ties: Sequence[Definition] = ()
    to: Receiver | None = None

    def misfits(self) -> tuple[Misfit, ...]:
        """Twenty requests at most. Of a field that differs its name is told, never its content: one of them is a secret."""
        outcomes = ensure(self.client, self.definitions, dry_run=True)
        if self.to is not None:
            outcomes += ensure_ties(self.client, self.ties, self.to, dry_run=True)
        found = [(one, tuple(two.field for two in one.differences if two.field not in ELSEWHERE)) for one in outcomes]
        misfits = [(one, fields) for one, fields in found if one.what == "created" or (one.what == "changed" and fields)]
        return tuple(Misfit(one.kind, one.key, fields) for one, fields in misfits)
