"""Why a server's part of a run ends, as a fixed vocabulary: a stable code, what it means, what to do next.

Messages are written for the moment and change; a code does not. Every error carries one (`errors.TurnupError.cause`), every
message ends with it, and `docs/causes.md` is this table as a page. One long file on purpose: the whole vocabulary in one read.
"""

from __future__ import annotations

from dataclasses import dataclass

from turnup.domain.errors import Conflict, HardwareFault, Refused, Transient, TurnupError


@dataclass(frozen=True)
class Cause:
    """One reason: its code, the kind of error it is raised as, and for a person its title, why it happens and the next action."""

    code: str
    kind: type[TurnupError]
    title: str
    why: str
    action: str


BMC = (
    Cause(
        "bmc-silent",
        HardwareFault,
        "The BMC does not answer",
        "Nothing listens at the server's out-of-band address: no cable, no power, no DHCP lease for the MAC in NetBox, or a "
        "BMC that hangs.",
        "Check cable and power of the BMC's port; compare the MAC on the label with NetBox; look whether the DHCP server saw "
        "that MAC. "
        "Then clear the server's task.",
    ),
    Cause(
        "bmc-failing",
        Transient,
        "The BMC answers, but not as it should",
        "It broke off, answered an error of its own or no JSON, six times in a row. BMCs do so while they start and when they "
        "are worn out.",
        "Try its web page. If it stays so, reset the BMC (that leaves the server's power as it is), wait two minutes, clear "
        "the task.",
    ),
    Cause(
        "bmc-password",
        HardwareFault,
        "The BMC refuses the login",
        "The site's login, as the Redfish connection in Airflow has it, is not the one on this BMC: a new board, or a BMC that "
        "was reset to "
        "its factory password.",
        "Set the site's user and password on the BMC, then clear the task. If every server says so, correct the Redfish "
        "connection.",
    ),
    Cause(
        "bmc-certificate-unknown",
        Refused,
        "No certificate of this BMC is on record",
        "The site's policy trusts no BMC at first contact, and turnup_bmc_certificate is empty. No password was sent.",
        "Compare the fingerprint in the message with the BMC's own display, enter it as turnup_bmc_certificate in NetBox, "
        "clear the task.",
    ),
    Cause(
        "bmc-certificate-changed",
        HardwareFault,
        "The BMC shows another certificate than the one on record",
        "A new board, a BMC that was reset or updated, or another machine at that address. No password was sent.",
        "Find out which. If it is right that it changed, clear turnup_bmc_certificate in NetBox, then clear the task. If nobody "
        "knows why, "
        "treat it as somebody in between: do not enter a password there.",
    ),
    Cause(
        "bmc-address-outside",
        Refused,
        "The out-of-band address is not in the site's out-of-band prefix",
        "The device's out-of-band IP in NetBox was entered by hand or belongs elsewhere. No credential was sent to it.",
        "Correct the out-of-band IP of the device in NetBox, then start a new run.",
    ),
    Cause(
        "bmc-serial-differs",
        HardwareFault,
        "The BMC reports another serial number than NetBox has",
        "Two servers or two BMC cables are swapped, a MAC is entered at the wrong device, or the board was replaced. The "
        "message names the device that NetBox has with that serial number, and says where two are swapped.",
        "Go to the rack and compare the label with NetBox. Correct whichever is wrong (cable, MAC, serial number), then clear "
        "the tasks of both servers.",
    ),
    Cause(
        "bmc-not-redfish",
        HardwareFault,
        "What answers at the BMC's address does not speak Redfish as expected",
        "Firmware that is too old, Redfish switched off, a chassis manager with several systems, or no BMC at all.",
        "See what is at that address. Switch Redfish on or update the BMC's firmware, then clear the task.",
    ),
)

