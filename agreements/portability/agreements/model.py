"""What goes into a determination and what comes out of it. Plain frozen data, shared by all rules.

Facts in, Determination out; rules in force, national schemes and explanations stand in the other modules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from portability.agreements.periods import InsurancePeriod
from portability.agreements.values import Branch, Citation, Money, StateCode

__all__ = ["BenefitResult", "Determination", "DeterminationFacts", "NationalAnswer", "SchemeOutcome", "Step", "Value"]

Value = str | int | Fraction | Money | date | tuple[object, ...] | None
"""What a step holds: exact, never a sentence. Tuples hold names, or pairs: of name and amount, of amount and unit."""


@dataclass(frozen=True, slots=True)
class NationalAnswer:
    """What an institution answers of its own law where this system does not encode it, a month.

    `independent_amount` is None where no right exists on national periods alone; `theoretical_amount` is None
    where the institution has not computed one. `answered_by` is the institution's id.
    """

    scheme: str
    answered_by: str
    independent_amount: Money | None = None
    theoretical_amount: Money | None = None
    flat_rate_amount: Money | None = None  # the full flat-rate part, before the fraction of a bilateral agreement
    earnings_amount: Money | None = None  # from own earnings or periods, where these alone do not open the right


@dataclass(frozen=True, slots=True)
class DeterminationFacts:
    """The facts of one claim under one legislation, as its institution has established them.

    `periods` holds all periods known, of every state. `scheme_facts` holds figures that only the institution
    knows, by scheme and name (`{"de-rente": {"earnings_points": Fraction(...)}}`); `yearly_facts` holds those that it
    knows year by year (`{"us-old-age": {"earnings": {1974: Fraction(...)}}}`), and `scheme_dates` days that only one
    law asks for (`{"us-old-age": {"benefit_month": date(...)}}`). `unsatisfied_states`
    are the other states whose conditions are known to be unmet (883/2004 Art. 50(2)); empty: none is known.
    `third_states` are those outside the agreement that are bound to both its parties; None: nobody has looked.
    """

    state: StateCode
    branch: Branch
    birth_date: date
    residence_state: StateCode
    risk_materialised_on: date
    award_on: date
    periods: tuple[InsurancePeriod, ...]
    scheme_facts: Mapping[str, Mapping[str, Fraction]] = field(default_factory=dict)
    yearly_facts: Mapping[str, Mapping[str, Mapping[int, Fraction]]] = field(default_factory=dict)
    scheme_dates: Mapping[str, Mapping[str, date]] = field(default_factory=dict)
    national_answers: Mapping[str, NationalAnswer] = field(default_factory=dict)
    unsatisfied_states: frozenset[StateCode] = frozenset()
    third_states: frozenset[StateCode] | None = None


class Step(NamedTuple):
    """One step of an explanation: which rule, where the law says it, what went in and what came out.

    All of it is exact data, so that a replay gives the same bytes. The sentences for a jurist, a caseworker and the
    worker stand in the catalogues of `explanations`, one a language, under the name of the rule.
    """

    rule: str
    citation: Citation | None
    values: tuple[tuple[str, Value], ...] = ()
    output: Value = None
    children: tuple["Step", ...] = ()

    def value(self, name: str) -> Value:
        """One of the values, or the output by the name "output"; None where there is none of that name."""
        return self.output if name == "output" else dict(self.values).get(name)


@dataclass(frozen=True, slots=True)
class SchemeOutcome:
    """What one national scheme gives for one set of periods: a right or none, an amount a month, and why."""

    entitled: bool
    amount: Money | None
    steps: tuple[Step, ...]
    answered_by: str = ""  # the institution's id where its law is not encoded here


@dataclass(frozen=True, slots=True)
class BenefitResult:
    """The amounts of one national scheme under one agreement, a month; None where the law gives none.

    `award` is what the rules propose, never what is paid: a named person decides.
    """

    scheme: str
    independent: Money | None
    theoretical: Money | None
    pro_rata: Money | None
    ratio: Fraction | None
    award: Money | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Determination:
    """One institution's determination under one agreement: a proposal, with every step.

    `review_status` is the weaker of the files' (unverified, drafted, reviewed); `files` gives the SHA-256 of each
    file used, so that the same files and facts replay to the same bytes.
    """

    agreement_id: str
    state: StateCode
    branch: Branch
    review_status: str
    files: tuple[tuple[str, str], ...]
    benefits: tuple[BenefitResult, ...]
    steps: tuple[Step, ...]

    @property
    def banner(self) -> str:
        """The warning to be shown with every amount until an authority has reviewed the encoding; empty after."""
        if self.review_status == "reviewed":
            return ""
        return (
            f"Encoding {self.review_status}: no authority has reviewed these rules yet. "
            "This is a projection, not an award."
        )
