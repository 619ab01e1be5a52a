"""Imported records to items, and what became of them to protobuf. One that is wrong is refused alone, never its stream.

Of most records `is_familiar` tells in a microsecond that nothing can be wrong; any other is checked by the rules of the
proto and of periods, which say what is wrong.
"""

from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from itertools import groupby

from portability.agreements.careers import check_state
from portability.agreements.errors import InputError
from portability.api.records.v1 import imports_pb2 as pb
from portability.services.mapping.common import (
    EnumTable,
    read_date,
    read_identifier,
    read_period,
    read_record,
    read_uuid,
)
from portability.services.records.imports import (
    ImportAnswer,
    ImportBatch,
    ImportItem,
    ImportOpening,
    InsuredPerson,
    ItemOutcome,
    RefusedItem,
)
from portability.services.records.mapping.familiar import LONGEST_ID, is_familiar

__all__ = ["RECORDS_IN_ONE_REQUEST", "read_batch", "read_opening", "write_answer", "write_refused"]

RECORDS_IN_ONE_REQUEST = 2_000
_OUTCOME = EnumTable(ItemOutcome, pb.ItemOutcome, "ITEM_OUTCOME")


def read_opening(request: pb.ImportRecordsRequest) -> ImportOpening:
    """The opening of an import; raises InputError where a request has none, or brings records with it."""
    if not request.HasField("opening") or request.records:
        raise InputError("An import opens with its opening and no records: send that first.", field="opening")
    opening = request.opening
    as_of = read_date(opening, "as_of", field="opening.as_of")
    if as_of is None:
        raise InputError("The day up to which the accounts are complete is not given.", field="opening.as_of")
    return ImportOpening(read_uuid(opening.import_id, field="opening.import_id"), opening.source_sha256, as_of)


def read_batch(request: pb.ImportRecordsRequest, *, today: date) -> ImportBatch:
    """The records of a request with their numbers; raises InputError where it is no such request."""
    if request.HasField("opening"):
        raise InputError("The import is open: send records only.", field="opening")
    if not request.first_item or not request.records:
        raise InputError("Give records, and the number of the first of them.", field="first_item")
    if len(request.records) > RECORDS_IN_ONE_REQUEST:
        raise InputError(
            f"{len(request.records)} records are more than {RECORDS_IN_ONE_REQUEST} in one request: send fewer.",
            field="records",
        )
    items: list[ImportItem] = []
    refused: list[RefusedItem] = []
    for item, record in enumerate(request.records, start=request.first_item):
        try:
            items.append(_read_item(item, record, today))
        except InputError as error:
            refused.append(RefusedItem(item, error.field or "record", error.code, error.message))
    return ImportBatch(request.first_item, len(request.records), tuple(items), tuple(refused))


def write_answer(answer: ImportAnswer) -> pb.ImportRecordsResponse:
    """How far the import is, and runs of one outcome."""
    return pb.ImportRecordsResponse(
        held_up_to=answer.held_up_to,
        runs=_runs(answer),
        refused=[write_refused(each) for each in answer.refused],
    )


def write_refused(refused: RefusedItem) -> pb.RefusedItem:
    return pb.RefusedItem(item=refused.item, field=refused.field, code=refused.code, message=refused.message)


def _runs(answer: ImportAnswer) -> Iterator[pb.ItemRun]:
    first_item = answer.first_item
    for outcome, run in groupby(answer.outcomes):
        count = sum(1 for _ in run)
        yield pb.ItemRun(first_item=first_item, count=count, outcome=_OUTCOME.write(outcome))
        first_item += count


def _read_item(item: int, record: pb.ImportedRecord, today: date) -> ImportItem:
    period, account_id = record.period, record.account_id
    content = period.SerializeToString()
    person = _person(record.person.SerializeToString(deterministic=True), today) if record.HasField("person") else None
    if not (0 < len(account_id) <= LONGEST_ID and "\0" not in account_id and is_familiar(content)):
        _check(record)
    return ImportItem(item, account_id, period.period_id, content, person)


def _check(record: pb.ImportedRecord) -> None:
    """Raise InputError naming what is wrong."""
    without_person = pb.ImportedRecord(account_id=record.account_id)
    if record.HasField("period"):
        without_person.period.CopyFrom(record.period)
    read_record(pb.ImportedRecord, without_person.SerializeToString())
    read_period(record.period, field="period")


@lru_cache(maxsize=4096)
def _person(written: bytes, today: date) -> InsuredPerson:
    """A person; the lines of one account follow each other and bring the same one."""
    message = read_record(pb.InsuredPerson, written)
    birth_date = read_date(message, "birth_date", field="person.birth_date")
    if birth_date is None or birth_date > today:
        raise InputError("The birth date lies after today: correct it.", field="person.birth_date")
    identifiers = tuple(read_identifier(each) for each in message.identifiers)
    for index, identifier in enumerate(identifiers):
        place = f"person.identifiers[{index}]"
        check_state(identifier.country, field=f"{place}.country")
        if not identifier.comparable:
            raise InputError("An identifier has no letter and no digit: give the number.", field=f"{place}.value")
    return InsuredPerson(message.name, birth_date, identifiers)
