"""The directory names each state's authority and its officials; no key of theirs is anybody else's."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from portability.adapters.keys.material import SigningKey, draw_key
from portability.adapters.keys.ring import FileKeyRing
from portability.agreements.errors import NotFoundError, VerificationError
from portability.services.registry.mapping.directory import decode_directory, encode_directory
from portability.services.registry.model import (
    Authority,
    AuthoritySigner,
    Directory,
    Institution,
    KeyPurpose,
    PublicKey,
)
from portability.services.registry.roots import RoleKeys
from portability.services.registry.signing import sign_directory, verify_directory

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WINDOW = {"not_before": NOON - timedelta(days=1), "not_after": NOON + timedelta(days=365)}
ROOT = FileKeyRing([draw_key(KeyPurpose.SIGNING, **WINDOW)])


def key() -> PublicKey:
    return SigningKey(draw_key(KeyPurpose.SIGNING, **WINDOW)).public


ANNA = AuthoritySigner("anna-vogel", "Anna Vogel, head of division", (key(),))
KARL = AuthoritySigner("karl.brandt", "Karl Brandt, legal adviser", (key(),))
BERLIN = Authority("DE", "Bundesministerium (test)", (ANNA, KARL))
DIRECTORY = Directory(3, NOON - timedelta(hours=1), NOON + timedelta(days=30), authorities=(BERLIN,))


def verified(directory: Directory) -> Directory:
    signed = sign_directory(directory, key_ids=[one.key_id for one in ROOT.role_keys()], signer=ROOT)
    return verify_directory(signed, role=RoleKeys(1, ROOT.role_keys()))


def test_an_authority_and_its_officials_come_back_as_they_were() -> None:
    found = verified(DIRECTORY)
    assert found == DIRECTORY
    assert found.authority("DE").signers == (ANNA, KARL)
    with pytest.raises(NotFoundError, match="names no authority that ratifies agreements for IT"):
        found.authority("IT")


def test_a_directory_without_authorities_keeps_its_bytes() -> None:
    without = replace(DIRECTORY, authorities=())
    assert decode_directory(encode_directory(without)) == without
    assert b"Bundesministerium" not in encode_directory(without)


def test_a_state_has_one_authority() -> None:
    with pytest.raises(VerificationError, match="authority of a state: DE"):
        verified(replace(DIRECTORY, authorities=(BERLIN, replace(BERLIN, signers=()))))


def test_an_official_stands_once_in_an_authority() -> None:
    again = replace(KARL, signer_id="anna-vogel")
    with pytest.raises(VerificationError, match="official of DE: anna-vogel"):
        verified(replace(DIRECTORY, authorities=(replace(BERLIN, signers=(ANNA, again)),)))


@pytest.mark.parametrize("half", ["classical", "post_quantum"])
def test_two_officials_with_one_key_are_one_pair_of_eyes(half: str) -> None:
    shared = replace(key(), key_id="another-name", **{half: getattr(ANNA.keys[0], half)})
    two = replace(BERLIN, signers=(ANNA, replace(KARL, keys=(shared,))))
    with pytest.raises(VerificationError, match="'another-name' of an official is somebody else's too"):
        verified(replace(DIRECTORY, authorities=(two,)))


def test_the_key_of_a_node_is_no_officials_key() -> None:
    node = Institution("de-drv", "Deutsche Rentenversicherung", "DE", keys=ANNA.keys)
    with pytest.raises(VerificationError, match="somebody else's too"):
        verified(replace(DIRECTORY, institutions=(node,)))


@pytest.mark.parametrize(
    ("signer", "why"),
    [
        (replace(ANNA, signer_id="Anna Vogel"), "not such as 'anna-vogel'"),
        (replace(ANNA, name=""), "name of an official"),
        (replace(ANNA, keys=(replace(ANNA.keys[0], not_after=ANNA.keys[0].not_before),)), "ends before it begins"),
        (
            replace(ANNA, keys=(replace(ANNA.keys[0], purpose=KeyPurpose.ENCRYPTION, post_quantum=b"\1" * 1184),)),
            "not for signing",
        ),
    ],
)
def test_an_official_that_cannot_be_right_refuses_the_whole(signer: AuthoritySigner, why: str) -> None:
    with pytest.raises(VerificationError, match=why):
        verified(replace(DIRECTORY, authorities=(replace(BERLIN, signers=(signer,)),)))
