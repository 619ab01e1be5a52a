"""Whose legislation applies to a person who works (`applicable_legislation`)."""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import Field

from portability.agreements.rules.base import RuleBase, State, Text

__all__ = [
    "AirCrew", "Connection", "Exceptions", "GovernmentService", "InlandNavigation", "MixedActivities", "PlaceOfWork",
    "Posting", "ResidenceAttribution", "Seafarers", "SeveralStates", "Telework", "Work",
]  # fmt: skip

Work = Literal["employed", "self_employed", "called_up", "unemployed", "not_working"]
"""Employed and self-employed persons; persons called up for armed or civilian service; persons who receive unemployment
benefits of the state in which they reside; persons who do none of this."""
Connection = Literal[
    "place_of_work", "residence", "flag", "employer_seat", "home_base", "sending_state", "employing_state",
    "nationality", "centre_of_interest", "place_of_employment_activity", "civil_service_state",
]  # fmt: skip
"""What ties a person to the one state whose legislation applies."""


class PlaceOfWork(RuleBase):
    """The general rule: whose legislation applies where no special rule does."""

    rule: Literal["place_of_work"]
    persons: tuple[Work, ...]
    legislation: Literal["place_of_work", "residence"] = "place_of_work"

    @property
    def subjects(self) -> tuple[str, ...]:
        return self.persons


class Posting(RuleBase):
    """Sent for a time to work in the other state, under the sending state's legislation."""

    rule: Literal["posting"]
    persons: tuple[Work, ...]
    months: int | None = Field(default=None, ge=1, le=120, description="None: the article names no limit")
    measured_by: Literal["expected_duration", "actual_duration"] = "expected_duration"
    extension: Literal["not_provided", "by_consent"] = "not_provided"
    extension_to_months: int | None = Field(default=None, ge=1, le=240, description="In all; none: no limit is named")
    extension_cite: Text | None = None
    not_to_replace: bool = Field(default=False, description="Not where the person is sent to replace another")
    insured_before: bool = Field(default=False, description="Only who was under the sending state's legislation before")
    insured_before_cite: Text | None = None
    active_there_cite: Text | None = Field(
        default=None, description="The employer, or the self-employed person, must really work in the sending state"
    )
    similar_activity_cite: Text | None = Field(default=None, description="The activity abroad must be a similar one")
    months_between: int | None = Field(
        default=None,
        ge=1,
        le=60,
        description="Least time after an earlier posting of the person; none: not provided for",
    )
    months_between_cite: Text | None = None

    @property
    def subjects(self) -> tuple[str, ...]:
        return self.persons


class SeveralStates(RuleBase):
    """Work in several states at once."""

    rule: Literal["several_states"]
    persons: tuple[Work, ...]
    substantial_part: Annotated[Fraction, Field(gt=0, le=1)] | None = Field(
        default=None, description="Share of working time or pay from which residence decides; none: residence always"
    )
    substantial_cite: Text | None = None
    marginal_part: Annotated[Fraction, Field(gt=0, lt=1)] | None = Field(
        default=None, description="Share under which work in a state is left out of account"
    )
    marginal_cite: Text | None = None
    otherwise: Connection = Field(description="What decides where no substantial part is done in the residence state")
    otherwise_cite: Text | None = None
    seats_in_one_state_cite: Text | None = Field(
        default=None, description="Several employers seated in one state: that state; none: not provided for"
    )
    seat_elsewhere_cite: Text | None = Field(
        default=None, description="Several employers seated in the residence state and in one other: the other"
    )
    seats_in_several_states_cite: Text | None = Field(
        default=None, description="Employers seated in two or more states other than that of residence: residence"
    )
    employer_outside_cite: Text | None = Field(
        default=None, description="The employer is seated in no state bound by the agreement: residence"
    )

    @property
    def subjects(self) -> tuple[str, ...]:
        return self.persons


class MixedActivities(RuleBase):
    """Activities of different kinds in several states: which of them decides."""

    rule: Literal["mixed_activities"]
    of: Literal["employed_and_self_employed", "civil_service_and_other"]
    legislation: Literal["place_of_employment_activity", "civil_service_state"]

    @property
    def subjects(self) -> tuple[str, ...]:
        return (self.of,)


class GovernmentService(RuleBase):
    """Persons in a state's own service, sent to the other state or engaged there."""

    rule: Literal["government_service"]
    persons: Literal["all", "sent", "nationals_of_the_employing_state"] = "all"
    legislation: Literal["employing_state"] = "employing_state"
    engaged_locally: Literal["place_of_work", "employing_state", "choice"] = "place_of_work"
    engaged_locally_cite: Text | None = None
    choice_within_months: int | None = Field(default=None, ge=1, le=12)


class Seafarers(RuleBase):
    """Crews of ships: what decides, and what does where that gives no party to the agreement."""

    rule: Literal["seafarers"]
    legislation: Connection
    otherwise: Connection | None = None
    otherwise_cite: Text | None = None
    otherwise_states: tuple[str, ...] = Field(
        default=(), description="States to which `otherwise` may lead; empty: any"
    )
    employer_state_if_resident_cite: Text | None = Field(
        default=None,
        description="Paid from another party in which the seafarer resides: that party; none: no such rule",
    )
    otherwise_state: State | None = Field(default=None, description="Whose legislation applies in every other case")


class AirCrew(RuleBase):
    """Crews of aircraft."""

    rule: Literal["air_crew"]
    legislation: Connection
    unless: Connection | None = Field(default=None, description="What decides instead where it points to a party")
    unless_cite: Text | None = None
    otherwise_state: State | None = Field(default=None, description="Whose legislation applies in every other case")


class InlandNavigation(RuleBase):
    """Boatmen of inland waterways."""

    rule: Literal["inland_navigation"]
    legislation: Connection


class Exceptions(RuleBase):
    """The authorities may agree on another legislation, for a person or a group."""

    rule: Literal["exceptions"]
    by: Literal["competent_authorities", "competent_authorities_or_institutions", "liaison_bodies"]
    in_the_interest_of_the_person: bool = False


class Telework(RuleBase):
    """Telework from the residence state keeps the employer's legislation, on request, below a share."""

    rule: Literal["telework"]
    below_share: Annotated[Fraction, Field(gt=0, lt=1)]
    request_needed: bool = True


class ResidenceAttribution(RuleBase):
    """Where residence counts, for a scheme that counts it, while the person is insured in the other state."""

    rule: Literal["residence_attribution"]
    own_scheme_members_abroad: Literal["resident", "not_provided"]
    foreign_scheme_members_here: Literal["not_resident", "by_national_law", "not_provided"]
    family_follows: bool = False
