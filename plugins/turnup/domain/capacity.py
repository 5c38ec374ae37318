"""Capacity: what a site keeps when servers leave a role, judged from those that really serve. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from fractions import Fraction
from math import ceil
from typing import Any

from turnup.domain.policy import Capacity


@dataclass(frozen=True)
class CapacityVerdict:
    """Whether a role may lose servers. All numbers count servers.

    `total` is how many the role has, `serving` how many of them serve now, `leaving` how many are to be removed, `lost` how many
    of those serve now, `left` how many go on serving, `needed` how many the site's policy demands.
    """

    role: str
    total: int
    serving: int
    leaving: int
    lost: int
    left: int
    needed: int
    policy: Capacity

    @property
    def enough(self) -> bool:
        """Whether what is left is what the policy demands, or more. False too where it was less before anybody left."""
        return self.left >= self.needed

    def __str__(self) -> str:
        demanded = f"policy demands {self.needed}: at least {self.policy.at_least}, and {self.policy.at_least_share:.0%} of all"
        numbers = f"{self.serving} of {self.total} serve, {self.leaving} leave, {self.left} go on serving"
        if self.enough:
            return f"role {self.role}: enough: {numbers}; {demanded}."
        already = "; it is too few already, whoever leaves" if self.serving < self.needed else ""
        return f"role {self.role}: NOT enough: {numbers}; {demanded}{already}."

    def document(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "enough": self.enough, "words": str(self)}


def judge(
    role: str, every: Collection[str], serving: Collection[str], leaving: Collection[str], policy: Capacity
) -> CapacityVerdict:
    """May these servers leave the role? Servers are told apart by any word that is used alike in all three lists.

    `every` is the role's servers at the site, those included that leave or left in the same run: the share is of what there was
    before. What serves and is not in it counts too, so that a list that lacks some never lowers the demand.
    """
    total = set(every) | set(serving) | set(leaving)
    now, out = set(serving), set(leaving)
    share = Fraction(str(policy.at_least_share)) * len(total)
    return CapacityVerdict(
        role=role,
        total=len(total),
        serving=len(now),
        leaving=len(out),
        lost=len(now & out),
        left=len(now - out),
        needed=max(policy.at_least, ceil(share)),
        policy=policy,
    )
