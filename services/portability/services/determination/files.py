"""Files of the law from outside: what kind one is, what is wrong with it, how its examples come out. Pure."""

import hashlib
from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from portability.agreements.errors import (
    AgreementError,
    AgreementFileError,
    AgreementSyntaxError,
    ConflictingRulesError,
    NotFoundError,
)
from portability.agreements.example_inputs import DetermineGiven
from portability.agreements.examples import run_agreement_examples, run_legislation_examples
from portability.agreements.incorporation import with_incorporated
from portability.agreements.lint import remarks
from portability.agreements.loading import Agreement, load_agreement, load_examples, load_model
from portability.agreements.model import DeterminationFacts
from portability.agreements.national.legislation import Legislation, LegislationFile, load_legislation
from portability.agreements.packaged import legislation, names
from portability.agreements.values import StateCode
from portability.agreements.yaml_source import SourceTree, read_yaml
from portability.services.determination.model import CaseReport, ExampleSet, FileFault, FileKind, LawFile
from portability.services.determination.ports import LawLibrary

__all__ = [
    "check_file",
    "examine_file",
    "faults_of",
    "file_id",
    "file_kind",
    "in_full",
    "load_file",
    "read_facts",
    "run_examples",
]


def file_kind(text: str, file: str) -> FileKind:
    """What a file is by the keys that it has; AgreementSyntaxError where they say nothing of ours."""
    tree = _tree(text, file)
    if not isinstance(tree.values, dict):
        raise tree.error((), "expected keys and values, beginning with `format: 1`")
    for key, kind in (
        ("agreement", FileKind.EXAMPLES),
        ("schemes", FileKind.LEGISLATION),
        ("parties", FileKind.AGREEMENT),
        ("rules", FileKind.AGREEMENT),
        ("state", FileKind.LEGISLATION),
    ):
        if key in tree.values:
            return kind
    raise tree.error(
        (),
        "this is none of ours: expected an agreement (with `parties` and `rules`), a legislation (with `state` and "
        "`schemes`) or examples (with `agreement` and `examples`)",
    )


@lru_cache(maxsize=1)
def _tree(text: str, file: str) -> SourceTree:
    """A file is read for its kind and again for the places of its remarks."""
    return read_yaml(text, file)


def load_file(text: str, file: str) -> LawFile:
    """What the file states. Raises AgreementError with every fault and its place."""
    match file_kind(text, file):
        case FileKind.AGREEMENT:
            return load_agreement(text, file)
        case FileKind.LEGISLATION:
            return load_legislation(text, file, sha256=hashlib.sha256(text.encode()).hexdigest())
        case FileKind.EXAMPLES:
            content, _ = load_examples(text, file)
            return ExampleSet(file, content.agreement, content.examples)


def check_file(text: str, file: str) -> tuple[FileFault, ...]:
    """Everything that is wrong with a file, each with its place; nothing where it can be applied."""
    return examine_file(text, file)[0]


def examine_file(text: str, file: str) -> tuple[tuple[FileFault, ...], tuple[FileFault, ...]]:
    """Faults, which must be corrected before the file is applied, and warnings, which its author should weigh."""
    try:
        content = load_file(text, file)
    except AgreementError as exc:
        return faults_of(exc, file), ()
    found = () if isinstance(content, ExampleSet) else remarks(content.content, _laws_of(content))
    if not found:
        return (), ()
    tree = _tree(text, file)
    placed = [(one.is_fault, FileFault(file, *tree.place(one.path), one.text)) for one in found]
    return tuple(one for fault, one in placed if fault), tuple(one for fault, one in placed if not fault)


def _laws_of(content: Agreement | Legislation) -> tuple[LegislationFile, ...]:
    """The packaged laws of an agreement's parties, where they are encoded."""
    states = content.content.parties if isinstance(content, Agreement) else ()
    return tuple(legislation(one).content for one in states if one.lower() in names("legislation"))


def faults_of(error: AgreementError, file: str) -> tuple[FileFault, ...]:
    """The places that an error names."""
    if isinstance(error, AgreementFileError):
        return tuple(FileFault(one.file, one.line, one.column, one.expectation) for one in error.errors)
    if isinstance(error, AgreementSyntaxError):
        return (FileFault(error.file, error.line, error.column, error.expectation),)
    if isinstance(error, ConflictingRulesError) and error.place:
        where = "{}:{}:{}: ".format(*error.place)
        return (FileFault(*error.place, error.message.removeprefix(where)),)
    return (FileFault(file, 1, 1, error.message),)


def file_id(content: LawFile) -> str:
    """The id that a file gives itself; for examples, that of what they are about."""
    return content.of if isinstance(content, ExampleSet) else content.content.id


def read_facts(text: str, file: str, *, default_on: date) -> DeterminationFacts:
    """The facts of a claim, in the shape of a `determine` example's `given`; days left out are `default_on`.

    Raises AgreementError with every fault and its place.
    """
    return load_model(DetermineGiven, read_yaml(text, file)).facts(default_on)


def in_full(agreement: Agreement, law: LawLibrary) -> Agreement:
    """With what it incorporates of the library, which is not read where it incorporates nothing."""
    return with_incorporated(agreement, law.agreements() if agreement.content.incorporates else {})


def run_examples(content: LawFile, law: LawLibrary) -> tuple[CaseReport, ...]:
    """Run every example of a file.

    An agreement is run with the legislations of the library; examples alone need an agreement or a legislation of
    the library by its id (NotFoundError).
    """
    if isinstance(content, Agreement):
        return _reports_of_agreement(in_full(content, law), content.file, law.legislations())
    if isinstance(content, Legislation):
        return _reports_of_legislation(content, content.file)
    if content.of in law.agreements():
        agreement = law.agreements()[content.of]
        results = run_agreement_examples(content.cases, agreement, law.legislations())
        return tuple(CaseReport.of(result, file=content.file) for result in results)
    legislation = next((one for one in law.legislations().values() if one.content.id == content.of), None)
    if legislation is None:
        known = ", ".join([*law.agreements(), *(one.content.id for one in law.legislations().values())])
        raise NotFoundError(f"{content.file}: there is no agreement or legislation '{content.of}'. Known: {known}.")
    with_cases = legislation.content.model_copy(update={"examples": content.cases})
    return _reports_of_legislation(Legislation(with_cases, legislation.file, legislation.sha256), content.file)


def _reports_of_agreement(
    agreement: Agreement, file: str, legislations: Mapping[StateCode, Legislation]
) -> tuple[CaseReport, ...]:
    results = run_agreement_examples(agreement.content.examples, agreement, legislations)
    return tuple(CaseReport.of(result, file=file) for result in results)


def _reports_of_legislation(legislation: Legislation, file: str) -> tuple[CaseReport, ...]:
    return tuple(CaseReport.of(result, file=file) for result in run_legislation_examples(legislation))
