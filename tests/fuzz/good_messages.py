"""Good contents of messages that no old-age claim has: survivors' and invalidity claims, corrections."""

from collections.abc import Mapping

from google.protobuf.message import Message
from google.type.date_pb2 import Date

from portability.api.careers.v1 import messages_pb2 as careers
from portability.api.cases.v1 import claims_pb2 as claims
from portability.api.persons.v1 import messages_pb2 as persons
from portability.api.records.v1 import messages_pb2 as records
from portability.services.mapping.common import write_identifier, write_period
from tests.services.cases.world import GERMAN_NUMBER, german_periods

__all__ = ["good_messages"]

LODGED, AWARD = Date(year=2026, month=3, day=2), Date(year=2026, month=4, day=1)


def good_messages() -> Mapping[str, list[bytes]]:
    """Contents that keep every field rule, by type; those of one type have other fields set."""
    return {
        "claim.survivor": _written(
            claims.SurvivorClaim(
                claim=_facts(),
                deceased=_person("Carlo", identifiers=[write_identifier(GERMAN_NUMBER)]),
                died_on=persons.PartialDate(year=2026, month=2, day=3, precision="DATE_PRECISION_DAY"),
                relation="FAMILY_RELATION_SPOUSE",
            ),
            claims.SurvivorClaim(
                claim=_facts(
                    family=[claims.FamilyMember(person=_person("Ada"), relation="FAMILY_RELATION_CHILD")],
                    deferred_states=["DE"],
                ),
                deceased=_person("Carlo"),
                died_on=persons.PartialDate(year=2026, precision="DATE_PRECISION_YEAR"),
                relation="FAMILY_RELATION_SPOUSE",
            ),
        ),
        "claim.invalidity": _written(
            claims.InvalidityClaim(claim=_facts(), incapacity_since=LODGED, last_work="welder"),
            claims.InvalidityClaim(claim=_facts(deferred_states=["FR"]), accident_at_work=True),
        ),
        "record.correction": _written(
            careers.RecordCorrection(
                known_on=LODGED,
                corrections=[
                    careers.PeriodCorrection(
                        period_id=one.period.period_id, reason="CORRECTION_REASON_ERROR", after=write_period(one)
                    )
                    for one in german_periods()
                ],
            ),
            careers.RecordCorrection(
                known_on=LODGED,
                corrections=[careers.PeriodCorrection(period_id="de-1", reason="CORRECTION_REASON_ERROR")],
                decisions_affected=True,
            ),
        ),
    }


def _facts(**more: object) -> claims.ClaimFacts:
    claimant = _person("Maria", identifiers=[records.PersonIdentifier(country="IT", sector="pension", value="MR-1")])
    return claims.ClaimFacts(claimant=claimant, lodged_on=LODGED, received_on=LODGED, award_on=AWARD, **more)  # type: ignore[arg-type]


def _person(given: str, **more: object) -> persons.PersonDescription:
    return persons.PersonDescription(
        names=[persons.PersonName(kind="NAME_KIND_CURRENT", family_name="Rossi", given_names=given)],
        birth=persons.PartialDate(year=1961, month=2, day=3, precision="DATE_PRECISION_DAY"),
        **more,  # type: ignore[arg-type]
    )


def _written(*messages: Message) -> list[bytes]:
    return [one.SerializeToString() for one in messages]
