"""What each fault of a server leads to: the row and the cause it ends with, what the message tells, how it is mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lab.bmc import certificate
from lab.datacenter import Server
from lab.metal import faults, kind, smbios
from lab.services import salt
from tests.lab.conftest import Lab


def nothing(lab: Lab, server: Server) -> None:
    """To clear the fault is enough."""


def recorded(lab: Lab, server: Server) -> None:
    """The BMC's certificate is on record, as after an earlier install."""
    device = lab.devices(server.rack.name)[server.name]
    device.update({"custom_fields": {"turnup_bmc_certificate": certificate.fingerprint(server)}})


def switched_off(lab: Lab, server: Server) -> None:
    """What a machine is from inside changes with a start alone."""
    kind.of(server).power_off()


def key_deleted(lab: Lab, server: Server) -> None:
    """The key of the minion that used the id."""
    salt.wheel("key.delete_dict", match={status: [server.fqdn] for status in ("minions_pre", "minions_denied")})


@dataclass(frozen=True)
class Case:
    """One kind of fault. `resume` is the task to clear where that is not the row that failed."""

    kind: str
    row: str
    cause: str
    told: tuple[str, ...]
    before: Callable[[Lab, Server], None] = nothing
    mend: Callable[[Lab, Server], None] = nothing
    resume: str = ""

    def assert_told(self, server: Server, text: str) -> None:
        """NetBox's `turnup_cause` of the server has row, cause, evidence and advice."""
        assert text.startswith(f"{self.row}: "), text
        assert f"[{self.cause}]" in text, text
        for words in (f"{server.name} (serial {server.serial}, rack {server.rack.name}, U{server.unit})", "Next: ", *self.told):
            assert words in text, text

    def mended(self, lab: Lab, server: Server) -> str:
        """The cause is gone; the task to clear."""
        faults.ServerTarget(server).clear()
        self.mend(lab, server)
        return self.resume or self.row


OFF = ("The BMC's event log since it was switched on:", "OK Power on", "The console's last lines:")

CASES: Mapping[str, Case] = {
    case.kind: case
    for case in (
        Case("bmc-serial", "boot", "bmc-serial-differs", (smbios.WRONG_SERIAL, "which no device in NetBox has")),
        Case("bmc-swapped", "boot", "bmc-serial-differs", ("which is that of", "swapped")),
        Case("bmc-dead", "boot", "bmc-silent", ("DHCP never gave bmc",)),
        Case("bmc-password", "boot", "bmc-password", ("refuses the login",)),
        Case("bmc-certificate", "boot", "bmc-certificate-changed", ("No password was sent",), before=recorded),
        Case(
            "no-dhcp",
            "boot",
            "no-lease",
            ("DHCP never gave eth0", "PXE: eth0 sends nothing", "Critical No bootable device", *OFF),
        ),
        Case("no-image", "boot", "image-not-fetched", ("DHCP gave eth0", "vmlinuz: 404 Not Found", *OFF)),
        Case("ssh-dead", "boot", "ssh-silent", ("DHCP gave eth0", "sshd does not start", *OFF)),
        Case("nonce-lost", "identity", "nonce-differs", ("no nonce",), mend=switched_off, resume="boot"),
        Case("dmi-serial", "identity", "dmi-serial-differs", (smbios.WRONG_SERIAL,), mend=switched_off, resume="boot"),
        Case("minion-silent", "salt_key", "minion-key-missing", ("minion does not start", *OFF)),
        Case("key-mismatch", "salt_key", "salt-key-differs", ("another machine uses that minion id",), mend=key_deleted),
        Case("state-fails", "configure", "states-fail", ("/etc/turnup (file.directory)",)),
        Case("minion-dies", "configure", "salt-job-lost", ("gave no sign of life", "the Salt minion was killed")),
        Case("slow-cpu", "burn_in", "burn-in-failed", ("cpu bogo_ops_per_second: fail",)),
        Case("slow-disk", "burn_in", "burn-in-failed", ("disk write_iops: fail",)),
    )
}
"""{kind: case}, of every fault that a server of the lab can have."""
