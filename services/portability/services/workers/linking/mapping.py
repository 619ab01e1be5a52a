"""Who is on file and whose a case is, from protobuf."""

from portability.agreements.errors import InputError
from portability.api.workers.v1 import linking_pb2 as pb
from portability.services.mapping.common import EnumTable, read_identifier, read_uuid
from portability.services.persons.check_digits import check_digit_warning
from portability.services.workers.linking.entering import KnownBy, NumberOnFile, RegisterWorker
from portability.services.workers.linking.handlers import ChangeContact, LinkCase
from portability.services.workers.model import insurance_number, parse_contact

__all__ = ["read_change_contact", "read_link", "read_register"]

_KNOWN_BY = EnumTable(KnownBy, pb.KnownBy, "KNOWN_BY")
_NUMBER_ON_FILE = EnumTable(NumberOnFile, pb.NumberOnFile, "NUMBER_ON_FILE")


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
    if request.WhichOneof("whose") == "worker_id":
        return LinkCase(request_id, case_id, worker_id=read_uuid(request.worker_id, field="worker_id"))
    number = insurance_number(request.on_file.insurance_number)
    return LinkCase(request_id, case_id, None, parse_contact(request.on_file.contact), number)


def read_register(request: pb.RegisterWorkerRequest) -> RegisterWorker:
    numbers = tuple(dict.fromkeys(insurance_number(one.value) for one in request.numbers))
    if not all(numbers):
        raise InputError("A number without a letter or digit finds nobody: leave it out.", field="numbers")
    warnings = [check_digit_warning(read_identifier(one)) for one in request.numbers]
    whose = request.number_on_file
    return RegisterWorker(
        request_id=read_uuid(request.request_id, field="request_id"),
        contact=parse_contact(request.contact),
        numbers=numbers,
        doubts=tuple(one for one in warnings if one),
        known_by=_KNOWN_BY.read(request.known_by, field="known_by"),
        language=request.language,
        number_on_file=_NUMBER_ON_FILE.read(whose, field="number_on_file") if whose else None,
    )
