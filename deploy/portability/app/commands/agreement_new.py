"""`portability agreements new`: a treaty file to be filled in, from the usual mechanics of a family of treaties."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from portability.agreements.errors import InputError
from portability.app.commands.law_files import written

__all__ = ["new"]

FamilyName = Literal["canada", "australia", "eu-style", "residence", "blank"]


def new(
    agreement_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the agreement, for example ca-xx.")],
    parties: Annotated[str, typer.Option(help="Two or more states by their codes, for example CA,IT.")],
    from_model: Annotated[FamilyName, typer.Option(help="The family whose usual mechanics stand in the file.")],
    out: Annotated[
        Path | None, typer.Option(help="Write the file here instead of to the standard output.", dir_okay=False)
    ] = None,
) -> None:
    """Begin a treaty file: rules of a family, with every day, number and article left to be filled in from the text.

    `portability agreements check FILE` refuses the file until nothing is left open, and names each place.
    """
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)
    from portability.agreements.scaffold import scaffold  # noqa: PLC0415 (heavy)
    from portability.agreements.values import Branch  # noqa: PLC0415 (heavy)

    if out is not None and out.exists():
        raise InputError(f"{out} is there already: name another file, or move that one away.")
    states = tuple(part.strip() for part in parties.split(","))
    schemes = {
        state: legislation.schemes_of(Branch.OLD_AGE)[0].id
        for state, legislation in packaged.legislations().items()
        if state in states and legislation.schemes_of(Branch.OLD_AGE)
    }
    models = packaged.packaged_texts("treaty_models")
    text = scaffold(agreement_id, states, from_model, models=models, schemes=schemes)
    if out is None:
        typer.echo(text, nl=False)
        return
    written(text, out)
    typer.echo(f"{out} is begun. Next: portability agreements check {out}", err=True)
