"""A BMC through Redfish, with sushy as the client and the BMC's own certificate as the only trust.

BMCs leave the factory with self-signed, sometimes expired certificates. The fingerprint on record verifies them: `certificate`
looks without sending anything, `trust` pins, and credentials only go over connections that show exactly that certificate.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any, override

import sushy
from requests.adapters import HTTPAdapter
from sushy import exceptions
from sushy.auth import BasicAuth
from sushy.connector import Connector

from turnup.adapters import redfish_logs
from turnup.domain.errors import HardwareFault, Refused, Transient
from turnup.ports import System

NO_CHECK_TIME = 0x200000  # OpenSSL's X509_V_FLAG_NO_CHECK_TIME: factory certificates expire


class RedfishBmc:
    """The `Bmc` port. `address` is the out-of-band IP address, `timeout` in seconds holds for every call to the BMC."""

    def __init__(self, address: str, port: int, username: str, password: str, timeout: float = 20.0) -> None:
        self.address = address
        self._url = f"https://[{address}]:{port}" if ":" in address else f"https://{address}:{port}"
        self._port = port
        self._username = username
        self._password = password
        self._timeout = timeout
        self._trusted: str | None = None
        self._system: Any = None
        self._macs: tuple[str, ...] | None = None

    def certificate(self) -> str:
        """SHA-256 (hex) of the DER form of the certificate it shows now."""
        return hashlib.sha256(self._shown()).hexdigest()

    def trust(self, certificate: str) -> None:
        """Pin a fingerprint (hex, colons and upper case allowed)."""
        self._trusted = certificate.replace(":", "").lower()
        self._system = None

    def system(self) -> System:
        """Its one system, read anew. HardwareFault: wrong password, another certificate, or not exactly one system."""
        with self._failures("read its system"):
            system = self._fresh()
            serial, power = system.json.get("SerialNumber"), system.json.get("PowerState")
            if not isinstance(power, str):
                raise HardwareFault(f"{self._name} names no power state.", "Update or reset the BMC.", cause="bmc-not-redfish")
            if self._macs is None:
                self._macs = _macs(system)
            return System(serial=str(serial or "").strip(), power=power, macs=self._macs)

    def boot_from_network_once(self) -> None:
        """Set the boot override to the network, for one start."""
        with self._failures("set its boot source"):
            self._fresh().set_system_boot_options(target=sushy.BOOT_SOURCE_TARGET_PXE, enabled=sushy.BOOT_SOURCE_ENABLED_ONCE)

    def power_on(self) -> None:
        """Switch it on; on already is no error."""
        self._reset(sushy.RESET_ON, "On")

    def power_off(self) -> None:
        """Switch it off forcibly; off already is no error."""
        self._reset(sushy.RESET_FORCE_OFF, "Off")

    def events(self) -> tuple[str, ...]:
        """From the log that its vendor keeps events in, below the system or below the manager."""
        with self._failures("read its event log"):
            return redfish_logs.events(self._get, self._log_services(self._fresh()))

    def console(self) -> tuple[str, ...]:
        """From the log of the serial console, where the BMC keeps one as OpenBMC does."""
        with self._failures("read its server's console"):
            return redfish_logs.console(self._get, self._log_services(self._fresh()))

    def _log_services(self, system: Any) -> Iterator[str]:
        """Paths of the collections of logs: the system's, then its managers'."""
        managers = (system.json.get("Links") or {}).get("ManagedBy") or []
        resources = chain([system.json], (self._get(manager["@odata.id"]) for manager in managers))  # read when it is their turn
        for resource in resources:
            if path := (resource.get("LogServices") or {}).get("@odata.id"):
                yield str(path)

    def _get(self, path: str) -> Mapping[str, Any]:
        """What is at a path; empty where the BMC has nothing there, or does not know the query."""
        try:
            found = self._system._conn.get(path).json()
        except (exceptions.ResourceNotFoundError, exceptions.BadRequestError):
            return {}
        except exceptions.HTTPError as error:
            if error.status_code in {405, 501}:
                return {}
            raise
        return found if isinstance(found, dict) else {}

    def _reset(self, how: Any, wanted: str) -> None:
        with self._failures(f"switch its server {wanted.lower()}"):
            system = self._fresh()
            if system.json.get("PowerState") != wanted:
                system.reset_system(how)

    @property
    def _name(self) -> str:
        return f"The BMC at {self.address}"

    def _shown(self) -> bytes:
        """The certificate that it shows, in DER form. The connection carries nothing else."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        try:
            with (
                socket.create_connection((self.address, self._port), timeout=self._timeout) as plain,
                context.wrap_socket(plain) as secured,
            ):
                shown = secured.getpeercert(binary_form=True)
        except OSError as error:
            raise Transient(f"{self._name} does not answer on port {self._port} ({error}).", cause="bmc-failing") from error
        if not shown:
            raise Transient(f"{self._name} shows no certificate.", cause="bmc-failing")
        return shown

    def _fresh(self) -> Any:
        """sushy's system, with what the BMC says now."""
        if self._trusted is None:
            raise Refused(
                f"{self._name} is not trusted yet: nothing is sent to it.",
                "Compare its certificate first.",
                cause="bmc-certificate-unknown",
            )
        if self._system is None:
            connector = _pinned(self._url, self._checked(), self._timeout)
            root = sushy.Sushy(self._url, auth=BasicAuth(self._username, self._password), connector=connector)
            systems = root.get_system_collection().members_identities
            if len(systems) != 1:
                raise HardwareFault(
                    f"{self._name} manages {len(systems)} systems, not one.",
                    "One BMC a server: see what is at that address.",
                    cause="bmc-not-redfish",
                )
            self._system = root.get_system(systems[0])
        else:
            self._system.refresh(force=True)
        return self._system

    def _checked(self) -> bytes:
        """The certificate it shows, if that is the trusted one."""
        shown = self._shown()
        fingerprint = hashlib.sha256(shown).hexdigest()
        if fingerprint != self._trusted:
            raise HardwareFault(
                f"{self._name} shows the certificate {fingerprint}, on record is {self._trusted}. No password was sent.",
                "See whether the board was replaced or another machine has this address, then correct the record.",
                cause="bmc-certificate-changed",
            )
        return shown

    @contextmanager
    def _failures(self, attempt: str) -> Iterator[None]:
        """Errors of sushy as errors of turnup. None of them carries the password."""
        try:
            yield
        except exceptions.AccessError as error:
            raise HardwareFault(
                f"{self._name} refuses the login {self._username} (HTTP {error.status_code}).",
                "Set the site's password on the BMC; where all say so, correct the Redfish connection. Then clear the task.",
                cause="bmc-password",
            ) from None
        except exceptions.ConnectionError as error:
            self._system = None
            if isinstance(error.__context__, OSError) and "certificate" in str(error.__context__).lower():
                self._checked()
            raise Transient(
                f"{self._name} broke off while asked to {attempt}.", "See whether its network is up.", cause="bmc-failing"
            ) from None
        except exceptions.ServerSideError as error:
            raise Transient(
                f"{self._name} failed to {attempt} (HTTP {error.status_code}).",
                "Reset the BMC if this goes on.",
                cause="bmc-failing",
            ) from None
        except exceptions.HTTPError as error:
            self._system = None
            raise Transient(
                f"{self._name} refused to {attempt} (HTTP {error.status_code}).", "Look into the BMC's log.", cause="bmc-failing"
            ) from None
        except ValueError:  # HTML instead of JSON, as BMCs answer while they start
            self._system = None
            raise Transient(
                f"{self._name} answered no JSON when asked to {attempt}.", "Reset the BMC if this goes on.", cause="bmc-failing"
            ) from None
        except exceptions.SushyError as error:
            self._system = None
            raise HardwareFault(
                f"{self._name} does not speak Redfish as expected: {error}", "Update or reset the BMC.", cause="bmc-not-redfish"
            ) from None


