"""What every fake can do besides its port: fail when told to, and remember what it was asked."""

from __future__ import annotations

import inspect
from collections import defaultdict, deque
from collections.abc import Callable
from functools import wraps
from typing import Any

type Watcher = Callable[[str, tuple[Any, ...]], None]


def _ignore(method: str, arguments: tuple[Any, ...]) -> None:
    """Nothing is done about it."""


class Faults:
    """A base class for fakes: `class FakeThing(Faults, port=Thing)`. Every method of the port can be made to fail.

    `calls` names the port's methods in the order they were called, those that failed included. `on_call` is told of each call
    (method, arguments) before it is done, and `on_answer` after it was; whatever they raise comes out of the call.
    """

    _port_methods: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.on_call: Watcher = _ignore
        self.on_answer: Watcher = _ignore
        self._faults: dict[str, deque[tuple[Exception, bool]]] = defaultdict(deque)

    def __init_subclass__(cls, port: type, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        names = {name for name, _ in inspect.getmembers(port, inspect.isfunction) if not name.startswith("_")}
        for name in names:
            setattr(cls, name, _faulty(vars(cls)[name]))
        cls._port_methods = frozenset(names)

    def fail_next(self, method: str, error: Exception, *, times: int = 1, answer_lost: bool = False) -> None:
        """Make the next calls of a method raise the error; with `answer_lost` only after it has done its work."""
        if method not in self._port_methods:
            raise ValueError(f"{method!r} is no method of the port; it has {', '.join(sorted(self._port_methods))}.")
        self._faults[method].extend([(error, answer_lost)] * times)

    @property
    def faults_left(self) -> int:
        """How many of the failures asked for have not happened yet."""
        return sum(len(faults) for faults in self._faults.values())


def _faulty(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def wrapped(self: Faults, *args: Any, **kwargs: Any) -> Any:
        self.calls.append(method.__name__)
        self.on_call(method.__name__, args)
        faults = self._faults[method.__name__]
        error, answer_lost = faults.popleft() if faults else (None, False)
        if error is not None and not answer_lost:
            raise error
        answer = method(self, *args, **kwargs)
        self.on_answer(method.__name__, args)
        if error is not None:
            raise error
        return answer

    return wrapped
