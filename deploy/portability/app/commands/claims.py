"""`portability claims`: claims that workers sent and no case is open for, settled by a caseworker."""

from typing import Annotated, Any

import typer

from portability.app.commands.at_node import Node, call_node, new_request_id
from portability.app.commands.printing import table
from portability.services.access import Role

__all__ = ["app"]

PAGE = 100

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Claims that workers sent on their page: what waits and why, opened or refused by a caseworker.",
)
As = Annotated[str, typer.Option("--as", help="Caseworker at this node, for example anna: her certificate is used.")]
ClaimId = Annotated[str, typer.Argument(help="The claim, as `portability claims list` shows it.")]
Because = Annotated[str, typer.Option("--because", help="In words that the worker understands; she reads them.")]


@app.command("list")
def list_claims(name: As, node: Node = "") -> None:
    """List what waits, the longest first: number, day of the claim, until when, and what hinders its case."""
    from portability.api.claims.v1 import claims_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> Any:
        return await stub.ListWaitingClaims(pb.ListWaitingClaimsRequest(page_size=PAGE))

    answer = _at(call, name=name, node=node)
    if not answer.claims:
        typer.echo("No claim waits for a person.")
        return
    rows = [
        (
            one.claim_id,
            one.number,
            _day(one.claimed_on),
            _day(one.due_on),
            pb.ClaimHindrance.Name(one.hindrance).removeprefix("CLAIM_HINDRANCE_").lower(),
        )
        for one in answer.claims
    ]
    table(("claim", "number", "dated", "until", "hindered by"), rows)
    for one in answer.claims:
        if one.detail:
            typer.echo(f"{one.number}: {one.detail}")
    if answer.next_page_token:
        typer.echo(f"The oldest {PAGE}; there are more.")


@app.command("open")
def open_claim(  # noqa: PLR0917 (typer's)
    claim_id: ClaimId,
    name: As,
    because: Because,
    node: Node = "",
    in_writing: Annotated[bool, typer.Option("--in-writing", help="She has asked in writing since.")] = False,  # noqa: FBT002 (typer's)
    case: Annotated[str, typer.Option("--case", help="The case as which you have lodged it already.")] = "",
) -> None:
    """Open the case of a claim, dated the day on which she sent it."""
    from portability.api.claims.v1 import claims_pb2 as pb  # noqa: PLC0415 (heavy)

    request = pb.OpenClaimRequest(
        request_id=new_request_id(), claim_id=claim_id, reason=because, asks_in_writing=in_writing, case_id=case
    )

    async def call(stub: Any) -> Any:
        return await stub.OpenClaim(request)

    opened = _at(call, name=name, node=node).claim
    typer.echo(f"{opened.number} is open as case {opened.case_id}, dated {_day(opened.claimed_on)}.")


@app.command()
def refuse(claim_id: ClaimId, name: As, because: Because, node: Node = "") -> None:
    """Refuse to open a case; that she claimed, and on which day, stays kept."""
    from portability.api.claims.v1 import claims_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> Any:
        request = pb.RefuseClaimRequest(request_id=new_request_id(), claim_id=claim_id, reason=because)
        return await stub.RefuseClaim(request)

    typer.echo(f"{_at(call, name=name, node=node).claim.number} is refused, with your reason.")


def _at(call: Any, *, name: str, node: str) -> Any:
    from portability.api.claims.v1 import claims_pb2_grpc  # noqa: PLC0415 (heavy)

    return call_node(claims_pb2_grpc.ClaimDeskServiceStub, call, name=name, node=node, role=Role.CASEWORKER)


def _day(day: Any) -> str:
    return f"{day.year:04}-{day.month:02}-{day.day:02}"
