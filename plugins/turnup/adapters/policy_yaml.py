"""A YAML file checked by a JSON Schema, with the line of everything that is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from turnup.domain.errors import Problem

SCHEMAS = Path(__file__).parent / "schemas"

Where = tuple[str | int, ...]


class Document:
    """One file's content and the line of each value in it; `problems` says what is wrong with it, sorted by line."""

    def __init__(self, path: Path, schema: str) -> None:
        self.path = path
        self.content: Any = None
        self._lines: dict[Where, int] = {}
        found: list[tuple[int, str]] = []
        try:
            text = path.read_text(encoding="utf-8")
            root = yaml.compose(text, Loader=yaml.SafeLoader)
            if root is not None:
                found += _duplicates(root, self._lines)
            self.content = yaml.safe_load(text)
        except yaml.MarkedYAMLError as error:
            found.append((error.problem_mark.line + 1 if error.problem_mark else 1, f"is not YAML: {error.problem}."))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            found.append((1, f"cannot be read ({type(error).__name__})."))
        else:
            found += [
                (self.line(where), text)
                for error in _validator(schema).iter_errors(self.content)
                for where, text in _expected(error)
            ]
        self.problems = tuple(Problem(f"{path}:{line}", text) for line, text in sorted(found))

    def line(self, where: Sequence[str | int]) -> int:
        """The line of a value, or of the nearest one around it."""
        place = tuple(where)
        while place and place not in self._lines:
            place = place[:-1]
        return self._lines.get(place, 1)

    def problem(self, where: Sequence[str | int], text: str) -> Problem:
        """A problem with one value."""
        return Problem(f"{self.path}:{self.line(where)}", f"{_dotted(where)} {text}")


@cache
def _validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(yaml.safe_load((SCHEMAS / f"{name}.yaml").read_text(encoding="utf-8")))


def _duplicates(node: yaml.Node, lines: dict[Where, int], where: Where = ()) -> Iterator[tuple[int, str]]:
    """Notes each value's line on the way. YAML's loader takes the last of two equal keys without a word."""
    lines.setdefault(where, node.start_mark.line + 1)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = (*where, str(key.value))
            if place in lines:
                yield key.start_mark.line + 1, f"{_dotted(place)} is given twice (line {lines[place]})."
            lines[place] = key.start_mark.line + 1
            yield from _duplicates(value, lines, place)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _duplicates(value, lines, (*where, index))


def _expected(error: ValidationError) -> Iterator[tuple[Where, str]]:
    """What was expected where, one entry a wrong key."""
    where: Where = tuple(error.absolute_path)
    name, found, wanted = _dotted(where), error.instance, error.validator_value
    match error.validator:
        case "additionalProperties" if isinstance(found, Mapping):
            known = sorted(error.schema["properties"]) if isinstance(error.schema, Mapping) else []
            for key in found:
                if key not in known:
                    hint = _did_you_mean(str(key), known)
                    yield (*where, str(key)), f"{_dotted((*where, str(key)))} is not known here{hint}; known: {', '.join(known)}."
        case "required" if isinstance(wanted, list):
            missing = error.message.split("'")[1]
            yield where, f"{_dotted((*where, missing))} is missing."
        case "type":
            kinds = wanted if isinstance(wanted, str) else " or ".join(map(str, wanted if isinstance(wanted, list) else []))
            yield where, f"{name} is {found!r}, expected: {kinds}."
        case "pattern":
            yield where, f"{name} is {found!r}, expected to match {wanted}."
        case "minimum" | "maximum":
            yield where, f"{name} is {found!r}, expected: {wanted} or {'more' if error.validator == 'minimum' else 'less'}."
        case "minItems" | "minProperties" | "minLength":
            yield where, f"{name} is empty."
        case "enum" if isinstance(wanted, list):
            yield where, f"{name} is {found!r}, expected one of: {', '.join(map(str, wanted))}."
        case "uniqueItems":
            yield where, f"{name} holds the same entry twice: {', '.join(map(str, found if isinstance(found, list) else []))}."
        case "anyOf":
            yield where, f"{name} has neither at_least nor at_most."
        case _:
            yield where, f"{name}: {error.message}."


def _did_you_mean(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, n=1, cutoff=0.6)
    return f" (did you mean {close[0]}?)" if close else ""


def _dotted(where: Sequence[str | int]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    return text.lstrip(".") or "the file"
