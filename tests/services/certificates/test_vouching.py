"""Credentials signed with ES256, for whose key a signing key of the directory vouches."""

import json
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from portability.adapters.keys.issuing import P256WalletKey
from portability.agreements.errors import CertificateRefusedError, InputError, VerificationError
from portability.services.certificates.jose import Jws, decode_jws, sign_jws, verify_es256
from portability.services.certificates.model import Issuer
from portability.services.certificates.refusals import RefusedBecause
from portability.services.certificates.verifying import verify_certificate
from portability.services.certificates.vouching import VOUCHED, vouch
from tests.services.certificates.certificate_world import INPS, NOW, POSTED, Directory, Institution, certificate

OURS = P256WalletKey(b"k" * 32)
THEIRS = P256WalletKey(b"t" * 32)
DRV = Issuer("de-drv", "DRV", "DE")


@dataclass
class World:
    inps: Institution = field(default_factory=lambda: Institution(INPS))
    drv: Institution = field(default_factory=lambda: Institution(DRV, name="sig-fedcba9876543210"))

    def credential(self, **changes: Any) -> str:
        return self.inps.credential(certificate(coverage=POSTED), wallet_key=OURS, **changes)

    def verify(self, credential: str) -> Any:
        return verify_certificate(credential, issuers=Directory([self.inps, self.drv]), at=NOW)

    def word(self, *, of: Institution, key: P256WalletKey = OURS, institution: str = "it-inps", **changes: Any) -> str:
        given = {"issued_at": NOW, "expires_at": NOW + timedelta(days=300), **changes}
        return vouch(key, institution=institution, key_id=of.name, sign=of.private.sign, **given)


@pytest.fixture
def world() -> World:
    return World()


def forged(credential: str, key: P256WalletKey, **header: Any) -> str:
    """The same claims under another header, signed anew."""
    token, _, disclosures = credential.partition("~")
    old = decode_jws(token)
    said = {name: value for name, value in {**old.header, **header}.items() if name not in {"alg", "typ", "kid"}}
    made = sign_jws(
        old.payload, kind="dc+sd-jwt", key_id=key.key_id, sign=key.sign, algorithm=header.get("alg", "ES256"), **said
    )
    return f"{made}~{disclosures}"


def test_the_directory_alone_is_enough_to_verify_it(world: World) -> None:
    credential = world.credential()
    assert world.verify(credential).shown.coverage == POSTED
    # And as somebody reads it who has the published key and another library.
    token = credential.partition("~")[0]
    key = ECKey.import_key(dict(OURS.jwk))
    header = decode_jws(token).header
    assert (header["alg"], header["kid"]) == ("ES256", key.thumbprint())
    registry = jws.JWSRegistry(algorithms=["ES256"], strict_check_header=False)
    registry.max_header_length = 1024  # its own limit of 512 is too low for certificates in headers (x5c) too
    read = jws.deserialize_compact(token, key, registry=registry)
    assert json.loads(read.payload)["vct"] == "urn:eudi:pda1:1"


def test_one_changed_character_anywhere_is_refused(world: World) -> None:
    token, _, rest = world.credential().partition("~")
    for place in range(0, len(token), 97):
        other = "A" if token[place] != "A" else "B"
        changed = f"{token[:place]}{other}{token[place + 1 :]}~{rest}"
        with pytest.raises(CertificateRefusedError):
            world.verify(changed)


@pytest.mark.parametrize("what", ["another key", "another's word", "for another", "over", "not yet", "none", "a token"])
def test_a_key_for_which_nobody_vouched_signs_nothing(world: World, what: str) -> None:
    word = {
        "another key": world.word(of=world.inps, key=THEIRS),
        "another's word": world.word(of=world.drv),
        "for another": world.word(of=world.inps, institution="de-drv"),
        "over": world.word(of=world.inps, issued_at=NOW - timedelta(days=9), expires_at=NOW),
        "not yet": world.word(of=world.inps, issued_at=NOW + timedelta(days=1)),
        "none": "",
        # What the signing key has signed for another end is no word for a key.
        "a token": sign_jws(
            {"jwk": dict(OURS.jwk)}, kind="x+jwt", key_id=world.inps.name, sign=world.inps.private.sign
        ),
    }[what]
    with pytest.raises(CertificateRefusedError) as refused:
        world.verify(forged(world.credential(), OURS, **{VOUCHED: word}))
    assert refused.value.reason in {RefusedBecause.FORGED, RefusedBecause.OTHER_ISSUER}


def test_a_thief_of_nothing_vouches_for_herself_in_vain(world: World) -> None:
    own = Institution(INPS)  # names the right key id, and has another key
    word = world.word(of=own, key=THEIRS)
    with pytest.raises(CertificateRefusedError) as refused:
        world.verify(forged(world.credential(), THEIRS, **{VOUCHED: word}))
    assert refused.value.reason is RefusedBecause.FORGED


def test_the_signing_key_is_no_key_for_es256_and_the_other_way_round(world: World) -> None:
    with pytest.raises(CertificateRefusedError):
        world.verify(forged(world.credential(), OURS, alg="EdDSA"))
    with pytest.raises(CertificateRefusedError):
        world.verify(forged(world.credential(), OURS, alg="none"))


def test_a_signature_of_rfc_7515_stands_and_a_changed_one_does_not() -> None:
    # RFC 7515, appendix A.3.
    token = (
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0"
        "cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    )
    key = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
    read = decode_jws(token)
    assert verify_es256(read, key) is read
    wrong: list[tuple[Jws, Any]] = [
        (replace(read, signature=read.signature[:-1] + b"\x00"), key),
        (replace(read, signature=bytes(64)), key),
        (replace(read, signature=read.signature + b"\x00"), key),
        (read, {**key, "x": key["y"]}),
        (read, {**key, "y": 5}),
        (read, {**key, "crv": "P-384"}),
        (read, None),
    ]
    for one, by in wrong:
        with pytest.raises(VerificationError):
            verify_es256(one, by)


def test_the_key_is_the_same_after_a_restart_and_another_for_another_secret() -> None:
    assert P256WalletKey(b"k" * 32).jwk == OURS.jwk
    assert OURS.jwk != THEIRS.jwk
    r, s = (int.from_bytes(half, "big") for half in (OURS.sign(b"x")[:32], OURS.sign(b"x")[32:]))
    assert 0 < r < 1 << 256 and 0 < s < 1 << 256
    with pytest.raises(InputError):
        P256WalletKey(b"short")
