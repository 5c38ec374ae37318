"""Causes that only a run's folder has: of a server that the run never held, and of a run that failed as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable

from turnup.domain.cause_text import Told, told
from turnup.domain.errors import TurnupError
from turnup.domain.progress import RunSeen
from turnup.flow.times import RACK_WIDE
from turnup.web.store import ReportStore

MOST = 5000
"""Causes that are remembered."""


class KeptCauses:
    """Reads them from the report store, each once: what failed at a moment does not change."""

    def __init__(self, reports: ReportStore) -> None:
        self._reports = reports
        self._read: dict[tuple[str, ...], Told | None] = {}

    def of_run(self, run: RunSeen) -> Told | None:
        """Why the run failed as a whole, with every problem that its plan was refused for."""
        return self._remembered((run.claim, run.ended), lambda: self._last(run, RACK_WIDE))

    def of_server(self, run: RunSeen, server: str, since: str) -> Told | None:
        """Why the server's part of the run failed."""
        return self._remembered((run.claim, server, since), lambda: self._last(run, f"failed/{server}"))

    def _remembered(self, key: tuple[str, ...], read: Callable[[], Told | None]) -> Told | None:
        """None where the store does not answer now: that is not remembered."""
        if key not in self._read:
            try:
                found = read()
            except TurnupError:
                return None
            if len(self._read) >= MOST:
                self._read.clear()
            self._read[key] = found
            return found
        return self._read[key]

    def _last(self, run: RunSeen, folder: str) -> Told | None:
        """The error of the last document of a folder of the run that has one."""
        records = self._reports.records(run.dag_id, run.run_id)
        try:
            names = [name for name in records.names(folder) if name.endswith(".json")]
            documents = [json.loads(records.read(name) or b"{}") for name in sorted(names, key=lambda name: (len(name), name))]
        except ValueError:
            return None
        for document in reversed(documents):
            error = document.get("error") or (document if "what" in document else None)
            if error:
                listed = [f"{one['subject']}: {one['what']}" for one in document.get("problems") or ()]
                what = "\n".join([str(error.get("what", "")).partition("\n")[0], *listed])
                step = str(document.get("row") or document.get("step") or "")
                return told(what, str(error.get("advice", "")), str(error.get("cause", "")), step)
        return None
