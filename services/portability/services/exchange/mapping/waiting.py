"""RepairService's messages and the values of waiting lanes."""

from google.protobuf.timestamp_pb2 import Timestamp

from portability.agreements.errors import InputError
from portability.api.exchange.v1 import repair_service_pb2 as pb
from portability.services.exchange.mapping.api import parse_uuid
from portability.services.exchange.model.messages import Lane
from portability.services.exchange.model.waiting import WaitingLane
from portability.services.exchange.streams import SequenceRange
from portability.services.mapping import strict

__all__ = ["lane_after", "lane_token", "numbers", "numbers_message", "waiting_message"]


def waiting_message(one: WaitingLane, *, is_shown: bool) -> pb.WaitingLane:
    """A lane that waits; of a protected case without saying which."""
    since = Timestamp()
    since.FromDatetime(one.since)
    return pb.WaitingLane(
        sender=one.lane[0],
        case_id=str(one.lane[1]) if is_shown else "",
        waits_for=pb.LANE_WAITS_FOR_MISSING if one.missing else pb.LANE_WAITS_FOR_PERSON,
        missing=numbers_message(one.missing) if one.missing else None,
        since=since,
        waiting=one.waiting,
    )


def numbers_message(numbers: SequenceRange) -> pb.CaseNumbers:
    """Numbers of a case."""
    return pb.CaseNumbers(first_seq=numbers.first, last_seq=numbers.last)


def numbers(message: pb.CaseNumbers) -> SequenceRange:
    """Numbers of a case, as a person says them. Raises InputError."""
    if not 0 < message.first_seq <= message.last_seq <= strict.LAST_SEQ:
        raise InputError("Say the numbers as the list of what waits shows them.", field="missing")
    return SequenceRange(message.first_seq, message.last_seq)


def lane_token(lane: Lane) -> str:
    """Where the next page begins."""
    return f"{lane[0]}/{lane[1]}"


def lane_after(token: str) -> Lane | None:
    """Behind which lane a page begins. Raises InputError."""
    sender, _, case_id = token.partition("/")
    return (sender, parse_uuid(case_id, field="page_token")) if token else None
