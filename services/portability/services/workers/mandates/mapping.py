"""Mandates to and from protobuf."""

from datetime import date, datetime
from uuid import UUID

from portability.api.mandates.v1 import mandates_pb2 as pb
from portability.services.mapping.common import read_date, read_uuid, write_instant
from portability.services.workers.mandates.handlers import GrantMandate
from portability.services.workers.mandates.model import Mandate

__all__ = ["read_grant", "write_mandate"]


def read_grant(request: pb.GrantMandateRequest, *, worker_id: UUID) -> GrantMandate:
    first: date | None = read_date(request, "first_day", field="first_day")
    return GrantMandate(
        request_id=read_uuid(request.request_id, field="request_id"),
        worker_id=worker_id,
        name=request.name,
        contact=request.contact,
        may_act=request.may_act,
        first_day=first,
        last_day=read_date(request, "last_day", field="last_day"),
    )


def write_mandate(mandate: Mandate, *, at: datetime) -> pb.Mandate:
    return pb.Mandate(
        mandate_id=str(mandate.mandate_id),
        name=mandate.name,
        contact=mandate.contact.value if mandate.contact else "",
        may_act=mandate.may_act,
        starts_at=write_instant(mandate.starts_at),
        ends_at=write_instant(mandate.ends_at),
        revoked_at=write_instant(mandate.revoked_at),
        in_force=mandate.is_in_force(at),
    )
