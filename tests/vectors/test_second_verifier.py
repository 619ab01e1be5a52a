"""The verifier in Java agrees with the vectors and, on files changed at random, with ours (docs/spec/evidence.md)."""

import json
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[2]))

from tests.vectors import second_verifier
from tests.vectors.odd_reports import signed_reports

LACKING = second_verifier.missing()
pytestmark = pytest.mark.skipif(
    bool(LACKING), reason=f"NOT RUN, the second verifier needs a Java 17 development kit and Maven; missing: {LACKING}"
)
EVIDENCE = json.loads((second_verifier.VECTORS / "evidence.json").read_text())


def test_the_second_verifier_agrees_with_every_vector() -> None:
    done = second_verifier.run("vectors", second_verifier.VECTORS)
    assert done.returncode == 0, done.stderr
    names = {line.split()[1].rstrip(":") for line in done.stdout.splitlines() if line.startswith("ok ")}
    assert names == {path.name for path in second_verifier.VECTORS.glob("*.json")}


def test_a_wrong_vector_is_noticed(tmp_path: Path) -> None:
    spoilt = {**EVIDENCE, "refused_bits": [], "refused": []}
    spoilt["accepted"] = [{**EVIDENCE["accepted"][0], "sentences": ["It proves everything."]}]
    (tmp_path / "evidence.json").write_text(json.dumps(spoilt))
    done = second_verifier.run("vectors", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == "refused: evidence.json: it proves something else"
    # A file that is refused, and for another reason than it says.
    spoilt |= {
        "accepted": EVIDENCE["accepted"][:1],
        "refused": [{**EVIDENCE["refused"][0], "because": "of the weather"}],
    }
    (tmp_path / "evidence.json").write_text(json.dumps(spoilt))
    done = second_verifier.run("vectors", tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "was refused with: numbers of a case can only be rejected" in done.stderr


def test_a_file_is_told_sentence_by_sentence_or_refused_in_one_line(tmp_path: Path) -> None:
    file, root = tmp_path / "case.evidence", tmp_path / "root.bin"
    file.write_bytes(bytes.fromhex(EVIDENCE["accepted"][0]["file"]))
    root.write_bytes(bytes.fromhex(EVIDENCE["root_bin"]))
    done = second_verifier.run("evidence", file, "--root", root)
    assert (done.returncode, done.stdout.splitlines()) == (0, EVIDENCE["accepted"][0]["sentences"])
    file.write_bytes(file.read_bytes()[:-1])
    done = second_verifier.run("evidence", file, "--root", root)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("refused: ")
    assert len(done.stderr.splitlines()) == 1


def test_both_verifiers_take_and_refuse_the_same_changed_files() -> None:
    outcome = second_verifier.compare(list(second_verifier.changed(300, seed=7)), second_verifier.root_of_vectors())
    assert outcome.differences == ()
    assert outcome.taken >= 15  # one in twenty is unchanged
    assert outcome.refused >= 200


async def test_both_verifiers_take_and_refuse_the_same_reports_that_are_rightly_signed() -> None:
    outcome = second_verifier.compare(*await signed_reports(150, seed=7))
    assert outcome.differences == ()
    assert outcome.taken >= 20
    assert outcome.refused >= 100
