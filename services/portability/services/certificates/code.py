"""A certificate small enough for a code on paper that a cheap phone reads.

The claims as CBOR with small numbers for names, signed as COSE_Sign1 (RFC 9052) within the claims of a CWT (RFC 8392),
and written in Base45 (RFC 9285) behind "PBC1:", so that a QR code holds it in its alphanumeric mode. Compression would
save three characters in a hundred and is left out. No address stands in front: a code that opens a page would teach
people to trust whatever page a code opens.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from portability.agreements.errors import VerificationError
from portability.services.certificates.jose import instant_of
from portability.services.certificates.model import StatusPlace

__all__ = ["PREFIX", "Code", "base45", "decode_base45", "decode_code", "decode_sign1", "sign_code", "verify_code"]

PREFIX: Final = "PBC1:"
LONGEST: Final = 4_296  # characters of the largest QR code in its alphanumeric mode
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_SIGN1, _ALG, _KID, _EDDSA = 18, 1, 4, -8
_ISS, _EXP, _IAT, _CTI, _STATUS = 1, 4, 6, 7, 65535
_CONTENT: Final = -65537  # private use (RFC 8392, section 9.1)
# Appended to and never reordered: a number once given keeps its meaning.
_NAMES: Final = (
    "vct", "document_number", "family_name", "given_name", "birthdate", "starting_date", "ending_date",
    "legislation_country", "status_confirmation", "employer", "work_information", "work_address",
    "no_fixed_place_of_work", "agreement", "type", "id", "name", "country", "locality", "as_of", "career",
    "institution", "status", "totals", "amount", "unit", "branch", "awards", "currency", "frequency",
    "street_address", "postal_code", "company_name",
)  # fmt: skip
_NUMBERS: Final = {name: number for number, name in enumerate(_NAMES)}
_EPOCH: Final = date(1970, 1, 1)
_DAYS: Final = 100  # RFC 8943
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True)
class Code:
    """A code as it was read; nothing in it is verified."""

    institution: str
    key_id: str
    certificate_id: UUID
    issued_at: datetime
    expires_at: datetime
    status: StatusPlace
    claims: Mapping[str, Any]
    signed: bytes
    signature: bytes


def sign_code(
    claims: Mapping[str, Any],
    *,
    institution: str,
    certificate_id: UUID,
    issued_at: datetime,
    expires_at: datetime,
    status: StatusPlace,
    key_id: str,
    sign: Callable[[bytes], bytes],
) -> str:
    """The text of a code."""
    token = {
        _ISS: institution,
        _EXP: int(expires_at.timestamp()),
        _IAT: int(issued_at.timestamp()),
        _CTI: certificate_id.bytes,
        _STATUS: {"status_list": {"idx": status.index, "uri": status.uri}},
        _CONTENT: _small(claims),
    }
    protected = cbor2.dumps({_ALG: _EDDSA, _KID: key_id.encode()})
    payload = cbor2.dumps(token)
    signature = sign(_to_be_signed(protected, payload))
    return PREFIX + base45(_sign1(protected, payload, signature))


def decode_code(text: str) -> Code:
    """Take a code apart. Raises VerificationError."""
    if not text.startswith(PREFIX) or len(text) > LONGEST:
        raise VerificationError(f"A code of a certificate begins with {PREFIX}")
    data = decode_base45(text.removeprefix(PREFIX))
    protected, payload, signature = decode_sign1(data)
    if _sign1(protected, payload, signature) != data:
        raise VerificationError("The code has more than what is signed, or is written in a roundabout way.")
    head, token = _loads(protected), _loads(payload)
    try:
        place = token[_STATUS]["status_list"]
        code = Code(
            institution=token[_ISS],
            key_id=head[_KID].decode("ascii"),
            certificate_id=UUID(bytes=token[_CTI]),
            issued_at=instant_of(token[_IAT]),
            expires_at=instant_of(token[_EXP]),
            status=StatusPlace(place["uri"], place["idx"]),
            claims=_large(token[_CONTENT], 0),
            signed=_to_be_signed(protected, payload),
            signature=signature,
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError) as exc:
        raise VerificationError("The code is not of its form.") from exc
    texts, number = (code.institution, code.status.uri), code.status.index
    if head.get(_ALG) != _EDDSA or not all(isinstance(one, str) for one in texts) or type(number) is not int:
        raise VerificationError("The code is not of its form.")
    return code


def verify_code(code: Code, public_key: bytes) -> Code:
    """Return the code where this key (Ed25519, 32 bytes) signed it. Raises VerificationError."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(code.signature, code.signed)
    except (InvalidSignature, ValueError) as exc:
        raise VerificationError("The signature does not stand.") from exc
    return code


