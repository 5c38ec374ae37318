"""Certificates: for what is proven alone; whoever changes one letter of one, leaves out or adds a drive, is found out."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.erasure.worlds import ORDER, SEAL, circumstances, private_key, proof, state
from turnup.erasure import canonical, certificates, command, page, signing, verification
from turnup.erasure.outcomes import Outcome, Result, outcomes
from turnup.erasure.sealed_list import ListedDrive

KEY = private_key()
PUBLIC = signing.public_key_of(KEY)
STATES, PROOFS = [state(drive) for drive in ORDER.drives], [proof(ORDER, drive) for drive in ORDER.drives]
OUTCOMES = outcomes(ORDER, STATES, PROOFS)
ABOUT = circumstances()
HUNG = Outcome("L3", ORDER.drives[0].size, "LABMETAL D256", "3", Result.HUNG, "no progress")


def of_drive(number: int = 0) -> dict[str, Any]:
    return certificates.of_drive(ORDER, OUTCOMES[number], STATES[number], PROOFS[number], ABOUT)


def of_run() -> dict[str, Any]:
    return certificates.of_run(ABOUT, [of_drive(0), of_drive(1)], {"LM2": (HUNG,)})


def signed(document: dict[str, Any], kind: str = certificates.RUN) -> bytes:
    return signing.sign(kind, document, KEY)


def test_a_drives_certificate_has_what_the_standard_asks_for() -> None:
    one = of_drive()
    assert one["standard"].startswith("NIST SP 800-88 Rev. 2")
    assert {"manufacturer", "model", "serial_number", "media_type", "property_number", "media_source"} <= set(one["media"])
    assert (one["sanitization"]["method"], one["sanitization"]["technique"]) == ("clear", "overwrite, one pass of zeros")
    assert one["sanitization"]["tools"] == ["dd (coreutils) 9.1", "turnup-wipe 0.1.0"]
    assert one["verification"]["statement"]
    assert one["people"]["requested_by"]["name"] == "ada"
    assert [person["name"] for person in one["people"]["approved_by"]] == ["grace"]
    assert one["order"]["seal_sha256"] == SEAL.sha256
    assert verification.why_bad(signed(one, certificates.DRIVE), PUBLIC, SEAL.document()) == ()


@pytest.mark.parametrize(
    "outcome",
    [
        replace(OUTCOMES[0], result=Result.FAILED, why="x"),
        replace(OUTCOMES[0], serial="L9"),
        replace(OUTCOMES[0], size=1),
        replace(OUTCOMES[0], serial="L3"),
    ],
)
def test_there_is_no_certificate_for_what_is_not_proven_or_not_sealed(outcome: Outcome) -> None:
    with pytest.raises(ValueError, match=outcome.serial):
        certificates.of_drive(ORDER, outcome, STATES[0], PROOFS[0], ABOUT)


def test_there_is_no_certificate_under_another_seal() -> None:
    with pytest.raises(ValueError, match="under this seal"):
        certificates.of_drive(ORDER, OUTCOMES[0], STATES[0], PROOFS[0], circumstances(seal=replace(SEAL, run="another")))


def test_a_runs_certificate_covers_every_sealed_drive() -> None:
    document = of_run()
    assert (document["wiped"], document["to_be_shredded"], len(document["certificates"])) == (2, 1, 2)
    assert verification.why_bad(signed(document), PUBLIC, SEAL.document()) == ()
    lost = certificates.of_run(ABOUT, [], {})
    assert (lost["wiped"], lost["to_be_shredded"]) == (0, 3)
    assert {drive["result"] for server in lost["servers"] for drive in server["drives"]} == {"unknown"}
    assert verification.why_bad(signed(lost), PUBLIC) == ()


def test_a_drive_that_is_told_of_twice_is_not_wiped() -> None:
    odd = certificates.of_run(ABOUT, [of_drive(0)], {"LM1": (replace(HUNG, serial="L1"),)})
    assert odd["wiped"] == 0


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every field, at every depth."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from places(one, (*path, key))
    elif isinstance(value, list) and value:
        for number, one in enumerate(value):
            yield from places(one, (*path, number))
    else:
        yield path


def changed(document: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """With another value there."""
    other = copy.deepcopy(document)
    place: Any = other
    for step in path[:-1]:
        place = place[step]
    value = place[path[-1]]
    place[path[-1]] = value + 1 if type(value) is int else not value if isinstance(value, bool) else f"{value}x"
    return other


@pytest.mark.parametrize("kind", [certificates.DRIVE, certificates.RUN])
def test_one_letter_of_any_field_changed_is_found_out(kind: str) -> None:
    document = of_drive() if kind == certificates.DRIVE else of_run()
    envelope = json.loads(signed(document, kind))
    paths = list(places(envelope))
    assert len(paths) > 40
    for path in paths:
        assert verification.why_bad(json.dumps(changed(envelope, path)), PUBLIC), path


def without(document: dict[str, Any], server: int, drive: int) -> dict[str, Any]:
    other = copy.deepcopy(document)
    del other["servers"][server]["drives"][drive]
    return other


def test_even_the_signer_cannot_leave_out_or_add_a_drive() -> None:
    document = of_run()
    assert any("sealed and missing" in why for why in verification.why_bad(signed(without(document, 0, 1)), PUBLIC))
    more = copy.deepcopy(document)
    more["servers"][0]["drives"].append(more["servers"][0]["drives"][0] | {"serial": "L9"})
    assert any("not in the seal" in why for why in verification.why_bad(signed(more), PUBLIC))
    twice = copy.deepcopy(document)
    twice["servers"][0]["drives"].append(twice["servers"][0]["drives"][0])
    assert any("listed twice" in why for why in verification.why_bad(signed(twice), PUBLIC))


def test_even_the_signer_cannot_call_wiped_what_has_no_certificate() -> None:
    document = of_run()
    document["certificates"].pop()
    assert any("certificate is missing" in why for why in verification.why_bad(signed(document), PUBLIC))
    document = of_run()
    document["servers"][1]["drives"][0] |= {"result": "wiped", "certificate_sha256": canonical.sha256(of_drive())}
    assert any("certificate is missing" in why for why in verification.why_bad(signed(document), PUBLIC))
    document = of_run()
    document["servers"][0]["drives"][0]["result"] = "hung"
    assert any("not called wiped" in why for why in verification.why_bad(signed(document), PUBLIC))
    document = of_run()
    document["wiped"] += 1
    assert any("sums" in why for why in verification.why_bad(signed(document), PUBLIC))


def test_a_certificate_of_another_seal_is_not_of_this_one() -> None:
    smaller = replace(SEAL, servers=(replace(SEAL.servers[0], drives=SEAL.servers[0].drives[:1]), SEAL.servers[1]))
    for kind, document in ((certificates.RUN, of_run()), (certificates.DRIVE, of_drive(1))):
        assert any("another seal" in why for why in verification.why_bad(signed(document, kind), PUBLIC, smaller.document()))
    one = of_drive(1)
    one["order"]["seal_sha256"] = smaller.sha256
    said = verification.why_bad(signed(one, certificates.DRIVE), PUBLIC, smaller.document())
    assert any("not in the seal" in why for why in said)
    document = of_run()
    document["seal"] = smaller.document()
    assert verification.why_bad(signed(document), PUBLIC)


@pytest.mark.parametrize("content", ["", "{}", '{"kind": "turnup.wipe-order", "document": {}, "signature": ""}'])
def test_what_is_no_certificate_is_not_believed(content: str) -> None:
    assert verification.why_bad(content, PUBLIC)


def test_a_signed_document_without_the_fields_of_a_certificate_is_not_believed() -> None:
    for kind in (certificates.DRIVE, certificates.RUN):
        assert verification.why_bad(signing.sign(kind, {}, KEY), PUBLIC)
        assert verification.why_bad(signing.sign(kind, {"version": 1}, KEY), PUBLIC)


def test_the_page_is_made_of_the_certificate_and_lets_nothing_through() -> None:
    evil = "<script>alert(1)</script>"
    servers = (replace(SEAL.servers[0], name=evil, drives=(*SEAL.servers[0].drives, ListedDrive("L9", 1, evil))), SEAL.servers[1])
    about = circumstances(seal=replace(SEAL, servers=servers))
    order = replace(ORDER, seal_sha256=about.seal.sha256)
    proofs = [proof(order, drive, statement=evil) for drive in order.drives]
    found = outcomes(order, STATES, proofs)
    one = certificates.of_drive(order, found[0], STATES[0], proofs[0], about)
    run = certificates.of_run(about, [one], {"LM2": (replace(HUNG, why=evil),)})
    for kind, document in ((certificates.DRIVE, one), (certificates.RUN, run)):
        text = page.page(signed(document, kind))
        assert evil not in text
        assert "&lt;script&gt;" in text
        assert "turnup-certificate verify" in text
        assert canonical.sha256(document) in text
    assert "pull" in page.page(signed(run)).lower()


def test_the_command_says_good_or_bad_and_ends_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, key, sealed = tmp_path / "run.json", tmp_path / "certificate.pub", tmp_path / "seal.json"
    file.write_bytes(signed(of_run()))
    key.write_text(PUBLIC)
    sealed.write_text(json.dumps(SEAL.document()))
    assert command.main(["verify", str(file), "--key", str(key), "--seal", str(sealed)]) == command.GOOD
    assert "GOOD  2 drives wiped, 1 to be pulled and shredded" in capsys.readouterr().out
    assert command.main(["page", str(file)]) == command.GOOD
    assert "<!doctype html>" in capsys.readouterr().out
    file.write_text(file.read_text().replace("overwrite, one", "overwrite, two"))
    assert command.main(["verify", str(file), "--key", str(key)]) == command.BAD
    assert "BAD   the signature does not fit" in capsys.readouterr().out
    assert command.main(["verify", str(tmp_path / "none"), "--key", str(key)]) == command.WRONG_WORDS
    key.write_text("no key")
    assert command.main(["verify", str(file), "--key", str(key)]) == command.WRONG_WORDS
