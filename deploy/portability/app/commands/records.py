"""`portability records`: the institution's own register, filled from a file by way of the running node."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from portability.app.commands.at_node import Node, call_node
from portability.app.commands.printing import count
from portability.services.access import Role

if TYPE_CHECKING:
    from portability.app.filling import Tally

__all__ = ["app"]

SOME_ASIDE = 3
"""Exit code where lines were set aside and the others are kept."""
SHOWN = 10

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The institution's own register of insured time.")


@app.callback()
def _group() -> None:
    """Keeps `import` a command of its own."""


@app.command("import")
def import_file(  # noqa: PLR0917 (typer's)
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV, xlsx, xls or ods.")],
    map_path: Annotated[
        Path,
        typer.Option("--map", exists=True, dir_okay=False, help="How to read it; `portability map new` makes one."),
    ],
    rejects: Annotated[
        Path | None, typer.Option(help="Where lines that are set aside go; without it, FILE.rejects.csv.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, send nothing.")] = False,  # noqa: FBT002 (typer's)
    name: Annotated[str, typer.Option("--as", help="System of this institution in whose name it is sent.")] = "import",
    node: Node = "",
) -> None:
    """Bring the lines of a file into the register; run it again after a stop, nothing is taken in twice.

    Exit code 0: every line is kept. 3: some were set aside, with the reason. 1: nothing was sent.
    """
    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)
    from portability.adapters.spreadsheets.map_file import load_map  # noqa: PLC0415 (heavy)
    from portability.adapters.spreadsheets.reading import RecordFile  # noqa: PLC0415 (heavy)
    from portability.api.records.v1 import imports_pb2_grpc  # noqa: PLC0415 (heavy)
    from portability.app.filling import Filling, opening_of, rejects_writer  # noqa: PLC0415 (heavy)

    by = load_map(map_path)
    opened = RecordFile(file, by)
    beside = rejects or file.with_name(f"{file.name}.rejects.csv")
    first: list[str] = []
    with rejects_writer(beside, opened.header, by) as write:

        def aside(line: Any, reason: str) -> None:
            write(line, reason)
            if len(first) < SHOWN:
                first.append(f"{file.name}:{line.number}  {reason}")

        filling = Filling(opened, by=by, aside=aside, progress=_progress)
        if dry_run:
            tally = filling.check(today=SystemClock().now().date())
        else:
            opening = opening_of(file, map_path, by)

            async def call(stub: Any) -> Any:
                return await filling.send(stub, opening)

            tally = call_node(imports_pb2_grpc.ImportServiceStub, call, name=name, node=node, role=Role.SYSTEM)
    _tell(tally, first, beside, dry_run=dry_run)
    if tally.aside:
        raise typer.Exit(SOME_ASIDE)
    beside.unlink()


def _progress(tally: "Tally") -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r\x1b[K{tally.lines:,} lines, {tally.aside:,} set aside\r", err=True, nl=False)


def _tell(tally: "Tally", first: list[str], beside: Path, *, dry_run: bool) -> None:
    for line in first:
        typer.echo(line, err=True)
    if tally.aside > len(first):
        typer.echo(f"... and {tally.aside - len(first)} more", err=True)
    if dry_run:
        typer.echo(f"{count(tally.lines, 'line')} read: {tally.accepted} can be sent; nothing was sent.")
    else:
        kept = f"{tally.accepted} accepted, {tally.unchanged} known already"
        typer.echo(
            f"{count(tally.lines, 'line')} read: {kept}" + (f", {tally.held} sent before" * bool(tally.held)) + "."
        )
    if tally.aside:
        typer.echo(
            f"{tally.aside} set aside: {beside} has them with the reason; correct it and import it in the same way."
        )
