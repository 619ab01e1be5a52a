"""RecordService's requests to commands, and accounts to protobuf; nothing is decided here."""

from portability.agreements.careers import InsuranceAccount, SchemeFact
from portability.agreements.errors import InputError
from portability.api.records.v1 import records_pb2 as pb
from portability.services.mapping.common import (
    EnumTable,
    read_date,
    read_decimal,
    read_identifier,
    read_period,
    read_uuid,
    write_date,
    write_decimal,
    write_identifier,
    write_period,
)
from portability.services.matching import Match, MatchOutcome
from portability.services.persons.births import BirthDate
from portability.services.persons.likeness import Likeness, PersonFacts
from portability.services.records.model import PutRecords

__all__ = ["read_person", "read_put_records", "write_match"]

_OUTCOME = EnumTable(MatchOutcome, pb.FindOutcome, "FIND_OUTCOME")


def read_put_records(request: pb.PutRecordsRequest) -> PutRecords:
    """Raises InputError with the path of the first thing that cannot be right."""
    return PutRecords(
        read_uuid(request.request_id, field="request_id"),
        tuple(_account(each, field=f"accounts[{index}]") for index, each in enumerate(request.accounts)),
    )


def read_person(message: pb.PersonDescription) -> PersonFacts:
    """What is known of a person; raises InputError where the birth date is none."""
    return PersonFacts(
        family_names=tuple(message.family_names),
        given_names=message.given_names,
        birth=BirthDate.read(message.birth_date),
        identifiers=tuple(read_identifier(each) for each in message.identifiers),
        sex=message.sex,
    )


def write_match(match: Match) -> pb.FindRecordsResponse:
    return pb.FindRecordsResponse(
        outcome=_OUTCOME.write(match.outcome),
        accounts=[_write_account(each) for each in match.accounts],
        likenesses=[_write_likeness(each) for each in match.likenesses],
    )


def _write_likeness(found: Likeness) -> pb.Likeness:
    return pb.Likeness(
        score=found.score,
        strong_keys=found.strong_keys,
        findings=[
            pb.Finding(reason=each.reason.value, found=each.found, weight=each.weight) for each in found.findings
        ],
    )


def _account(message: pb.InsuranceAccount, *, field: str) -> InsuranceAccount:
    birth_date = read_date(message, "birth_date", field=f"{field}.birth_date")
    as_of = read_date(message, "as_of", field=f"{field}.as_of")
    if birth_date is None or as_of is None:
        missing = "birth_date" if birth_date is None else "as_of"
        raise InputError(f"{field}.{missing} is not given: give a date.", field=f"{field}.{missing}")
    return InsuranceAccount(
        account_id=message.account_id,
        name=message.name,
        birth_date=birth_date,
        identifiers=tuple(read_identifier(each) for each in message.identifiers),
        periods=tuple(
            read_period(each, field=f"{field}.periods[{index}]") for index, each in enumerate(message.periods)
        ),
        as_of=as_of,
        scheme_facts=tuple(
            SchemeFact(each.scheme, each.name, read_decimal(each.value, field=f"{field}.scheme_facts[{index}].value"))
            for index, each in enumerate(message.scheme_facts)
        ),
    )


def _write_account(account: InsuranceAccount) -> pb.InsuranceAccount:
    return pb.InsuranceAccount(
        account_id=account.account_id,
        name=account.name,
        birth_date=write_date(account.birth_date),
        identifiers=[write_identifier(each) for each in account.identifiers],
        periods=[write_period(each) for each in account.periods],
        as_of=write_date(account.as_of),
        scheme_facts=[
            pb.SchemeFact(scheme=each.scheme, name=each.name, value=write_decimal(each.value, places=12))
            for each in account.scheme_facts
        ],
    )
