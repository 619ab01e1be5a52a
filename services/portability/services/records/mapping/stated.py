"""The messages of a case that speak of a person's time, by type, to what they say. Other types say nothing of it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from portability.agreements.careers import PersonIdentifier
from portability.agreements.errors import InputError, VerificationError
from portability.api.careers.v1 import messages_pb2 as careers
from portability.api.cases.v1 import claims_pb2 as claims
from portability.api.cases.v1 import messages_pb2 as pensions
from portability.api.persons.v1 import messages_pb2 as persons
from portability.api.records.v1 import messages_pb2 as records
from portability.services.mapping.common import (
    read_date,
    read_identifier,
    read_period,
    read_record,
    read_status,
    read_total,
)
from portability.services.mapping.statements import check_stated, read_stated_person
from portability.services.persons.whose import StatedPerson
from portability.services.records.stated import About, Asked, Corrected, Said, Stated

__all__ = ["read_said", "speaks_of_records"]


def speaks_of_records(kind: str) -> bool:
    """Whether messages of a type say something of a person's time, or of whose it is."""
    return kind in _READERS


def read_said(kind: str, content: bytes, *, sender: str, to: Sequence[str], on: date) -> tuple[Said, ...]:
    """What a message says; nothing where its type speaks of something else.

    Raises InputError where it cannot be read, and VerificationError where it speaks for another institution.
    """
    read = _READERS.get(kind)
    return read(content, sender, to, on) if read else ()


def _old_age(content: bytes, sender: str, to: Sequence[str], on: date) -> tuple[Said, ...]:
    claim = read_record(pensions.OldAgeClaimSent, content).claim
    born = read_date(claim.person, "birth_date", field="claim.person.birth_date")
    person = _person(born, [read_identifier(one) for one in claim.person.identifiers])
    return About(person, read_date(claim, "lodged_on", field="claim.lodged_on")), *_asked((*to, sender), on)


def _survivor(content: bytes, sender: str, to: Sequence[str], on: date) -> tuple[Said, ...]:
    """The records are of the insured person, whoever claims."""
    message = read_record(claims.SurvivorClaim, content)
    return _claimed(message.claim, message.deceased), *_asked((*to, sender), on)


def _invalidity(content: bytes, sender: str, to: Sequence[str], on: date) -> tuple[Said, ...]:
    claim = read_record(claims.InvalidityClaim, content).claim
    return _claimed(claim, claim.claimant), *_asked((*to, sender), on)


def _request(content: bytes, sender: str, to: Sequence[str], on: date) -> tuple[Said, ...]:
    return About(read_stated_person(read_record(records.RecordRequest, content))), *_asked(to, on)


def _asked(institutions: Sequence[str], on: date) -> list[Asked]:
    return [Asked(one, on) for one in institutions]


def _claimed(facts: claims.ClaimFacts, insured: persons.PersonDescription) -> About:
    """A birth date that is known in part is none to compare with."""
    known_to_the_day = bool(insured.birth.month and insured.birth.day)
    born = read_date(insured, "birth", field="birth") if known_to_the_day else None
    person = _person(born, [read_identifier(one) for one in insured.identifiers])
    return About(person, read_date(facts, "lodged_on", field="claim.lodged_on"))


def _person(born: date | None, identifiers: Sequence[PersonIdentifier]) -> StatedPerson | None:
    return StatedPerson(born, tuple(identifiers)) if born else None


def _stated(content: bytes, sender: str, to: Sequence[str], on: date) -> tuple[Said, ...]:
    message = read_record(records.RecordStatement, content)
    if (message.institution.institution_id, message.state) != (sender, sender[:2].upper()):
        raise VerificationError(f"The statement of {sender} speaks for another institution or another state.")
    status = read_status(message.status, field="status")
    periods = tuple(read_period(each, field=f"periods[{i}]") for i, each in enumerate(message.periods))
    check_stated(status, message.state, periods)
    as_of = read_date(message, "as_of", field="as_of")
    totals = tuple(read_total(each, field=f"totals[{i}]") for i, each in enumerate(message.totals))
    return (Stated(sender, on, status, as_of, periods, read_stated_person(message), totals),)


def _corrected(content: bytes, sender: str, to: Sequence[str], on: date) -> tuple[Said, ...]:
    message = read_record(careers.RecordCorrection, content)
    found = []
    for index, one in enumerate(message.corrections):
        after = None
        if one.HasField("after"):
            place = f"corrections[{index}].after"
            after = read_period(one.after, field=place)
            if after.period.state != sender[:2].upper():
                raise InputError(f"{place} is of another state than {sender}.", field=f"{place}.state")
        found.append((one.period_id, after))
    return (Corrected(sender, on, tuple(found)),)


_READERS: Mapping[str, Callable[[bytes, str, Sequence[str], date], tuple[Said, ...]]] = {
    "claim.old_age": _old_age,
    "claim.survivor": _survivor,
    "claim.invalidity": _invalidity,
    "record.request": _request,
    "record.statement": _stated,
    "record.correction": _corrected,
}
