"""The adopt flow, as a table: servers that were live before turnup came are looked at, and a later decommission's needs recorded.

No row powers, resets or configures a machine, and none takes an address: what is not in NetBox yet, a person enters. A server
stays `active` whatever happens, so there is nothing to undo. Doing it again looks again and changes nothing.
"""

from __future__ import annotations

from turnup.domain.adoption import ADOPT_VERSION, adoption
from turnup.flow.rows import IRREVERSIBLE, NOTHING, Flow, RackRow, ServerRow
from turnup.flow.steps import adopted, claim, live_addresses, live_bmc, live_identity, live_reservations, salt_key

ADOPT = Flow(
    name="adopt",
    version=ADOPT_VERSION,
    plans=adoption,
    done="adopted",
    rack_rows=(
        RackRow("claim", "one writer a server: take it by a conditional write", claim.do, NOTHING),
        RackRow("addresses", "primary and out-of-band address, as NetBox has them", live_addresses.do, NOTHING),
    ),
    server_rows=(
        ServerRow("bmc", "trust the BMC, compare its serial number", live_bmc.do, NOTHING),
        ServerRow("identity", "serial number and MACs from inside, by SSH", live_identity.do, NOTHING),
        ServerRow("salt_key", "the master's key is the one on the machine", salt_key.do, NOTHING),
        ServerRow("dhcp", "reservations for NIC and BMC, where there are none", live_reservations.do, NOTHING),
        ServerRow("record", "NetBox knows it as adopted, the claim is released", adopted.do, IRREVERSIBLE),
    ),
    closing_row=RackRow("finish", "journals", adopted.close, NOTHING),
)
