"""What the lab's chat and mailbox got about a run."""

from __future__ import annotations

from urllib.parse import quote

from lab.airflow_api import ENDED
from lab.notices.inbox import Inbox, Message
from lab.services import notices
from tests.lab.conftest import Lab


def settle(lab: Lab) -> None:
    """Waits until no notice is on its way."""

    def sent() -> bool:
        return all(run["state"] in ENDED for run in lab.airflow.runs_from("notices", ""))

    lab.until(sent, "notices to be sent")


def told(lab: Lab, run: str, kind: str = "chat", dag: str = "server_install") -> list[Message]:
    """The messages with a link to the run, the oldest first."""
    settle(lab)
    link = f"/dags/{dag}/runs/{quote(run, safe='')}"
    return [one for one in Inbox(notices.FOLDER).messages() if one.kind == kind and link in one.text + one.html][::-1]


def titles(lab: Lab, run: str, kind: str = "chat", dag: str = "server_install") -> list[str]:
    """Their titles, without the chat's markup."""
    return [one.title.strip("*") for one in told(lab, run, kind, dag)]
