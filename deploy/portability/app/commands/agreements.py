"""`portability agreements`: check, test, show, explain and list the files of the law.

What is printed is for people; the exit status is 0 where all is well and 1 where a file, an example or a case is not.
"""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from portability.agreements.errors import AgreementError, AgreementSyntaxError, InputError, NotFoundError

if TYPE_CHECKING:
    from portability.agreements.loading import Agreement
    from portability.agreements.model import DeterminationFacts
    from portability.agreements.national.legislation import Legislation
    from portability.services.determination.model import CaseReport, LawFile

__all__ = ["app"]

WRONG = 1
Files = Annotated[list[Path] | None, typer.Argument(help="Files; without any, all that ship with the package.")]
AgreementId = Annotated[str, typer.Argument(help="Id of an agreement, for example eu-883-2004.")]

app = typer.Typer(no_args_is_help=True, help="The files of the law: agreements between states, and legislations.")


@app.command("check")
def check(files: Files = None) -> None:
    """Read files strictly and print every fault as file:line:column: expectation; exit status 1 on any."""
    from portability.services.determination.files import check_file  # noqa: PLC0415 (heavy)

    texts = dict(_texts(files))
    faults = [fault for file, text in texts.items() for fault in check_file(text, file)]
    for fault in faults:
        typer.echo(str(fault))
    if faults:
        wrong = len({fault.file for fault in faults})
        typer.echo(f"{_count(len(faults), 'fault')} in {wrong} of {_count(len(texts), 'file')}.", err=True)
        raise typer.Exit(WRONG)
    typer.echo(f"{_count(len(texts), 'file')} checked, no fault.")


@app.command("test")
def test(files: Files = None) -> None:
    """Run the examples that stand in files and print each case; exit status 1 where one fails.

    A file of examples alone names an agreement or legislation that ships with the package (`agreement: ID`).
    """
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)
    from portability.services.determination.files import run_examples  # noqa: PLC0415 (heavy)

    reports: list[CaseReport] = []
    loaded = [_load(file, text) for file, text in _texts(files)]
    for one in loaded:
        found = run_examples(one, packaged)
        typer.echo(f"{one.file}: {_count(len(found), 'example')}")
        for report in found:
            _print_report(report)
        reports += found
    counts = {status: sum(report.status == status for report in reports) for status in ("passed", "failed", "differs")}
    typer.echo(
        f"{_count(len(reports), 'example')}: " + ", ".join(f"{count} {name}" for name, count in counts.items()) + "."
    )
    if counts["failed"] or not reports:
        raise typer.Exit(WRONG)


@app.command("list")
def list_files() -> None:
    """Every agreement and legislation that ships with the package."""
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)

    rows = [
        (one.id, "agreement", one.content.status, len(one.content.rules), len(one.content.examples), one.content.title)
        for one in packaged.agreements().values()
    ] + [
        (one.content.id, "legislation", one.content.status, len(one.content.schemes), len(one.content.examples),
         one.content.title)
        for one in packaged.legislations().values()
    ]  # fmt: skip
    _table(("id", "kind", "review", "rules", "examples", "title"), [tuple(map(str, row)) for row in rows])


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="Id of an agreement or of a legislation.")]) -> None:
    """One agreement or legislation as a page to read: rules with their articles and dates, and what is not modelled."""
    from portability.app.commands.agreement_page import agreement_page, legislation_page  # noqa: PLC0415 (heavy)

    agreements, legislations = _known()
    if name in agreements:
        typer.echo(agreement_page(agreements[name]), nl=False)
    elif name in legislations:
        typer.echo(legislation_page(legislations[name]), nl=False)
    else:
        known = ", ".join([*agreements, *legislations])
        raise NotFoundError(f"There is no agreement or legislation '{name}'. Known: {known}.")


