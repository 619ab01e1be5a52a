"""Between the messages of portability.api.certificates.v1 and commands and values; nothing is decided here."""

from datetime import date

from google.protobuf.message import Message

from portability.agreements.errors import InputError
from portability.api.certificates.v1 import certificates_pb2 as pb
from portability.api.coverage.v1 import messages_pb2 as coverage
from portability.services.certificates.model import (
    CertificateKind,
    Coverage,
    CoverageStatus,
    Employer,
    Holder,
    Workplace,
)
from portability.services.certificates.ports import Kept
from portability.services.certificates.use_cases import IssueCertificate, RevokeCertificate
from portability.services.mapping.common import read_date, read_day_after, read_uuid, write_instant

__all__ = ["read_issue", "read_revoke", "write_summary"]

_KINDS = {pb.CertificateKind.Value(f"CERTIFICATE_KIND_{kind.name}"): kind for kind in CertificateKind}
_NUMBERS = {kind: number for number, kind in _KINDS.items()}
_STATUSES = {coverage.CertificateStatus.Value(f"CERTIFICATE_STATUS_{one.name}"): one for one in CoverageStatus}


def read_issue(request: pb.IssueCertificateRequest) -> IssueCertificate:
    """Raises InputError."""
    return IssueCertificate(
        request_id=read_uuid(request.request_id, field="request_id"),
        case_id=read_uuid(request.case_id, field="case_id"),
        kind=_KINDS[request.kind],
        holder=_holder(request.holder) if request.HasField("holder") else None,
        coverage=_coverage(request.coverage) if request.HasField("coverage") else None,
    )


def read_revoke(request: pb.RevokeCertificateRequest) -> RevokeCertificate:
    """Raises InputError."""
    return RevokeCertificate(
        read_uuid(request.request_id, field="request_id"), read_uuid(request.certificate_id, field="certificate_id")
    )


def write_summary(kept: Kept, *, for_staff: bool) -> pb.CertificateSummary:
    """As staff reads it, or as she does whom it is about."""
    one = kept.issued.certificate
    return pb.CertificateSummary(
        certificate_id=str(one.certificate_id),
        number=one.number,
        kind=_NUMBERS[one.kind],
        issued_at=write_instant(one.issued_at),
        expires_at=write_instant(one.expires_at),
        revoked_at=write_instant(kept.revoked_at),
        issued_by=kept.issued.issued_by if for_staff else "",
    )


def _holder(message: pb.CertificateHolder) -> Holder:
    born = _day(message, "birth_date", field="holder.birth_date")
    return Holder(message.family_name, message.given_names, born, message.number)


def _coverage(message: pb.CoverageContent) -> Coverage:
    end = read_day_after(message, "last_day", field="coverage.last_day")
    if end is None:
        raise InputError("The last day is missing.", field="coverage.last_day")
    return Coverage(
        agreement_id=message.agreement_id,
        legislation=message.legislation_state,
        status=_STATUSES[message.status],
        start=_day(message, "first_day", field="coverage.first_day"),
        end=end,
        employers=tuple(
            Employer(one.employer_id, one.name, one.country, one.self_employed) for one in message.employers
        ),
        workplaces=tuple(
            Workplace(one.country, one.locality, one.street, one.postal_code, one.company) for one in message.workplaces
        ),
        no_fixed_place_in=message.no_fixed_place_in,
    )


def _day(message: Message, name: str, *, field: str) -> date:
    day = read_date(message, name, field=field)
    if day is None:
        raise InputError("The day is missing.", field=field)
    return day
