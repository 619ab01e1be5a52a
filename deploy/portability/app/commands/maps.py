"""`portability map`: how a file of an agency is read, as a file that a clerk can read and correct."""

from pathlib import Path
from typing import Annotated

import typer

from portability.agreements.errors import InputError
from portability.app.commands.printing import count

__all__ = ["app"]

CHECKED = 200

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Maps: which column of a file says what.")
TheFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, xlsx, xls or ods.")]


@app.command()
def new(
    file: TheFile,
    to: Annotated[Path | None, typer.Option(help="Where to write it; without it, FILE.map.yaml.")] = None,
) -> None:
    """Propose a map for a file, with what speaks for it; read it, fill in what no column says, correct it."""
    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)
    from portability.adapters.spreadsheets.proposing import proposed_map  # noqa: PLC0415 (heavy)

    target = to or file.with_name(f"{file.name}.map.yaml")
    if target.exists():
        raise InputError(f"{target} is there already: name another with --to, or delete it.", field="to")
    target.write_text(proposed_map(file, today=SystemClock().now().date()), encoding="utf-8")
    typer.echo(f"{target}: read it, fill in `same_on_each_line`, then `portability map check {file} --map {target}`.")


@app.command()
def check(
    file: TheFile,
    map_path: Annotated[Path, typer.Option("--map", exists=True, dir_okay=False, help="The map to check.")],
) -> None:
    """Check a map as a whole and against the first lines of its file, and show what the first of them becomes."""
    from itertools import islice  # noqa: PLC0415 (beside the others)

    from portability.adapters.spreadsheets.map_file import load_map  # noqa: PLC0415 (heavy)
    from portability.adapters.spreadsheets.reading import RecordFile  # noqa: PLC0415 (heavy)

    lines = list(islice(RecordFile(file, load_map(map_path)), CHECKED))
    shown = next((line for line in lines if line.record), None)
    if shown is not None and shown.record is not None:
        typer.echo(f"line {shown.number} becomes:")
        typer.echo("".join(f"  {each}\n" for each in str(shown.record).splitlines()), nl=False)
    for line in lines:
        if line.reason:
            typer.echo(f"{file.name}:{line.number}  {line.reason}")
    wrong = sum(1 for line in lines if line.reason)
    typer.echo(f"{count(len(lines), 'line')} looked at, {wrong} would be set aside.")
    if wrong:
        raise typer.Exit(1)
