"""A claim as the text of a QR code on a paper form: what a helper has typed need not be typed again at the desk.

Nobody has signed it but the claimant, by hand on the paper: it is read like anything from outside, and a caseworker
looks at it before it becomes a case.
"""

from typing import Final

from portability.agreements.errors import InputError, VerificationError
from portability.api.cases.v1 import messages_pb2 as pb
from portability.services.certificates.code import base45, decode_base45
from portability.services.mapping.common import read_record

__all__ = ["PREFIX", "claim_code", "decode_claim_code"]

PREFIX: Final = "PBF1:"
LONGEST: Final = 2_000  # characters: a code of more is too dense for a cheap phone


def claim_code(claim: pb.OldAgeClaim) -> str:
    """The text of the code. Raises InputError where the claim is too long for one."""
    text = PREFIX + base45(claim.SerializeToString(deterministic=True))
    if len(text) > LONGEST:
        raise InputError("The form holds too much for one code: leave out what institutions find themselves.")
    return text


def decode_claim_code(text: str) -> pb.OldAgeClaim:
    """Read a code; the claim keeps to its field rules. Raises InputError."""
    text = text.strip()
    if not text.startswith(PREFIX) or len(text) > LONGEST:
        raise InputError(f"This is no code of a claim form: it begins with {PREFIX}")
    try:
        return read_record(pb.OldAgeClaim, decode_base45(text.removeprefix(PREFIX)))
    except VerificationError as exc:
        raise InputError(f"The code of the form cannot be read: {exc.message}") from exc
