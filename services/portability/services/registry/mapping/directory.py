"""The directory as bytes, and back. Reading is strict, as for everything that a signature covers."""

import re
from datetime import date, timedelta

from google.type.date_pb2 import Date

from portability.agreements.errors import VerificationError
from portability.agreements.values import Branch
from portability.api.registry.v1 import registry_pb2 as pb
from portability.services.mapping import strict
from portability.services.registry.model import (
    AgreementVersion,
    Authority,
    AuthoritySigner,
    Competence,
    Directory,
    Institution,
    KeyPurpose,
    PublicKey,
)

__all__ = [
    "decode_directory",
    "decode_institution",
    "decode_key",
    "directory_message",
    "encode_directory",
    "institution_message",
    "key_message",
]


CLASSICAL_BYTES = 32
ONE_DAY = timedelta(days=1)
_STATE = re.compile(r"[A-Z]{2}")
_SIGNER = re.compile(r"[a-z0-9][a-z0-9.-]{0,63}")
_PURPOSE = {
    KeyPurpose.SIGNING: pb.KEY_PURPOSE_SIGNING,
    KeyPurpose.ENCRYPTION: pb.KEY_PURPOSE_ENCRYPTION,
    KeyPurpose.LOG: pb.KEY_PURPOSE_LOG,
}
_PURPOSE_BACK = {number: purpose for purpose, number in _PURPOSE.items()}
_POST_QUANTUM_BYTES = {KeyPurpose.SIGNING: 1952, KeyPurpose.ENCRYPTION: 1184, KeyPurpose.LOG: 1312}


def encode_directory(directory: Directory) -> bytes:
    """The bytes that the directory role signs."""
    return directory_message(directory).SerializeToString(deterministic=True)


def decode_directory(data: bytes) -> Directory:
    """A directory from the bytes that the directory role has signed. Raises VerificationError."""
    message = strict.parse(pb.Directory, data, what="directory")
    return Directory(
        version=strict.number(message.version, limit=strict.U63, what="version of the directory"),
        issued_at=strict.instant(message.issued_at_ms, what="instant of issue"),
        expires_at=strict.instant(message.expires_at_ms, what="instant of expiry"),
        institutions=tuple(_institution(one) for one in message.institutions),
        agreements=tuple(_agreement(one) for one in message.agreements),
        authorities=tuple(_authority(one) for one in message.authorities),
    )


def directory_message(directory: Directory) -> pb.Directory:
    """A directory as a message."""
    return pb.Directory(
        version=directory.version,
        issued_at_ms=strict.milliseconds(directory.issued_at),
        expires_at_ms=strict.milliseconds(directory.expires_at),
        institutions=[institution_message(one) for one in directory.institutions],
        agreements=[
            pb.AgreementVersion(
                agreement_id=one.agreement_id,
                sha256=one.sha256,
                parties=one.parties,
                listed_at_ms=strict.milliseconds(one.listed_at),
            )
            for one in directory.agreements
        ],
        authorities=[
            pb.Authority(
                state=one.state,
                name=one.name,
                signers=[
                    pb.AuthoritySigner(
                        signer_id=signer.signer_id, name=signer.name, keys=[key_message(key) for key in signer.keys]
                    )
                    for signer in one.signers
                ],
            )
            for one in directory.authorities
        ],
    )


def institution_message(institution: Institution) -> pb.Institution:
    """An institution as a message."""
    return pb.Institution(
        institution_id=institution.institution_id,
        name=institution.name,
        country=institution.country,
        competences=[
            pb.Competence(
                branch=one.branch.value,
                first_day=_date_message(one.start),
                # Half-open inside, inclusive on the wire.
                last_day=_date_message(one.end - ONE_DAY) if one.end else None,
            )
            for one in institution.competences
        ],
        keys=[key_message(key) for key in institution.keys],
    )


