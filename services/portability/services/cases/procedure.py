"""What the agreements say about the handling of a claim: who has to do what, and how fast. Data with citations.

By agreement id, as the treaty files name themselves. None of these provisions sets a number of days: where the
law says "without delay" or "as soon as possible", the institutions' own service standard gives a day to ask
again on, and is shown as such. An agreement without an entry has no cited pace, and the standard stands alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from portability.agreements.values import Citation

__all__ = ["Duty", "DutyRule", "Procedure", "ServiceStandards", "duty_rule", "procedure_of", "procedure_of_contact"]

_REGULATION = "Regulation (EC) No 987/2009"
_CANADA_GERMANY = "Agreement on Social Security between Canada and the Federal Republic of Germany"
_CANADA_ITALY = "Agreement on Social Security between Canada and the Italian Republic"


class Duty(StrEnum):
    FORWARD_CLAIM = "forward_claim"
    STATE_OWN_PERIODS = "state_own_periods"  # the contact institution's own
    STATE_PERIODS = "state_periods"
    DECIDE = "decide"
    SUMMARISE = "summarise"


@dataclass(frozen=True, slots=True)
class DutyRule:
    """One duty: its id, where the law says it, and the pace in the law's words (empty: the law names none)."""

    rule_id: str
    citation: Citation | None
    pace: str


@dataclass(frozen=True, slots=True)
class Procedure:
    """`filing_date` says that the date of the claim counts in the other state as well; `written_request` that the
    applicant has to ask for that in writing (None: no such condition).
    """

    agreement_id: str
    filing_date: Citation
    written_request: Citation | None
    duties: Mapping[Duty, DutyRule]


@dataclass(frozen=True, slots=True)
class ServiceStandards:
    """When an institution asks again, counted from the day on which a step began. Ours, not law."""

    identify: timedelta = timedelta(days=14)
    state_periods: timedelta = timedelta(days=30)
    determine: timedelta = timedelta(days=30)
    decide: timedelta = timedelta(days=60)
    summarise: timedelta = timedelta(days=14)


_PROCEDURES: Mapping[str, Procedure] = {
    "eu-883-2004": Procedure(
        agreement_id="eu-883-2004",
        filing_date=Citation(_REGULATION, "Art. 45(5)"),
        written_request=None,
        duties={
            Duty.FORWARD_CLAIM: DutyRule("eu.forward_claim", Citation(_REGULATION, "Art. 47(4)"), "without delay"),
            Duty.STATE_OWN_PERIODS: DutyRule("eu.state_own_periods", Citation(_REGULATION, "Art. 47(4)"), ""),
            Duty.STATE_PERIODS: DutyRule(
                "eu.state_periods", Citation(_REGULATION, "Art. 47(5)"), "as soon as possible"
            ),
            Duty.DECIDE: DutyRule("eu.decide", Citation(_REGULATION, "Art. 47(6)"), ""),
            Duty.SUMMARISE: DutyRule(
                "eu.summarise", Citation(_REGULATION, "Art. 48(1)"), "once all decisions are notified"
            ),
        },
    ),
    "ca-de": Procedure(
        agreement_id="ca-de",
        filing_date=Citation(_CANADA_GERMANY, "Art. 19(1), (3)"),
        written_request=None,
        duties={
            Duty.FORWARD_CLAIM: DutyRule(
                "ca-de.forward_claim", Citation(_CANADA_GERMANY, "Art. 19(2)"), "without delay"
            ),
            Duty.STATE_PERIODS: DutyRule("ca-de.state_periods", Citation(_CANADA_GERMANY, "Art. 16(1)"), ""),
        },
    ),
    "ca-it": Procedure(
        agreement_id="ca-it",
        filing_date=Citation(_CANADA_ITALY, "Art. 27(2)"),
        written_request=Citation(_CANADA_ITALY, "Art. 27(2)"),
        duties={
            Duty.FORWARD_CLAIM: DutyRule(
                "ca-it.forward_claim", Citation(_CANADA_ITALY, "Art. 27(3)"), "as soon as possible"
            ),
            Duty.STATE_PERIODS: DutyRule("ca-it.state_periods", Citation(_CANADA_ITALY, "Art. 23(1)(a)"), ""),
        },
    ),
}


def procedure_of(agreement_id: str) -> Procedure | None:
    """The procedure of an agreement; None where none is entered."""
    return _PROCEDURES.get(agreement_id)


def procedure_of_contact(agreement_ids: Sequence[str]) -> str:
    """Of the agreements with the others, the one whose procedure binds the contact institution: that has such a one."""
    for each in agreement_ids:
        procedure = procedure_of(each)
        if procedure is not None and Duty.SUMMARISE in procedure.duties:
            return each
    return agreement_ids[0] if agreement_ids else "none"


def duty_rule(agreement_id: str, duty: Duty) -> DutyRule:
    """The rule for a duty under an agreement; without citation and pace where the agreement has none."""
    procedure = procedure_of(agreement_id)
    rule = procedure.duties.get(duty) if procedure else None
    return rule or DutyRule(f"standard.{duty.value}", None, "")
