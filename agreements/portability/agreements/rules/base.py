"""What every entry of a file of the law is made of: strict values, and the base of all rules."""

import re
from datetime import date
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from portability.agreements.periods import DayRegime, PeriodUnit
from portability.agreements.values import Branch, Citation

__all__ = [
    "Amount", "Day", "Entry", "Group", "Id", "Instrument", "NotModelled", "RuleBase", "Sha256", "State", "Text",
    "Units",
]  # fmt: skip

Text = Annotated[str, StringConstraints(min_length=1, max_length=2000, strip_whitespace=True)]
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
State = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Amount = Annotated[Fraction, Field(ge=0)]


def _written_as_day(value: object) -> object:
    """A day is written YYYY-MM-DD; what pydantic would take too (20200101 as seconds since 1970) is refused."""
    if isinstance(value, str) and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        raise PydanticCustomError("date_parsing", "expected a day that exists, written YYYY-MM-DD")
    return value


Day = Annotated[date, BeforeValidator(_written_as_day)]

Group = Literal["nationals", "refugees", "stateless", "family", "survivors", "others_insured"]
"""Groups of persons, as agreements name them; `others_insured`: whoever is or was insured, whatever the nationality."""


class Entry(BaseModel):
    """Base of everything in a file: frozen, and no unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Instrument(Entry):
    """A legal text that rules cite, by the short id that citations begin with."""

    id: Annotated[str, StringConstraints(pattern=r"^\S+( \S+)?$", max_length=40)]
    title: Text
    official: Text = Field(description="Where the authentic text is: an official address or gazette reference")
    read: Text = Field(description="Which copy was read, and its state")
    read_sha256: Sha256 | None = Field(default=None, description="SHA-256 of the copy that was read")


class NotModelled(Entry):
    """A provision that this file does not encode; a determination that turns on it stops with its citation."""

    cite: Text
    what: Text
    stops: Literal["nothing", "everything", "aggregation", "calculation"] = "nothing"
    states: tuple[State, ...] = ()
    own_time_before: Day | None = Field(
        default=None, description="Stops only where the state's own time reaches back before this day, or has no dates"
    )


class Units(Entry):
    """An amount of time in one unit."""

    amount: Amount
    unit: PeriodUnit
    day_regime: DayRegime | None = None


class RuleBase(Entry):
    """What every rule says: an id, from when (and until when, inclusive), where the law says it, for whom."""

    id: Id
    valid_from: Day = Field(alias="from")
    valid_until: Day | None = Field(default=None, alias="until", description="Last day in force, inclusive")
    cite: Text
    branches: tuple[Branch, ...] = Field(default=(), description="Empty: every branch that the file covers")
    states: tuple[State, ...] = Field(default=(), description="States that apply the rule; empty: every party")
    schemes: tuple[Id, ...] = Field(default=(), description="National schemes concerned; empty: every scheme")
    except_schemes: tuple[Id, ...] = Field(default=(), description="National schemes to which it does not apply")
    status: Literal["verified", "unverified"] = "verified"
    note: Text | None = None

    several_at_once: ClassVar[bool] = False
    """Whether rules of this kind may stand beside each other; otherwise two in force at once are a conflict."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """What the rule is about, where one kind holds several (persons, actions); empty: everything."""
        return ()

    @property
    def citation(self) -> Citation:
        """Where the law says it."""
        return Citation.of(self.cite)
