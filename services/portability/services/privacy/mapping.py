"""Privacy's messages and values."""

from collections.abc import Sequence
from uuid import UUID

from portability.api.privacy.v1 import privacy_pb2 as pb
from portability.services.looking import Look
from portability.services.mapping.common import EnumTable, read_uuid, write_citation, write_date, write_instant
from portability.services.privacy.commands import Erase, ErasePerson, Hold, Protect, ReleaseHold
from portability.services.privacy.model import ErasedPerson, Erasure, ItemKind, LegalHold, PrivacyOfCase

__all__ = [
    "read_erase",
    "read_erase_person",
    "read_hold",
    "read_protect",
    "read_release",
    "write_erased_person",
    "write_erasure",
    "write_hold",
    "write_privacy",
]

_KINDS = EnumTable(ItemKind, pb.KeptItemKind, "KEPT_ITEM_KIND")


def read_erase(request: pb.EraseRequest) -> Erase:
    return Erase(
        request_id=read_uuid(request.request_id, field="request_id"),
        case_id=read_uuid(request.case_id, field="case_id"),
        whole_person=request.whole_person,
        ordered_by=request.ordered_by,
        register_basis=request.register_basis,
    )


def read_erase_person(request: pb.ErasePersonRequest) -> ErasePerson:
    by_id = request.WhichOneof("whose") == "worker_id"
    return ErasePerson(
        request_id=read_uuid(request.request_id, field="request_id"),
        worker_id=read_uuid(request.worker_id, field="worker_id") if by_id else None,
        contact=request.on_file.contact,
        insurance_number=request.on_file.insurance_number,
        ordered_by=request.ordered_by,
    )


def read_hold(request: pb.HoldCaseRequest) -> Hold:
    return Hold(
        read_uuid(request.request_id, field="request_id"),
        read_uuid(request.case_id, field="case_id"),
        request.citation,
    )


def read_release(request: pb.ReleaseHoldRequest) -> ReleaseHold:
    return ReleaseHold(
        read_uuid(request.request_id, field="request_id"),
        read_uuid(request.hold_id, field="hold_id"),
        request.reason,
    )


def read_protect(request: pb.ProtectPersonRequest) -> Protect:
    return Protect(
        read_uuid(request.request_id, field="request_id"),
        read_uuid(request.case_id, field="case_id"),
        request.is_protected,
        request.reason,
    )


def write_erasure(erasure: Erasure) -> pb.EraseResponse:
    return pb.EraseResponse(
        erasure_id=str(erasure.erasure_id),
        scopes=len(erasure.scopes),
        erased_at=write_instant(erasure.erased_at),
        basis=erasure.basis,
    )


def write_erased_person(erased: ErasedPerson) -> pb.ErasePersonResponse:
    return pb.ErasePersonResponse(
        worker_id=str(erased.worker_id),
        erasure_id=str(erased.erasure.erasure_id),
        scopes=len(erased.erasure.scopes),
        erased_at=write_instant(erased.erasure.erased_at),
        basis=erased.erasure.basis,
        is_off_file=erased.is_off_file,
        kept=[
            pb.KeptItem(
                kind=_KINDS.write(one.kind),
                item_id=str(one.scope),
                reason=one.reason,
                kept_until=write_date(one.until),
            )
            for one in erased.kept
        ],
    )


def write_hold(hold: LegalHold) -> pb.LegalHold:
    return pb.LegalHold(
        hold_id=str(hold.hold_id), citation=hold.citation, set_by=hold.set_by, set_at=write_instant(hold.set_at)
    )


def write_privacy(privacy: PrivacyOfCase, looks: Sequence[Look]) -> pb.GetPrivacyResponse:
    return pb.GetPrivacyResponse(
        kept_until=write_date(privacy.kept_until),
        retention_years=privacy.retention.years,
        citation=write_citation(privacy.retention.citation),
        rule_says=privacy.retention.says,
        holds=[write_hold(hold) for hold in privacy.holds],
        is_protected=privacy.is_protected,
        looks=[_write_look(look, cases=(privacy.case_id, *privacy.other_cases)) for look in looks],
        other_case_ids=[str(one) for one in privacy.other_cases],
    )


def _write_look(look: Look, *, cases: Sequence[UUID]) -> pb.Look:
    case_id = str(look.scope) if look.scope in cases else ""
    return pb.Look(at=write_instant(look.at), by=look.by, role=look.role, purpose=look.purpose, case_id=case_id)
