"""A root login over SSH, with paramiko: one key, no password, no agent, no files of known hosts.

The host key is noted at the first contact (or given, when it is known from before) and is the only one accepted from then on.
"""

from __future__ import annotations

import io
import selectors
import shlex
import time
from collections.abc import Sequence

import paramiko

from turnup.domain.errors import HardwareFault, Refused, Transient
from turnup.ports import Completed

KEEP = 2**20  # bytes of each of stdout and stderr; what follows is dropped
CHUNK = 65536


class SshShell:
    """The `Shell` port. `private_key` is OpenSSH or PEM text without passphrase, `host_key` a `SHA256:...` fingerprint.

    `timeout` in seconds holds for each of connecting, the banner, the login and opening a channel.
    """

    def __init__(
        self,
        address: str,
        username: str,
        private_key: str,
        host_key: str | None = None,
        timeout: float = 20.0,
        port: int = 22,
    ) -> None:
        self.address = address
        self._port = port
        self._username = username
        self._key = _parsed(private_key)
        self._host_key = host_key
        self._timeout = timeout
        self._client: paramiko.SSHClient | None = None

    def answers(self) -> bool:
        """Whether a session can be opened now."""
        try:
            self._session().close()
        except Transient:
            return False
        return True

    def host_key(self) -> str:
        """The host key that it shows now."""
        self._session().close()
        assert self._host_key is not None  # noqa: S101 - a connection without a host key does not exist
        return self._host_key

    def run(self, command: Sequence[str], timeout: float) -> Completed:
        """Run it to its end, or Transient after `timeout` seconds. At most 1 MiB of each output is kept."""
        deadline = time.monotonic() + timeout
        channel = self._session()
        try:
            channel.exec_command(shlex.join(command))
            channel.shutdown_write()
            output, errors = self._read(channel, deadline)
        except TimeoutError:
            raise Transient(
                f"SSH at {self.address}: {command[0]} did not end within {timeout:g} s.", cause="ssh-broke-off"
            ) from None
        except (paramiko.SSHException, OSError, EOFError) as error:
            self.close()
            raise Transient(
                f"SSH at {self.address} broke off during {command[0]} ({type(error).__name__}).", cause="ssh-broke-off"
            ) from error
        finally:
            channel.close()
        if channel.exit_status < 0:
            raise Transient(
                f"SSH at {self.address}: {command[0]} ended without an exit status.",
                "The connection broke off.",
                cause="ssh-broke-off",
            )
        return Completed(channel.exit_status, output.decode(errors="replace"), errors.decode(errors="replace"))

    def close(self) -> None:
        """End the connection; a later call makes a new one."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _read(self, channel: paramiko.Channel, deadline: float) -> tuple[bytes, bytes]:
        """Both outputs up to the command's end, drained as they come so that neither stops the other."""
        output, errors = bytearray(), bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(channel, selectors.EVENT_READ)
            while not (channel.eof_received or channel.closed) or channel.recv_ready() or channel.recv_stderr_ready():
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                if time.monotonic() > deadline:
                    raise TimeoutError
                if channel.recv_ready():
                    output += channel.recv(CHUNK)[: KEEP - len(output)]
                if channel.recv_stderr_ready():
                    errors += channel.recv_stderr(CHUNK)[: KEEP - len(errors)]
        if not channel.status_event.wait(max(0.0, deadline - time.monotonic())):
            raise TimeoutError
        return bytes(output), bytes(errors)

    def _session(self) -> paramiko.Channel:
        """A new channel, on a new connection where there is none that works."""
        if self._client is not None:
            try:
                return self._channel(self._client)
            except (paramiko.SSHException, OSError, EOFError):
                self.close()
        client = paramiko.SSHClient()
        client.set_missing_host_key_policy(_OneHostKey(self))
        try:
            client.connect(
                self.address,
                port=self._port,
                username=self._username,
                pkey=self._key,
                timeout=self._timeout,
                banner_timeout=self._timeout,
                auth_timeout=self._timeout,
                channel_timeout=self._timeout,
                allow_agent=False,
                look_for_keys=False,
            )
            channel = self._channel(client)
        except paramiko.AuthenticationException as error:
            client.close()
            if isinstance(error, paramiko.BadAuthenticationType) or type(error) is paramiko.AuthenticationException:
                raise HardwareFault(
                    f"SSH at {self.address} refuses our key for {self._username}.",
                    "See what is booted there: the image that turnup serves accepts the key.",
                    cause="ssh-key-refused",
                ) from None
            raise Transient(f"SSH at {self.address} broke off the login ({error}).", cause="ssh-broke-off") from None
        except _OtherHostKey as error:
            client.close()
            raise HardwareFault(
                f"SSH at {self.address} shows the host key {error.shown}, expected is {self._host_key}. Nothing was sent.",
                "Another machine has this address, or the server was booted again by somebody else.",
                cause="ssh-host-key-differs",
            ) from None
        except (paramiko.SSHException, OSError, EOFError) as error:
            client.close()
            raise Transient(
                f"SSH at {self.address} does not answer ({type(error).__name__}: {error}).", cause="ssh-broke-off"
            ) from error
        self._client = client
        return channel

    def _channel(self, client: paramiko.SSHClient) -> paramiko.Channel:
        transport = client.get_transport()
        if transport is None or not transport.is_active():
            raise paramiko.SSHException("the connection is gone")
        return transport.open_session(timeout=self._timeout)


class _OtherHostKey(Exception):
    def __init__(self, shown: str) -> None:
        super().__init__(shown)
        self.shown = shown


class _OneHostKey(paramiko.MissingHostKeyPolicy):
    """Notes the first host key for its shell, and refuses every other. It is asked before anything of the login is sent."""

    def __init__(self, shell: SshShell) -> None:
        self._shell = shell

    def missing_host_key(self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey) -> None:  # noqa: ARG002
        shown = key.fingerprint
        if self._shell._host_key is None:
            self._shell._host_key = shown
        elif shown != self._shell._host_key:
            raise _OtherHostKey(shown)


def fingerprint(private_key: str) -> str:
    """Which key it is, as `ssh-keygen -l` names it: kind and hash. Refused: it cannot be read."""
    key = _parsed(private_key)
    return f"{key.get_name()} {key.fingerprint}"


def _parsed(private_key: str) -> paramiko.PKey:
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(private_key))
        except (paramiko.SSHException, ValueError, IndexError):
            continue
    raise Refused(
        "The SSH connection's private key cannot be read.",
        "Give an Ed25519, ECDSA or RSA key without a passphrase.",
        cause="connection-incomplete",
    )
