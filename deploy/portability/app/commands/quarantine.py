"""`portability quarantine`: what was set aside at the running node, why, and letting it go on."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from portability.app.commands import waiting
from portability.app.commands.at_node import As, Node, call_node, new_request_id
from portability.app.commands.printing import table

if TYPE_CHECKING:
    from portability.api.exchange.v1 import exchange_pb2 as pb

__all__ = ["app"]

PAGE = 200
STATES = {1: "open", 2: "applied", 3: "replaced", 4: "rejected"}

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Messages that could not take effect: what waits for a person, and letting it go on.",
)
app.command("waiting")(waiting.list_waiting)
app.command("ask")(waiting.ask)
app.command("give-up")(waiting.give_up)
Entry = Annotated[str, typer.Argument(help="Id of an entry, as `portability quarantine list` shows it.")]


@app.command("list")
def list_entries(
    name: As,
    node: Node = "",
    everything: Annotated[bool, typer.Option("--all", help="Closed entries too.")] = False,  # noqa: FBT002 (typer's)
) -> None:
    """List what was set aside, the oldest first: which message of which case, and why."""
    rows = [_row(entry) for entry in _at(_all, name=name, node=node) if everything or entry.state == 1]
    if not rows:
        typer.echo("Nothing waits." if not everything else "Nothing was set aside.")
        return
    table(("entry", "since", "sender", "case", "state", "reason"), rows)


@app.command()
def show(entry_id: Entry, name: As, node: Node = "") -> None:
    """Show one entry: the reason, what waits behind it, and what can be done."""
    from portability.api.exchange.v1 import exchange_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> Any:
        return await stub.ShowQuarantined(pb.ShowQuarantinedRequest(entry_id=entry_id))

    view = _at(call, name=name, node=node)
    _print_entry(view.entry)
    typer.echo(f"waiting   {view.waiting} messages of the case behind it")
    typer.echo(f"next      {_next_step(view)}")


@app.command()
def replay(entry_id: Entry, name: As, node: Node = "") -> None:
    """Let a parked message try again, once its cause is mended; what waits behind it follows."""
    from portability.api.exchange.v1 import exchange_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> Any:
        return await stub.ReplayQuarantined(pb.ReplayQuarantinedRequest(request_id=new_request_id(), entry_id=entry_id))

    _print_released(_at(call, name=name, node=node))


@app.command()
def reject(
    entry_id: Entry,
    name: As,
    reasons: Annotated[list[str], typer.Option("--reason", help="For the sender's people, without personal data.")],
    node: Node = "",
) -> None:
    """Refuse a parked message for good; its sender reads the reasons, and what waits behind it goes on."""
    from portability.api.exchange.v1 import exchange_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> Any:
        return await stub.RejectQuarantined(
            pb.RejectQuarantinedRequest(request_id=new_request_id(), entry_id=entry_id, reasons=reasons)
        )

    _print_released(_at(call, name=name, node=node))


async def _all(stub: Any) -> "list[pb.QuarantinedEntry]":
    from portability.api.exchange.v1 import exchange_pb2 as pb  # noqa: PLC0415 (heavy)

    entries: list[pb.QuarantinedEntry] = []
    token = ""
    while True:
        page = await stub.ListQuarantined(pb.ListQuarantinedRequest(page_size=PAGE, page_token=token))
        entries += page.entries
        token = page.next_page_token
        if not token:
            return entries


def _at(call: Any, *, name: str, node: str) -> Any:
    from portability.api.exchange.v1 import exchange_pb2_grpc  # noqa: PLC0415 (heavy)

    return call_node(exchange_pb2_grpc.ExchangeServiceStub, call, name=name, node=node)


def _row(entry: "pb.QuarantinedEntry") -> tuple[str, ...]:
    since = f"{entry.set_aside_at.ToDatetime():%Y-%m-%d %H:%M}"
    what = f"{entry.reason_code}: {entry.reason}"
    return entry.entry_id, since, entry.sender or "-", entry.case_id or "-", STATES[entry.state], what


def _print_entry(entry: "pb.QuarantinedEntry") -> None:
    typer.echo(f"entry     {entry.entry_id}  {STATES[entry.state]}")
    typer.echo(f"sender    {entry.sender or 'not verified'}")
    typer.echo(f"case      {entry.case_id or '-'}  message {entry.message_id or '-'}")
    typer.echo(f"since     {entry.set_aside_at.ToDatetime():%Y-%m-%d %H:%M} UTC, {entry.size_bytes} bytes")
    typer.echo(f"reason    {entry.reason_code}: {entry.reason}")
    if entry.closed_by:
        typer.echo(f"closed    {entry.closed_at.ToDatetime():%Y-%m-%d %H:%M} UTC by {entry.closed_by}")


def _next_step(view: "pb.ShowQuarantinedResponse") -> str:
    if view.entry.state != 1:
        return "nothing: it is closed"
    if view.entry.reason_code == "STREAM_GAP":
        return "call its sender; `portability quarantine reject` stops asking for these messages"
    if not view.entry.message_id:
        return "nothing waits for it, and its sender sends again; `portability quarantine reject` closes it"
    if view.can_replay:
        return "mend the cause, then `portability quarantine replay`; or `reject` with a reason"
    return "its sender sends another message in its place (`replaces`); or `portability quarantine reject`"


def _print_released(answer: Any) -> None:
    _print_entry(answer.entry)
    typer.echo(f"effect    {answer.took_effect} messages of the case have taken effect now")
    typer.echo(f"waiting   {answer.still_waiting} messages of the case wait still")