def key_message(key: PublicKey) -> pb.PublicKey:
    """A public key as a message."""
    return pb.PublicKey(
        key_id=key.key_id,
        purpose=_PURPOSE[key.purpose],
        not_before_ms=strict.milliseconds(key.not_before),
        not_after_ms=strict.milliseconds(key.not_after),
        classical=key.classical,
        post_quantum=key.post_quantum,
        revoked=key.revoked,
        revoked_from_log_size=key.revoked_from_log_size,
    )


def decode_key(data: bytes) -> PublicKey:
    """A public key from its file. Raises VerificationError."""
    return _key(strict.parse(pb.PublicKey, data, what="public key"))


def decode_institution(data: bytes) -> Institution:
    """An institution from its file. Raises VerificationError."""
    return _institution(strict.parse(pb.Institution, data, what="institution"))


def _institution(message: pb.Institution) -> Institution:
    return Institution(
        institution_id=strict.institution(message.institution_id, what="institution id in the directory"),
        name=strict.text(message.name, limit=200, what="name of an institution"),
        country=_state(message.country),
        competences=tuple(_competence(one) for one in message.competences),
        keys=tuple(_key(one) for one in message.keys),
    )


def _competence(message: pb.Competence) -> Competence:
    try:
        start = _date(message.first_day)
        end = _date(message.last_day) + ONE_DAY if message.HasField("last_day") else None
        competence = Competence(Branch(message.branch), start, end)
    except (ValueError, OverflowError) as exc:
        raise VerificationError("A competence in the directory has an unknown branch or an impossible day.") from exc
    if end is not None and end <= start:
        raise VerificationError("A competence in the directory ends before it begins.")
    return competence


def _key(message: pb.PublicKey) -> PublicKey:
    purpose = _PURPOSE_BACK.get(message.purpose)
    if purpose is None:
        raise VerificationError(f"A key in the directory has the purpose {message.purpose}, which is not known.")
    return PublicKey(
        key_id=strict.text(message.key_id, limit=64, what="key id in the directory"),
        purpose=purpose,
        not_before=strict.instant(message.not_before_ms, what="start of a key"),
        not_after=strict.instant(message.not_after_ms, what="end of a key"),
        classical=strict.exact(message.classical, CLASSICAL_BYTES, what="classical key"),
        post_quantum=strict.exact(message.post_quantum, _POST_QUANTUM_BYTES[purpose], what="post-quantum key"),
        revoked=message.revoked,
        revoked_from_log_size=message.revoked_from_log_size,
    )


def _agreement(message: pb.AgreementVersion) -> AgreementVersion:
    return AgreementVersion(
        agreement_id=strict.text(message.agreement_id, limit=64, what="agreement id in the directory"),
        sha256=strict.exact(message.sha256, 32, what="hash of an agreement"),
        parties=tuple(_state(party) for party in message.parties),
        listed_at=strict.instant(message.listed_at_ms, what="instant of listing"),
    )


def _authority(message: pb.Authority) -> Authority:
    return Authority(
        state=_state(message.state),
        name=strict.text(message.name, limit=200, what="name of an authority"),
        signers=tuple(_signer(one) for one in message.signers),
    )


def _signer(message: pb.AuthoritySigner) -> AuthoritySigner:
    if not _SIGNER.fullmatch(message.signer_id):
        raise VerificationError("The id of an official in the directory is not such as 'anna-vogel'.")
    keys = tuple(_key(one) for one in message.keys)
    if any(key.purpose is not KeyPurpose.SIGNING for key in keys):
        raise VerificationError(f"Official '{message.signer_id}' has a key in the directory that is not for signing.")
    return AuthoritySigner(message.signer_id, strict.text(message.name, limit=200, what="name of an official"), keys)


def _state(code: str) -> str:
    if not _STATE.fullmatch(code):
        raise VerificationError("A state in the directory is not two capital letters.")
    return code


def _date(message: Date) -> date:
    return date(message.year, message.month, message.day)


def _date_message(day: date) -> Date:
    return Date(year=day.year, month=day.month, day=day.day)