def decode_sign1(data: bytes) -> tuple[bytes, bytes, bytes]:
    """Protected header, content and signature of a tagged COSE_Sign1 (RFC 9052, section 4.2)."""
    tagged = _loads(data)
    parts = tagged.value if isinstance(tagged, cbor2.CBORTag) and tagged.tag == _SIGN1 else None
    if not isinstance(parts, list | tuple) or len(parts) != 4:
        raise VerificationError("The code is no COSE_Sign1.")
    protected, _, payload, signature = parts
    if not all(isinstance(one, bytes) for one in (protected, payload, signature)):
        raise VerificationError("The code is no COSE_Sign1.")
    return protected, payload, signature


def base45(data: bytes) -> str:
    """Two bytes as three characters, a last one as two (RFC 9285, section 4)."""
    text = ""
    for place in range(0, len(data), 2):
        pair = data[place : place + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            number, digit = divmod(number, 45)
            text += _ALPHABET[digit]
    return text


def decode_base45(text: str) -> bytes:
    """Read what `base45` wrote. Raises VerificationError."""
    data = b""
    for place in range(0, len(text), 3):
        digits = [_ALPHABET.find(character) for character in text[place : place + 3]]
        number = sum(digit * 45**power for power, digit in enumerate(digits))
        if -1 in digits or len(digits) == 1 or number >= 256 ** (len(digits) - 1):
            raise VerificationError("The code has a character that none can have, or misses one.")
        data += number.to_bytes(len(digits) - 1, "big")
    return data


def _sign1(protected: bytes, payload: bytes, signature: bytes) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(_SIGN1, [protected, {}, payload, signature]))


def _to_be_signed(protected: bytes, payload: bytes) -> bytes:
    """Sig_structure (RFC 9052, section 4.4)."""
    return cbor2.dumps(["Signature1", protected, b"", payload])


def _loads(data: bytes) -> Any:
    try:
        return cbor2.loads(data)
    except (cbor2.CBORError, ValueError, TypeError, OverflowError, RecursionError) as exc:
        raise VerificationError("The code is no CBOR.") from exc


def _small(value: Any) -> Any:
    """Names as numbers, days as days."""
    match value:
        case dict():
            return {_NUMBERS[name]: _small(inner) for name, inner in value.items()}
        case list():
            return [_small(inner) for inner in value]
        case str() if _DAY.fullmatch(value):
            return cbor2.CBORTag(_DAYS, (date.fromisoformat(value) - _EPOCH).days)
    return value


def _large(value: Any, depth: int) -> Any:
    if depth > 8:
        raise ValueError("too deep")
    match value:
        case dict():
            return {_NAMES[_index(number)]: _large(inner, depth + 1) for number, inner in value.items()}
        case list() | tuple():
            return [_large(inner, depth + 1) for inner in value]
        case date():
            return value.isoformat()
        case cbor2.CBORTag() if value.tag == _DAYS:
            return (_EPOCH + timedelta(days=value.value)).isoformat()
    return value


def _index(number: Any) -> int:
    if type(number) is not int or number < 0:
        raise ValueError("names are numbers from zero on")
    return number
