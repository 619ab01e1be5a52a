"""Under which keys a person is filed, so that a search reads a handful of candidates and not the register.

Two descriptions of one person share a key where an identifier is the same, or the birth date (also with day and month
swapped) beside either name, or its year or its day beside both.
"""

from portability.services.persons.births import BirthDate
from portability.services.persons.likeness import PersonFacts
from portability.services.persons.names import skeleton

__all__ = ["search_keys"]


def search_keys(person: PersonFacts) -> frozenset[str]:
    """Return the keys of a person. They hold personal data: a store keeps a keyed hash of each."""
    families = {skeleton(name) for name in person.family_names if name}
    given = skeleton(person.given_names)
    keys = {f"id {one.country} {one.sector} {one.comparable}" for one in person.identifiers}
    if not person.birth.year:
        return frozenset(keys)
    for family in families:
        keys.add(f"year {person.birth.year} {family} {given}")
    if not person.birth.is_whole:
        return frozenset(keys)
    day = _day(person.birth)
    for family in families:
        keys |= {f"born {person.birth.year} {day} {family}", f"day {day} {family} {given}"}
    return frozenset(keys | {f"born {person.birth.year} {day} given {given}"})


def _day(birth: BirthDate) -> str:
    """One text for a day and month and their swapped form."""
    low, high = sorted((birth.month, birth.day))
    return f"{low}-{high}"
