"""How thoroughly a drive is sanitized, in the terms of NIST SP 800-88 Rev. 2 (September 2025), section 3.1.

Rev. 2 keeps Clear, Purge and Destroy and leaves the techniques to IEEE 2883 or to what an organisation finds acceptable. Which
technique counts as what is therefore this project's policy, each said in its method's file with its reason.
"""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """Clear: against keyboard and simple tools, all that can be addressed. Purge: against a laboratory too."""

    CLEAR = "clear"
    PURGE = "purge"

    def reaches(self, asked: Level) -> bool:
        """Whether this is as thorough as what is asked, or more."""
        order = (Level.CLEAR, Level.PURGE)
        return order.index(self) >= order.index(asked)
