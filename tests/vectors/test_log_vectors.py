"""The vectors of the log and of evidence, made by generate_log.py, are what this code says."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from portability.agreements.errors import VerificationError
from portability.app.evidence.file import FIRST_LINE
from portability.app.evidence.verifying import verify_evidence
from portability.services.merkle import leaf_hash, verify_consistency, verify_inclusion
from portability.services.registry.mapping.roots import decode_signed

VECTORS = Path(__file__).resolve().parents[2] / "docs" / "spec" / "vectors"
LOG = json.loads((VECTORS / "log.json").read_text())
EVIDENCE = json.loads((VECTORS / "evidence.json").read_text())
ROOTS = {int(size): bytes.fromhex(root) for size, root in LOG["roots"].items()}


def test_leaves_are_the_hashes_of_entries() -> None:
    assert [leaf_hash(bytes.fromhex(one)).hex() for one in LOG["entries"]] == LOG["leaves"]


@pytest.mark.parametrize("proof", LOG["consistency"], ids=lambda one: f"{one['first']} to {one['size']}")
def test_consistency_proofs_lead_to_both_roots(proof: dict) -> None:
    if proof["first"] not in ROOTS:
        pytest.fail("a root is missing")
    path = [bytes.fromhex(one) for one in proof["path"]]
    first, size = proof["first"], proof["size"]
    verify_consistency(first_size=first, first_root=ROOTS[first], size=size, root=ROOTS[size], path=path)


@pytest.mark.parametrize("proof", LOG["inclusion"], ids=lambda one: f"{one['index']} of {one['size']}")
def test_inclusion_proofs_of_the_first_entries_lead_to_the_root(proof: dict) -> None:
    path = [bytes.fromhex(one) for one in proof["path"]]
    index, size = proof["index"], proof["size"]
    if index < len(LOG["leaves"]):
        leaf = bytes.fromhex(LOG["leaves"][index])
        verify_inclusion(leaf, index=index, size=size, path=path, root=ROOTS[size])
    else:
        with pytest.raises(VerificationError):
            verify_inclusion(bytes(32), index=index, size=size, path=path, root=ROOTS[size])


@pytest.mark.parametrize("number", range(len(EVIDENCE["accepted"])))
def test_files_prove_what_they_say(number: int) -> None:
    one = EVIDENCE["accepted"][number]
    anchor = decode_signed(bytes.fromhex(EVIDENCE["root_bin"]))
    assert list(verify_evidence(bytes.fromhex(one["file"]), anchor=anchor).sentences) == one["sentences"]


@pytest.mark.parametrize("place", EVIDENCE["refused_bits"])
def test_changed_files_are_refused(place: int) -> None:
    body = bytearray(bytes.fromhex(EVIDENCE["accepted"][0]["file"])[len(FIRST_LINE) + 32 :])
    body[place // 8] ^= 1 << place % 8
    anchor = decode_signed(bytes.fromhex(EVIDENCE["root_bin"]))
    with pytest.raises(VerificationError):
        verify_evidence(FIRST_LINE + sha256(body).digest() + bytes(body), anchor=anchor)


@pytest.mark.parametrize("forged", EVIDENCE["refused"], ids=lambda one: one["name"])
def test_files_with_a_report_that_nobody_has_signed_so_are_refused(forged: dict) -> None:
    anchor = decode_signed(bytes.fromhex(EVIDENCE["root_bin"]))
    with pytest.raises(VerificationError, match=forged["because"]):
        verify_evidence(bytes.fromhex(forged["file"]), anchor=anchor)
