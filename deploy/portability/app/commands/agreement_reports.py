"""What a treaty administrator reads of the agreements as a whole: what changes, what is covered, who is left out."""

from typing import Annotated

import typer

from portability.app.commands.law_files import agreement_named

__all__ = ["diff"]

Version = Annotated[str, typer.Argument(help="A treaty file, or the id of an agreement that ships with the package.")]


def diff(old: Version, new: Version) -> None:
    """Say in words what changes for whom between two versions of an agreement.

    The examples of both versions are run under both; those that come out otherwise are shown with both results.
    """
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)
    from portability.agreements.difference import difference  # noqa: PLC0415 (heavy)
    from portability.agreements.difference_text import difference_text  # noqa: PLC0415 (heavy)

    found = difference(agreement_named(old), agreement_named(new), packaged.legislations())
    typer.echo(difference_text(found), nl=False)