class _PinnedAdapter(HTTPAdapter):
    """Connections that trust one certificate and no authority: requests' own bundle is never loaded."""

    def __init__(self, certificate: bytes) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False  # the certificate itself is compared, not its names
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | NO_CHECK_TIME
        context.load_verify_locations(cadata=certificate)
        self._tls: dict[str, Any] = {
            "ssl_context": context,
            "assert_hostname": False,
            # a certificate that may sign others would vouch for them: only itself will do
            "assert_fingerprint": hashlib.sha256(certificate).hexdigest(),
        }
        super().__init__(max_retries=0)

    @override
    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **keywords: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, **keywords, **self._tls)

    @override
    def cert_verify(self, *_: Any, **__: Any) -> None:
        """The context verifies; requests would add its bundle of public authorities to it."""


def _pinned(url: str, certificate: bytes, timeout: float) -> Any:
    """sushy's connector with one try a call, that talks to nobody but the holder of the certificate."""
    connector = Connector(
        url,
        verify=True,
        server_side_retries=1,
        server_side_retries_delay=0,
        default_request_timeout=timeout,
        connect_timeout=timeout,
    )
    session = connector._session
    session.trust_env = False
    session.max_redirects = 0
    session.adapters.clear()
    session.mount("https://", _PinnedAdapter(certificate))
    return connector


def _macs(system: Any) -> tuple[str, ...]:
    """The MACs of its NICs, lower case and sorted; none where the BMC does not list them."""
    try:
        return tuple(sorted(nic.mac_address.lower() for nic in system.ethernet_interfaces.get_members() if nic.mac_address))
    except (exceptions.MissingAttributeError, exceptions.HTTPError):
        return ()
