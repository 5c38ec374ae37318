"""A run's folder as a reader finds it: documents may be missing, of an older version or damaged, and what can be read is read."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from turnup.domain.errors import TurnupError
from turnup.ports import Records


class Folder:
    """The documents of one run. `notes` says what could not be read."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.notes: list[str] = []
        self._numbers: dict[str, list[int]] = defaultdict(list)
        for name in records.names(""):
            folder, _, last = name.rpartition("/")
            number, _, ending = last.partition(".")
            if number.isascii() and number.isdecimal() and ending == "json":
                self._numbers[folder].append(int(number))

    def content(self, name: str) -> bytes | None:
        """A document's bytes; None where there are none."""
        try:
            return self._records.read(name)
        except TurnupError as error:
            self.notes.append(error.what)
            return None

    def text(self, name: str) -> str:
        """A text, empty where there is none."""
        return (self.content(name) or b"").decode(errors="replace")

    def document(self, name: str) -> Mapping[str, Any]:
        """A JSON object, empty where there is none."""
        found = self._json(name, dict)
        return found if isinstance(found, dict) else {}

    def all_of(self, folder: str) -> tuple[Mapping[str, Any], ...]:
        """Every numbered document of a folder, in order."""
        documents = (self.document(f"{folder}/{number}.json") for number in sorted(self._numbers.get(folder, ())))
        return tuple(document for document in documents if document)

    def all_below(self, folder: str) -> tuple[Mapping[str, Any], ...]:
        """Every numbered document of a folder and of the folders in it."""
        return tuple(one for name in sorted(self._numbers) if f"{name}/".startswith(f"{folder}/") for one in self.all_of(name))

    def latest(self, folder: str) -> Mapping[str, Any]:
        """The one with the highest number, empty where there is none."""
        numbers = self._numbers.get(folder)
        return self.document(f"{folder}/{max(numbers)}.json") if numbers else {}

    def latest_list(self, folder: str) -> tuple[Mapping[str, Any], ...]:
        """The objects that the document with the highest number lists, none where there is none."""
        numbers = self._numbers.get(folder)
        listed = self._json(f"{folder}/{max(numbers)}.json", list) if numbers else ()
        return tuple(one for one in listed or () if isinstance(one, dict))

    def _json(self, name: str, kind: type) -> Any:
        """What a document holds, if it is of that kind; else None."""
        content = self.content(name)
        if content is None:
            return None
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if not isinstance(found, kind):
            self.notes.append(f"The record {name} is damaged: it holds no JSON {'object' if kind is dict else 'list'}.")
            return None
        return found

    def servers_of(self, kind: str) -> tuple[str, ...]:
        """The names of the servers that have documents of a kind."""
        return tuple(sorted(name.removeprefix(f"{kind}/") for name in self._numbers if name.startswith(f"{kind}/")))

    def knows(self, server: str) -> bool:
        """Whether the run left any document about the server."""
        return any(name.endswith(f"/{server}") for name in self._numbers)
