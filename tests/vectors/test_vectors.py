"""The published vectors hold, for a reader that shares no code with ours and for ours, and both refuse the same."""

import ast
import json
import re
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from portability.adapters.keys.material import KeySeeds
from portability.adapters.keys.ring import FileKeyRing
from portability.agreements.errors import VerificationError
from portability.services.determination.treaties.mapping.statements import decode_signed_statement
from portability.services.determination.treaties.ports import OfficialKey
from portability.services.determination.treaties.signing import verify_statement
from portability.services.exchange.bundle import open_bundle
from portability.services.exchange.envelope import OpenedBundle
from portability.services.exchange.mapping import wire
from portability.services.exchange.model.keys import PublicKeys
from portability.services.mapping.strict import instant
from portability.services.merkle import leaf_hash, root_of
from portability.services.registry.mapping.roots import decode_chain, decode_signed
from portability.services.registry.model import KeyPurpose
from portability.services.registry.trusting import verify_in_time, verify_trust

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT / "docs" / "spec" / "vectors"
CHECKER = Path(__file__).with_name("checker.py")


def load(name: str) -> dict[str, Any]:
    return json.loads((VECTORS / f"{name}.json").read_text())


class FileTrust:
    """The keys that stand in a vector file, as a directory."""

    def __init__(self, file: dict[str, Any]) -> None:
        self._keys = file["keys"]

    def version(self) -> int:
        return 1

    def signing_keys(self, institution: str, key_id: str) -> PublicKeys:
        key = self._keys.get(f"{institution} {key_id}")
        if key is None or key["purpose"] != "signing":
            raise VerificationError("unknown key")
        return PublicKeys(
            key_id,
            instant(key["not_before_ms"], what="start"),
            instant(key["not_after_ms"], what="end"),
            ed25519=bytes.fromhex(key["classical"]),
            mldsa65=bytes.fromhex(key["post_quantum"]),
        )

    def encryption_key(self, institution: str, at: object) -> PublicKeys:
        raise NotImplementedError


def ring(file: dict[str, Any], institution: str) -> FileKeyRing:
    return FileKeyRing(
        KeySeeds(
            KeyPurpose(key["purpose"]),
            instant(key["not_before_ms"], what="start"),
            instant(key["not_after_ms"], what="end"),
            bytes.fromhex(key["classical_seed"]),
            bytes.fromhex(key["post_quantum_seed"]),
        )
        for name, key in file["keys"].items()
        if name.startswith(f"{institution} ")
    )


def opened(file: dict[str, Any], case: dict[str, Any] | None = None) -> OpenedBundle:
    case = case or {}
    data = bytearray(bytes.fromhex(case.get("bundle", file["bundle"])))
    if "xor_at" in case:
        data[case["xor_at"]] ^= case["xor"]
    del data[case.get("cut_to", len(data)) :]
    data += bytes.fromhex(case.get("append", ""))
    me = case.get("recipient", file["recipient"])
    at = instant(case.get("at_ms", file["at_ms"]), what="reception")
    return open_bundle(bytes(data), me=me, keys=ring(file, me), trust=FileTrust(file), at=at)


def test_the_independent_checker_agrees_with_every_vector() -> None:
    finished = subprocess.run(
        [sys.executable, "-W", "error", str(CHECKER), str(VECTORS)], capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert len(re.findall(r"^ok ", finished.stdout, re.MULTILINE)) == 6


def test_the_checker_shares_no_code_with_us() -> None:
    imported = {
        name
        for node in ast.walk(ast.parse(CHECKER.read_text()))
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in getattr(node, "names", [])]
        )
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert not [name for name in imported if name.startswith(("portability", "google"))]


def test_the_checker_notices_a_vector_that_is_wrong(tmp_path: Path) -> None:
    for name, spoil in {
        "bundle": lambda file: file["messages"][0].update(type="decision.notify"),
        "merkle": lambda file: file["roots"].reverse(),
        "receipt": lambda file: file["receipt"]["entries"].pop(),
        "refused": lambda file: file["cases"].append({"name": "nothing is wrong with this one"}),
        "directory": lambda file: file.update(version=4),
        "statements": lambda file: file["refused"].append(file["taken"][0]),
    }.items():
        file = load(name)
        spoil(file)
        folder = tmp_path / name
        folder.mkdir()
        (folder / "spoilt.json").write_text(json.dumps(file))
        finished = subprocess.run(
            [sys.executable, str(CHECKER), str(folder)], capture_output=True, text=True, check=False
        )
        assert (finished.returncode, finished.stdout[:6]) == (1, "FAILED"), name


