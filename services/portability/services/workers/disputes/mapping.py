"""Disputes to and from protobuf: the calls of worker and caseworker, and the message between institutions."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

from portability.agreements.errors import InputError
from portability.api.careers.v1 import messages_pb2 as careers
from portability.api.common.v1 import common_pb2 as common
from portability.api.disputes.v1 import disputes_pb2 as pb
from portability.api.persons.v1 import messages_pb2 as persons
from portability.services.mapping.common import (
    EnumTable,
    read_date,
    read_day_after,
    read_record,
    read_uuid,
    write_citation,
    write_date,
    write_instant,
    write_last_day,
    write_record,
)
from portability.services.workers.disputes.desk import SettleDispute, SettleReview, TakeUpDispute
from portability.services.workers.disputes.handlers import DisputeView, RaiseDispute
from portability.services.workers.disputes.model import Dispute, Holds, Matter, Progress, Review, Standing, Subject
from portability.services.workers.disputes.story import dispute_phrases
from portability.services.workers.words import Words

__all__ = [
    "read_correction",
    "read_dispute_status",
    "read_raise",
    "read_review",
    "read_settle",
    "read_take_up",
    "write_between_institutions",
    "write_desk",
    "write_mine",
    "write_upheld",
]

_MATTER = EnumTable(Matter, pb.DisputeMatter, "DISPUTE_MATTER")
_STANDING = EnumTable(Standing, pb.DisputeStanding, "DISPUTE_STANDING")
NameOf = Callable[[str], str]


def read_raise(request: pb.RaiseDisputeRequest, *, worker_id: UUID, by: str) -> RaiseDispute:
    return RaiseDispute(
        request_id=read_uuid(request.request_id, field="request_id"),
        worker_id=worker_id,
        subject=_read_subject(request.subject),
        grounds=request.grounds,
        by=by,
        language=request.language,
    )


def read_take_up(request: pb.TakeUpDisputeRequest) -> TakeUpDispute:
    return TakeUpDispute(
        read_uuid(request.request_id, field="request_id"), read_uuid(request.dispute_id, field="dispute_id")
    )


def read_settle(request: pb.SettleDisputeRequest) -> SettleDispute:
    return SettleDispute(
        read_uuid(request.request_id, field="request_id"),
        read_uuid(request.dispute_id, field="dispute_id"),
        request.upheld,
        request.reason,
        request.remedy,
        tuple(_read_holds(one) for one in request.holds),
    )


def read_review(request: pb.SettleReviewRequest) -> SettleReview:
    return SettleReview(
        read_uuid(request.request_id, field="request_id"),
        read_uuid(request.dispute_id, field="dispute_id"),
        request.decision_id,
        request.unchanged,
        request.note,
    )


def write_mine(view: DisputeView, *, words: Words, name_of: NameOf, today: date) -> pb.MyDispute:
    dispute = view.dispute
    return pb.MyDispute(
        dispute_id=str(dispute.dispute_id),
        case_id=str(dispute.case_id),
        subject=_subject(dispute.subject),
        grounds=dispute.grounds,
        raised_at=write_instant(dispute.raised_at),
        raised_by=dispute.raised_by,
        progress=_progress(dispute, view.progress, name_of=name_of, today=today),
        text=[words.say(one) for one in dispute_phrases(view, name_of=name_of, today=today)],
    )


def write_desk(view: DisputeView, *, name_of: NameOf, today: date) -> pb.Dispute:
    dispute = view.dispute
    return pb.Dispute(
        dispute_id=str(dispute.dispute_id),
        case_id=str(dispute.case_id),
        subject=_subject(dispute.subject),
        grounds=dispute.grounds,
        raised_at=write_instant(dispute.raised_at),
        raised_by=dispute.raised_by,
        progress=_progress(dispute, view.progress, name_of=name_of, today=today),
        flow_case_id=str(dispute.flow_case_id) if dispute.flow_case_id else "",
        reviews=[_review(one) for one in dispute.reviews],
    )


def write_between_institutions(dispute: Dispute) -> bytes:
    """Content of the message "record.dispute"; who helped her stays here."""
    subject = dispute.subject
    message = careers.RecordDispute(grounds=dispute.grounds, raised_by_worker=True)
    if subject.matter is Matter.PERIOD:
        message.period_ids.append(subject.about)
    if subject.matter is Matter.DECISION:
        message.decision_id = subject.about
    if subject.matter is Matter.MISSING:
        missing = message.missing.add(country=subject.state, activity=subject.activity)
        missing.first_day.CopyFrom(write_date(subject.start))
        missing.last_day.CopyFrom(write_last_day(subject.end))
    return write_record(message)


def write_upheld(dispute: Dispute) -> bytes:
    """Content of the message "person.change.notify": which claim, what in it was wrong, which times hold.

    No free word goes out.
    """
    subject, answer = dispute.subject, dispute.answer
    times = [f"{one.start}/{one.end}" for one in (answer.holds if answer else ()) if one.start]
    if subject.matter is Matter.MISSING and not times:
        times = [f"{subject.start}/{subject.end}"]
    case_id = str(dispute.case_id)
    message = persons.PersonChangeNotify(
        changes=[
            persons.ChangedFact(field="claim", before=case_id, after=case_id),
            *(
                persons.ChangedFact(field=f"disputed.{subject.matter.value}", before=subject.about, after=one)
                for one in times or ["upheld"]
            ),
        ],
        source="a dispute of the worker, upheld",
        noticed_on=write_date(answer.at.date() if answer else dispute.raised_at.date()),
    )
    return write_record(message)


def read_dispute_status(content: bytes) -> tuple[str, str, str]:
    """Reason, person and remedy of a message "record.dispute.status"."""
    message = read_record(careers.RecordDisputeStatus, content)
    return message.reason, message.decided_by, message.remedy


def read_correction(content: bytes) -> tuple[Holds, ...]:
    """What holds instead by a message "record.correction"."""
    message = read_record(careers.RecordCorrection, content)
    return tuple(held for held in map(_corrected, message.corrections) if held is not None)


def _corrected(correction: careers.PeriodCorrection) -> Holds | None:
    """None where it is counted without days and no note says how."""
    if not correction.HasField("after"):
        return Holds(words=correction.note)
    after = correction.after
    start = read_date(after, "first_day", field="corrections.after.first_day")
    end = read_day_after(after, "last_day", field="corrections.after.last_day")
    if start is None or end is None:
        return Holds(words=correction.note) if correction.note else None
    return Holds(start, end)


def _read_holds(message: pb.HoldsInstead) -> Holds:
    start = read_date(message, "first_day", field="holds.first_day")
    end = read_day_after(message, "last_day", field="holds.last_day")
    if (start is None) != (end is None):
        raise InputError("What holds instead needs both days, or none.", field="holds")
    return Holds(start, end, message.words.strip())


def _holds(holds: Holds) -> pb.HoldsInstead:
    return pb.HoldsInstead(first_day=write_date(holds.start), last_day=write_last_day(holds.end), words=holds.words)


def _read_subject(message: pb.DisputeSubject) -> Subject:
    return Subject(
        matter=_MATTER.read(message.matter, field="subject.matter"),
        about=message.about,
        state=message.state,
        start=read_date(message, "first_day", field="subject.first_day"),
        end=read_day_after(message, "last_day", field="subject.last_day"),
        activity=message.activity,
    )


def _subject(subject: Subject) -> pb.DisputeSubject:
    return pb.DisputeSubject(
        matter=_MATTER.write(subject.matter),
        about=subject.about,
        state=subject.state,
        first_day=write_date(subject.start),
        last_day=write_last_day(subject.end),
        activity=subject.activity,
    )


def _progress(dispute: Dispute, progress: Progress, *, name_of: NameOf, today: date) -> pb.DisputeProgress:
    answer = progress.answer
    return pb.DisputeProgress(
        standing=_STANDING.write(progress.standing),
        holder=_institution(dispute.holder, name_of),
        since=write_instant(progress.since),
        due_on=write_date(progress.due_on),
        due_reference=write_citation(progress.citation),
        late=progress.is_late(today),
        reason=answer.reason if answer else "",
        decided_by=answer.by if answer else "",
        remedy=answer.remedy if answer else "",
        holds=[_holds(one) for one in answer.holds] if answer else [],
        to_review=[_institution(one, name_of) for one in progress.to_review],
    )


def _review(review: Review) -> pb.DecisionReview:
    return pb.DecisionReview(
        decision_id=review.decision_id,
        institution_id=review.institution,
        due_since=write_instant(review.due_since),
        done_at=write_instant(review.done_at),
        done_by=review.done_by,
        unchanged=review.unchanged,
        note=review.note,
    )


def _institution(institution: str, name_of: NameOf) -> common.InstitutionReference:
    return common.InstitutionReference(institution_id=institution, name=name_of(institution))
