"""`portability reconciliations`: what the daily comparisons with partners came to, and closing what is looked into."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from portability.app.commands.at_node import As, Node, call_node, new_request_id
from portability.app.commands.printing import count, table

if TYPE_CHECKING:
    from portability.api.exchange.v1 import repair_service_pb2 as pb

__all__ = ["app"]

PAGE = 200
USUAL = timedelta(days=14)
SHOWN = 5
RECEIVED, AGREED, DIFFERED, SILENT, QUESTIONED = 1, 1, 2, 3, 5
MISSING, DIFFERING, UNSETTLED = 1, 2, 3
NEXT_STEPS = {
    MISSING: "missing: it was asked for and comes by itself; what is open after a day does not: call the partner",
    DIFFERING: "differs: nothing is mended by itself. Run `portability fsck` here, ask the partner to run it there, "
    "and export the evidence of both sides; two messages under one number were both signed by the partner",
    UNSETTLED: "not settled: the partner was asked where and has not answered: call it",
}
SILENCE = (
    "no digest: ask the partner whether its relay runs; where all partners are silent at once, look whether this node "
    "ran, and at `stream_not_reached`"
)

SETTLE = "what is looked into and stays so, an administrator closes: `portability reconciliations settle`"

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="What the daily comparisons with partners came to: what was missing, what differs, who was silent.",
)


@app.command("list")
def list_reconciliations(
    name: As,
    node: Node = "",
    partner: Annotated[str, typer.Option(help="Only with this institution, for example de-drv.")] = "",
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="First day (UTC); without it 14 days ago, with --open all."),
    ] = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only what stands and is not settled.")] = False,  # noqa: FBT002 (typer's)
) -> None:
    """List what was compared with each partner by day, the newest first, and what to do where something is open."""
    first = since.date() if since else None if only_open else _today() - USUAL
    reports = _at(_all(partner, first, only_open=only_open), name=name, node=node)
    if not reports:
        typer.echo("Nothing is open." if only_open else "Nothing was compared.")
        return
    table(("day", "partner", "messages", "numbers", "result", "open", "found"), [_row(one) for one in reports])
    steps = list(_next_steps(reports))
    if steps:
        typer.echo()
    for step in steps:
        typer.echo(f"next      {step}")


@app.command("settle")
def settle(
    partner: Annotated[str, typer.Argument(help="Institution, for example de-drv.")],
    numbers: Annotated[
        str, typer.Argument(help="What is open, as `portability reconciliations list --open` shows it: 7 or 70-71.")
    ],
    *,
    name: As,
    reason: Annotated[str, typer.Option(help="What came of looking into it, without personal data.")],
    node: Node = "",
) -> None:
    """Close what differs or is missing and was looked into: an administrator's act, kept with who, when and why.

    Nothing is changed at either end. Another difference found under the same numbers is open again.
    """
    from portability.api.exchange.v1 import repair_service_pb2 as pb  # noqa: PLC0415 (heavy)

    first, _, last = numbers.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        raise typer.BadParameter(f"'{numbers}' is no range of numbers: give one, or the first and the last as 70-71.")
    span = pb.StreamNumbers(first_seq=int(first), last_seq=int(last or first))

    async def call(stub: Any) -> Any:
        return await stub.SettleDifferences(
            pb.SettleDifferencesRequest(request_id=new_request_id(), partner=partner, numbers=span, reason=reason)
        )

    answer = _at(call, name=name, node=node)
    typer.echo(f"settled   {count(answer.settled, 'difference')} with {partner}")


def _all(partner: str, since: date | None, *, only_open: bool) -> Any:
    from google.type.date_pb2 import Date  # noqa: PLC0415 (heavy)

    from portability.api.exchange.v1 import repair_service_pb2 as pb  # noqa: PLC0415 (heavy)

    day = Date(year=since.year, month=since.month, day=since.day) if since else None

    async def call(stub: Any) -> "list[pb.Reconciliation]":
        reports: list[pb.Reconciliation] = []
        token = ""
        while True:
            request = pb.ListReconciliationsRequest(
                page_size=PAGE, page_token=token, partner=partner, since=day, only_open=only_open
            )
            page = await stub.ListReconciliations(request)
            reports += page.reconciliations
            token = page.next_page_token
            if not token:
                return reports

    return call


def _at(call: Any, *, name: str, node: str) -> Any:
    from portability.api.exchange.v1 import repair_service_pb2_grpc  # noqa: PLC0415 (heavy)

    return call_node(repair_service_pb2_grpc.RepairServiceStub, call, name=name, node=node)


def _today() -> date:
    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)

    return SystemClock().now().date()


def _row(one: "pb.Reconciliation") -> tuple[str, ...]:
    day = date(one.day.year, one.day.month, one.day.day).isoformat()
    whose = "theirs" if one.direction == RECEIVED else "ours"
    compared = _numbers(one.compared) if one.HasField("compared") else "-"
    return day, one.partner, whose, compared, _result(one), "open" if one.is_open else "-", _found(one) or "-"


def _result(one: "pb.Reconciliation") -> str:
    if one.result == SILENT:
        return "no digest came"
    if one.result == DIFFERED:
        return count(one.differences, "difference")
    if one.result == QUESTIONED:
        return f"the partner asked about {count(one.questions, 'range')}"
    return "agreed" if one.result == AGREED else "stated"


def _found(one: "pb.Reconciliation") -> str:
    said = [_finding(each) for each in one.findings[:SHOWN]]
    if one.differences > SHOWN:
        said.append(f"and {one.differences - SHOWN} more")
    return "; ".join(said)


def _finding(one: "pb.ReconciliationFinding") -> str:
    return _stands(one) + (_settled(one.settled) if one.HasField("settled") else "")


def _settled(one: "pb.FindingSettled") -> str:
    how = "given up" if one.is_given_up else "settled"
    said = f" by {one.by}: {one.reason}" if one.by else " in a protected case"
    return f", {how} {one.at.ToDatetime():%Y-%m-%d}{said}"


def _stands(one: "pb.ReconciliationFinding") -> str:
    numbers = _numbers(one.numbers)
    stands = one.is_open or one.HasField("settled")
    asked = f", asked {one.asked_at.ToDatetime():%m-%d %H:%M}" if one.HasField("asked_at") else ""
    if one.kind == DIFFERING:
        held = f"{one.held} messages are under it" if one.held > 1 else "another message is under it"
        return f"{numbers} differs: {held}" if stands else f"{numbers} differed and is mended"
    if one.kind == UNSETTLED:
        return f"somewhere in {numbers}{asked}"
    if not stands:
        return f"{numbers} was missing and has come"
    part = f" ({one.stated - one.held} of {one.stated} still)" if one.held else ""
    return f"{numbers} missing{part}{asked}"


def _numbers(numbers: "pb.StreamNumbers") -> str:
    one = numbers.first_seq == numbers.last_seq
    return str(numbers.first_seq) if one else f"{numbers.first_seq}-{numbers.last_seq}"


def _next_steps(reports: "Sequence[pb.Reconciliation]") -> Iterator[str]:
    """What a person does about what is open, each thing once."""
    is_open = [one for one in reports if one.is_open]
    kinds = {each.kind for one in is_open for each in one.findings if each.is_open}
    yield from (step for kind, step in NEXT_STEPS.items() if kind in kinds)
    if kinds:
        yield SETTLE
    if any(one.result == SILENT for one in is_open):
        yield SILENCE