POWER_AND_BOOT = (
    Cause(
        "power-already-on",
        Refused,
        "The server is on, and this run did not switch it on",
        "Somebody works on it, or it runs something. Install never resets a running server.",
        "Make sure that nothing runs on it and that it is the right machine; switch it off by hand; clear the task.",
    ),
    Cause(
        "power-stays-off",
        HardwareFault,
        "The BMC took the order to switch on, and the server stays off",
        "No mains, a power supply or board that is broken, or a BMC that waits for something.",
        "Look at the power supplies and at the BMC's event log. Then clear the task.",
    ),
    Cause(
        "power-stays-on",
        Transient,
        "The server was told to switch off and is on yet",
        "Some machines take long; some BMCs ignore the order.",
        "Abort the server, or clear its task, once more. If it stays on, switch it off by hand and do that again.",
    ),
    Cause(
        "power-cap",
        Refused,
        "Too many servers are being switched on at once",
        "The site's policy limits how many start together in a rack or on a power feed, and others did not finish in time.",
        "Look why the others of this rack or feed hang; when they are done, clear the task.",
    ),
    Cause(
        "live-but-off",
        HardwareFault,
        "The server is active in NetBox and switched off",
        "An adoption only looks at servers that run. This one was switched off or died, or its status is wrong.",
        "Find out why it is off. Switch it on or correct its status in NetBox, then clear the task.",
    ),
    Cause(
        "no-lease",
        HardwareFault,
        "The server was switched on and got no address",
        "Its DHCP request did not reach the DHCP server: cable, switch port or VLAN of the NIC, a MAC in NetBox that is not the "
        "one on the label, or network boot that is switched off. The message says when DHCP last heard from that MAC.",
        "Check these in that order, then clear the task boot: the server was switched off again and is started anew.",
    ),
    Cause(
        "image-not-fetched",
        HardwareFault,
        "The server got an address and not its boot script or image",
        "The boot web server does not run, cannot be reached from the rack, or does not have the image. The message has the "
        "console's line.",
        "Try the URL of that line from a machine in the rack's network. Publish the image or mend the web server, then clear the "
        "task boot.",
    ),
    Cause(
        "ssh-silent",
        HardwareFault,
        "The server is on, and SSH does not answer",
        "After a start: it got an address, and hangs while it boots, or its sshd does not run. A live server that is adopted: "
        "its address in NetBox is wrong, or sshd or a firewall does not let turnup in.",
        "Read the console's last lines in the message: where does the boot stop? Then clear the task; a server that was switched "
        "off again is started anew.",
    ),
    Cause(
        "ssh-broke-off",
        Transient,
        "SSH broke off or did not answer in time",
        "The server restarts, its network comes and goes, or it is so busy that a command did not end.",
        "Log in by hand. If it is up and quiet, clear the task; else look at its console and at the switch port.",
    ),
    Cause(
        "ssh-key-refused",
        HardwareFault,
        "SSH answers and refuses turnup's key",
        "Something else is booted there than the image that turnup serves, such as an old system on its disk, or another "
        "machine.",
        "See what runs at that address and how the boot order is set. For a live server: allow turnup's key. Then clear the "
        "task.",
    ),
    Cause(
        "ssh-host-key-differs",
        HardwareFault,
        "SSH shows another host key than before",
        "Another machine has this address, or somebody started the server anew in the middle of the run. Nothing was sent.",
        "Find out which machine answers. If the server was restarted by hand: abort it and start a new run.",
    ),
)

IDENTITY = (
    Cause(
        "nonce-differs",
        HardwareFault,
        "The machine that answers did not boot from this run's boot script",
        "It started from its disk, it had been running before, or another machine has its address.",
        "Look which machine has that address. Put network boot first in the boot order, switch it off, clear the task boot.",
    ),
    Cause(
        "dmi-serial-differs",
        HardwareFault,
        "From inside, the machine has another serial number than NetBox says",
        "The board was swapped or never programmed, or the address belongs to another machine.",
        "Compare with the label. Program the board or correct NetBox, then start a new run.",
    ),
    Cause(
        "nic-mac-differs",
        HardwareFault,
        "No NIC of the machine has a MAC that NetBox gives it",
        "A NIC was replaced or is missing, or a MAC was mistyped.",
        "The message lists the MACs that the machine has. Correct NetBox or the machine, then start a new run.",
    ),
    Cause(
        "identity-unproven",
        Refused,
        "A later step has no proof of who this machine is",
        "The task identity was skipped or marked successful by hand.",
        "Clear the task identity of this server, with downstream.",
    ),
    Cause(
        "command-failed",
        Transient,
        "A command that should tell who the machine is failed on it",
        "The image lacks dmidecode or ip, or the machine is in trouble.",
        "Log in and try the command of the message by hand. Correct the image, then clear the task.",
    ),
)

