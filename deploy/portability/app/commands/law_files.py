"""Files of the law as the commands are given them: read from disk or from the package, loaded, refused with a place."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portability.agreements.errors import AgreementError, AgreementSyntaxError, InputError, NotFoundError

if TYPE_CHECKING:
    from portability.agreements.loading import Agreement
    from portability.agreements.national.legislation import Legislation
    from portability.services.determination.model import LawFile

__all__ = ["WRONG", "AgreementId", "Files", "agreement_named", "load", "packaged_law", "texts", "written"]

WRONG = 1
"""Exit code of a command that found or met something wrong."""

Files = Annotated[list[Path] | None, typer.Argument(help="Files; without any, all that ship with the package.")]
AgreementId = Annotated[str, typer.Argument(help="Id of an agreement, for example eu-883-2004.")]


def texts(files: list[Path] | None) -> Iterable[tuple[str, str]]:
    """Name and text of each file; those of the package where none is named."""
    from portability.agreements.packaged import packaged_texts  # noqa: PLC0415 (heavy)

    if not files:
        yield from packaged_texts("treaties").items()
        yield from packaged_texts("legislation").items()
        yield from packaged_texts("examples").items()
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


def load(file: str, text: str) -> "LawFile":
    """What a file states; where it is wrong, its faults are printed and the command ends."""
    from portability.services.determination.files import faults_of, load_file  # noqa: PLC0415 (heavy)

    try:
        return load_file(text, file)
    except AgreementError as exc:
        for fault in faults_of(exc, file):
            typer.echo(str(fault))
        raise typer.Exit(WRONG) from exc


def packaged_law() -> "tuple[dict[str, Agreement], dict[str, Legislation]]":
    """Agreements and legislations that ship with the package, by id."""
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)

    return packaged.agreements(), {one.content.id: one for one in packaged.legislations().values()}


def agreement_named(name: str) -> "Agreement":
    """The agreement of a file, or that of the package with an id; with the rules that it incorporates.

    A file goes before an id of the same letters: who writes one has it open.
    """
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)
    from portability.agreements.loading import Agreement  # noqa: PLC0415 (heavy)
    from portability.services.determination.files import in_full  # noqa: PLC0415 (heavy)

    if not Path(name).is_file():
        if name in packaged.agreements():
            return packaged.agreements()[name]
        ids = ", ".join(packaged.agreements())
        raise NotFoundError(f"'{name}' is neither a file nor the id of an agreement. Known: {ids}.")
    ((file, text),) = texts([Path(name)])
    content = load(file, text)
    if not isinstance(content, Agreement):
        raise InputError(f"{file} is no agreement: expected a file with `parties` and `rules`.")
    return in_full(content, packaged)


def written(text: str, out: Path) -> None:
    """Write a file, over one that is there; InputError where that cannot be."""
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise InputError(f"{out} cannot be written: {exc.strerror}.") from exc
