"""The facts of a claim to protobuf, for whoever asks a node; `facts` reads them there."""

from collections.abc import Mapping
from fractions import Fraction

from portability.agreements.careers import Evidence, EvidenceLevel, RecordedPeriod
from portability.agreements.errors import InputError
from portability.agreements.model import NationalAnswer
from portability.agreements.periods import InsurancePeriod
from portability.api.common.v1 import common_pb2 as common
from portability.api.determination.v1 import determination_pb2 as pb
from portability.services.determination.model import DetermineQuery
from portability.services.mapping.common import write_date, write_decimal, write_money, write_period

__all__ = ["write_claim"]

_FIGURE_PLACES, _PERIOD_PLACES = 12, 4


def write_claim(query: DetermineQuery) -> pb.ClaimFacts:
    """The message that reads back as the facts and the person of this query.

    The facts hold no evidence: each period is written as declared, the weakest level. Raises InputError for a number
    without an exact decimal (118/3), rather than send another one.
    """
    facts = query.facts
    third = facts.third_states
    return pb.ClaimFacts(
        state=facts.state,
        branch=facts.branch,
        birth_date=write_date(facts.birth_date),
        residence_state=facts.residence_state,
        risk_materialised_on=write_date(facts.risk_materialised_on),
        award_on=write_date(facts.award_on),
        periods=[_period(period) for period in facts.periods],
        figures=[
            pb.Figure(scheme=scheme, name=name, value=_decimal(value, _FIGURE_PLACES, what=name))
            for scheme, figures in facts.scheme_facts.items()
            for name, value in figures.items()
        ],
        yearly_figures=[
            pb.YearlyFigure(scheme=scheme, name=name, years=_years(years, what=name))
            for scheme, figures in facts.yearly_facts.items()
            for name, years in figures.items()
        ],
        scheme_dates=[
            pb.SchemeDate(scheme=scheme, name=name, day=write_date(day))
            for scheme, days in facts.scheme_dates.items()
            for name, day in days.items()
        ],
        national_answers=[_answer(one) for one in facts.national_answers.values()],
        unsatisfied_states=sorted(facts.unsatisfied_states),
        third_states=None if third is None else pb.ThirdStates(states=sorted(third)),
        nationality=query.person.nationality,
        groups=[pb.PersonGroup.Value(f"PERSON_GROUP_{one.upper()}") for one in sorted(query.person.groups)],
    )


def _answer(answer: NationalAnswer) -> pb.NationalAnswer:
    return pb.NationalAnswer(
        scheme=answer.scheme,
        answered_by=answer.answered_by,
        independent=write_money(answer.independent_amount),
        theoretical=write_money(answer.theoretical_amount),
        earnings_part=write_money(answer.earnings_amount),
        flat_rate=write_money(answer.flat_rate_amount),
    )


def _period(period: InsurancePeriod) -> common.InsurancePeriod:
    if period.duration is not None:
        _decimal(period.duration.amount, _PERIOD_PLACES, what=f"period '{period.period_id}'")
    return write_period(RecordedPeriod(period, Evidence(EvidenceLevel.DECLARED)))


def _years(years: Mapping[int, Fraction], *, what: str) -> list[pb.YearValue]:
    return [pb.YearValue(year=year, value=_decimal(value, _FIGURE_PLACES, what=what)) for year, value in years.items()]


def _decimal(value: Fraction, places: int, *, what: str) -> str:
    """Raises InputError where so many places do not hold the number exactly."""
    if (value * 10**places).denominator != 1:
        raise InputError(f"{what}: {value} has no exact decimal of {places} places.")
    return write_decimal(value, places=places)