SALT = (
    Cause(
        "minion-key-missing",
        HardwareFault,
        "salt-minion on the server has no key",
        "It did not start, or the image does not contain it.",
        "Log in and look at salt-minion's log. Then clear the task.",
    ),
    Cause(
        "minion-key-unreadable",
        Transient,
        "The minion's public key file holds no key",
        "It is being written at this moment, or the disk was full.",
        "Look at /etc/salt/pki/minion/minion.pub. If it stays broken, delete it, restart salt-minion, clear the task.",
    ),
    Cause(
        "salt-master-unreached",
        HardwareFault,
        "The minion does not reach the Salt master",
        "Name, route or firewall: the minion's key never arrived at the master.",
        "On the server: does the master's name resolve, are its ports 4505 and 4506 open? Read salt-minion's log. Then clear "
        "the task.",
    ),
    Cause(
        "salt-key-differs",
        Refused,
        "The master's key for this minion is not the one on the machine",
        "Another machine uses that minion id, or the key is left over from an earlier installation. Nothing was accepted.",
        "Find out which machine offers it. If it is a leftover, delete exactly that key on the master, then clear the task.",
    ),
    Cause(
        "salt-key-missing",
        Refused,
        "The master has no key of this minion waiting",
        "It was deleted between two looks, or the minion stopped.",
        "Restart salt-minion on the server and clear the task.",
    ),
    Cause(
        "minion-silent",
        HardwareFault,
        "The minion's key is accepted, and it does not answer",
        "salt-minion hangs or died, or the network to the master broke.",
        "Read salt-minion's log, restart it, clear the task.",
    ),
    Cause(
        "minion-id-unsafe",
        Refused,
        "The server's name cannot be a minion id",
        "It holds a character that Salt reads as a pattern, so it could mean other machines as well.",
        "Rename the device in NetBox (a-z, 0-9, -), then start a new run.",
    ),
    Cause(
        "salt-job-lost",
        HardwareFault,
        "The minion took a job and did not return",
        "The machine or salt-minion died in the middle: a crash under load, a reboot, a cable.",
        "The message has the BMC's event log and the console's last lines, which may tell why it died. Start it again and clear "
        "the task; the job is submitted anew.",
    ),
    Cause(
        "states-fail",
        Refused,
        "Salt states of the role fail",
        "The states do not fit this server, or it lacks something that they expect. The message lists each one with Salt's "
        "reason.",
        "Correct the states or the server, then clear the task. Where only the test run failed, nothing was changed.",
    ),
    Cause(
        "salt-unavailable",
        Transient,
        "The Salt master or salt-api does not answer",
        "It restarts, is overloaded, or the network is down.",
        "Look whether salt-api and salt-master run, and into the master's log. Then clear the tasks.",
    ),
    Cause(
        "salt-login",
        Refused,
        "salt-api refuses turnup's login",
        "Password or eauth of the Salt connection are wrong, or were changed on the master.",
        "Correct the Salt connection in Airflow (Admin > Connections), then clear the tasks.",
    ),
    Cause(
        "salt-forbidden",
        Refused,
        "turnup's Salt account may not do this",
        "external_auth of the master does not allow the function that the message names.",
        "Allow it in the master's configuration, restart the master, clear the tasks.",
    ),
    Cause(
        "salt-certificate",
        Refused,
        "salt-api's certificate cannot be verified",
        "It expired, has other names, or its authority's file is not the one in the connection. No password was sent.",
        "Renew the certificate, or correct `ca` and the URL (https) of the Salt connection.",
    ),
)

