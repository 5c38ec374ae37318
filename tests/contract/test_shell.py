"""What every Shell does: one suite over the fake and a real SSH server that the test starts."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract.processes import free_port, running
from turnup.adapters.ssh import SshShell
from turnup.domain.errors import HardwareFault, Transient
from turnup.fakes.shell import FakeMachine, FakeShell
from turnup.ports import Completed, Shell

FAILING = ("sh", "-c", "echo out; echo err >&2; exit 3")
QUOTED = ("printf", "%s|", "a b", "$(id);*", "'\"")


@dataclass(frozen=True)
class World:
    """A server's shell, and ways to see it with another key, with a host key given, and not at all."""

    fingerprint: str
    shell: Callable[[str | None], Shell]
    stranger: Shell
    nobody: Shell


def keys(folder: Path, *names: str) -> list[Path]:
    for name in names:
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    return [folder / name for name in names]


@contextmanager
def real(folder: Path) -> Iterator[World]:
    host, ours, strange = keys(folder, "host", "ours", "strange")
    shown = subprocess.run(["ssh-keygen", "-lf", host], check=True, capture_output=True, text=True).stdout.split()[1]
    port = free_port()
    configuration = folder / "sshd_config"
    configuration.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {host}\nAuthorizedKeysFile {ours}.pub\n"
        "StrictModes no\nUsePAM no\nPidFile none\nPermitRootLogin prohibit-password\n"
    )
    Path("/run/sshd").mkdir(exist_ok=True)
    with running(["/usr/sbin/sshd", "-D", "-e", "-f", str(configuration)], folder / "log", port):
        yield World(
            fingerprint=shown,
            shell=lambda host_key: SshShell("127.0.0.1", "root", ours.read_text(), host_key, 10, port),
            stranger=SshShell("127.0.0.1", "root", strange.read_text(), None, 10, port),
            nobody=SshShell("127.0.0.1", "root", ours.read_text(), None, 10, free_port()),
        )


def fake() -> World:
    outputs = {QUOTED: Completed(0, "a b|$(id);*|'\"|", ""), FAILING: Completed(3, "out\n", "err\n")}
    machine = FakeMachine(host_key="SHA256:right", outputs=dict(outputs))
    return World(
        fingerprint="SHA256:right",
        shell=lambda host_key: FakeShell(machine, host_key),
        stranger=FakeShell(FakeMachine(accepts_key=False)),
        nobody=FakeShell(FakeMachine(up=False)),
    )


@pytest.fixture(params=["fake", "sshd"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    if request.param == "fake":
        yield fake()
        return
    with real(tmp_path) as built:
        yield built


def test_it_answers_and_shows_its_host_key(world: World) -> None:
    shell = world.shell(None)
    assert shell.answers()
    assert shell.host_key() == world.fingerprint
    shell.close()
    shell.close()


def test_words_arrive_as_they_are_and_the_end_is_told(world: World) -> None:
    shell = world.shell(world.fingerprint)
    assert shell.run(QUOTED, 10) == Completed(0, "a b|$(id);*|'\"|", "")
    assert shell.run(FAILING, 10) == Completed(3, "out\n", "err\n")
    assert shell.run(["cat", "/no/such/file"], 10).exit_status == 1
    shell.close()


def test_it_works_again_after_close(world: World) -> None:
    shell = world.shell(None)
    shell.run(FAILING, 10)
    shell.close()
    assert shell.run(FAILING, 10).exit_status == 3
    shell.close()


def test_another_host_key_is_a_hardware_fault(world: World) -> None:
    shell = world.shell("SHA256:other")
    for call in (shell.answers, shell.host_key, lambda: shell.run(FAILING, 10)):
        with pytest.raises(HardwareFault, match=re.escape(world.fingerprint)):
            call()


def test_a_refused_login_is_a_hardware_fault(world: World) -> None:
    with pytest.raises(HardwareFault):
        world.stranger.answers()
    with pytest.raises(HardwareFault):
        world.stranger.run(FAILING, 10)


def test_where_nothing_listens_nothing_answers(world: World) -> None:
    assert not world.nobody.answers()
    with pytest.raises(Transient):
        world.nobody.run(FAILING, 10)


def test_a_command_that_does_not_end_is_given_up(tmp_path: Path) -> None:
    with real(tmp_path) as world:
        shell = world.shell(None)
        with pytest.raises(Transient, match="did not end"):
            shell.run(["sleep", "60"], 0.5)
        assert shell.run(FAILING, 10).exit_status == 3
        shell.close()


def test_of_endless_output_the_beginning_is_kept(tmp_path: Path) -> None:
    with real(tmp_path) as world:
        shell = world.shell(None)
        completed = shell.run(["sh", "-c", "head -c 5000000 /dev/zero; head -c 5000000 /dev/zero >&2; exit 4"], 30)
        assert (len(completed.stdout), len(completed.stderr), completed.exit_status) == (2**20, 2**20, 4)
        shell.close()


def test_a_server_that_goes_away_in_between_is_transient_and_then_absent(tmp_path: Path) -> None:
    with real(tmp_path) as world:
        shell = world.shell(None)
        with pytest.raises(Transient):
            shell.run(["sh", "-c", "kill -9 $PPID"], 10)
        assert shell.answers()
    shell.close()
    assert not shell.answers()
