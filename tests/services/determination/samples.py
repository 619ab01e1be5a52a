"""One invented career in Germany, Italy and Canada, as facts and as protobuf, with its arithmetic."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from google.type.date_pb2 import Date

from portability.agreements.model import DeterminationFacts
from portability.agreements.periods import Duration, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.values import Branch
from portability.api.common.v1 import common_pb2 as common
from portability.api.determination.v1 import determination_pb2 as pb

BORN, AWARD = date(1958, 12, 15), date(2025, 8, 1)
# Pension age 66 on 15 December 2024, so August 2025 is seven months late: access factor 1.035; current value 40.79.
# Independent: 12 x 1.035 = 12.42; x 40.79 = 506.6118.
# Theoretical: 780 weeks x 6 / 26 = 180 months; 12 x 300/120 = 30; x 1.035 = 31.05; x 40.79 = 1266.5295.
# Pro rata: 1266.53 x 120/300 = 506.612. Higher of 506.61 and 506.61.
INDEPENDENT, THEORETICAL, PRO_RATA = "506.61", "1266.53", "506.61"


def period(scheme: str, first: date, last: date, *, amount: int, unit: PeriodUnit) -> InsurancePeriod:
    kind = PeriodKind.RESIDENCE if scheme == "ca-oas" else PeriodKind.COMPULSORY
    end = last + timedelta(days=1)
    return InsurancePeriod(
        f"{scheme}-1", scheme[:2].upper(), kind, scheme, first, end, Duration(Fraction(amount), unit)
    )


GERMAN = period("de-rente", date(2000, 1, 1), date(2009, 12, 31), amount=120, unit=PeriodUnit.MONTHS)
ITALIAN = period("it-pensione", date(1980, 1, 1), date(1994, 12, 31), amount=780, unit=PeriodUnit.WEEKS)
CANADIAN = period("ca-oas", date(1995, 1, 1), date(1995, 12, 31), amount=12, unit=PeriodUnit.MONTHS)
SHORT_GERMAN = period("de-rente", date(2000, 1, 1), date(2003, 12, 31), amount=48, unit=PeriodUnit.MONTHS)


def facts(*periods: InsurancePeriod, points: str = "12", award_on: date = AWARD) -> DeterminationFacts:
    return DeterminationFacts(
        "DE",
        Branch.OLD_AGE,
        BORN,
        "IT",
        award_on,
        award_on,
        periods or (GERMAN, ITALIAN),
        scheme_facts={"de-rente": {"earnings_points": Fraction(points)}},
    )


def day(value: date) -> Any:
    return Date(year=value.year, month=value.month, day=value.day)


def period_message(value: InsurancePeriod) -> common.InsurancePeriod:
    assert value.start
    assert value.end
    assert value.duration
    return common.InsurancePeriod(
        period_id=value.period_id,
        state=value.state,
        kind=common.PeriodKind.Value(f"PERIOD_KIND_{value.kind.name}"),
        scheme=value.scheme,
        first_day=day(value.start),
        last_day=day(value.end - timedelta(days=1)),
        amount=str(value.duration.amount),
        unit=common.PeriodUnit.Value(f"PERIOD_UNIT_{value.duration.unit.name}"),
        evidence=common.Evidence(level=common.EVIDENCE_LEVEL_FINAL_ACCOUNT),
    )


def facts_message(*periods: InsurancePeriod, points: str = "12") -> pb.ClaimFacts:
    return pb.ClaimFacts(
        state="DE",
        branch="old_age",
        birth_date=day(BORN),
        residence_state="IT",
        risk_materialised_on=day(AWARD),
        award_on=day(AWARD),
        periods=[period_message(one) for one in periods or (GERMAN, ITALIAN)],
        figures=[pb.Figure(scheme="de-rente", name="earnings_points", value=points)],
    )
