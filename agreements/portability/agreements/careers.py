"""A person's insured time as institutions tell it: who stands behind a period, and what an absence means.

The counting is in the modules of the rules. Shared by the services that keep, send and read records.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from portability.agreements.errors import InputError
from portability.agreements.periods import DayRegime, InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.values import StateCode

__all__ = [
    "AnswerStatus",
    "CareerRecord",
    "Evidence",
    "EvidenceLevel",
    "InsuranceAccount",
    "PeriodTotal",
    "PersonIdentifier",
    "RecordedPeriod",
    "SchemeFact",
    "check_period",
    "check_state",
    "period_totals",
    "totals_that_differ",
]

# ISO 3166-1 alpha-2, all 249 codes, and XK, which the EU and its institutions use for Kosovo.
_CODES = """
AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO
FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE
JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO
MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW
PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM
TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""
_STATES = frozenset(_CODES.split())


class EvidenceLevel(StrEnum):
    """Who stands behind a period, from the weakest to the strongest."""

    DECLARED = "declared"  # the worker says so
    EMPLOYER_REPORT = "employer_report"
    CONTRIBUTION_SEEN = "contribution_seen"
    FINAL_ACCOUNT = "final_account"  # the yearly account is closed
    DECISION = "decision"  # a court or a formal decision


@dataclass(frozen=True, slots=True)
class Evidence:
    """How far a period is verified. `verified_by` is an institution's id; empty where nobody has verified it."""

    level: EvidenceLevel
    method: str = ""
    verified_by: str = ""
    verified_on: date | None = None


@dataclass(frozen=True, slots=True)
class RecordedPeriod:
    """A period and who stands behind it."""

    period: InsurancePeriod
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class PersonIdentifier:
    """A number that one sector of one country gave a person.

    `value` is kept as it came. Two identifiers are the same where country, sector and `comparable` are: spaces,
    dots and dashes are how people write a number, every letter and digit counts.
    """

    country: StateCode
    sector: str  # "pension", "tax", "social_security" …
    value: str

    @property
    def comparable(self) -> str:
        """Letters and digits only, in capitals; digits of any script as 0 to 9."""
        plain = unicodedata.normalize("NFKC", self.value).upper()
        return "".join(
            str(unicodedata.decimal(character)) if character.isdecimal() else character
            for character in plain
            if character.isalnum()
        )


@dataclass(frozen=True, slots=True)
class SchemeFact:
    """A figure that only the institution knows and its national law needs: ("de-rente", "earnings_points", 31.5)."""

    scheme: str
    name: str
    value: Fraction


@dataclass(frozen=True, slots=True)
class InsuranceAccount:
    """One insured person in an institution's own register.

    `account_id` is the institution's own and stable. `as_of` is the day up to which the periods are complete.
    Scheme facts stay in the institution: no message carries them.
    """

    account_id: str
    name: str
    birth_date: date
    identifiers: tuple[PersonIdentifier, ...]
    periods: tuple[RecordedPeriod, ...]
    as_of: date
    scheme_facts: tuple[SchemeFact, ...] = ()


class AnswerStatus(StrEnum):
    """What is known of a person's time in one country; an absence is never silent."""

    KNOWN = "known"
    NONE = "none"  # the institution answers: this person has no periods here
    NOT_ASKED = "not_asked"
    ASKED_NO_ANSWER = "asked_no_answer"
    NOT_FOUND = "not_found"  # the institution answers: we do not find this person
    MAY_NOT_DISCLOSE = "may_not_disclose"


@dataclass(frozen=True, slots=True)
class CareerRecord:
    """What one country's institution has told of one person. `institution` is empty where none is known yet."""

    state: StateCode
    institution: str
    status: AnswerStatus
    asked_on: date | None = None
    answered_on: date | None = None
    as_of: date | None = None  # the periods are complete up to this day
    periods: tuple[RecordedPeriod, ...] = ()
    entered_by: str = ""  # caseworker who entered it from a document; empty: it came by the exchange
    totals_differ: tuple[
        str, ...
    ] = ()  # totals that were sent and that its periods do not give, each with both figures


@dataclass(frozen=True, slots=True)
class PeriodTotal:
    """Sum of the periods of one scheme and kind in one unit.

    `unit` is None for periods given by dates only; `amount` then counts calendar days, [start, end).
    """

    scheme: str
    kind: PeriodKind
    unit: PeriodUnit | None
    day_regime: DayRegime | None
    amount: Fraction
    count: int  # periods summed


