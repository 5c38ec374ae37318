"""SSH: the key with which turnup logs into the servers of a site, once they have booted the image that it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from turnup.orchestration.hooks.kind import Field, Hook
from turnup.orchestration.hooks.pem import rewrapped

if TYPE_CHECKING:
    from turnup.adapters.ssh import SshShell


class SshHook(Hook):
    """A type of its own: the form of Airflow's SSH provider asks for one host, and for much that turnup never uses."""

    conn_type = "turnup_ssh"
    hook_name = "SSH (servers of a site)"
    fields = (
        Field("login", "Account", "root", default="root"),
        Field(
            "private_key",
            "Private key",
            meaning="Ed25519, ECDSA or RSA, without a passphrase: the whole file, from BEGIN to END. "
            "The image that servers boot has to accept it.",
            section="Key",
            required=True,
            secret=True,
        ),
    )

    def shell(self, address: str, host_key: str | None, timeout: float) -> SshShell:
        """The shell at an address; it opens no connection yet."""
        from turnup.adapters.ssh import SshShell

        return SshShell(address, self.text("login"), self._key(), host_key, timeout)

    def look(self) -> str:
        """The key can be read; its fingerprint tells which one it is."""
        from turnup.adapters.ssh import fingerprint

        return (
            f"The private key can be read: {fingerprint(self._key())}. No server was asked: "
            f"the image that servers boot has to accept this key for {self.text('login')}."
        )

    def _key(self) -> str:
        """The key as its file was: the form's field keeps no line breaks."""
        self.complete()
        return rewrapped(self.text("private_key"))


HOOK = SshHook
