"""Claims for pensions and corrections of records as they stand in documents of a case on a flow.

The claim of a case on a flow is sent before the case has an id here, and the signed header names the case: what a claim
says of it is not looked at.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from portability.agreements.careers import RecordedPeriod
from portability.agreements.errors import InputError
from portability.agreements.values import Branch
from portability.api.careers.v1 import messages_pb2 as careers
from portability.api.cases.v1 import claims_pb2 as claims
from portability.api.cases.v1 import messages_pb2 as pensions
from portability.api.persons.v1 import messages_pb2 as persons
from portability.services.cases.mapping.parts import needed_date, read_claim, read_declared
from portability.services.cases.model import Claim, Person
from portability.services.mapping.common import read_date, read_identifier, read_period, read_record

__all__ = ["PENSION_CLAIMS", "read_corrections", "read_pension_claim"]


def read_pension_claim(content: bytes, *, kind: str) -> tuple[Branch, Claim]:
    """The branch and the claim of one of `PENSION_CLAIMS`; the person is the insured one, of a survivor's the deceased.

    A state of residence that the claim does not tell is empty. Raises InputError where the claim cannot be read, or
    tells no birth date to the day.
    """
    return PENSION_CLAIMS[kind](content)


def read_corrections(content: bytes) -> tuple[tuple[str, RecordedPeriod | None], ...]:
    """Message record.correction: each period by its id as it is now; None: it is withdrawn."""
    message = read_record(careers.RecordCorrection, content)
    return tuple(
        (
            each.period_id,
            read_period(each.after, field=f"corrections[{index}].after") if each.HasField("after") else None,
        )
        for index, each in enumerate(message.corrections)
    )


def _old_age(content: bytes) -> tuple[Branch, Claim]:
    message = read_record(pensions.OldAgeClaimSent, content)
    return Branch.OLD_AGE, read_claim(message.claim, field="claim")


def _survivor(content: bytes) -> tuple[Branch, Claim]:
    message = read_record(claims.SurvivorClaim, content)
    return Branch.SURVIVORS, _claim(message.claim, message.deceased, field="deceased")


def _invalidity(content: bytes) -> tuple[Branch, Claim]:
    message = read_record(claims.InvalidityClaim, content)
    return Branch.INVALIDITY, _claim(message.claim, message.claim.claimant, field="claim.claimant")


PENSION_CLAIMS: Mapping[str, Callable[[bytes], tuple[Branch, Claim]]] = {
    "claim.old_age": _old_age,
    "claim.survivor": _survivor,
    "claim.invalidity": _invalidity,
}
"""Readers by type."""


def _claim(message: claims.ClaimFacts, insured: persons.PersonDescription, *, field: str) -> Claim:
    name = insured.names[0]
    return Claim(
        person=Person(
            family_name=name.family_name,
            given_names=name.given_names,
            birth_date=_birth(insured, field=field),
            residence_state=_lives_in(message.claimant),
            identifiers=tuple(read_identifier(each) for each in insured.identifiers),
        ),
        lodged_on=_day(message, "lodged_on"),
        award_on=_day(message, "award_on"),
        declared=tuple(
            read_declared(each, field=f"claim.declared[{index}]") for index, each in enumerate(message.declared)
        ),
        deferred_states=frozenset(message.deferred_states),
    )


def _birth(insured: persons.PersonDescription, *, field: str) -> date:
    birth, place = insured.birth, f"{field}.birth"
    if birth.precision != persons.DATE_PRECISION_DAY:
        raise InputError("The claim tells no birth date to the day, and an age turns on it: ask for it.", field=place)
    try:
        return date(birth.year, birth.month, birth.day)
    except ValueError as error:
        raise InputError(f"{place} is no day of the calendar: give year, month and day.", field=place) from error


def _lives_in(claimant: persons.PersonDescription) -> str:
    """The state of her present addresses; empty where there is none, or there are two."""
    states = {one.country for one in claimant.addresses if not one.HasField("last_day")}
    return states.pop() if len(states) == 1 else ""


def _day(message: Any, name: str) -> date:
    place = f"claim.{name}"
    return needed_date(read_date(message, name, field=place), field=place)