@app.command("explain")
def explain(
    agreement_id: AgreementId,
    case: Annotated[
        str, typer.Argument(help="A YAML file with the facts of a claim, or the id of a `determine` case.")
    ],
    audience: Annotated[
        Literal["jurist", "caseworker", "worker", "trace"],
        typer.Option("--for", help="Who reads it; `trace` is the canonical JSON."),
    ] = "caseworker",
) -> None:
    """Determine one claim and print every step: a proposal, never an award."""
    import asyncio  # noqa: PLC0415 (heavy)

    from portability.agreements import packaged  # noqa: PLC0415 (heavy)
    from portability.services.determination.handlers import determine_benefits  # noqa: PLC0415 (heavy)
    from portability.services.determination.model import DetermineQuery  # noqa: PLC0415 (heavy)

    facts = _facts(packaged.agreement(agreement_id), case)
    result = asyncio.run(determine_benefits(DetermineQuery(facts, (agreement_id,)), law=packaged))
    if audience == "trace":
        sys.stdout.buffer.write(result.trace)
    else:
        typer.echo(result.rendered(audience), nl=False)


def _texts(files: list[Path] | None) -> Iterable[tuple[str, str]]:
    """Name and text of each file; those of the package where none is named."""
    from portability.agreements.packaged import packaged_texts  # noqa: PLC0415 (heavy)

    if not files:
        yield from packaged_texts("treaties").items()
        yield from packaged_texts("legislation").items()
        return
    for file in files:
        try:
            yield str(file), file.read_text(encoding="utf-8")
        except OSError as exc:
            raise InputError(f"{file} cannot be read: {exc.strerror}.") from exc
        except UnicodeDecodeError as exc:
            line = exc.object[: exc.start].count(b"\n") + 1
            raise AgreementSyntaxError(
                file=str(file), line=line, column=1, expectation="this is not UTF-8: save the file as UTF-8"
            ) from exc


def _load(file: str, text: str) -> "LawFile":
    from portability.services.determination.files import faults_of, load_file  # noqa: PLC0415 (heavy)

    try:
        return load_file(text, file)
    except AgreementError as exc:
        for fault in faults_of(exc, file):
            typer.echo(str(fault))
        raise typer.Exit(WRONG) from exc


def _print_report(report: "CaseReport") -> None:
    typer.echo(f"  {report.status:7}  {report.case.id:36}  {report.case.title}")
    typer.echo(f"           expected  {_plain(dict(report.expected))}")
    typer.echo(f"           actual    {_plain(dict(report.actual)) if report.actual else 'nothing'}")
    if report.reason:
        typer.echo(f"           because   {report.reason}")
    if report.status != "passed":
        typer.echo(f"           source    {report.case.source}")


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}" if number == 1 else f"{number or 'no'} {noun}s"


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_plain(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_plain, value)) + "]"
    return "nothing" if value is None else str(value)


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """A table for people; columns of plain text where the output is not a terminal."""
    if sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415 (heavy)
        from rich.table import Table  # noqa: PLC0415 (heavy)

        table = Table(*head)
        for row in rows:
            table.add_row(*row)
        Console().print(table)
        return
    widths = [max(len(row[index]) for row in (head, *rows)) for index in range(len(head))]
    for row in (head, *rows):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _known() -> "tuple[dict[str, Agreement], dict[str, Legislation]]":
    """Agreements and legislations that ship with the package, by id."""
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)

    return packaged.agreements(), {one.content.id: one for one in packaged.legislations().values()}


def _facts(agreement: "Agreement", case: str) -> "DeterminationFacts":
    """The facts of a claim: of a file in the shape of a `determine` case, or of such a case of the agreement."""
    from portability.agreements.example_inputs import DetermineGiven  # noqa: PLC0415 (heavy)
    from portability.agreements.lookup import boundary_dates  # noqa: PLC0415 (heavy)
    from portability.services.determination.files import read_facts  # noqa: PLC0415 (heavy)

    newest = boundary_dates(agreement)[-1]
    determined = {one.id: one for one in agreement.content.examples if one.kind == "determine"}
    if case in determined:
        return DetermineGiven.model_validate(determined[case].given).facts(newest)
    if not Path(case).is_file():
        cases = ", ".join(determined) or "it has none"
        raise NotFoundError(f"'{case}' is neither a file nor a `determine` case of '{agreement.id}' ({cases}).")
    ((file, text),) = _texts([Path(case)])
    return read_facts(text, file, default_on=newest)
