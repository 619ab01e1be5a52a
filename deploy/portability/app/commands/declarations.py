"""`portability declarations`: time that workers declare, as it waits for a person of this institution."""

from pathlib import Path
from typing import Annotated, Any

import typer

from portability.app.commands.at_node import Node, call_node, new_request_id
from portability.services.access import Role

__all__ = ["app"]

As = Annotated[str, typer.Option("--as", help="Caseworker at this node, for example anna: her certificate is used.")]
Which = Annotated[str, typer.Argument(help="The declaration, as `portability declarations list` shows it.")]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Time that workers declare.")


@app.command("list")
def list_all(name: As, node: Node = "") -> None:
    """List declarations that wait for a person, the oldest first."""
    from portability.api.declarations.v1 import declarations_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> list[Any]:
        page = await stub.ListDeclarations(pb.ListDeclarationsRequest())
        found = list(page.declarations)
        while page.next_page_token:
            page = await stub.ListDeclarations(pb.ListDeclarationsRequest(page_token=page.next_page_token))
            found += page.declarations
        return found

    found = _at_desk(call, name=name, node=node)
    if not found:
        typer.echo("Nothing waits for a person.")
    for one in found:
        typer.echo(_line(one))


@app.command()
def show(
    declaration: Which,
    name: As,
    node: Node = "",
    papers: Annotated[
        Path | None, typer.Option("--papers", file_okay=False, help="Folder into which her papers are saved.")
    ] = None,
) -> None:
    """Show one declaration, and save its papers where a folder is named. No paper is searched for harm."""
    from portability.api.declarations.v1 import declarations_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> tuple[Any, list[Any]]:
        told = (await stub.GetDeclaration(pb.GetDeclarationRequest(declaration_id=declaration))).declaration
        asked = [
            pb.GetDeclaredDocumentRequest(declaration_id=declaration, document_id=one.document_id)
            for one in (told.documents if papers else ())
        ]
        return told, [await stub.GetDeclaredDocument(one) for one in asked]

    told, saved = _at_desk(call, name=name, node=node)
    typer.echo(_line(told))
    for label, said in (
        ("employer", told.employer), ("activity", told.activity), ("told by", told.declared_by),
        ("asked", told.asked.institution_id), ("answered by", told.answered_by), ("reason", told.reason),
    ):  # fmt: skip
        if said:
            typer.echo(f"    {label}: {said}")
    for one in told.documents:
        typer.echo(f"    paper {one.document_id}  {_kind(one)}  {one.size_bytes} bytes  {one.about}".rstrip())
        if one.is_signed:
            typer.echo("        signed, so kept as it came: it may say who made it, when and with what")
    if papers:
        papers.mkdir(parents=True, exist_ok=True)
        for one in saved:
            file = papers / f"{one.document.document_id}.{_kind(one.document)}"
            file.write_bytes(one.content)
            typer.echo(f"    saved {file}")


@app.command()
def answer(
    declaration: Which,
    name: As,
    because: Annotated[str, typer.Option("--because", help="Why, in words that she understands.")],
    on_record: Annotated[
        bool, typer.Option("--on-record/--not-on-record", help="Whether the time stands on a record now.")
    ],
    node: Node = "",
) -> None:
    """Answer in your own name what came of a declaration. Nothing is put on any record by this."""
    from portability.api.declarations.v1 import declarations_pb2 as pb  # noqa: PLC0415 (heavy)

    request = pb.SettleDeclarationRequest(
        request_id=new_request_id(), declaration_id=declaration, on_record=on_record, reason=because
    )

    async def call(stub: Any) -> Any:
        return (await stub.SettleDeclaration(request)).declaration

    told = _at_desk(call, name=name, node=node)
    typer.echo(f"{told.declaration_id} is {'on record' if on_record else 'not on record'}, by {told.answered_by}.")


def _at_desk(call: Any, *, name: str, node: str) -> Any:
    from portability.api.declarations.v1 import declarations_pb2_grpc  # noqa: PLC0415 (heavy)

    return call_node(declarations_pb2_grpc.DeclarationDeskServiceStub, call, name=name, node=node, role=Role.CASEWORKER)


def _line(told: Any) -> str:
    days = f"{_day(told.first_day)} to {_day(told.last_day)}"
    return f"{told.declaration_id}  case {told.case_id}  {told.state}  {days}  {_standing(told)}"


def _day(day: Any) -> str:
    return "-".join(f"{part:02}" for part in (day.year, day.month, day.day) if part)


def _standing(told: Any) -> str:
    from portability.api.declarations.v1 import declarations_pb2 as pb  # noqa: PLC0415 (heavy)

    name = pb.DeclarationStanding.Name(told.standing)
    return name.removeprefix("DECLARATION_STANDING_").replace("_", " ").lower()


def _kind(document: Any) -> str:
    from portability.api.declarations.v1 import declarations_pb2 as pb  # noqa: PLC0415 (heavy)

    return pb.DocumentKind.Name(document.kind).removeprefix("DOCUMENT_KIND_").lower()
