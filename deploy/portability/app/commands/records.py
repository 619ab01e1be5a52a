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

As = Annotated[str, typer.Option("--as", help="Caseworker at this node, for example anna: her certificate is used.")]

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


@app.command("to-review")
def to_review(
    name: As,
    node: Node = "",
    case: Annotated[str, typer.Option("--case", help="One case; what is settled in it is shown too.")] = "",
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=500)] = 100,
) -> None:
    """List periods that a person has to look at, the longest waiting first, each with the reason."""
    from portability.api.records.v1 import reviews_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> Any:
        return await stub.ListReviews(pb.ListReviewsRequest(limit=limit, case_id=case))

    found = _at_reviews(call, name=name, node=node).reviews
    if not found:
        typer.echo("Nothing waits for a person.")
    for one in found:
        asked = f"; asked for by {one.asked_by}" if one.asked_by else ""
        typer.echo(f"{one.case_id}  {one.state}  {one.period_id}  of {one.institution_id}{asked}")
        for reason in one.reasons:
            typer.echo(f"    {reason}")
        if one.HasField("settled"):
            said = "is relied on" if one.settled.stands else "is left out"
            typer.echo(f"    settled: {said}, by {one.settled.settled_by}: {one.settled.reason}")


@app.command()
def settle(  # noqa: PLR0917 (typer's)
    case: Annotated[str, typer.Argument(help="The case, as `portability records to-review` shows it.")],
    state: Annotated[str, typer.Argument(help="State of the statement, for example DE.")],
    period: Annotated[str, typer.Argument(help="The period.")],
    name: As,
    because: Annotated[str, typer.Option("--because", help="How you know; it is kept with your name.")],
    stands: Annotated[bool, typer.Option("--stands/--does-not-stand", help="Whether it is relied on.")],
    node: Node = "",
) -> None:
    """Say in your own name whether a period is relied on; one that is not is left out of what is determined here."""
    from portability.adapters.clock.ids import time_ordered_id  # noqa: PLC0415 (heavy)
    from portability.api.records.v1 import reviews_pb2 as pb  # noqa: PLC0415 (heavy)

    request = pb.SettleReviewRequest(
        request_id=str(time_ordered_id()), case_id=case, state=state, period_id=period, stands=stands, reason=because
    )

    async def call(stub: Any) -> Any:
        return await stub.SettleReview(request)

    settled = _at_reviews(call, name=name, node=node).review.settled
    typer.echo(f"{state} {period} {'is relied on' if settled.stands else 'is left out'}, by {settled.settled_by}.")


@app.command()
def enter(  # noqa: PLR0917 (typer's)
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A document of EESSI, or a career file.")],
    case: Annotated[str, typer.Option("--case", help="The case that it is for.")],
    institution: Annotated[str, typer.Option("--institution", help="Who stated it, for example fr-cnav.")],
    name: As,
    level: Annotated[
        str, typer.Option("--evidence", help="Who stands behind its periods: declared, employer_report, ...")
    ] = "contribution_seen",
    node: Node = "",
) -> None:
    """Enter what an institution outside this exchange stated of a person into her case, period by period.

    Exit code 0: every period counts. 3: some do not; each is named with what is missing.
    """
    from portability.adapters.clock.ids import time_ordered_id  # noqa: PLC0415 (heavy)
    from portability.api.common.v1 import common_pb2 as common  # noqa: PLC0415 (heavy)
    from portability.api.records.v1 import records_pb2 as pb  # noqa: PLC0415 (heavy)
    from portability.api.records.v1 import records_pb2_grpc  # noqa: PLC0415 (heavy)
    from portability.app.stated import statement_in  # noqa: PLC0415 (heavy)

    stands = f"EVIDENCE_LEVEL_{level.upper()}"
    if stands not in common.EvidenceLevel.keys() or not common.EvidenceLevel.Value(stands):  # noqa: SIM118 (no mapping)
        raise typer.BadParameter(f"'{level}' is no evidence: say declared, employer_report, contribution_seen, ...")
    statement, document = statement_in(file, institution=institution)
    request = pb.EnterStatementRequest(
        request_id=str(time_ordered_id()),
        case_id=case,
        statement=statement,
        document=document,
        level=common.EvidenceLevel.Value(stands),
    )

    async def call(stub: Any) -> Any:
        return await stub.EnterStatement(request)

    entered = call_node(records_pb2_grpc.RecordServiceStub, call, name=name, node=node, role=Role.CASEWORKER)
    typer.echo(f"{count(entered.counted_periods, 'period')} of {institution} entered from {document}.")
    for one in entered.not_counted:
        typer.echo(f"{one.period_id}  not entered: {one.reason}", err=True)
    for total in entered.totals_differ:
        typer.echo(total, err=True)
    if entered.not_counted:
        raise typer.Exit(SOME_ASIDE)


def _at_reviews(call: Any, *, name: str, node: str) -> Any:
    from portability.api.records.v1 import reviews_pb2_grpc  # noqa: PLC0415 (heavy)

    return call_node(reviews_pb2_grpc.ReviewServiceStub, call, name=name, node=node, role=Role.CASEWORKER)


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