BURN_IN = (
    Cause(
        "burn-in-failed",
        HardwareFault,
        "Burn-in is not passed",
        "A figure is beyond its threshold, or a test could not be measured. The message lists which, with figure and limit.",
        "Compare with its siblings in the rack. Replace the part (or correct the threshold of the generation), then clear the "
        "task.",
    ),
)

NETBOX = (
    Cause(
        "netbox-unavailable",
        Transient,
        "NetBox does not answer, or answers with an error of its own",
        "It restarts, is overloaded, or its database is in trouble.",
        "Look at NetBox and its log. Then clear the tasks; what was done already is found again.",
    ),
    Cause(
        "netbox-token",
        Refused,
        "NetBox does not allow this",
        "The token of the NetBox connection expired, or its user lacks a permission.",
        "Renew the token or add the permission that the message names, then clear the tasks.",
    ),
    Cause(
        "netbox-certificate",
        Refused,
        "NetBox's certificate cannot be verified",
        "It expired, has other names, or was signed by an authority that the connection does not name. No token was sent.",
        "Renew it, or name the authority's file as `ca` in the extra of the NetBox connection.",
    ),
    Cause(
        "netbox-connection",
        Refused,
        "What answers at the connection's URL is not NetBox",
        "The URL or the `ca` of the NetBox connection is wrong, or a proxy answers in its place.",
        "Correct the NetBox connection in Airflow, then clear the task.",
    ),
    Cause(
        "netbox-object-gone",
        Refused,
        "NetBox has the object no more",
        "Somebody deleted a device, interface or address while the run went on.",
        "Look into NetBox's changelog. Enter it again or abort the server, then start a new run.",
    ),
    Cause(
        "netbox-refused",
        Refused,
        "NetBox refuses what was written",
        "A rule of NetBox (validation, a missing custom field) stands against it; the message has NetBox's own words.",
        "Correct what it says. For custom fields: `turnup-netbox ensure`. Then clear the task.",
    ),
    Cause(
        "prefix-full",
        Refused,
        "The prefix has not enough free addresses",
        "It filled up since the plan was made.",
        "Release addresses or enlarge the prefix in NetBox, then clear the task addresses.",
    ),
    Cause(
        "site-unknown",
        Refused,
        "NetBox has no such site",
        "The form wants the site's slug, not its name.",
        "Start again with the slug.",
    ),
    Cause(
        "rack-unknown",
        Refused,
        "The site has no such rack",
        "A typing mistake, or the rack belongs to another site.",
        "Start again with the rack's name as NetBox has it.",
    ),
    Cause(
        "rack-ambiguous",
        Refused,
        "The site has several racks of that name",
        "NetBox allows the same name in several locations of a site; turnup does not guess.",
        "Give each rack a name of its own in NetBox.",
    ),
)

DHCP = (
    Cause(
        "dhcp-unavailable",
        Transient,
        "Kea or its database does not answer",
        "Kea's control agent, its DHCP server or PostgreSQL is down or restarts.",
        "Look at Kea's log and at its database. Then clear the task dhcp.",
    ),
    Cause(
        "dhcp-login",
        Refused,
        "Kea's control agent refuses turnup's login",
        "User or password in the Kea connection are wrong.",
        "Correct the Kea connection in Airflow, then clear the task.",
    ),
    Cause(
        "dhcp-backend",
        Refused,
        "The DHCP backend is not one that turnup can use",
        "The site's file names an unknown backend, or Kea's hosts database is missing or has a schema that turnup does not know.",
        "Correct `dhcp` in the site's file, or Kea. Do not upgrade Kea without looking for a turnup that knows its schema.",
    ),
    Cause(
        "dhcp-differs",
        Refused,
        "DHCP gives a live server another address than NetBox has",
        "One of the two is out of date. Nothing was changed: the server would change its address at its next renewal.",
        "Look which address the machine really has. Correct NetBox or remove the reservation, then clear the task.",
    ),
    Cause(
        "dhcp-address-taken",
        Refused,
        "The address cannot be reserved",
        "It is reserved for another MAC already, or does not lie in the subnet. The message names both. Nothing was reserved.",
        "Find out which is right. Remove the other reservation or correct the address in NetBox, then clear the task dhcp.",
    ),
)

