"""Deliveries that nobody should believe, the same ones for the same seed: each with the answers that are right for it.

Over fakes, in the lab and in the proof they are sent to the endpoint as a stranger would, or as somebody who stole the secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from turnup.domain.webhooks import LONGEST, SIGNATURE, signature

TAKEN, UNSIGNED, TOO_LARGE, SENSELESS = 200, 401, 413, 422
STATUSES = ("planned", "staged", "active", "decommissioning", "offline", "", "PLANNED", "staged\x00", "\u0455taged")
NAMES = (
    "lab1-r1-n01",
    "'; DROP TABLE dag_run; --",
    "<script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "%s%n%x",
    "../../../etc/passwd",
    "a\r\nwebhook from nowhere accepted (new)",
    "\x1b[2J\x1b]0;gone\x07",
    "\u202eevil",
    "\ud800",
    "\U0001f480" * 400,
    "e" + "\u0301" * 1000,
    "\x00",
    "",
)
ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**63,
    10**400,
    "",
    "x",
    [],
    {},
    [[]],
    {"": {}},
    "\ud800",
    float("nan"),
    float("inf"),
)
NOT_JSON = (b"", b"\x00", b"{", b"[1,", b'{"a":}', b"\xff\xfe\xfd", b"\xef\xbb\xbf{", b"nul", b"'a'", b"{}{}", b"9" * 5000)


@dataclass(frozen=True)
class Hostile:
    """A request's body and headers, and the statuses of answers that are right."""

    kind: str
    body: bytes
    headers: Mapping[str, str | bytes]
    right: frozenset[int]


