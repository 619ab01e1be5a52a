"""Whose a case is, from protobuf."""

from portability.api.workers.v1 import linking_pb2 as pb
from portability.services.mapping.common import read_uuid
from portability.services.workers.linking.handlers import ChangeContact, LinkCase
from portability.services.workers.model import insurance_number, parse_contact

__all__ = ["read_change_contact", "read_link"]


def read_change_contact(request: pb.ChangeContactRequest) -> ChangeContact:
    return ChangeContact(
        read_uuid(request.request_id, field="request_id"),
        parse_contact(request.on_file.contact),
        insurance_number(request.on_file.insurance_number),
        parse_contact(request.new_contact),
    )


def read_link(request: pb.LinkCaseRequest) -> LinkCase:
    request_id = read_uuid(request.request_id, field="request_id")
    case_id = read_uuid(request.case_id, field="case_id")
    if request.WhichOneof("whose") == "same_as_case_id":
        return LinkCase(request_id, case_id, read_uuid(request.same_as_case_id, field="same_as_case_id"))
    number = insurance_number(request.on_file.insurance_number)
    return LinkCase(request_id, case_id, None, parse_contact(request.on_file.contact), number)
