"""`portability workers`: who is on file, whose a case is, and by which contact she signs in, said by a caseworker."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from portability.app.commands.at_node import Node, call_node, new_request_id
from portability.services.access import Role

__all__ = ["app"]

As = Annotated[str, typer.Option("--as", help="Caseworker at this node, for example anna: her certificate is used.")]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Workers and their cases.")


class KnownBy(StrEnum):
    """How the caseworker knows that it is she."""

    PERSON = "person"
    DOCUMENT = "document"
    REGISTER = "register"


class Whose(StrEnum):
    """Whose a number is that is on file already."""

    HERS = "hers"
    ANOTHERS = "anothers"


@app.command("add")
def add(
    name: As,
    known_by: Annotated[KnownBy, typer.Option("--known-by", help="How you know that it is she.")],
    language: Annotated[str, typer.Option("--language", help="Of her pages and codes, for example it.")] = "",
    number_on_file: Annotated[
        Whose | None,
        typer.Option("--number-on-file", help="Whose a number on file is; you act as a cleared caseworker."),
    ] = None,
    node: Node = "",
) -> None:
    """Put a worker on file in your own name, so that she can sign in. Asks for her contact and her numbers."""
    from portability.api.workers.v1 import linking_pb2 as pb  # noqa: PLC0415 (heavy)
    from portability.api.workers.v1 import linking_pb2_grpc  # noqa: PLC0415 (heavy)

    request = pb.RegisterWorkerRequest(request_id=new_request_id(), language=language)
    request.known_by = pb.KnownBy.Value(f"KNOWN_BY_{known_by.name}")
    if number_on_file:
        request.number_on_file = pb.NumberOnFile.Value(f"NUMBER_ON_FILE_{number_on_file.name}")
    request.contact = typer.prompt("Phone or e-mail")
    country = typer.prompt("Country of her insurance number, for example DE")
    while country:
        sector = typer.prompt("Sector that gave it, for example social_security")
        request.numbers.add(country=country, sector=sector, value=typer.prompt("Number"))
        country = typer.prompt("Country of another number (nothing: no other)", default="", show_default=False)

    async def call(stub: Any) -> Any:
        return await stub.RegisterWorker(request)

    role = Role.CLEARED_CASEWORKER if number_on_file else Role.CASEWORKER
    told = call_node(linking_pb2_grpc.WorkerDeskServiceStub, call, name=name, node=node, role=role)
    for doubt in told.doubts:
        typer.echo(f"Look again: {doubt}")
    typer.echo(f"She is on file as {told.worker_id}.")
    typer.echo("She can sign in; where others share the contact, with a number of hers.")
    typer.echo(f"A case becomes hers by `portability workers link-case CASE --worker {told.worker_id} --as {name}`.")


@app.command("link-case")
def link_case(  # noqa: PLR0917 (typer's)
    case: Annotated[str, typer.Argument(help="A case at this node, a claim or one on a flow.")],
    name: As,
    same_as: Annotated[str, typer.Option("--same-as", help="Another case, which is hers already.")] = "",
    worker: Annotated[str, typer.Option("--worker", help="Her id, as `portability workers add` has told it.")] = "",
    on_file: Annotated[bool, typer.Option("--on-file", help="Ask for her contact and insurance number.")] = False,  # noqa: FBT002 (typer's)
    node: Node = "",
) -> None:
    """Say in your own name whose a case is, so that she reads it. It can never become another's."""
    from portability.api.workers.v1 import linking_pb2 as pb  # noqa: PLC0415 (heavy)
    from portability.api.workers.v1 import linking_pb2_grpc  # noqa: PLC0415 (heavy)

    # Contact and number are asked for, so that neither stays in the shell's memory or shows in a list of processes.
    if [bool(same_as), bool(worker), on_file].count(True) != 1:
        raise typer.BadParameter("say whose it is: by --same-as CASE, by --worker ID, or by --on-file")
    request = pb.LinkCaseRequest(request_id=new_request_id(), case_id=case)
    if same_as:
        request.same_as_case_id = same_as
    elif worker:
        request.worker_id = worker
    else:
        request.on_file.contact = typer.prompt("Phone or e-mail that is on file")
        request.on_file.insurance_number = typer.prompt("Insurance number")

    async def call(stub: Any) -> Any:
        return await stub.LinkCase(request)

    call_node(linking_pb2_grpc.WorkerDeskServiceStub, call, name=name, node=node, role=Role.CASEWORKER)
    typer.echo(f"Case {case} is hers now.")


@app.command("change-contact")
def change_contact(name: As, node: Node = "") -> None:
    """Say in your own name by which contact she signs in. Her sessions end, and the contact from before is told."""
    from portability.api.workers.v1 import linking_pb2 as pb  # noqa: PLC0415 (heavy)
    from portability.api.workers.v1 import linking_pb2_grpc  # noqa: PLC0415 (heavy)

    request = pb.ChangeContactRequest(request_id=new_request_id())
    request.on_file.contact = typer.prompt("Phone or e-mail that is on file")
    request.on_file.insurance_number = typer.prompt("Insurance number")
    request.new_contact = typer.prompt("New phone or e-mail")

    async def call(stub: Any) -> Any:
        return await stub.ChangeContact(request)

    call_node(linking_pb2_grpc.WorkerDeskServiceStub, call, name=name, node=node, role=Role.CASEWORKER)
    typer.echo("Changed. The contact from before is told.")
