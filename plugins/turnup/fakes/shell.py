"""A booted server's SSH in memory: files to `cat`, and answers to other commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from turnup.domain.errors import HardwareFault, Transient
from turnup.fakes.faults import Faults
from turnup.ports import Completed, Shell

Command = tuple[str, ...]


@dataclass
class FakeMachine:
    """What answers at an address. `files` {path: content} serve `cat`, `outputs` {command's words: how it ends} the rest, and
    `programs` {a command's first word: what runs it} whatever words follow.
    """

    host_key: str = "SHA256:fake"
    up: bool = True
    accepts_key: bool = True
    files: dict[str, str] = field(default_factory=dict)
    outputs: dict[Command, Completed | Callable[[], Completed]] = field(default_factory=dict)
    programs: dict[str, Callable[[Command], Completed]] = field(default_factory=dict)

    def run(self, command: Command) -> Completed:
        """How the command ends on it."""
        if command in self.outputs:
            output = self.outputs[command]
            return output() if callable(output) else output
        if command[0] in self.programs:
            return self.programs[command[0]](command)
        if command[:1] == ("cat",) and len(command) == 2:
            if command[1] in self.files:
                return Completed(0, self.files[command[1]], "")
            return Completed(1, "", f"cat: {command[1]}: No such file or directory\n")
        return Completed(127, "", f"{command[0]}: command not found\n")


class FakeShell(Faults, port=Shell):
    """The Shell port on a machine; a `host_key` given is the only one accepted, else the first one seen."""

    def __init__(self, machine: FakeMachine, host_key: str | None = None) -> None:
        super().__init__()
        self._machine = machine
        self._host_key = host_key

    def answers(self) -> bool:
        """Whether the machine is up and lets us in."""
        if not self._machine.up:
            return False
        self._login()
        return True

    def host_key(self) -> str:
        """The machine's, once seen."""
        self._login()
        return self._host_key or ""

    def run(self, command: Sequence[str], timeout: float) -> Completed:  # noqa: ARG002
        """At once."""
        self._login()
        return self._machine.run(tuple(command))

    def close(self) -> None:
        """Nothing is open."""

    def _login(self) -> None:
        if not self._machine.up:
            raise Transient("SSH does not answer.")
        if self._host_key not in {None, self._machine.host_key}:
            raise HardwareFault(f"SSH shows the host key {self._machine.host_key}, expected is {self._host_key}.")
        self._host_key = self._machine.host_key
        if not self._machine.accepts_key:
            raise HardwareFault("SSH refuses our key.")


class FakeShells:
    """`ShellAt` over machines {address: machine}; where there is none, nothing answers."""

    def __init__(self, machines: Mapping[str, FakeMachine]) -> None:
        self._machines = machines

    def __call__(self, address: str, host_key: str | None = None) -> FakeShell:
        """The shell there."""
        return FakeShell(self._machines.get(address) or FakeMachine(up=False), host_key)
