"""The decommission flow, from `active` to `inventory`, or `offline`, as a table. What is not in it does not happen.

Before its rows a survey is made, what may be touched is sealed, and people say yes to exactly that. Every row asks the guard for
itself (`flow/guard.py`). Until the wipe begins an abort puts a server back into service; after that nothing is undone.
"""

from __future__ import annotations

from turnup.domain.sealing import DECOMMISSION_VERSION, seal
from turnup.flow.rows import IRREVERSIBLE, NOTHING, Flow, RackRow, ServerRow
from turnup.flow.steps import claim_sealed, drain, leave, left, power_off, prove, release, reset, sealed_identity, wipe

DECOMMISSION = Flow(
    name="decommission",
    version=DECOMMISSION_VERSION,
    plans=seal,
    done="gone",
    leaves=True,
    why_not_undone=wipe.too_late,
    rack_rows=(
        RackRow("claim", "approved, unchanged, enough left: taken by a conditional write", claim_sealed.do, claim_sealed.undo),
    ),
    server_rows=(
        ServerRow("drain", "out of its pool, one of its role at a time", drain.do, drain.undo),
        ServerRow("reset", "boot the image that can wipe", reset.do, reset.undo),
        ServerRow("identity", "nonce, serial number, MACs and drives from inside", sealed_identity.do, NOTHING),
        ServerRow("wipe", "a signed order for the sealed drives", wipe.do, IRREVERSIBLE),
        ServerRow("prove", "read back, certificates signed", prove.do, IRREVERSIBLE),
        ServerRow("power_off", "off, by its BMC", power_off.do, NOTHING),
        ServerRow("salt_key", "the minion's key is deleted", release.salt_key, IRREVERSIBLE),
        ServerRow("dhcp", "reservations and leases are removed", release.reservations, IRREVERSIBLE),
        ServerRow("addresses", "deprecated, for the days of the quarantine", release.addresses, IRREVERSIBLE),
        ServerRow("netbox", "inventory, or offline with what is to be shredded; the claim is released", leave.do, IRREVERSIBLE),
    ),
    closing_row=RackRow("finish", "journals, the run's certificate, and the rack's status", left.do, NOTHING),
)
