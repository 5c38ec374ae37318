"""The lab's commands: `python -m lab COMMAND`, called by the links of the same names beside this file."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module

from lab import configuration, console, paths
from lab.errors import LabError, MissingPrerequisite

COMMANDS = {
    "demo": "starts the lab and installs one rack while you watch; everything is left running",
    "test": "runs lint, types, unit, contract and lab tests; arguments are handed to pytest",
    "up": "installs what is missing, starts and seeds everything; runs no flow",
    "down": "stops and removes every process, namespace and bridge of the lab, and nothing else",
    "reset": "back to the state after `up`, in seconds",
    "status": "each service: up or down, its URL, its log",
    "prove": "proves in the lab what takes too long for every change: PROOF [CASE...]; --list names them",
    "fault": "makes a server, a rack or netbox misbehave: TARGET KIND, TARGET clear, or --list",
}
_PASSES_ARGUMENTS_ON = {"test", "fault", "prove"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./lab", description="A data center on one machine: real software, simulated metal.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, prog=f"./lab/{name}", help=text, description=f"{name}: {text}")
        if name in _PASSES_ARGUMENTS_ON:
            command.add_argument("arguments", nargs="*", metavar="ARGUMENT")
    return parser


def _check_account() -> None:
    if os.geteuid() != 0:
        raise MissingPrerequisite("The lab needs root: it makes bridges, network namespaces and databases. Use sudo.")


def main(arguments: Sequence[str]) -> int:
    """Runs one command; its exit code. Errors that are ours are told without a traceback."""
    parser = _parser()
    known, rest = parser.parse_known_args(arguments)
    if rest and known.command not in _PASSES_ARGUMENTS_ON:
        parser.error(f"{known.command} takes no arguments: {' '.join(rest)}")
    try:
        _check_account()
        return int(import_module(f"lab.commands.{known.command}").main(list(arguments[1:])))
    except MissingPrerequisite as error:
        console.warn(str(error))
        return 2
    except LabError as error:
        console.warn(f"\n{error}")
        return 1
    except BrokenPipeError:  # `./lab/status | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        console.warn("\nInterrupted. What runs keeps running: ./lab/status shows it, ./lab/down ends it.")
        return 130
    except Exception as error:
        log = paths.LOG / f"{known.command}.error"
        configuration.write(log, traceback.format_exc())
        console.warn(f"\n{type(error).__name__}: {error}\nThe lab did not expect this; where it happened is in {log}.")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