TRAFFIC = (
    Cause(
        "traffic-unavailable",
        Transient,
        "A load balancer does not answer as it should",
        "It is down or restarts, or its Runtime API cannot be reached from where Airflow runs. Pools stay as they are.",
        "Look at the load balancer that the message names, then clear the task.",
    ),
    Cause(
        "traffic-login",
        Refused,
        "turnup and a load balancer do not trust each other",
        "A certificate expired, was replaced, or is not the one that the other side expects. No command was sent.",
        "Correct the certificates in the HAProxy connection or in HAProxy's file (docs/traffic.md), then clear the task.",
    ),
    Cause(
        "traffic-refused",
        Refused,
        "The load balancer does not do what it is told",
        "The message has the command and HAProxy's answer: an option that it does not know, or a name that it does not take.",
        "Correct the server options in the HAProxy connection, or HAProxy, then clear the task.",
    ),
    Cause(
        "traffic-backend",
        Refused,
        "The traffic backend is not one that turnup can use",
        "The site's file names an unknown load balancer, or its connection lacks something.",
        "Correct `traffic` in the site's file, or the connection, then clear the task.",
    ),
    Cause(
        "not-in-service",
        Refused,
        "The server is active and does not serve",
        "Its health check did not pass in time: the service on it does not run or fails, or the load balancer does not reach it. "
        "It was taken out of the pool again, and it stays `active`, held by no run.",
        "Look at the service on the server, and whether the load balancer reaches it. Then clear its task enter_service.",
    ),
    Cause(
        "traffic-pool",
        Refused,
        "The role's pool is not one that can be used",
        "The site's file gives the role no pool, or the load balancer has none of that name.",
        "Correct `traffic.pools` in the site's file, or the load balancer, then clear the task.",
    ),
    Cause(
        "traffic-name-taken",
        Conflict,
        "Another address has the server's name in the pool",
        "The server was in the pool before with another address, and nobody took it out.",
        "Find out who has that address now. Take the old entry out of the load balancer, then clear the task.",
    ),
)

