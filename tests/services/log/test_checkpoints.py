"""Notes and checkpoints are those of C2SP, and a signature stands over exactly what was signed, in its key's window."""

import base64
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from log_world import KEYS, NOON, draw_log_key

from portability.agreements.errors import VerificationError
from portability.services.log.checkpoint import (
    checkpoint_text,
    cosign,
    parse_checkpoint,
    sign_checkpoint,
    verify_cosignature,
    verify_log_signature,
)
from portability.services.log.model import Checkpoint, origin_of, witness_of
from portability.services.log.note import NOTE_LIMIT, SignatureType, key_id, parse_note, vkey

BERLIN, ROME = "de-drv", "it-inps"
CHECKPOINT = Checkpoint(origin_of(BERLIN), 20_852_163, bytes(range(32)))
NOTE = sign_checkpoint(CHECKPOINT, key=KEYS[BERLIN], at=NOON)
COSIGNED = NOTE + cosign(CHECKPOINT, name=witness_of(ROME), key=KEYS[ROME], at=NOON).encode()

# The example of C2SP signed-note 1.0.0, and the checkpoint that tlog-cosignature shows.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYj"
    "OBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
BEHIND_THE_SOFA = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501 (as the specification has it)


def verify(note: bytes = NOTE, keys=None):
    return verify_log_signature(note, origin=origin_of(BERLIN), keys=keys or [KEYS[BERLIN].public])


def test_the_example_note_of_the_specification_verifies_under_its_key() -> None:
    name, identity, encoded = EXAMPLE_KEY.split("+")
    public = base64.b64decode(encoded)[1:]
    assert key_id(name, SignatureType.ED25519, public).hex() == identity
    assert vkey(name, SignatureType.ED25519, public) == EXAMPLE_KEY
    note = parse_note(EXAMPLE.encode())
    found = note.by(name, bytes.fromhex(identity))
    assert found is not None
    Ed25519PublicKey.from_public_bytes(public).verify(found.signature, note.text.encode())


def test_the_example_checkpoint_of_the_specification_is_read() -> None:
    note = parse_note(BEHIND_THE_SOFA.encode())
    assert parse_checkpoint(note.text).size == 20_852_163
    assert [one.name for one in note.signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
    # timestamped_signature: eight bytes of time, 64 of Ed25519; the time of the specification's text.
    assert int.from_bytes(note.signatures[1].signature[:8], "big") == 1_679_315_147
    assert len(note.signatures[1].signature) == 72


def test_a_checkpoint_says_who_signed_what_and_when() -> None:
    assert verify() == (CHECKPOINT, NOON)
    assert checkpoint_text(CHECKPOINT) == (
        "portability/log/de-drv\n20852163\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    )
    assert verify_cosignature(COSIGNED, name=witness_of(ROME), keys=[KEYS[ROME].public]) == NOON
    assert verify(COSIGNED) == (CHECKPOINT, NOON)


def test_one_flipped_bit_in_a_signed_checkpoint_is_found() -> None:
    taken = 0
    for place in range(0, len(NOTE) * 8, 7):  # each seventh: every byte, and each of its bits in turn
        changed = bytearray(NOTE)
        changed[place // 8] ^= 1 << (place % 8)
        try:
            verify(bytes(changed))
        except VerificationError:
            continue
        taken += 1
    assert taken == 0


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        pytest.param(
            slice(0, 1), "ML-DSA-44 signature of 'portability/log/de-drv' on the checkpoint is missing", id="a"
        ),
        pytest.param(slice(1, 2), "No key of 'portability/log/de-drv'", id="b"),
    ],
)
def test_one_of_the_two_signatures_is_not_enough(lines: slice, missing: str) -> None:
    text, _, signatures = NOTE.decode().partition("\n\n")
    kept = "".join(signatures.splitlines(keepends=True)[lines])
    with pytest.raises(VerificationError, match=missing):
        verify(f"{text}\n\n{kept}".encode())


def test_a_key_counts_only_in_its_window() -> None:
    early = draw_log_key(NOON + timedelta(seconds=1))
    with pytest.raises(VerificationError, match="not in its window"):
        verify(sign_checkpoint(CHECKPOINT, key=early, at=NOON), keys=[early.public])


def test_a_witness_does_not_cosign_under_another_name() -> None:
    lines = cosign(CHECKPOINT, name=witness_of(BERLIN), key=KEYS[ROME], at=NOON)
    renamed = lines.replace(witness_of(BERLIN), witness_of(ROME))
    for forged in (lines, renamed):
        with pytest.raises(VerificationError):
            verify_cosignature(NOTE + forged.encode(), name=witness_of(ROME), keys=[KEYS[ROME].public])


def test_the_cosignature_of_one_checkpoint_does_not_stand_on_another() -> None:
    other = Checkpoint(CHECKPOINT.origin, CHECKPOINT.size + 1, CHECKPOINT.root)
    lines = cosign(CHECKPOINT, name=witness_of(ROME), key=KEYS[ROME], at=NOON)
    note = sign_checkpoint(other, key=KEYS[BERLIN], at=NOON) + lines.encode()
    with pytest.raises(VerificationError, match="does not stand"):
        verify_cosignature(note, name=witness_of(ROME), keys=[KEYS[ROME].public])


@pytest.mark.parametrize(
    "note",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"\n\n\xe2\x80\x94 name AAAAAAA=\n",
        b"text\n\n- name AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 name AAAAAAA\n",
        b"text\n\n\xe2\x80\x94 name AAAAAAA=",
        b"text\n\n\xe2\x80\x94 na+me AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 name AAAAAAB=\n",  # spare bits that are not zero
        b"text\n\n\xe2\x80\x94 name AAAA\n",
        b"text\n\n\xe2\x80\x94 name AAAAAAA=\n\xe2\x80\x94 name AAAAAAA=\n",
        b"te\x00xt\n\n\xe2\x80\x94 name AAAAAAA=\n",
        b"te\xffxt\n\n\xe2\x80\x94 name AAAAAAA=\n",
        b"x" * NOTE_LIMIT + b"\n\n\xe2\x80\x94 name AAAAAAA=\n",
    ],
)
def test_what_is_not_a_note_is_refused(note: bytes) -> None:
    with pytest.raises(VerificationError):
        parse_note(note)


@pytest.mark.parametrize(
    "text",
    [
        "origin\n1\n",
        "origin\n01\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "origin\n-1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "origin\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nextension\n",
        "origin\n1\nAAEC\n",
        "origin\n1\nnot base64\n",
        "origin\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(VerificationError):
        parse_checkpoint(text)
