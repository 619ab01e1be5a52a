"""What is asked about the law and what is answered: files, their faults, their examples, determinations."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from portability.agreements.catalogues import catalogue
from portability.agreements.examples import ExampleResult
from portability.agreements.explanation import Audience, render, trace_bytes
from portability.agreements.loading import Agreement
from portability.agreements.model import BenefitResult, Determination, DeterminationFacts, Step
from portability.agreements.national.legislation import Legislation
from portability.agreements.rules import ExampleCase
from portability.agreements.selection import Person
from portability.agreements.sentences import sentence
from portability.services.determination.treaties.model import VersionInForce

__all__ = [
    "CaseReport",
    "CaseStatus",
    "DetermineQuery",
    "ExampleSet",
    "ExplainedDetermination",
    "FileFault",
    "FileKind",
    "LawFile",
    "ProposedBenefit",
]


TRIAL = "Not ratified: a trial. No state is bound by these files."


class FileKind(StrEnum):
    """What a file of the law is; its keys say it."""

    AGREEMENT = "agreement"
    LEGISLATION = "legislation"
    EXAMPLES = "examples"


@dataclass(frozen=True, slots=True)
class FileFault:
    """One thing that is wrong in a file; line and column count from 1."""

    file: str
    line: int
    column: int
    expectation: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.expectation}"


@dataclass(frozen=True, slots=True)
class ExampleSet:
    """Examples in a file of their own, for the agreement or legislation named `of`."""

    file: str
    of: str
    cases: tuple[ExampleCase, ...]


LawFile = Agreement | Legislation | ExampleSet


class CaseStatus(StrEnum):
    """How an example came out."""

    PASSED = "passed"
    FAILED = "failed"
    DIFFERS = "differs"
    """It differs, and the file says why (`known_difference`)."""


@dataclass(frozen=True, slots=True)
class CaseReport:
    """One example that was run; `reason` says why nothing came out, or why a difference is known."""

    file: str
    case: ExampleCase
    status: CaseStatus
    expected: Mapping[str, object]
    actual: Mapping[str, object]
    reason: str = ""

    @classmethod
    def of(cls, result: ExampleResult, *, file: str) -> "CaseReport":
        """The result in the light of the file: a case marked as different that passes has lost its reason."""
        known = result.case.known_difference
        status, reason = CaseStatus.PASSED if result.passed else CaseStatus.FAILED, result.error
        if known and result.passed:
            status, reason = CaseStatus.FAILED, "It comes out as expected: remove `known_difference`."
        elif known:
            status, reason = CaseStatus.DIFFERS, known
        return cls(file, result.case, status, result.expected, result.actual, reason)


@dataclass(frozen=True, slots=True)
class DetermineQuery:
    """The facts of one claim, and the agreements to apply to them, each by its id, in the order of preference.

    `person` is the one who claims, as far as known: whether an agreement covers her turns on it.
    """

    facts: DeterminationFacts
    agreement_ids: tuple[str, ...]
    person: Person = field(default_factory=Person)


@dataclass(frozen=True, slots=True)
class ProposedBenefit:
    """The benefit of one national scheme and the agreement that it comes from."""

    agreement_id: str
    benefit: BenefitResult


@dataclass(frozen=True, slots=True)
class ExplainedDetermination:
    """One determination under each agreement, and for each scheme the benefit that is proposed: the highest award.

    `choice` says why one agreement is proposed before another, where there was something to choose: a named person
    decides.
    """

    determinations: tuple[Determination, ...]
    benefits: tuple[ProposedBenefit, ...]
    choice: tuple[Step, ...]
    versions: tuple[VersionInForce, ...] = ()  # which version of each agreement, and between whom it binds

    @property
    def review_status(self) -> str:
        """The weakest of all files used."""
        order = ("unverified", "drafted", "reviewed")
        return min((one.review_status for one in self.determinations), key=order.index)

    @property
    def banner(self) -> str:
        """The warning to show with every amount; empty once the version is ratified and every file reviewed."""
        warning = next((one.banner for one in self.determinations if one.banner), "")
        return " ".join(part for part in (TRIAL if self.is_trial else "", warning) if part)

    @property
    def is_trial(self) -> bool:
        """Whether a version was applied that no state has ratified."""
        return any(version.is_trial for version in self.versions)

    @property
    def trace(self) -> bytes:
        """One line of canonical JSON for each determination: the same files and facts give the same bytes."""
        return b"".join(trace_bytes(one) + b"\n" for one in self.determinations)

    def rendered(self, audience: Audience, language: str = "en") -> str:
        """The explanation as text for one reader, in a language with a catalogue."""
        trial = [f"{catalogue(language).term('trial')}\n"] if self.is_trial else []
        parts = [*trial, *(render(one, audience, language) for one in self.determinations)]
        return "\n".join([*parts, *(f"{line}\n" for line in self.choice_said(language))])

    def choice_said(self, language: str = "en") -> tuple[str, ...]:
        """Why one agreement is proposed before another, a sentence each, with its provision."""
        words = catalogue(language)
        said = ((sentence(step, "caseworker", words), step.citation) for step in self.choice)
        return tuple(f"{text} ({cite})" if cite else text for text, cite in said)
