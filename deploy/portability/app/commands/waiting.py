"""What waits in a case for what its sender has not sent: listed, asked for, given up; commands of `quarantine`."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from portability.app.commands.at_node import As, Node, call_node, new_request_id
from portability.app.commands.printing import table

if TYPE_CHECKING:
    from portability.api.exchange.v1 import repair_service_pb2 as pb

__all__ = ["ask", "give_up", "list_waiting"]

PAGE = 200
PERSON = 2
Sender = Annotated[str, typer.Argument(help="Institution that sent it, as `portability quarantine waiting` shows it.")]
Case = Annotated[str, typer.Argument(help="The case, as `portability quarantine waiting` shows it.")]


def list_waiting(name: As, node: Node = "") -> None:
    """List the cases in which messages of a partner wait, since when, and for what."""
    rows = [_row(one) for one in _at(_all, name=name, node=node)]
    if not rows:
        typer.echo("Nothing waits.")
        return
    table(("since", "sender", "case", "waiting", "for"), rows)


def ask(sender: Sender, case_id: Case, name: As, node: Node = "") -> None:
    """Ask a partner at once for what is missing in a case; the asking that goes on by itself goes on."""
    from portability.api.exchange.v1 import repair_service_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> Any:
        return await stub.AskForMissing(
            pb.AskForMissingRequest(request_id=new_request_id(), sender=sender, case_id=case_id)
        )

    answer = _at(call, name=name, node=node)
    typer.echo(f"missing   {_numbers(answer.missing)} of the case")
    if answer.asked:
        typer.echo(f"asked     for {answer.asked} numbers of the stream of {sender}")
    else:
        typer.echo(
            f"asked     for nothing: the stream of {sender} lacks nothing there, so it has left these numbers out"
        )


def give_up(
    sender: Sender,
    case_id: Case,
    numbers: Annotated[str, typer.Argument(help="What is missing, as `portability quarantine waiting` shows it: 3-4.")],
    *,
    name: As,
    reasons: Annotated[list[str], typer.Option("--reason", help="For the sender's people, without personal data.")],
    node: Node = "",
) -> None:
    """Let a case go on without what is missing, for good; its sender reads why, and what comes late is refused."""
    from portability.api.exchange.v1 import repair_service_pb2 as pb  # noqa: PLC0415 (heavy)

    first, _, last = numbers.partition("-")
    if not first.isdecimal() or not (last or first).isdecimal():
        raise typer.BadParameter(f"'{numbers}' is no range of numbers: give the first and the last, such as 3-4.")
    missing = pb.CaseNumbers(first_seq=int(first), last_seq=int(last or first))

    async def call(stub: Any) -> Any:
        return await stub.GiveUpMissing(
            pb.GiveUpMissingRequest(
                request_id=new_request_id(), sender=sender, case_id=case_id, missing=missing, reasons=reasons
            )
        )

    answer = _at(call, name=name, node=node)
    typer.echo(f"entry     {answer.entry_id}  rejected")
    typer.echo(f"effect    {answer.took_effect} messages of the case have taken effect now")
    typer.echo(f"waiting   {answer.still_waiting} messages of the case wait still")


async def _all(stub: Any) -> "list[pb.WaitingLane]":
    from portability.api.exchange.v1 import repair_service_pb2 as pb  # noqa: PLC0415 (heavy)

    lanes: list[pb.WaitingLane] = []
    token = ""
    while True:
        page = await stub.ListWaitingLanes(pb.ListWaitingLanesRequest(page_size=PAGE, page_token=token))
        lanes += page.lanes
        token = page.next_page_token
        if not token:
            return sorted(lanes, key=lambda one: one.since.ToNanoseconds())


def _at(call: Any, *, name: str, node: str) -> Any:
    from portability.api.exchange.v1 import repair_service_pb2_grpc  # noqa: PLC0415 (heavy)

    return call_node(repair_service_pb2_grpc.RepairServiceStub, call, name=name, node=node)


def _row(one: "pb.WaitingLane") -> tuple[str, ...]:
    since = f"{one.since.ToDatetime():%Y-%m-%d %H:%M}"
    return since, one.sender, one.case_id or "protected", str(one.waiting), _what(one)


def _what(one: "pb.WaitingLane") -> str:
    if one.waits_for == PERSON:
        return "a person: see `portability quarantine list`"
    return f"numbers {_numbers(one.missing)}, which have not come"


def _numbers(numbers: "pb.CaseNumbers") -> str:
    one = numbers.first_seq == numbers.last_seq
    return str(numbers.first_seq) if one else f"{numbers.first_seq}-{numbers.last_seq}"
