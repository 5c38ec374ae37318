"""The install flow, from `planned` to `active`, as a table. What is not in it does not happen.

A server that is live leaves by decommission, never by an abort: a row after `live` that fails leaves it `active`, and its undo
is for a server that somebody set back by hand.
"""

from __future__ import annotations

from turnup.domain.planner import plan
from turnup.domain.plans import FLOW_VERSION
from turnup.flow.rows import IRREVERSIBLE, NOTHING, Flow, RackRow, ServerRow
from turnup.flow.steps import addresses, boot, burn_in, claim, configure, dhcp, enter_service, finish, identity, live, salt_key

INSTALL = Flow(
    name="install",
    version=FLOW_VERSION,
    plans=plan,
    done="in service",
    preflight=True,
    rack_rows=(
        RackRow("claim", "one writer a server: take it by a conditional write", claim.do, claim.undo),
        RackRow("addresses", "primary addresses of each family, and the BMC's, from NetBox", addresses.do, addresses.undo),
        RackRow("dhcp", "reservations for NIC and BMC", dhcp.do, dhcp.undo),
    ),
    server_rows=(
        ServerRow("boot", "trust the BMC, switch on, boot the image", boot.do, boot.undo),
        ServerRow("identity", "nonce, serial number and MACs from inside", identity.do, NOTHING),
        ServerRow("salt_key", "accept the minion's key as read on the machine", salt_key.do, salt_key.undo),
        ServerRow("configure", "Salt states of the role, test run first", configure.do, NOTHING),
        ServerRow("burn_in", "measure, and judge against thresholds", burn_in.do, NOTHING),
        ServerRow("live", "NetBox says active", live.do, IRREVERSIBLE),
        ServerRow(
            "enter_service", "into its role's pool, health checked; the claim is released", enter_service.do, enter_service.undo
        ),
    ),
    closing_row=RackRow("finish", "journals, and the rack's status", finish.do, NOTHING),
)
