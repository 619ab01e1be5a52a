"""ShareService's requests to commands, and shares to protobuf; nothing is decided here."""

from portability.api.cases.v1 import shares_pb2 as pb
from portability.services.cases.commands import Decide, LodgeClaim
from portability.services.cases.mapping.parts import needed_date, read_claim
from portability.services.cases.mapping.rpc import (
    read_decision_given,
    read_given_amounts,
    read_record_answer,
    write_determination,
    write_national_answer,
)
from portability.services.cases.shares.handlers import ShareView
from portability.services.cases.shares.model import (
    DetermineShare,
    Grounds,
    Lodged,
    Share,
    StateOwnRecords,
    SummariseShares,
)
from portability.services.mapping.common import read_date, read_uuid, write_career

__all__ = [
    "read_decide_share",
    "read_determine_share",
    "read_lodge_old_age_claim",
    "read_state_own_records",
    "read_summarise_shares",
    "write_lodged",
    "write_share",
    "write_share_view",
]


def read_lodge_old_age_claim(request: pb.LodgeOldAgeClaimRequest) -> LodgeClaim:
    return LodgeClaim(read_uuid(request.request_id, field="request_id"), read_claim(request.claim, field="claim"))


def write_lodged(lodged: Lodged) -> pb.LodgeOldAgeClaimResponse:
    not_asked = [
        pb.StateNotAsked(state=one.state, institution_id=one.institution, why=one.why) for one in lodged.not_asked
    ]
    return pb.LodgeOldAgeClaimResponse(case_id=str(lodged.case_id), not_asked=not_asked)


def read_state_own_records(request: pb.StateOwnRecordsRequest) -> StateOwnRecords:
    return StateOwnRecords(
        request_id=read_uuid(request.request_id, field="request_id"),
        case_id=read_uuid(request.case_id, field="case_id"),
        answer=read_record_answer(request.answer),
        account_id=request.account_id,
        reason=request.reason,
    )


def read_determine_share(request: pb.DetermineShareRequest) -> DetermineShare:
    place = "risk_materialised_on"
    return DetermineShare(
        request_id=read_uuid(request.request_id, field="request_id"),
        case_id=read_uuid(request.case_id, field="case_id"),
        risk_materialised_on=needed_date(read_date(request, place, field=place), field=place),
        award_on=read_date(request, "award_on", field="award_on"),
        account_id=request.account_id,
        reason=request.reason,
        residence_state=request.residence_state,
        answers=tuple(
            read_given_amounts(one, field=f"national_answers[{index}]")
            for index, one in enumerate(request.national_answers)
        ),
    )


def read_decide_share(request: pb.DecideShareRequest) -> Decide:
    return read_decision_given(request)


def read_summarise_shares(request: pb.SummariseSharesRequest) -> SummariseShares:
    return SummariseShares(
        read_uuid(request.request_id, field="request_id"), read_uuid(request.case_id, field="case_id")
    )


def write_share(share: Share) -> pb.Share:
    return pb.Share(
        determination=write_determination(share.determination) if share.determination else None,
        account_id=share.account_id,
        grounds=_grounds(share.grounds) if share.grounds else None,
        national_answers=[write_national_answer(one) for one in share.answers],
    )


def write_share_view(view: ShareView) -> pb.GetShareResponse:
    return pb.GetShareResponse(
        career=[write_career(one) for one in view.careers],
        share=write_share(view.share) if view.share else None,
        why_not=view.why_not,
    )


def _grounds(grounds: Grounds) -> pb.OwnRecordsGrounds:
    return pb.OwnRecordsGrounds(account_id=grounds.account_id, said_by=grounds.said_by, reason=grounds.reason)
