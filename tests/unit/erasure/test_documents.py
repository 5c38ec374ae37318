"""Signed documents: what is read is what was signed, and nothing else is an order."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.erasure.worlds import NOW, ORDER, SEAL, private_key
from turnup.erasure import canonical, orders, sealed_list, signing
from turnup.erasure.agent import signature
from turnup.erasure.canonical import NotCanonical
from turnup.erasure.orders import BadOrder
from turnup.erasure.signing import BadKey, BadSignature

KEY = private_key()
PUBLIC = signing.public_key_of(KEY)
SIGNED = signing.sign(orders.KIND, ORDER.document(), KEY)


def test_an_order_is_read_back_as_it_was_signed() -> None:
    assert orders.read(signing.opened(orders.KIND, SIGNED, PUBLIC)) == ORDER


def test_openssl_and_the_library_agree_on_what_a_good_signature_is(tmp_path: Path) -> None:
    key = tmp_path / "order.pub"
    key.write_text(PUBLIC)
    document, signed = canonical.opened(SIGNED, orders.KIND)
    covered = canonical.signed(orders.KIND, document)
    assert signature.why_bad(covered, signed, key) == ""
    assert "not by the key" in signature.why_bad(covered + b" ", signed, key)
    assert "base64" in signature.why_bad(covered, "?", key)
    assert "not by the key" in signature.why_bad(covered, "AAAA", key)
    assert "no other.pub" in signature.why_bad(covered, signed, tmp_path / "other.pub")
    other = tmp_path / "stranger.pub"
    other.write_text(signing.public_key_of(private_key()))
    assert "not by the key" in signature.why_bad(covered, signed, other)
    other.write_text("no key")
    assert signature.why_bad(covered, signed, other)


def test_a_signature_for_one_purpose_does_not_serve_another() -> None:
    as_certificate = signing.sign("turnup.certificate.drive", ORDER.document(), KEY)
    posing = json.loads(as_certificate) | {"kind": orders.KIND}
    with pytest.raises(BadSignature):
        signing.opened(orders.KIND, json.dumps(posing), PUBLIC)
    with pytest.raises(NotCanonical, match="of the kind"):
        signing.opened(orders.KIND, as_certificate, PUBLIC)


def test_another_key_is_another_signer_and_a_wrong_key_is_no_key() -> None:
    with pytest.raises(BadSignature):
        signing.opened(orders.KIND, SIGNED, signing.public_key_of(private_key()))
    for pem in ("", "no key", PUBLIC):
        with pytest.raises(BadKey):
            signing.sign(orders.KIND, {}, pem)
    with pytest.raises(BadKey):
        signing.opened(orders.KIND, SIGNED, KEY)


@pytest.mark.parametrize("text", ["", "[]", "{", "NaN", '{"a": 1, "a": 2}', '{"kind": 1}', "[" * 100_000])
def test_what_could_be_read_in_two_ways_is_not_read(text: str) -> None:
    with pytest.raises(NotCanonical):
        canonical.opened(text, orders.KIND)


@pytest.mark.parametrize("document", [{"a": 1.5}, {"a": [{"b": 0.1}]}, {1: "a"}, {"a": {2}}])
def test_what_two_programs_print_in_two_ways_is_not_signed(document: Any) -> None:
    with pytest.raises(NotCanonical):
        canonical.text(document)


texts = st.dictionaries(st.text(max_size=5), st.one_of(st.text(max_size=9), st.integers(), st.booleans(), st.none()), max_size=4)


@given(texts, texts)
def test_two_documents_have_one_text_only_if_they_are_one(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert (canonical.text(one) == canonical.text(other)) == same
    assert json.loads(canonical.text(one)) == one


def changed(**values: Any) -> dict[str, Any]:
    return ORDER.document() | values


@pytest.mark.parametrize(
    "document",
    [
        changed(nonce=""),
        changed(serial=" "),
        changed(version=2),
        changed(version=True),
        changed(drives="all"),
        changed(drives=None),
        changed(drives=["L1"]),
        changed(drives=[ORDER.document()["drives"][0] | {"size": "128"}]),
        changed(drives=[ORDER.document()["drives"][0] | {"read_whole": 0}]),
        changed(drives=[ORDER.document()["drives"][0] | {"more": 1}]),
        changed(seal_sha256="0" * 63),
        changed(seal_sha256="G" * 64),
        changed(at_once=0),
        changed(stall_seconds=True),
        changed(expires=NOW.isoformat()),
        changed(expires="tomorrow"),
        changed(expires="2026-03-04T06:00:00"),
        changed(more="field"),
        {name: value for name, value in ORDER.document().items() if name != "nonce"},
        {},
    ],
)
def test_what_is_not_exactly_an_order_is_none(document: dict[str, Any]) -> None:
    with pytest.raises(BadOrder):
        orders.read(document)


def test_an_order_is_given_as_a_file_or_as_itself(tmp_path: Path) -> None:
    file = tmp_path / "order"
    file.write_bytes(SIGNED)
    assert orders.given(str(file)) == SIGNED == orders.given(SIGNED.decode())


def test_a_seal_is_read_back_and_names_nothing_twice() -> None:
    assert sealed_list.read(SEAL.document()) == SEAL
    assert sealed_list.read(json.loads(canonical.text(SEAL.document()))).sha256 == SEAL.sha256
    twice = replace(SEAL, servers=(SEAL.servers[0], SEAL.servers[0]))
    nameless = replace(SEAL, servers=(replace(SEAL.servers[0], serial=""),))
    for document in (
        twice.document(),
        nameless.document(),
        SEAL.document() | {"more": 1},
        {},
        {"run": "r", "site": "s", "servers": [1]},
    ):
        with pytest.raises(NotCanonical):
            sealed_list.read(document)
