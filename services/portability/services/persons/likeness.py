"""One person or two: a score with its reasons, and who may decide.

No single weak key ever attaches a record. A match is automatic only where two independent strong keys agree, nothing
contradicts them and nobody else comes into question; everything else from a threshold on is for a person to decide.
Strong keys are an identifier (each issuer counts once), and whole birth date with family and given names together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from portability.agreements.careers import PersonIdentifier
from portability.services.persons.births import UNKNOWN_BIRTH, BirthAgreement, BirthDate, compare_births
from portability.services.persons.names import NameAgreement, compare_names

__all__ = ["TO_A_PERSON", "Candidate", "Finding", "Likeness", "PersonFacts", "Reason", "Verdict", "decide", "likeness"]

TO_A_PERSON: Final = 7
"""Score from which a candidate is shown to a person; below it two descriptions are of two people."""
STRONG_KEYS: Final = 2


@dataclass(frozen=True, slots=True)
class PersonFacts:
    """What one side knows of a person. Empty: not known."""

    family_names: tuple[str, ...]  # as used now, at birth, before; any of them may agree
    given_names: str
    birth: BirthDate = UNKNOWN_BIRTH
    identifiers: tuple[PersonIdentifier, ...] = ()
    sex: str = ""  # as registers give it; compared, never asked for


class Reason(StrEnum):
    """Why a score is what it is; the words for people are in the texts of each language."""

    IDENTIFIER_SAME = "identifier_same"
    IDENTIFIER_DIFFERS = "identifier_differs"
    BIRTH = "birth"
    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    SEX_DIFFERS = "sex_differs"


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason with what was found and what it weighs."""

    reason: Reason
    found: str  # "DE pension", "same", "swapped" …
    weight: int


@dataclass(frozen=True, slots=True)
class Likeness:
    """How far two descriptions agree."""

    score: int
    findings: tuple[Finding, ...]
    strong_keys: int
    contradictions: tuple[Reason, ...]

    @property
    def is_certain(self) -> bool:
        """Whether it may be automatic, as far as this candidate alone is concerned."""
        return self.strong_keys >= STRONG_KEYS and not self.contradictions


class Verdict(StrEnum):
    MATCHED = "matched"
    TO_A_PERSON = "to_a_person"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known person and how far the description looked for is theirs."""

    person_id: str
    likeness: Likeness


_IDENTIFIER_SAME: Final = 12
_IDENTIFIER_DIFFERS: Final = -6
_SEX_DIFFERS: Final = -4
_BIRTHS: Final[Mapping[BirthAgreement, int]] = {
    BirthAgreement.SAME: 8,
    BirthAgreement.TO_THE_MONTH: 5,
    BirthAgreement.TO_THE_YEAR: 3,
    BirthAgreement.SWAPPED: 4,
    BirthAgreement.NEAR: 3,
    BirthAgreement.DIFFERENT: -8,
    BirthAgreement.UNKNOWN: 0,
}
_FAMILY: Final[Mapping[NameAgreement, int]] = {
    NameAgreement.SAME: 5,
    NameAgreement.CLOSE: 4,
    NameAgreement.PART: 2,
    NameAgreement.DIFFERENT: -4,
    NameAgreement.UNKNOWN: 0,
}
_GIVEN: Final[Mapping[NameAgreement, int]] = {
    NameAgreement.SAME: 4,
    NameAgreement.CLOSE: 3,
    NameAgreement.PART: 2,
    NameAgreement.DIFFERENT: -5,
    NameAgreement.UNKNOWN: 0,
}
_AGREEING: Final = frozenset({NameAgreement.SAME, NameAgreement.CLOSE})


def likeness(one: PersonFacts, other: PersonFacts) -> Likeness:
    """Compare two descriptions, each part by itself, and add up what each finding weighs."""
    identifiers = _identifiers(one, other)
    birth = compare_births(one.birth, other.birth)
    family = _best_family(one, other)
    given = compare_names(one.given_names, other.given_names)
    findings = [
        *identifiers,
        Finding(Reason.BIRTH, birth, _BIRTHS[birth]),
        Finding(Reason.FAMILY_NAME, family, _FAMILY[family]),
        Finding(Reason.GIVEN_NAME, given, _GIVEN[given]),
    ]
    if one.sex and other.sex and one.sex != other.sex:
        findings.append(Finding(Reason.SEX_DIFFERS, "different", _SEX_DIFFERS))
    by_person = birth is BirthAgreement.SAME and family in _AGREEING and given in _AGREEING
    return Likeness(
        score=sum(finding.weight for finding in findings),
        findings=tuple(findings),
        strong_keys=sum(one.reason is Reason.IDENTIFIER_SAME for one in identifiers) + by_person,
        contradictions=tuple(finding.reason for finding in findings if _contradicts(finding)),
    )


def decide(candidates: Sequence[Candidate]) -> tuple[Verdict, Sequence[Candidate]]:
    """Return the verdict and whom it is about: the one matched, or all that a person should look at, likest first."""
    in_question = sorted(
        (one for one in candidates if one.likeness.score >= TO_A_PERSON),
        key=lambda one: (-one.likeness.score, one.person_id),
    )
    certain = [one for one in in_question if one.likeness.is_certain]
    if len(certain) == 1 and not any(one.likeness.strong_keys for one in in_question if one is not certain[0]):
        return Verdict.MATCHED, certain
    return (Verdict.TO_A_PERSON, in_question) if in_question else (Verdict.NOBODY, ())


def _identifiers(one: PersonFacts, other: PersonFacts) -> list[Finding]:
    """Same issuer and number agree; the same issuer with another number speaks against it."""
    findings = []
    theirs = {_issuer(each): each.comparable for each in other.identifiers}
    for each in one.identifiers:
        known = theirs.get(_issuer(each))
        if known is None:
            continue
        issuer = f"{each.country} {each.sector}"
        if known == each.comparable:
            findings.append(Finding(Reason.IDENTIFIER_SAME, issuer, _IDENTIFIER_SAME))
        else:
            findings.append(Finding(Reason.IDENTIFIER_DIFFERS, issuer, _IDENTIFIER_DIFFERS))
    return findings


def _issuer(identifier: PersonIdentifier) -> tuple[str, str]:
    return identifier.country, identifier.sector


def _best_family(one: PersonFacts, other: PersonFacts) -> NameAgreement:
    found = [compare_names(mine, theirs) for mine in one.family_names for theirs in other.family_names]
    order = list(NameAgreement)
    return min(found, key=order.index, default=NameAgreement.UNKNOWN)


def _contradicts(finding: Finding) -> bool:
    # A name that changed does not contradict; another number of the same issuer, birth, given name or sex do.
    if finding.reason is Reason.FAMILY_NAME:
        return False
    return finding.weight < 0
