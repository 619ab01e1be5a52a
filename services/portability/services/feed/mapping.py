"""Changes to CloudEvents 1.0 in JSON (cloudevents/spec: formats/json-format.md), and to protobuf."""

import json

from portability.agreements.errors import InputError
from portability.api.feed.v1 import feed_pb2 as pb
from portability.services.feed.model import Change, event_type
from portability.services.mapping.common import write_instant

__all__ = ["read_token", "write_change", "write_cloud_event"]


def read_token(request: pb.WatchChangesRequest) -> int:
    """The number after which the caller goes on; raises InputError where the token is none of this feed."""
    if not request.resume_token:
        return 0
    if not request.resume_token.isdecimal():
        raise InputError("The resume token is none of this feed: begin without one.", field="resume_token")
    return int(request.resume_token)


def write_change(change: Change) -> pb.WatchChangesResponse:
    return pb.WatchChangesResponse(
        resume_token=str(change.number),
        event_id=str(change.event_id),
        type=event_type(change.kind),
        occurred_at=write_instant(change.occurred_at),
        case_id=str(change.case_id),
        institution_id=change.institution,
        message_id=str(change.message_id) if change.message_id else "",
    )


def write_cloud_event(change: Change, *, node: str) -> bytes:
    """A change in the JSON event format (structured mode)."""
    data = {"case_id": str(change.case_id), "institution_id": change.institution}
    if change.message_id:
        data["message_id"] = str(change.message_id)
    event = {
        "specversion": "1.0",
        "id": str(change.event_id),
        "source": f"/nodes/{node}",
        "type": event_type(change.kind),
        "subject": f"cases/{change.case_id}",
        "time": change.occurred_at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(event, separators=(",", ":")).encode()
