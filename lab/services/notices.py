"""Where notices arrive: a chat and a mailbox, in one small program; its page shows what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lab import configuration, paths
from lab.ports import answers, port
from lab.secrets import secret
from lab.supervisor import Program

NAME = "notices"
USER, FROM = "turnup", "turnup@lab1.turnup.example"
FOLDER = paths.VAR / "notices"


def configure() -> None:
    """It reads ports and secrets itself; they are there before it is."""
    secret("chat"), secret("mail")


def programs() -> Sequence[Program]:
    """Its processes, in the order in which they start."""
    sources = sorted((paths.CHECKOUT / "lab" / "notices").rglob("*.py"))
    environment = {
        "PYTHONPATH": str(paths.CHECKOUT),
        "PYTHONUNBUFFERED": "1",
        "LAB_CONFIG": f"{configuration.digest(*sources)} {port('chat')} {port('mail')}",
    }
    return [Program(NAME, [str(paths.python("lab")), "-m", "lab.notices"], environment)]


def url() -> str:
    """Where it answers: the page of all that came."""
    return f"http://127.0.0.1:{port('chat')}/"


def ready() -> bool:
    """Whether both answer."""
    return answers(port("chat")) and answers(port("mail"))


def chat() -> dict[str, Any]:
    """The Airflow connection of the chat: its address is its secret."""
    return {"conn_type": "turnup_chat", "password": f"{url()}services/{secret('chat')}"}


def mail() -> dict[str, Any]:
    """The Airflow connection of the mail server. It is on this machine, so nothing is encrypted."""
    return {
        "conn_type": "smtp",
        "host": "127.0.0.1",
        "port": port("mail"),
        "login": USER,
        "password": secret("mail"),
        "extra": {"from_email": FROM, "timeout": 10, "retry_limit": 0, "disable_ssl": True, "disable_tls": True},
    }


def empty() -> None:
    """Nothing has arrived."""
    for path in FOLDER.glob("[0-9]*-*.*"):
        path.unlink(missing_ok=True)