RUNS = (
    Cause(
        "plan-refused",
        Refused,
        "The plan cannot be made",
        "NetBox or the policy files lack something, or hold something that cannot be. Every problem is listed. Nothing was "
        "touched.",
        "Correct all of them, then clear the task snapshot (or start a new run).",
    ),
    Cause(
        "claim-held",
        Conflict,
        "Another run holds the server",
        "Somebody was faster. This run gave back what it had claimed.",
        "Wait for the run that the message names. If it has ended, break its claim with the DAG server_abort.",
    ),
    Cause(
        "claim-lost",
        Conflict,
        "This run does not hold the server any more",
        "It failed before and was released, it was aborted, or another run took it.",
        "See in NetBox who holds it (turnup_claim). Start a new run when nobody does.",
    ),
    Cause(
        "facts-changed",
        Conflict,
        "NetBox changed since the plan was made",
        "A serial number, role, name, status or MAC is not what the plan rests on; the message says which.",
        "If the change is right, start a new run. If not, correct NetBox and clear the task.",
    ),
    Cause(
        "on-hold",
        Refused,
        "A hold covers the site",
        "Somebody put the tag turnup-hold on it; the message has the reason. Runs that go on wait and go on by themselves.",
        "Ask whoever set it. The hold ends when the tag is taken off.",
    ),
    Cause(
        "error-budget-spent",
        Refused,
        "Too many servers of a generation failed at the site",
        "More failed within some days than the site's error_budget allows, and nobody started this run by hand: NetBox or a "
        "clock did. The message lists them.",
        "Mend and resume those servers, which gives the budget back. What cannot wait, start in Airflow: a person may go on.",
    ),
    Cause(
        "preflight-problems",
        Refused,
        "Preflight found something that would stop the install",
        "A BMC, the DHCP server, Salt or a key is not as an install needs it; the message lists each, with a code of its own.",
        "Mend them, then clear the task preflight to look again. Nothing was touched.",
    ),
    Cause(
        "flow-version",
        Refused,
        "turnup was upgraded, and its rows are not those that the run was planned for",
        "A run goes on under the rows that it began with, or not at all.",
        "Abort this run's servers that are not done (DAG server_abort) and start a new run; docs/upgrading.md says why.",
    ),
    Cause(
        "approval-missing",
        Refused,
        "The plan needs an approval and has none",
        "The task approval was skipped or marked by hand, or the approval was for another plan.",
        "Clear the task approval and let it be answered in Airflow (Required Actions).",
    ),
    Cause(
        "plan-rejected",
        Refused,
        "Somebody rejected the plan",
        "The log of the task approval says who and when. Nothing was changed.",
        "Talk to them; start a new run.",
    ),
    Cause(
        "nobody-answered",
        Refused,
        "Nobody answered the approval in time",
        "Silence means no. Nothing was changed.",
        "Start a new run when somebody is there to approve it.",
    ),
    Cause(
        "not-begun",
        Refused,
        "The server was not begun",
        "A rack-wide task failed first. Nothing was changed on this server.",
        "Read the log of the task that failed, mend that, clear that task.",
    ),
    Cause(
        "row-died",
        HardwareFault,
        "A task ended without saying why",
        "A worker or the triggerer died, or somebody marked the task failed by hand.",
        "Read the end of the failed task's log and Airflow's own log, then clear that task.",
    ),
    Cause(
        "rack-incomplete",
        HardwareFault,
        "Not every server of the run got through",
        "One or more failed; the rest of the rack is done.",
        "Each one's own cause is in its task's log, in NetBox (turnup_cause) and its journal. Mend it, clear that task.",
    ),
    Cause(
        "abort-refused",
        Refused,
        "The abort cannot be done",
        "A server is in a status that an abort does not start from, or no run of turnup held it. Nothing was touched.",
        "Every problem is in the message. A server that is live leaves by decommission.",
    ),
    Cause(
        "run-goes-on",
        Refused,
        "The run that holds the server has not ended",
        "An abort never takes a server away from a run at work.",
        "Mark that run failed in Airflow (or wait for its end), then abort.",
    ),
)

