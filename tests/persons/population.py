"""A made-up population and made-up searches for it, the same for the same seed.

Every hundredth birth is of twins. Names repeat more than in life, because the pools are small. What a form of another
state makes of a person: another script or transliteration, slips of the pen, a name changed by marriage, a birth date
with unknown or swapped parts, a number missing or wrong by a digit. One search in ten is for somebody who is not there.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from portability.agreements.careers import PersonIdentifier
from portability.services.persons.births import BirthDate
from portability.services.persons.likeness import PersonFacts

__all__ = ["Person", "Search", "population", "searches"]

NAMES: Mapping[str, Mapping[str, Sequence[Sequence[str]]]] = json.loads(
    Path(__file__).with_name("names.json").read_text()
)
"""By kind (family, f, m) and state: each name in its own spelling first, then as forms of other states hold it."""
STATES = sorted(NAMES["family"])
FIRST_BIRTH = date(1940, 1, 1)
DAYS_OF_BIRTH = 24_000
TWINS = 100  # one birth in so many
ABROAD = 0.35  # share of people whom the register also knows by a number of another state
STRANGERS = 0.1


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the register, and the spellings of each name."""

    person_id: str
    facts: PersonFacts
    family: tuple[str, ...]
    given: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Search:
    """A description that came from another state, and whom it is of; None: nobody in the register."""

    facts: PersonFacts
    person_id: str | None


def population(size: int, *, seed: int) -> list[Person]:
    """Return `size` people."""
    random = Random(seed)
    people: list[Person] = []
    while len(people) < size:
        first = _person(random, len(people))
        people.append(first)
        if random.randrange(TWINS) == 0 and len(people) < size:
            people.append(_twin(random, first, len(people)))
    return people


def searches(people: list[Person], count: int, *, seed: int) -> Iterator[Search]:
    """Yield `count` searches; a stranger is drawn as the people are, with numbers that nobody has."""
    random = Random(seed)
    for number in range(count):
        if random.random() < STRANGERS:
            yield Search(_described(random, _person(random, len(people) + number)), None)
        else:
            person = random.choice(people)
            yield Search(_described(random, person), person.person_id)


def _person(random: Random, number: int) -> Person:
    state = random.choice(STATES)
    sex = random.choice("fm")
    family = random.choice(_pool("family", state))
    given = random.choice(_pool(sex, state))
    born = FIRST_BIRTH + timedelta(days=random.randrange(DAYS_OF_BIRTH))
    identifiers = [PersonIdentifier(state, "national", f"{number:09d}{random.randrange(100):02d}")]
    if random.random() < ABROAD:
        other = random.choice([one for one in STATES if one != state])
        identifiers.append(PersonIdentifier(other, "pension", f"P{number:08d}"))
    # A register may know no day of birth, as of people who came without papers.
    birth = BirthDate(born.year, born.month, born.day) if random.random() < 0.98 else BirthDate(born.year)
    facts = PersonFacts((family[0],), given[0], birth, tuple(identifiers), sex)
    return Person(f"person-{number}", facts, family, given)


def _twin(random: Random, first: Person, number: int) -> Person:
    twin = _person(random, number)
    state = first.facts.identifiers[0].country
    given = random.choice([names for names in _pool(first.facts.sex, state) if names != first.given])
    identifier = PersonIdentifier(state, "national", f"{number:09d}{random.randrange(100):02d}")
    facts = replace(first.facts, given_names=given[0], identifiers=(identifier,))
    return Person(twin.person_id, facts, first.family, given)


def _described(random: Random, person: Person) -> PersonFacts:
    family = _slip(random, random.choice(person.family))
    families = (family,)
    if person.facts.sex == "f" and random.random() < 0.15:
        # She has married: her new name, and in half of the forms the one at birth too.
        new = random.choice(_pool("family", random.choice(STATES)))[0]
        families = (new, family) if random.random() < 0.5 else (new,)
    return PersonFacts(
        family_names=families,
        given_names=_slip(random, random.choice(person.given)),
        birth=_birth(random, person.facts.birth),
        identifiers=tuple(_identifiers(random, person)),
        sex=person.facts.sex if random.random() < 0.9 else "",
    )


def _birth(random: Random, birth: BirthDate) -> BirthDate:
    dice = random.random()
    if dice < 0.85 or not birth.is_whole:
        return birth
    if dice < 0.90:
        return replace(birth, day=0) if dice < 0.875 else replace(birth, month=0, day=0)
    if dice < 0.93 and birth.day <= 12:
        return replace(birth, month=birth.day, day=birth.month)
    if dice < 0.97:
        return replace(birth, day=birth.day % 28 + 1)
    return (
        replace(birth, month=1, day=1) if dice < 0.985 else replace(birth, year=birth.year + random.choice((-1, 1, 10)))
    )


def _identifiers(random: Random, person: Person) -> Iterator[PersonIdentifier]:
    for identifier in person.facts.identifiers:
        dice = random.random()
        if dice < 0.60:
            yield identifier
        elif dice < 0.66:
            place = random.randrange(len(identifier.value))
            wrong = identifier.value[:place] + str(random.randrange(10)) + identifier.value[place + 1 :]
            yield replace(identifier, value=wrong)
    if random.random() < 0.5:
        # The sender's own number, which the register has never heard of.
        yield PersonIdentifier("XX", "pension", str(random.randrange(10**9)))


def _slip(random: Random, name: str) -> str:
    if random.random() > 0.08 or len(name) < 4:
        return name
    place = random.randrange(1, len(name) - 2)
    return random.choice(
        (
            name[:place] + name[place + 1 :],
            name[:place] + name[place + 1] + name[place] + name[place + 2 :],
            name[:place] + name[place] + name[place:],
            name[:place] + random.choice("aeinrst") + name[place + 1 :],
        )
    )


def _pool(kind: str, state: str) -> list[tuple[str, ...]]:
    return [tuple(spellings) for spellings in NAMES[kind][state]]
