"""Examples of kind `applicable_legislation`: what they give, and what comes out."""

from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field

from portability.agreements.applicable_legislation import applicable_legislation
from portability.agreements.errors import InputError
from portability.agreements.loading import Agreement
from portability.agreements.rules import Day, Entry, State
from portability.agreements.work_facts import Activity, ActivityKind, AgreedException, PostingFacts, WorkFacts

__all__ = ["LegislationGiven", "evaluate_legislation"]

Share = Annotated[Fraction, Field(ge=0, le=1)]


class ActivityGiven(Entry):
    """One activity; what is left out is not known."""

    kind: ActivityKind = ActivityKind.EMPLOYED
    state: State
    share: Share | None = None
    employer: str = ""
    employer_seat: str = ""
    flag: str = ""
    home_base: str = ""
    employing_state: str = ""
    engaged_locally: bool = False
    chosen_state: str = ""

    def activity(self) -> Activity:
        """The activity as the law core takes it."""
        return Activity(**dict(self))


class PostingGiven(Entry):
    """A posting, as the employer or the person announces it; `from` is the sending state."""

    from_state: State = Field(alias="from")
    to_state: State = Field(alias="to")
    since: Day
    expected_months: int | None = Field(default=None, ge=1)
    replaces_another: bool | None = None
    insured_before: bool | None = None
    extended_until: Day | None = None
    previous_ended_on: Day | None = None


class ExceptionGiven(Entry):
    """What the authorities have agreed on."""

    state: State
    until: Day | None = None


class LegislationGiven(Entry):
    """The facts of one person's work, on a day."""

    on: Day
    residence_state: State
    activities: tuple[ActivityGiven, ...] = Field(min_length=1)
    nationality: str = ""
    posting: PostingGiven | None = None
    telework_share: Share | None = None
    telework_requested: bool = False
    centre_of_interest: str = ""
    exception: ExceptionGiven | None = None

    def work(self) -> WorkFacts:
        """The facts as the law core takes them."""
        return WorkFacts(
            residence_state=self.residence_state,
            activities=tuple(one.activity() for one in self.activities),
            nationality=self.nationality,
            posting=PostingFacts(**dict(self.posting)) if self.posting else None,
            telework_share=self.telework_share,
            telework_requested=self.telework_requested,
            centre_of_interest=self.centre_of_interest,
            exception=AgreedException(**dict(self.exception)) if self.exception else None,
        )


def evaluate_legislation(given: LegislationGiven, agreement: Agreement) -> dict[str, Any]:
    """The state, by which rule and citation, until when, and what is still to be confirmed."""
    result = applicable_legislation(given.work(), agreement=agreement, on=given.on)
    if result != applicable_legislation(given.work(), agreement=agreement, on=given.on):
        raise InputError("the same facts gave two results")
    return {
        "state": result.state,
        "rule": result.rule_id,
        "citation": str(result.citation),
        "until": result.until,
        "status": result.status,
        "provisional": result.provisional,
        "to_confirm": [condition.id for condition in result.to_confirm],
    }