TURNUP = (
    Cause(
        "policy-missing",
        Refused,
        "There is no policy for the site",
        "inventory/sites/ has no file of that name, or the run's folder lacks the policy it was planned under.",
        "Add inventory/sites/<slug>.yaml. For an abort: undo by hand, then set the status in NetBox.",
    ),
    Cause(
        "policy-wrong",
        Refused,
        "A policy file is wrong",
        "The message names file, line and what was expected.",
        "Correct these lines, then clear the task.",
    ),
    Cause(
        "connection-missing",
        Refused,
        "Airflow has no such connection",
        "The site's file names a connection that is not there.",
        "Add it under Admin > Connections, or correct the site's file.",
    ),
    Cause(
        "connection-incomplete",
        Refused,
        "A connection in Airflow lacks something",
        "A field is empty or cannot be used; the message says which.",
        "Complete it under Admin > Connections, then clear the task.",
    ),
    Cause(
        "airflow-unavailable",
        Transient,
        "Airflow did not give a connection",
        "Its API server restarts or is overloaded.",
        "Look at the API server's log, then clear the task.",
    ),
    Cause(
        "boot-folder",
        Refused,
        "The boot folder is not there",
        "The site's boot connection names another folder, or the volume is not mounted where Airflow's triggerer runs.",
        "Mount it or correct the connection, then clear the task.",
    ),
    Cause(
        "boot-folder-failing",
        Transient,
        "The boot folder cannot be written",
        "Rights, a full disk, or a network volume that hangs.",
        "Look at its rights and free space, then clear the task.",
    ),
    Cause(
        "report-store-failing",
        Transient,
        "The report store cannot be read or written",
        "Rights, a full disk, or an object store that does not answer.",
        "Look at its rights and free space, then clear the task.",
    ),
    Cause(
        "record-changed",
        Refused,
        "A record of this run was changed after it was written",
        "Records are write-once, and each is kept with its hash. Somebody edited one, or the disk lies.",
        "Find out by whom. Nothing of this run can be trusted: abort its servers by hand if need be, start a new run.",
    ),
    Cause(
        "record-conflict",
        Conflict,
        "A record of this run is there with another content",
        "Two tasks of one run wrote at once, or a step gave another answer the second time.",
        "Start a new run.",
    ),
    Cause(
        "record-unreadable",
        Refused,
        "A record of this run cannot be read by this version of turnup",
        "turnup was upgraded or downgraded while the run went on.",
        "Abort the run's servers and start a new run; docs/upgrading.md says more.",
    ),
    Cause(
        "plan-missing",
        Refused,
        "The run has no plan",
        "The task plan failed, or the report store was emptied.",
        "Read the log of the task plan, then start a new run.",
    ),
    Cause(
        "snapshot-missing",
        Refused,
        "The run has no snapshot",
        "The task snapshot was skipped, or the report store was emptied.",
        "Clear the task snapshot.",
    ),
    Cause(
        "addresses-missing",
        Refused,
        "The server has no addresses in this run",
        "The task addresses was skipped or marked by hand.",
        "Clear the task addresses.",
    ),
    Cause(
        "turnup-defect",
        TurnupError,
        "turnup ran into a defect of its own",
        "Something happened that its authors did not think of.",
        "The task's log has the traceback: report it. Clearing the task is safe; if it fails again, abort the server.",
    ),
    Cause(
        "service-unavailable",
        Transient,
        "A service did not answer as it should",
        "It restarts, is overloaded or cannot be reached; the message names it.",
        "Look at that service, then clear the task.",
    ),
    Cause(
        "request-refused",
        Refused,
        "What was asked for is not possible as things stand",
        "The message says what stands in its way. Nothing was changed for it.",
        "Do what the message says.",
    ),
    Cause(
        "hardware-suspect",
        HardwareFault,
        "Something is wrong with the machine",
        "The message says what was seen.",
        "Go and look at it, then clear the task.",
    ),
)

