"""`portability agreements render`: one treaty as a page of its own, to read, to send and to print."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portability.app.commands.law_files import agreement_named, written

if TYPE_CHECKING:
    from portability.agreements.loading import Agreement
    from portability.services.determination.model import CaseReport

__all__ = ["render"]


def render(
    name: Annotated[str, typer.Argument(help="An agreement, by id or file.")],
    out: Annotated[
        Path | None, typer.Option(help="Write the page here instead of to the standard output.", dir_okay=False)
    ] = None,
) -> None:
    """One agreement as a web page in one file: texts, rules in article order, dates, who is left out, gaps, tests.

    The page has no script and loads nothing; it can be read on a phone, sent by mail and printed.
    """
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)
    from portability.services.determination.files import run_examples  # noqa: PLC0415 (heavy)

    agreement = agreement_named(name)
    page = _page(agreement, run_examples(agreement, packaged))
    if out is None:
        typer.echo(page, nl=False)
        return
    written(page, out)
    typer.echo(f"{agreement.id} stands in {out}.", err=True)


def _page(agreement: "Agreement", reports: "Sequence[CaseReport]") -> str:
    import jinja2  # noqa: PLC0415 (heavy)

    from portability.app.commands.treaty_view import treaty_view  # noqa: PLC0415 (heavy)

    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("portability.app.commands"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    environment.filters["extract"] = lambda key, values: values.get(key, key)
    return environment.get_template("treaty.html").render(view=treaty_view(agreement, reports))
