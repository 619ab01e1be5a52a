"""`portability agreements check` and `test`: what is wrong with files, and how their examples come out."""

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portability.app.commands.law_files import WRONG, Files, load, texts
from portability.app.commands.printing import count, plain, table

if TYPE_CHECKING:
    from portability.services.determination.model import CaseReport, LawFile

__all__ = ["check", "test"]

STATUSES = ("passed", "failed", "differs")
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Print every case, also those that pass.")]

Warnings = Annotated[
    bool, typer.Option("--warnings/--no-warnings", help="Print warnings; of named files they are printed anyway.")
]
Strict = Annotated[bool, typer.Option("--strict", help="Exit status 1 on warnings too.")]


def check(
    files: Files = None,
    warnings: Warnings | None = None,
    strict: Strict = False,  # noqa: FBT002 (typer's)
) -> None:
    """Read files strictly and print every fault as file:line:column: expectation; exit status 1 on any.

    A warning is for the author to weigh: a text without its hash, a whole article cited, a rule that no example shows.
    """
    from portability.services.determination.files import examine_file  # noqa: PLC0415 (heavy)

    found = {file: examine_file(text, file) for file, text in texts(files)}
    faults = [fault for of_file, _ in found.values() for fault in of_file]
    weighed = [warning for _, of_file in found.values() for warning in of_file]
    for fault in faults:
        typer.echo(str(fault))
    shown = bool(files) if warnings is None else warnings
    for warning in weighed if shown else ():
        typer.echo(f"{warning.file}:{warning.line}:{warning.column}: warning: {warning.expectation}")
    hint = "" if shown or not weighed else " (--warnings prints them)"
    told = f", {count(len(weighed), 'warning')}{hint}" if weighed else ""
    if faults:
        wrong = len({fault.file for fault in faults})
        typer.echo(f"{count(len(faults), 'fault')} in {wrong} of {count(len(found), 'file')}{told}.", err=True)
    else:
        typer.echo(f"{count(len(found), 'file')} checked, no fault{told}.")
    if faults or (strict and weighed):
        raise typer.Exit(WRONG)


def test(files: Files = None, verbose: Verbose = False) -> None:  # noqa: FBT002 (typer's)
    """Run the examples that stand in files; exit status 1 where one fails.

    Cases that fail, or differ for a reason that the file gives, are printed with what was expected and what came out.
    A file of examples alone names an agreement or legislation that ships with the package (`agreement: ID`).
    """
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)
    from portability.services.determination.files import run_examples  # noqa: PLC0415 (heavy)

    contents = _contents(files)
    reports: list[CaseReport] = []
    without = 0
    for number, one in enumerate(contents, start=1):
        _progress(f"{number}/{len(contents)} {one.file}")
        found = run_examples(one, packaged)
        _progress("")
        _print_file(one.file, found, verbose=verbose, named=bool(files))
        reports += found
        without += not found
    _print_summary(reports, files=len(contents), without=without)
    if not reports or any(report.status == "failed" for report in reports):
        raise typer.Exit(WRONG)


def _contents(files: "list[Path] | None") -> "Sequence[LawFile]":
    """What the files state; those of the package are read once and serve the cases too."""
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)

    if files:
        return [load(file, text) for file, text in texts(files)]
    sets = [load(file, text) for file, text in packaged.packaged_texts("examples").items()]
    return [*packaged.stated_agreements().values(), *packaged.legislations().values(), *sets]


def _progress(what: str) -> None:
    """One line that is written over, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{what}")
        sys.stderr.flush()


def _print_file(file: str, found: "Sequence[CaseReport]", *, verbose: bool, named: bool) -> None:
    shown = [report for report in found if verbose or report.status != "passed"]
    if shown or named or verbose:
        typer.echo(f"{file}: {count(len(found), 'example')}" + (f", {_counts(found)}" if found else ""))
    for report in shown:
        _print_report(report)


def _print_report(report: "CaseReport") -> None:
    typer.echo(f"  {report.status:7}  {report.case.id:36}  {report.case.title}")
    typer.echo(f"           expected  {plain(dict(report.expected))}")
    typer.echo(f"           actual    {plain(dict(report.actual)) if report.actual else 'nothing'}")
    if report.reason:
        typer.echo(f"           because   {report.reason}")
    if report.status != "passed":
        typer.echo(f"           source    {report.case.source}")


def _print_summary(reports: "Sequence[CaseReport]", *, files: int, without: int) -> None:
    """How the cases came out by the trust that their source deserves, and all together on the last line."""
    if reports:
        rows = []
        for trust in ("published", "official_program", "derived", "own"):
            of_trust = [report for report in reports if report.case.trust == trust]
            numbers = Counter(report.status.value for report in of_trust)
            if of_trust:
                rows.append((trust.replace("_", " "), *(str(numbers[status]) for status in STATUSES)))
        table(("examples", *STATUSES), rows)
    if files > 1:
        typer.echo(f"{count(files, 'file')}, {without or 'none'} without an example.")
    typer.echo(f"{count(len(reports), 'example')}: {_counts(reports)}.")


def _counts(reports: "Iterable[CaseReport]") -> str:
    numbers = Counter(report.status.value for report in reports)
    return ", ".join(f"{numbers[status]} {status}" for status in STATUSES)
