"""`portability cases`: the cases of the running node, who holds what, and what is overdue, by partner."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from portability.app.commands.at_node import Node, call_node, new_request_id
from portability.app.commands.printing import heading, table
from portability.services.access import Role

__all__ = ["app"]

PAGE = 200

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Cases of the running node: what there is, who holds what until when, and what is overdue.",
)
As = Annotated[str, typer.Option("--as", help="Caseworker at this node, for example anna: her certificate is used.")]


@app.command("list")
def list_cases(
    name: As,
    node: Node = "",
    everything: Annotated[bool, typer.Option("--all", help="Closed cases too.")] = False,  # noqa: FBT002 (typer's)
    of_person: Annotated[bool, typer.Option("--of-person", help="Of one person: asks for a number of hers.")] = False,  # noqa: FBT002 (typer's)
) -> None:
    """List the newest cases of every kind. With --of-person a number is asked for: it stands in no command line."""
    from portability.api.cases.v1 import flows_pb2 as pb  # noqa: PLC0415 (heavy)

    request = pb.ListFlowCasesRequest(page_size=PAGE, open_only=not everything)
    if of_person:
        country, sector = typer.prompt("Country of the number, for example DE"), typer.prompt("Sector that gave it")
        request.identifiers.add(country=country, sector=sector, value=typer.prompt("Number"))

    async def call(stub: Any) -> Any:
        return await stub.ListFlowCases(request)

    answer = _at(call, name=name, node=node)
    rows = [
        (
            one.case_id,
            one.flow_id,
            str(one.flow_version or "-"),
            "open" if one.open else "closed",
            f"{one.known_since.ToDatetime():%Y-%m-%d %H:%M}",
        )
        for one in answer.cases
    ]
    table(("case", "flow", "version", "state", "since"), rows)
    if answer.next_page_token:
        typer.echo(f"The newest {PAGE}; there are more.")


@app.command()
def show(
    case_id: Annotated[str, typer.Argument(help="A case, as `portability cases list` shows it.")],
    name: As,
    node: Node = "",
) -> None:
    """Show a case on a flow: who holds what until when, what is allowed, and what was said."""
    from portability.api.cases.v1 import flows_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> Any:
        return await stub.GetFlowCase(pb.GetFlowCaseRequest(case_id=case_id))

    case = _at(call, name=name, node=node).case
    typer.echo(f"{case.reference}  {case.flow_id} version {case.flow_version}  {'open' if case.open else 'closed'}")
    heading("Parties")
    table(
        ("institution", "role", "agreement"), [(p.institution_id, p.role, p.agreement_id or "-") for p in case.parties]
    )
    heading("Steps")
    table(("step", "stands at", "held by", "until", "clock", "rule"), [_step(one) for one in case.steps])
    heading("Said")
    table(("at", "by", "action", "without effect"), [_document(one) for one in case.documents])
    heading("Allowed now")
    table(("action", "what"), [(one.action, one.says) for one in case.actions if not one.why_not])


@app.command()
def overdue(
    name: As,
    node: Node = "",
    partner: Annotated[str, typer.Option("--by", help="Institution that holds the steps, for example de-drv.")] = "",
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=1000)] = 100,
) -> None:
    """List what is overdue, the longest first; with --by, at one partner."""
    from portability.api.cases.v1 import flows_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> Any:
        return await stub.ListOverdue(pb.ListOverdueRequest(partner=partner, limit=limit))

    steps = _at(call, name=name, node=node).steps
    if not steps:
        typer.echo("Nothing is overdue.")
        return
    rows = [(_day(one.due_on), one.holder, one.flow_id, one.step_id, one.rule_id, one.case_id) for one in steps]
    table(("due on", "held by", "flow", "step", "rule", "case"), rows)


@app.command()
def scan(
    what: Annotated[str, typer.Argument(help="Picture of a claim form, or the text of its code (PBF1:...).")],
    name: As,
    lodged_on: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="Day on which the paper came in; it counts everywhere.")
    ],
    node: Node = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask: somebody has compared it with the paper.")] = False,  # noqa: FBT002 (typer's)
) -> None:
    """Read a paper claim form into a new case, once somebody has compared it with what is written and signed."""
    from google.type.date_pb2 import Date  # noqa: PLC0415 (heavy)

    from portability.adapters.certificates.qr import read_picture  # noqa: PLC0415 (heavy)
    from portability.adapters.paper.claim_code import PREFIX, decode_claim_code  # noqa: PLC0415 (heavy)
    from portability.api.cases.v1 import flows_pb2, shares_pb2, shares_pb2_grpc  # noqa: PLC0415 (heavy)

    claim = decode_claim_code(what if what.startswith(PREFIX) else read_picture(Path(what)))
    claim.lodged_on.CopyFrom(Date(year=lodged_on.year, month=lodged_on.month, day=lodged_on.day))
    person = claim.person
    typer.echo(
        f"{person.given_names} {person.family_name}, born {_day(person.birth_date)}, in {person.residence_state}"
    )
    table(("state", "number"), [(one.country, one.value) for one in person.identifiers])
    rows = [(one.state, _day(one.first_day), _day(one.last_day), one.activity) for one in claim.declared]
    table(("state", "first day", "last day", "work"), rows)
    typer.echo(f"Claims from {_day(claim.award_on)}; lodged on {_day(claim.lodged_on)}.")
    if not yes:
        typer.confirm("Is it what stands on the paper, and is the paper signed?", abort=True)

    async def lodge(stub: Any) -> Any:
        request = shares_pb2.LodgeOldAgeClaimRequest(request_id=new_request_id(), claim=claim)
        return await stub.LodgeOldAgeClaim(request)

    lodged = call_node(shares_pb2_grpc.ShareServiceStub, lodge, name=name, node=node, role=Role.CASEWORKER)
    for one in lodged.not_asked:
        typer.echo(f"{one.state} is not asked: {one.why}")

    async def read(stub: Any) -> Any:
        return await stub.GetFlowCase(flows_pb2.GetFlowCaseRequest(case_id=lodged.case_id))

    typer.echo(f"{_at(read, name=name, node=node).case.reference}  {lodged.case_id}")


def _at(call: Any, *, name: str, node: str) -> Any:
    from portability.api.cases.v1 import flows_pb2_grpc  # noqa: PLC0415 (heavy)

    return call_node(flows_pb2_grpc.FlowServiceStub, call, name=name, node=node, role=Role.CASEWORKER)


def _step(step: Any) -> tuple[str, ...]:
    from portability.api.cases.v1 import flows_pb2 as pb  # noqa: PLC0415 (heavy)

    clock = pb.DueState.Name(step.due_state).removeprefix("DUE_STATE_").lower()
    until = _day(step.due_on) if step.HasField("due_on") else "-"
    return step.step_id, step.says, ", ".join(step.holders) or "-", until, clock, step.rule_id or "-"


def _document(document: Any) -> tuple[str, ...]:
    at = f"{document.at.ToDatetime():%Y-%m-%d %H:%M}"
    what = document.action if not document.passed_rule_id else f"passed: {document.passed_rule_id}"
    by = f"{document.sender} ({document.said_by})" if document.said_by else document.sender
    return at, by, what, document.without_effect or "-"


def _day(day: Any) -> str:
    return f"{day.year:04}-{day.month:02}-{day.day:02}"
