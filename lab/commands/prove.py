"""`./lab/prove PROOF [CASE...]`: what takes too long for every change is proven, in the lab or over fakes, case by case."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from lab import environments
from lab.commands import test, up


@dataclass(frozen=True)
class Proof:
    """A file of tests with a parameter for each case, and what they show; in the lab, or over fakes alone."""

    shows: str
    file: str
    in_lab: bool = True

    def targets(self, cases: Sequence[str]) -> list[str]:
        """What pytest is to run: those whose parameters have one of these words in them, or all."""
        return [self.file, *(["-k", " or ".join(cases)] if cases else [])]


PROOFS = {
    "faults": Proof(
        "each fault alone in a rack of eight: it is told, the others go live; mended, all eight are active",
        "tests/proofs/test_each_fault.py",
    ),
    "racks": Proof(
        "a fault on nearly every server of two racks at once, a prefix that fills up, NetBox away; mended, all sixteen go live",
        "tests/proofs/test_faults_at_once.py",
    ),
    "erasing": Proof(
        "a server's disks are erased from the acceptance image and read back, another server's stay as they are",
        "tests/proofs/test_erasure.py",
    ),
    "crashes": Proof(
        "triggerer, scheduler, worker and Salt master each die in the middle of each phase; all servers go live, nothing twice",
        "tests/proofs/test_each_crash.py",
    ),
    "resume": Proof(
        "a server's facts are corrected and its task cleared: it alone is planned again, approved, and ends active",
        "tests/proofs/test_resume.py",
    ),
    "deliveries": Proof(
        "ten thousand hostile deliveries start nothing; a thousand honest ones at once start exactly the right 200 runs",
        "tests/proofs/test_hostile_deliveries.py",
    ),
    "audit": Proof(
        "ten thousand servers are audited within a minute and a gigabyte, beside a plain loop over them",
        "tests/proofs/test_audit_at_scale.py",
    ),
    "worlds": Proof(
        "ten thousand random worlds over fakes: no server that leaves is wiped, released or missed wrongly; needs no lab",
        "tests/proofs/test_random_worlds.py",
        in_lab=False,
    ),
}


def main(arguments: Sequence[str]) -> int:
    """Exit code 0 only when every case, or every one that was named, is proven. pytest's options may be given too."""
    options = [argument for argument in arguments if argument.startswith("-")]
    named = [argument for argument in arguments if not argument.startswith("-")]
    if "--list" in options:
        print("\n".join(f"{name:<10} {proof.shows}" for name, proof in PROOFS.items()))
        return 0
    if not named or named[0] not in PROOFS:
        print(f"Name a proof: {', '.join(PROOFS)}; after it its cases, or none for all of them.", file=sys.stderr)
        return 2
    environments.make("airflow")
    environments.install_project()
    proof = PROOFS[named[0]]
    if proof.in_lab:
        up.run()
    return test.run(["pytest", *proof.targets(named[1:]), *options]).returncode
