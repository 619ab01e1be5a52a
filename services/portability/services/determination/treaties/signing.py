"""Signing a statement with an official's key, and verifying one: four eyes, the right authority, keys in their time.

Pure; private keys are the business of a key ring. `verify_statement` judges nothing by the hour at which it runs, so
that every node comes to the same result; `verify_arrival` adds what only a clock can say.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from portability.agreements.errors import VerificationError
from portability.services.determination.treaties.mapping.statements import decode_statement, encode_signed_statement
from portability.services.determination.treaties.model import (
    SignedStatement,
    Statement,
    StatementSignature,
    VerifiedStatement,
)
from portability.services.determination.treaties.ports import Authorities, OfficialKey, StatementSigner
from portability.services.hybrid import HybridSignature, domain_separated, length_prefixed, verify_hybrid

__all__ = ["OFFICIALS", "STATEMENT_CONTEXT", "add_signature", "signature_input", "statement_digest", "verify_arrival",
           "verify_statement"]  # fmt: skip

STATEMENT_CONTEXT: Final = b"portability/v1/statement"
OFFICIALS: Final = 2
"""Four eyes."""
MOST_SIGNATURES: Final = 8
CLOCK_SKEW: Final = timedelta(minutes=5)
INSTANT_BYTES: Final = 8


def add_signature(
    signed: SignedStatement, *, signer_id: str, key_id: str, at: datetime, signer: StatementSigner
) -> SignedStatement:
    """Return the statement with one more official's signature. Raises VerificationError where she has signed."""
    decode_statement(signed.statement)  # nobody signs what cannot be read
    if any(one.signer_id == signer_id for one in signed.signatures):
        raise VerificationError(f"'{signer_id}' has signed this statement already: another official must sign now.")
    at = at.replace(microsecond=at.microsecond // 1000 * 1000)  # as it is written: in milliseconds
    covered = domain_separated(
        signature_input(signed.statement, signer_id=signer_id, key_id=key_id, at=at), context=STATEMENT_CONTEXT
    )
    made = signer.sign(key_id, covered, context=STATEMENT_CONTEXT)
    signature = StatementSignature(signer_id, key_id, at, made.ed25519, made.mldsa65)
    return replace(signed, signatures=(*signed.signatures, signature))


def statement_digest(signed: SignedStatement) -> str:
    """Hexadecimal SHA-256 of the statement with its signatures: its name on every node."""
    return hashlib.sha256(encode_signed_statement(signed)).hexdigest()


def verify_statement(signed: SignedStatement, *, authorities: Authorities) -> VerifiedStatement:
    """Return what the statement says, or raise VerificationError with the reason."""
    # 1. The bytes are the canonical form of a statement.
    # 2. At least two different officials of that state's authority have signed, each once.
    # 3. Every signature stands over these bytes, by a key of that official's, in the key's window.
    # 4. No day before that of the last signature is claimed.
    # (1) form
    statement = decode_statement(signed.statement)
    # (2) officials
    signers = [one.signer_id for one in signed.signatures]
    if len(set(signers)) != len(signers):
        raise VerificationError("One official has signed twice: two different officials must sign (four eyes).")
    if not OFFICIALS <= len(signers) <= MOST_SIGNATURES:
        raise VerificationError(
            f"The statement has {len(signers)} signatures: two different officials of {statement.party} must sign, at "
            f"most {MOST_SIGNATURES} may."
        )
    keys = [authorities.official_key(statement.party, one.signer_id, one.key_id) for one in signed.signatures]
    for what, held in (("key", {key.ed25519 for key in keys}), ("key", {key.mldsa65 for key in keys}),
                       ("name", {key.name.casefold() for key in keys})):  # fmt: skip
        if len(held) != len(keys):
            raise VerificationError(f"Two signatures share one {what}: they count as one official (four eyes).")
    # (3) signatures
    for signature, key in zip(signed.signatures, keys, strict=True):
        _verify_signature(signed.statement, signature, key)
    # (4) day
    instants = [one.signed_at for one in signed.signatures]
    _refuse_back_dated(statement, max(instants))
    names = tuple(key.name for key in keys)
    return VerifiedStatement(statement, min(instants), max(instants), names, statement_digest(signed))


def verify_arrival(verified: VerifiedStatement, *, now: datetime) -> VerifiedStatement:
    """Return a verified statement that this node may keep; raise VerificationError where it is of the future."""
    if verified.signed_at > now + CLOCK_SKEW:
        raise VerificationError(
            f"The statement says that it was signed at {verified.signed_at:%Y-%m-%d %H:%M} UTC, which is to come: "
            "check the clock of the signing machine, and sign again."
        )
    return verified


def _verify_signature(statement: bytes, signature: StatementSignature, key: OfficialKey) -> None:
    at = signature.signed_at
    if not key.not_before <= at < key.not_after:
        raise VerificationError(
            f"Key '{signature.key_id}' of {signature.signer_id} was not in its window at {at:%Y-%m-%d %H:%M} UTC "
            f"({key.not_before:%Y-%m-%d} to {key.not_after:%Y-%m-%d}): sign with a key that is."
        )
    verify_hybrid(
        signature_input(statement, signer_id=signature.signer_id, key_id=signature.key_id, at=at),
        HybridSignature(signature.ed25519, signature.mldsa65),
        key_id=signature.key_id,
        ed25519=key.ed25519,
        mldsa65=key.mldsa65,
        context=STATEMENT_CONTEXT,
    )


def signature_input(statement: bytes, *, signer_id: str, key_id: str, at: datetime) -> bytes:
    """What one official's signatures cover: the statement, who signs with which key, and the instant."""
    since_1970 = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    return length_prefixed(statement, signer_id.encode(), key_id.encode(), since_1970.to_bytes(INSTANT_BYTES, "big"))


def _refuse_back_dated(statement: Statement, signed_at: datetime) -> None:
    signed_on = signed_at.astimezone(UTC).date()
    if statement.first_day < signed_on:
        raise VerificationError(
            f"The {statement.kind} of {statement.party} is to hold from {statement.first_day} and was signed on "
            f"{signed_on}: nothing is bound, or unbound, backwards. Name a day from {signed_on} on; what the law says "
            "of earlier days is a transitional rule inside the file."
        )
