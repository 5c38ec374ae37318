"""Redfish: the login of every BMC of a site. It has no host: each BMC's address is in NetBox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turnup.domain.errors import Refused, Transient
from turnup.orchestration.hooks.kind import TIMEOUT, Field, Hook

if TYPE_CHECKING:
    from turnup.adapters.redfish import RedfishBmc
    from turnup.adapters.redfish_look import RedfishBmcs

PORT = 443
FACTORY = "Login that no BMC should take"
TEST = "For the test of this connection"


class RedfishHook(Hook):
    """The BMCs of a site. A password goes to none whose certificate is not known, not even in a test."""

    conn_type = "redfish"
    hook_name = "Redfish (BMCs of a site)"
    fields = (
        Field("port", "Port", str(PORT), default=PORT),
        Field("login", "Account", "of every BMC of the site", required=True),
        Field("password", "Password", required=True, secret=True),
        Field(
            "factory_login",
            "Factory's account",
            meaning="Audits try whether a BMC still takes it, once each. Empty: they do not.",
            section=FACTORY,
        ),
        Field("factory_password", "Factory's password", section=FACTORY, secret=True),
        Field("test_address", "Address of one BMC", meaning="For this test alone. Empty: the test asks no BMC.", section=TEST),
        Field(
            "test_certificate",
            "Its certificate",
            meaning="SHA-256 (hex) that it has to show before the password is sent to it. Empty: the test tells what it shows.",
            section=TEST,
        ),
    )

    def bmc(self, address: str, timeout: float) -> RedfishBmc:
        """The BMC at an address; it opens no connection yet."""
        from turnup.adapters.redfish import RedfishBmc

        return RedfishBmc(address, self.number("port"), self.text("login"), self.text("password"), timeout)

    def bmcs(self, timeout: float) -> RedfishBmcs:
        """All BMCs, to be looked at at once; it opens no connection yet."""
        from turnup.adapters.redfish_look import Login, RedfishBmcs

        factory = Login(self.text("factory_login"), self.text("factory_password")) if self.text("factory_login") else None
        return RedfishBmcs(self.number("port"), Login(self.text("login"), self.text("password")), factory, timeout)

    def look(self) -> str:
        """The fields are complete, and the BMC that was named for the test lets turnup in."""
        address, known, port = self.text("test_address"), self.text("test_certificate"), self.number("port")
        if not address:
            return (
                f"Account, password and port {port} are filled in. No BMC was asked: to try the login, "
                f"fill in the address of one under '{TEST}'."
            )
        bmc = self.bmc(address, TIMEOUT)
        try:
            shown = bmc.certificate()
        except Transient as error:
            raise Transient(
                error.what, "see whether this is a BMC's address, and reachable from Airflow.", cause=error.cause
            ) from None
        if not known:
            raise Refused(
                f"The BMC at {address} answers and shows the certificate {shown}. The login was not tried: "
                "no password goes to a BMC that is not known.",
                "compare this with the BMC's own console or with turnup_bmc_certificate in NetBox, "
                f"fill it in under '{TEST}' and test again.",
                cause="bmc-certificate-unknown",
            )
        bmc.trust(known)
        system, login = bmc.system(), self.text("login")
        return f"The BMC at {address} lets {login} in: serial number {system.serial or '(none)'}, power {system.power}."


HOOK = RedfishHook
