"""ReviewService's requests to commands, and what waits to protobuf; nothing is decided here."""

from portability.api.records.v1 import reviews_pb2 as pb
from portability.services.mapping.common import read_uuid, write_instant
from portability.services.records.reviewing import SettleReview
from portability.services.records.reviews import Review

__all__ = ["read_settle", "write_review"]


def read_settle(request: pb.SettleReviewRequest) -> SettleReview:
    return SettleReview(
        read_uuid(request.request_id, field="request_id"),
        read_uuid(request.case_id, field="case_id"),
        request.state,
        request.period_id,
        request.stands,
        request.reason,
    )


def write_review(review: Review) -> pb.Review:
    settled = review.settled
    return pb.Review(
        case_id=str(review.case_id),
        state=review.state,
        institution_id=review.institution,
        period_id=review.period_id,
        reasons=review.reasons,
        since=write_instant(review.since),
        asked_by=review.asked_by,
        settled=pb.Settlement(
            stands=settled.stands,
            settled_by=settled.by,
            settled_at=write_instant(settled.at),
            reason=settled.reason,
        )
        if settled
        else None,
    )
