"""Made-up people, the same for the same seed; every account, number and message of theirs says that it is a test."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

__all__ = ["Insured", "made_up"]

_FAMILY = "Bianchi Kowalska Müller Papadopoulos Novák García Yılmaz Rossi Schneider Nielsen Popescu Haddad".split()  # noqa: SIM905 (a list of names reads better in a row)
_GIVEN = "Maria Anna Jürgen Elena Piotr Ioannis José Fatma Luca Ingrid Andrei Samira".split()  # noqa: SIM905 (the same)
_FIRST_BIRTH = date(1958, 1, 13)
_BIRTH_DAYS = 1500


@dataclass(frozen=True, slots=True)
class Insured:
    """A person with years of work in each of two states: first year and how many."""

    place: int
    family_name: str
    given_names: str
    born: date
    german: tuple[int, int]
    italian: tuple[int, int]

    @property
    def name(self) -> str:
        return f"{self.family_name}, {self.given_names}"

    def account(self, country: str) -> str:
        return f"TEST-{country}-{self.place:04}"

    def number(self, country: str) -> str:
        return f"TEST{country}{self.born:%d%m%y}{self.place:04}"


def made_up(count: int, *, seed: int) -> list[Insured]:
    """So many people; no two share a number, and some share a name."""
    random = Random(seed)  # noqa: S311 (made-up people, to be drawn again)
    people = []
    for place in range(count):
        german, italian = random.randrange(3, 16), random.randrange(3, 16)
        begun = 1980 + random.randrange(8)
        people.append(
            Insured(
                place,
                random.choice(_FAMILY),
                random.choice(_GIVEN),
                _FIRST_BIRTH + timedelta(days=random.randrange(_BIRTH_DAYS)),
                (begun, german),
                (begun + german, italian),
            )
        )
    return people