class Generator:
    """Makes hostile deliveries against an endpoint with this secret.

    `kept` are bodies that NetBox delivered once and whose wish stands no more: they are sent again, rightly signed.
    """

    def __init__(self, seed: int, secret: str, kept: Sequence[bytes] = ()) -> None:
        self._random = Random(seed)
        self._secret = secret
        self._kept = kept
        self._kinds: tuple[Callable[[], Hostile], ...] = (
            self.unsigned,
            self.badly_signed,
            self.signed_by_another,
            self.changed_after_signing,
            self.truncated,
            self.wrong_types,
            self.deep,
            self.not_json,
            self.odd_text,
            self.another_kind_of_body,
        )

    def some(self, number: int) -> Iterator[Hostile]:
        """So many, of every kind; a few are costly: too large, or of the kind that is looked up in NetBox."""
        for count in range(number):
            if count % 50 == 7:
                yield self.huge()
            elif count % 50 == 23:
                yield self.kept()
            elif count % 50 == 41:
                yield self.made_up()
            else:
                yield self._kinds[count % len(self._kinds)]()

    def unsigned(self) -> Hostile:
        """No signature at all."""
        return self._made("unsigned", self._body(), None, UNSIGNED)

    def badly_signed(self) -> Hostile:
        """Something that looks like a signature, or not even that."""
        body = self._body()
        right = signature(body, self._secret)
        wrong: tuple[str | bytes, ...] = (
            "",
            "0" * 128,
            right[:-1],
            right + "0",
            right.upper() if right.upper() != right else "",
            f"sha512={right}",
            right[::-1],
            "é".encode(),
            b"\xff" * 128,
            "f" * 8000,
        )
        return self._made("badly signed", body, self._random.choice(wrong), UNSIGNED)

    def signed_by_another(self) -> Hostile:
        """A right signature, of another secret."""
        body = self._body()
        secret = self._random.choice((self._secret[:-1], self._secret + " ", self._secret[::-1], " ", "netbox", "x" * 64))
        return self._made("signed by another", body, signature(body, secret), UNSIGNED)

    def changed_after_signing(self) -> Hostile:
        """One byte of it."""
        body = bytearray(self._body())
        signed = signature(bytes(body), self._secret)
        body[self._random.randrange(len(body))] ^= 1 << self._random.randrange(8)
        return self._made("changed after signing", bytes(body), signed, UNSIGNED)

    def truncated(self) -> Hostile:
        """Its end is missing; signed as it was whole, or as it is."""
        whole = self._body()
        body = whole[: self._random.randrange(len(whole))]
        if self._random.random() < 0.5:
            return self._made("truncated", body, signature(whole, self._secret), UNSIGNED)
        return self._signed("truncated", body, SENSELESS)

    def wrong_types(self) -> Hostile:
        """Something else than NetBox sends, somewhere in it, by somebody who has the secret."""
        content = self._content()
        for _ in range(self._random.randint(1, 3)):
            where = self._random.choice(
                (
                    ("event",),
                    ("object_type",),
                    ("data",),
                    ("data", "id"),
                    ("request",),
                    ("request", "id"),
                    ("request", "user"),
                    ("snapshots",),
                    ("snapshots", "prechange"),
                    ("snapshots", "prechange", "status"),
                    ("snapshots", "postchange", "status"),
                )
            )
            _put(content, where, deepcopy(self._random.choice(ODD)))
        return self._signed("wrong types", _json(content), TAKEN, SENSELESS)

    def deep(self) -> Hostile:
        """Nested until a parser gives up, or nearly."""
        depth = self._random.choice((50, 900, 5000, 100_000))
        opened, closed = self._random.choice(((b"[", b"]"), (b'{"a":', b"}")))
        nest = opened * depth + b"1" + closed * depth
        if self._random.random() < 0.5 or len(nest) > LONGEST - 2000:
            return self._signed("deep", nest[:LONGEST], SENSELESS)
        return self._signed("deep", _json(self._content())[:-1] + b', "more": ' + nest + b"}", TAKEN, SENSELESS)

    def huge(self) -> Hostile:
        """Too long, by a byte or by far; who has the secret is told so, and so is who has not."""
        length = LONGEST + self._random.choice((1, 1000, LONGEST, 3 * LONGEST))
        unit = self._random.choice((b" ", b"[", b"\x00", b'{"a": '))
        body = (unit * (length // len(unit) + 1))[:length]
        signed = self._random.choice((None, signature(body, self._secret)))
        return self._made("huge", body, signed, TOO_LARGE)

    def not_json(self) -> Hostile:
        """Rightly signed bytes."""
        body = self._random.choice((*NOT_JSON, self._random.randbytes(self._random.randint(1, 2000))))
        return self._signed("not JSON", body, SENSELESS)

    def odd_text(self) -> Hostile:
        """Names and users that want to be more than text. The device is none that NetBox has."""
        content = self._content()
        content["data"]["name"] = self._random.choice(NAMES)
        content["request"]["user"] = self._random.choice(NAMES)
        content["snapshots"]["prechange"]["status"] = self._random.choice(STATUSES[2:])
        content["snapshots"]["postchange"]["status"] = self._random.choice((*STATUSES, *NAMES))
        content[self._random.choice(NAMES)] = self._random.choice(NAMES)
        body = _json(content)
        if self._random.random() < 0.3:
            body = json.dumps(content).encode(self._random.choice(("utf-16", "utf-32", "utf-8")), "surrogatepass")
        return self._signed("odd text", body, TAKEN, SENSELESS)

    def another_kind_of_body(self) -> Hostile:
        """A form, or what calls itself one."""
        body = self._body()
        kind = self._random.choice(("text/plain", "", "application/x-www-form-urlencoded", "application/xml", "é"))
        headers: dict[str, str | bytes] = {"Content-Type": kind.encode(), SIGNATURE: signature(body, self._secret)}
        return Hostile("another kind of body", body, headers, frozenset({SENSELESS}))

    def kept(self) -> Hostile:
        """What NetBox delivered once, signed and whole, again."""
        if not self._kept:
            return self.made_up()
        return self._signed("kept", self._random.choice(self._kept), TAKEN)

    def made_up(self) -> Hostile:
        """All as NetBox would send it, of a request that never was."""
        return self._signed("made up", self._body(), TAKEN)

    def _body(self) -> bytes:
        return _json(self._content())

    def _content(self) -> dict[str, Any]:
        """What NetBox would deliver; the request is one that never was."""
        before, after = self._random.choice((("planned", "staged"), ("active", "decommissioning")))
        name = f"lab1-r1-n{self._random.randint(1, 8):02}"
        return {
            "event": "updated",
            "object_type": "dcim.device",
            "data": {"id": self._random.randint(1, 60), "name": name, "status": {"value": after}},
            "request": {"id": str(UUID(int=self._random.getrandbits(128), version=4)), "user": "engineer", "method": "PATCH"},
            "snapshots": {"prechange": {"name": name, "status": before}, "postchange": {"name": name, "status": after}},
        }

    def _signed(self, kind: str, body: bytes, *right: int) -> Hostile:
        return self._made(kind, body, signature(body, self._secret), *right)

    def _made(self, kind: str, body: bytes, signed: str | bytes | None, *right: int) -> Hostile:
        headers: dict[str, str | bytes] = {"Content-Type": "application/json"}
        if signed is not None:
            headers[SIGNATURE] = signed
        return Hostile(kind, body, headers, frozenset(right))


def _json(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content).encode()


def _put(content: dict[str, Any], where: Sequence[str], value: object) -> None:
    """The value at that place, if the place is still there."""
    inner: Any = content
    for key in where[:-1]:
        inner = inner.get(key) if isinstance(inner, dict) else None
    if isinstance(inner, dict):
        inner[where[-1]] = value
