"""Claims of workers to and from protobuf."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from google.protobuf.message import Message

from portability.agreements.errors import InputError
from portability.api.cases.v1 import messages_pb2 as cases
from portability.api.claims.v1 import claims_pb2 as pb
from portability.services.mapping.common import (
    EnumTable,
    read_date,
    read_day_after,
    read_identifier,
    read_uuid,
    write_date,
    write_identifier,
    write_instant,
    write_last_day,
)
from portability.services.workers.claims.desk import OpenClaim, RefuseClaim
from portability.services.workers.claims.handlers import ClaimView, StartClaim
from portability.services.workers.claims.model import Claimant, Hindrance, SentClaim, Standing, Told, Wanted
from portability.services.workers.claims.story import claim_phrases
from portability.services.workers.words import Words

__all__ = ["read_open", "read_refuse", "read_start", "write_desk", "write_mine"]

_STANDING = EnumTable(Standing, pb.ClaimStanding, "CLAIM_STANDING")
_HINDRANCE = EnumTable(Hindrance, pb.ClaimHindrance, "CLAIM_HINDRANCE")
NameOf = Callable[[str], str]


def read_start(request: pb.StartMyClaimRequest, *, worker_id: UUID, by: str) -> StartClaim:
    person = request.person
    return StartClaim(
        request_id=read_uuid(request.request_id, field="request_id"),
        worker_id=worker_id,
        wanted=Wanted(
            person=Claimant(
                family_name=person.family_name,
                given_names=person.given_names,
                birth_date=_day(read_date, person, "birth_date", field="person.birth_date"),
                residence_state=person.residence_state,
                identifiers=tuple(read_identifier(one) for one in person.identifiers),
            ),
            award_on=_day(read_date, request, "award_on", field="award_on"),
            told=tuple(_told(one, field=f"declared[{index}]") for index, one in enumerate(request.declared)),
            asks_in_writing=request.asks_in_writing,
            language=request.language,
        ),
        by=by,
    )


def read_open(request: pb.OpenClaimRequest) -> OpenClaim:
    return OpenClaim(
        request_id=read_uuid(request.request_id, field="request_id"),
        claim_id=read_uuid(request.claim_id, field="claim_id"),
        reason=request.reason,
        asks_in_writing=request.asks_in_writing,
        case_id=read_uuid(request.case_id, field="case_id") if request.case_id else None,
    )


def read_refuse(request: pb.RefuseClaimRequest) -> RefuseClaim:
    return RefuseClaim(
        read_uuid(request.request_id, field="request_id"),
        read_uuid(request.claim_id, field="claim_id"),
        request.reason,
    )


def write_mine(view: ClaimView, *, words: Words, me: str, name_of: NameOf) -> pb.MyClaim:
    """As she reads it: the institution answers for its staff, so that nobody is named (docs/privacy.md)."""
    written = _claim(view)
    written.answered_by = written.detail = ""
    if view.hidden:
        written.ClearField("claim")
        written.reason = ""
    written.text.extend(words.say(one) for one in claim_phrases(view, me=me, name_of=name_of))
    return written


def write_desk(view: ClaimView) -> pb.MyClaim:
    return _claim(view)


def _claim(view: ClaimView) -> pb.MyClaim:
    claim, answer = view.claim, view.claim.answer
    return pb.MyClaim(
        claim_id=str(claim.claim_id),
        number=claim.number,
        claimed_on=write_date(claim.claimed_on),
        sent_at=write_instant(claim.sent_at),
        sent_by=claim.sent_by,
        standing=_STANDING.write(claim.standing),
        since=write_instant(claim.since),
        hindrance=_HINDRANCE.write(claim.hindrance) if claim.waits else pb.CLAIM_HINDRANCE_UNSPECIFIED,
        due_on=write_date(claim.due_on) if claim.waits else None,
        case_id=str(claim.case_id) if claim.case_id else "",
        reason=answer.reason if answer else "",
        answered_by=answer.by if answer else "",
        claim=_content(claim),
        detail=claim.detail,
    )


def _content(claim: SentClaim) -> cases.OldAgeClaim:
    wanted, person = claim.wanted, claim.wanted.person
    return cases.OldAgeClaim(
        person=cases.Person(
            family_name=person.family_name,
            given_names=person.given_names,
            birth_date=write_date(person.birth_date),
            residence_state=person.residence_state,
            identifiers=[write_identifier(one) for one in person.identifiers],
        ),
        lodged_on=write_date(claim.claimed_on),
        award_on=write_date(wanted.award_on),
        declared=[
            cases.DeclaredPeriod(
                state=one.state,
                first_day=write_date(one.start),
                last_day=write_last_day(one.end),
                activity=one.activity,
            )
            for one in wanted.told
        ],
        asks_in_writing=wanted.asks_in_writing,
        language=wanted.language,
    )


def _told(message: cases.DeclaredPeriod, *, field: str) -> Told:
    return Told(
        state=message.state,
        start=_day(read_date, message, "first_day", field=f"{field}.first_day"),
        end=_day(read_day_after, message, "last_day", field=f"{field}.last_day"),
        activity=message.activity,
    )


def _day(read: Callable[..., date | None], message: Message, name: str, *, field: str) -> date:
    day = read(message, name, field=field)
    if day is None:
        raise InputError(f"{field} is missing: give a day.", field=field)
    return day