DECOMMISSION = (
    Cause(
        "seal-broken",
        Refused,
        "The seal is not the one that was approved",
        "The plan of a decommission, its servers or its drives are not, or not all, as they were sealed; or an empty list was "
        "found where drives should be. Nothing was wiped or released by this row.",
        "Abort the run's servers (server_abort), find out what changed the run's folder, start a new run.",
    ),
    Cause(
        "approval-invalid",
        Refused,
        "The approval does not count",
        "It was given by somebody who may not (who asked for it, or who is not among the approvers), by one person where two are "
        "needed, or it is older than the policy lets it be.",
        "Clear the task approval (or second_approval) of this run and let somebody answer who may; then clear the server's task.",
    ),
    Cause(
        "run-closed",
        Refused,
        "This run is done with the server",
        "The server has left by this run, or an abort put it back. A task that is cleared later must not begin it again.",
        "Start a new run, if the server is to leave.",
    ),
    Cause(
        "capacity-too-low",
        Refused,
        "Without this server too few of its role would serve",
        "Counted from those that really serve at this moment; the message has the numbers and what policy demands.",
        "Bring servers of the role back into service (or correct `capacity` in the site's file), then clear the task. The server "
        "still serves.",
    ),
    Cause(
        "connections-stay",
        Refused,
        "Its connections did not end in time",
        "Clients keep connections open for longer than `decommission.drain_seconds`. The server was put back into service.",
        "Clear the task to try again, at a quieter hour; or let connections have longer in the site's file.",
    ),
    Cause(
        "claim-busy",
        Transient,
        "Another run claims servers of the same role",
        "Claims exclude each other, so that two runs do not both count on the same server to stay in service.",
        "Nothing: it is tried again. If it stays so, see what the other run waits for.",
    ),
    Cause(
        "server-busy",
        Transient,
        "Somebody else acts on the server at this moment",
        "A row that drains, powers, wipes or releases, and an abort, exclude each other on one server.",
        "Nothing: it is tried again. A process that died keeps others away for five minutes.",
    ),
    Cause(
        "still-in-service",
        Refused,
        "The server is in its pool again",
        "Somebody put it back into service after this run had taken it out. It was not touched.",
        "Find out who. To go on, clear its task drain with what follows; else abort it.",
    ),
    Cause(
        "drives-differ",
        Conflict,
        "The server has other drives than those that were sealed",
        "A drive was pulled, added or swapped since, or does not show any more. Nothing was wiped.",
        "Abort the server (it goes back into service), look at its drives, start a new run.",
    ),
    Cause(
        "wipe-not-offered",
        Refused,
        "A drive cannot be wiped as it was asked",
        "It offers no method that reaches what was asked, only a weaker one, which was not approved. Nothing was wiped.",
        "Abort the server, and start a run that asks for what the drive offers; or pull and shred it.",
    ),
    Cause(
        "wipe-refused",
        Refused,
        "The server refuses the wipe order",
        "The program in the acceptance image found something wrong: signature, boot, server, drives or time. It touched nothing.",
        "The message has every reason. Mend it and clear the server's task reset with what follows.",
    ),
    Cause(
        "server-lost",
        HardwareFault,
        "The server does not answer any more while it is wiped or read back",
        "It crashed, lost power or its network. What its drives hold is not known.",
        "Bring it back and clear its task reset with what follows: it is wiped again. If that cannot be, clear the task "
        "that failed: its drives then count as not wiped and are to be pulled and shredded, and it leaves as `offline`.",
    ),
    Cause(
        "proof-missing",
        Refused,
        "Nothing proves that the drives are wiped",
        "No signed outcome covers every sealed drive of the server, and no waiver was approved. Nothing was released.",
        "Clear its task prove with what follows. If the server was off since, clear reset with what follows.",
    ),
    Cause(
        "salt-key-stays",
        Transient,
        "The Salt master still accepts a key of the server that leaves",
        "It was deleted, and is there again: something accepts keys by itself.",
        "See who accepts keys on the master (auto_accept, a reactor), delete the key, then clear the task.",
    ),
    Cause(
        "abort-too-late",
        Refused,
        "What was done cannot be undone any more",
        "The wipe of the server's drives began, or the server was released in part. Drives that were not begun are not any more.",
        "Clear the failed task of its run: it goes on to the end from there.",
    ),
    Cause(
        "signing-key",
        Refused,
        "There is no key to sign with",
        "The site names no connection with signing keys, or what is in it is no Ed25519 key in PEM.",
        "Add `connections.signing` to the site's file, and correct the connection; its test says which keys it has.",
    ),
)

NOTICES = (
    Cause(
        "notice-undelivered",
        Transient,
        "A notice could not be sent",
        "The chat or the mail server that the site's file names does not answer, or does not take it. The run that it is about "
        "goes on all the same.",
        "Nothing at first: it is sent again for some minutes. Then test the connection under Admin > Connections, and clear the "
        "task of the failed run of the DAG `notices`.",
    ),
)

AREAS = {
    "The BMC": BMC,
    "Power and boot": POWER_AND_BOOT,
    "Who the machine is": IDENTITY,
    "Salt": SALT,
    "Burn-in": BURN_IN,
    "NetBox": NETBOX,
    "DHCP": DHCP,
    "Traffic": TRAFFIC,
    "Runs, claims and approvals": RUNS,
    "Taking servers out": DECOMMISSION,
    "Notices": NOTICES,
    "turnup and Airflow": TURNUP,
}
"""The causes as docs/causes.md has them, in its order."""

CAUSES = {cause.code: cause for causes in AREAS.values() for cause in causes}
"""{code: cause}, bounded: also the labels of metrics."""
