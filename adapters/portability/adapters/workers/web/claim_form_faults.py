"""What is wrong with the fields of a claim, on paper or sent, each by its name, in the order of the form. Pure."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

__all__ = ["LONGEST", "PLACES", "faults_of"]

PLACES: Final = 4
LONGEST: Final = 100  # characters of a line
_OF_A_PLACE: Final = ("state", "number", "from", "until", "work")


def faults_of(form: Mapping[str, str], *, places: int = PLACES) -> dict[str, str]:
    """The key of what is to be said at each field; empty where each field by itself is in order."""
    numbers = range(1, places + 1)
    return {**dict(_of_the_person(form)), **dict(_of_the_places(form, numbers)), **dict(_too_long(form, numbers))}


def _of_the_person(form: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name in ("family_name", "given_names", "residence"):
        if not form.get(name):
            yield name, "error.form.missing"
    for name in ("birth_date", "award_on"):
        if _day(form, name) is None:
            yield name, "error.form.day"


def _of_the_places(form: Mapping[str, str], numbers: range) -> Iterator[tuple[str, str]]:
    begun = [number for number in numbers if any(form.get(f"{one}{number}") for one in _OF_A_PLACE)]
    for number in begun or [1]:
        if not form.get(f"state{number}"):
            yield f"state{number}", "error.form.missing"
        first, last = (_day(form, f"{name}{number}") for name in ("from", "until"))
        if first is None:
            yield f"from{number}", "error.form.day"
        if last is None:
            yield f"until{number}", "error.form.day"
        if first and last and last < first:
            yield f"until{number}", "error.form.order"
    if not any(form.get(f"number{number}") for number in begun):
        yield f"number{(begun or [1])[0]}", "error.form.number"


def _too_long(form: Mapping[str, str], numbers: range) -> Iterator[tuple[str, str]]:
    names = (
        "family_name",
        "given_names",
        *(f"{one}{number}" for number in numbers for one in _OF_A_PLACE),
    )
    return ((name, "error.form.long") for name in names if len(form.get(name, "")) > LONGEST)


def _day(form: Mapping[str, str], name: str) -> date | None:
    try:
        return date.fromisoformat(form.get(name, ""))
    except ValueError:
        return None
