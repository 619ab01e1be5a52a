"""What a treaty administrator reads of the agreements as a whole: what changes, what is covered, who is left out."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from portability.app.commands.law_files import WRONG, agreement_named
from portability.app.commands.printing import table

if TYPE_CHECKING:
    from portability.agreements.coverage import Coverage

__all__ = ["coverage", "diff"]

Version = Annotated[str, typer.Argument(help="A treaty file, or the id of an agreement that ships with the package.")]


def coverage(
    agreement: Annotated[
        str, typer.Option(help="Only this agreement (an id or a treaty file), with each of its gaps.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,  # noqa: FBT002 (typer's)
) -> None:
    """How much of the law stands in files, how well cited and tested, and what is missing.

    Exit status 1 where a provision's citation names no place in a text.
    """
    from portability.agreements import coverage as counting  # noqa: PLC0415 (heavy)
    from portability.agreements import coverage_report as report  # noqa: PLC0415 (heavy)
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)

    if agreement:
        stated = packaged.stated_agreements().get(agreement) or agreement_named(agreement)
        one = counting.with_sets(counting.of_agreement(stated), packaged.example_sets())
        typer.echo(_json(report.file_value(one)) if as_json else report.file_text(one), nl=False)
        cited = one.cited
    else:
        found = counting.coverage(
            packaged.stated_agreements().values(), packaged.legislations().values(), packaged.example_sets()
        )
        typer.echo(_json(report.coverage_value(found)) if as_json else report.coverage_text(found), nl=False)
        if not as_json:
            _by_agreement(found)
        cited = found.tally.cited
    if not cited.is_whole:
        raise typer.Exit(WRONG)


def _by_agreement(found: "Coverage") -> None:
    typer.echo()
    head = ("agreement", "review", "rules", "cited", "read", "examples", "differ", "gaps", "stopping")
    rows = [
        (one.id, one.status, sum(one.kinds.values()), one.cited, one.verified, len(one.examples),
         len(one.known_differences), len(one.gaps), sum(gap.stops != "nothing" for gap in one.gaps))
        for one in found.agreements
    ]  # fmt: skip
    table(head, [tuple(map(str, row)) for row in rows])


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def diff(old: Version, new: Version) -> None:
    """Say in words what changes for whom between two versions of an agreement.

    The examples of both versions are run under both; those that come out otherwise are shown with both results.
    """
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)
    from portability.agreements.difference import difference  # noqa: PLC0415 (heavy)
    from portability.agreements.difference_text import difference_text  # noqa: PLC0415 (heavy)

    found = difference(agreement_named(old), agreement_named(new), packaged.legislations())
    typer.echo(difference_text(found), nl=False)