def period_totals(periods: Iterable[InsurancePeriod]) -> tuple[PeriodTotal, ...]:
    """Totals by scheme, kind and unit, in a fixed order; nothing is converted between units."""
    sums: dict[tuple[str, PeriodKind, PeriodUnit | None, DayRegime | None], tuple[Fraction, int]] = {}
    for period in periods:
        duration = period.duration
        unit, regime = (duration.unit, duration.day_regime) if duration else (None, None)
        amount = duration.amount if duration else _calendar_days(period)
        key = (period.scheme, period.kind, unit, regime)
        before, count = sums.get(key, (Fraction(0), 0))
        sums[key] = (before + amount, count + 1)
    ordered = sorted(sums.items(), key=lambda item: tuple(str(part or "") for part in item[0]))
    return tuple(PeriodTotal(*key, amount=amount, count=count) for key, (amount, count) in ordered)


def totals_that_differ(sent: Iterable[PeriodTotal], periods: Sequence[InsurancePeriod]) -> tuple[str, ...]:
    """Each total that was sent and that the periods do not give, in words; nothing where none was sent.

    A difference is told and never repaired: the periods count.
    """
    sent = tuple(sent)
    given = {_what(one): one for one in period_totals(periods)}
    told = {_what(one): one for one in sent}
    if not sent:
        return ()
    return tuple(
        f"{what}: {_amount(told.get(what))} sent, its periods give {_amount(given.get(what))}. Ask the institution "
        "which is right; the periods count."
        for what in sorted(told.keys() | given.keys())
        if told.get(what) != given.get(what)
    )


def _what(total: PeriodTotal) -> str:
    unit = f"{total.unit} of a {total.day_regime}-day week" if total.day_regime else total.unit or "calendar days"
    return f"Total of {total.scheme}, {total.kind}, in {unit}"


def _amount(total: PeriodTotal | None) -> str:
    if total is None:
        return "none was"
    amount = Decimal(total.amount.numerator) / total.amount.denominator
    return f"{amount:f} ({total.count} periods)"


def check_state(state: str, *, field: str) -> None:
    """Raise InputError where `state` is no ISO 3166-1 alpha-2 code in capitals."""
    if state not in _STATES:
        raise InputError(
            f"'{state}' is not a state: give an ISO 3166-1 alpha-2 code in capitals, for example DE.", field=field
        )


def check_period(period: InsurancePeriod, *, field: str) -> None:
    """Raise InputError naming the field where a period contradicts itself; `field` is the path of the period."""
    check_state(period.state, field=f"{field}.state")
    if (period.start is None) != (period.end is None):
        missing = "first_day" if period.start is None else "last_day"
        raise InputError(
            f"{field} has one date only: give {missing}, or neither date and an amount.",
            field=f"{field}.{missing}",
        )
    if period.start is not None and period.end is not None and period.end <= period.start:
        last_day = date.fromordinal(period.end.toordinal() - 1)
        raise InputError(
            f"{field} ends on {last_day} before it starts on {period.start}: correct the dates.",
            field=f"{field}.last_day",
        )
    duration = period.duration
    if duration is None:
        if period.start is None:
            raise InputError(
                f"{field} has neither dates nor an amount: give one of them.",
                field=f"{field}.amount",
            )
        return
    if duration.amount <= 0:
        raise InputError(
            f"{field} counts {duration.amount} {duration.unit}: the amount must be above zero.",
            field=f"{field}.amount",
        )
    if duration.unit is PeriodUnit.DAYS and duration.day_regime is None:
        raise InputError(
            f"{field} is counted in days: say whether the scheme counts 5, 6 or 7 a week.",
            field=f"{field}.day_regime",
            citation="Regulation (EC) No 987/2009 Art. 13(4)",
        )
    if duration.unit is not PeriodUnit.DAYS and duration.day_regime is not None:
        raise InputError(
            f"{field} is counted in {duration.unit}: leave the day regime out.",
            field=f"{field}.day_regime",
        )


def _calendar_days(period: InsurancePeriod) -> Fraction:
    if period.start is None or period.end is None:
        return Fraction(0)
    return Fraction((period.end - period.start).days)