@pytest.mark.parametrize("name", ["bundle", "receipt"])
def test_our_reader_finds_in_a_bundle_what_its_file_says(name: str) -> None:
    file = load(name)
    bundle = opened(file)
    assert bundle.refused == ()
    found = [(one.message.message_id.hex, one.message.record.hex(), one.leaf_hash.hex()) for one in bundle.opened]
    assert found == [(one["message_id"], one["record"], one["leaf_hash"]) for one in file["messages"]]
    if name == "receipt":
        bundle_id, entries = wire.decode_receipt(bundle.opened[0].message.record)
        assert bundle_id.hex == file["receipt"]["bundle_id"]
        assert [one.leaf_hash.hex() for one in entries] == [entry[1] for entry in file["receipt"]["entries"]]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in load("refused")["cases"]])
def test_our_reader_refuses_what_must_be_refused(case: dict[str, Any]) -> None:
    file = load("refused")
    try:
        bundle = opened(file, case)
    except VerificationError:
        return
    # A wrong record is refused message by message: nothing of it may be taken in.
    assert (bundle.opened, len(bundle.refused)) == ((), 2)


def test_our_tree_is_that_of_the_file() -> None:
    file = load("merkle")
    leaves = [leaf_hash(bytes.fromhex(one)) for one in file["entries"]]
    assert [root_of(leaves[:size]).hex() for size in range(9)] == file["roots"]


def test_our_reader_takes_the_directory_and_refuses_what_must_be_refused() -> None:
    file = load("directory")
    anchor = decode_signed(bytes.fromhex(file["anchor"]))
    trust = verify_trust(decode_chain(bytes.fromhex(file["chain"])), anchor=anchor)
    verify_in_time(trust, at=instant(file["at_ms"], what="now"))
    assert (trust.root.version, trust.directory.version) == (file["root_version"], file["version"])
    for case in file["refused"]:
        with pytest.raises(VerificationError):
            verify_trust(decode_chain(bytes.fromhex(case["chain"])), anchor=anchor)


class OfficialsOfTheFile:
    """The officials that stand in the vector file, as a directory."""

    def __init__(self, file: dict[str, Any]) -> None:
        self._keys = file["officials"]

    def official_key(self, party: str, signer_id: str, key_id: str) -> OfficialKey:
        key = self._keys.get(f"{party} {signer_id} {key_id}")
        if key is None:
            raise VerificationError("unknown official")
        return OfficialKey(
            key["name"],
            bytes.fromhex(key["classical"]),
            bytes.fromhex(key["post_quantum"]),
            instant(key["not_before_ms"], what="start"),
            instant(key["not_after_ms"], what="end"),
        )


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in load("statements")["taken"]])
def test_our_reader_finds_in_a_statement_what_its_file_says(case: dict[str, Any]) -> None:
    signed = decode_signed_statement(bytes.fromhex(case["signed"]))
    verified = verify_statement(signed, authorities=OfficialsOfTheFile(load("statements")))
    said = verified.statement
    assert (said.party, said.agreement_id, list(said.towards)) == (case["party"], case["agreement_id"], case["towards"])
    assert (said.version.sha256, said.version.incorporated) == (case["sha256"], case["incorporated_sha256"])
    assert (said.first_day.isoformat(), verified.digest) == (case["first_day"], case["digest"])


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in load("statements")["refused"]])
def test_our_reader_refuses_a_statement_that_must_be_refused(case: dict[str, Any]) -> None:
    with pytest.raises(VerificationError):
        verify_statement(
            decode_signed_statement(bytes.fromhex(case["signed"])), authorities=OfficialsOfTheFile(load("statements"))
        )


def test_the_worked_example_is_the_bundle_of_the_file() -> None:
    document = (ROOT / "docs" / "spec" / "exchange.md").read_text()
    shown = {
        name: content.replace("\n", "")
        for name, content in re.findall(r"^(\S.*):\n\n```\n([0-9a-f\n]+)\n```$", document, re.MULTILINE)
    }
    file = load("bundle")
    value = bytes.fromhex(file["bundle"])
    assert shown[f"SHA-256 of the bundle ({len(value)} bytes)"] == sha256(value).hexdigest()
    assert shown["record of message 0"] == file["messages"][0]["record"]
    assert shown["leaf 0 = SHA-256(00 || header 0)"] == sha256(b"\0" + bytes.fromhex(shown["header 0"])).hexdigest()
    assert shown["leaf 1"] == file["messages"][1]["leaf_hash"]
    both = bytes.fromhex(shown["leaf 0 = SHA-256(00 || header 0)"] + shown["leaf 1"])
    assert shown["merkle_root = SHA-256(01 || leaf 0 || leaf 1)"] == sha256(b"\1" + both).hexdigest()
    assert shown["signed_head"] in file["bundle"]
    assert shown["signature_ed25519"] in file["bundle"]
