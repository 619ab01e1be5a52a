"""`portability agreements` for an administrator, at the running node: publish, ratify, suspend, see who is bound."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from portability.agreements.errors import InputError
from portability.app.commands.at_node import As, Node, call_node, new_request_id
from portability.app.commands.printing import table
from portability.app.commands.signing import read_statement_file

if TYPE_CHECKING:
    from google.type.date_pb2 import Date

    from portability.api.agreements.v1 import agreements_pb2 as pb

__all__ = ["publish", "ratifications", "ratify", "suspend", "versions"]

AgreementId = Annotated[str, typer.Argument(help="Id of an agreement, for example eu-883-2004.")]
Statement = Annotated[Path, typer.Argument(help="A statement that two officials have signed.")]


def publish(
    file: Annotated[Path, typer.Argument(help="The agreement's file; its bytes are the version.")],
    name: As,
    node: Node = "",
) -> None:
    """Publish a file as a version of its agreement at this node; it is checked, and binds nobody until ratified."""
    from portability.api.agreements.v1 import agreements_pb2 as pb  # noqa: PLC0415 (heavy)

    try:
        text = file.read_bytes().decode("utf-8")
    except OSError as exc:
        raise InputError(f"{file} cannot be read: {exc.strerror}.") from exc
    except UnicodeDecodeError as exc:
        raise InputError(f"{file} is not UTF-8: it is no agreement of ours.") from exc

    async def call(stub: Any) -> pb.PublishAgreementResponse:
        request = pb.PublishAgreementRequest(request_id=new_request_id(), file=pb.LawFile(file=file.name, text=text))
        answer: pb.PublishAgreementResponse = await stub.PublishAgreement(request)
        return answer

    version = _at_node(call, name=name, node=node).version
    typer.echo(f"Published {version.agreement_id}, version {version.sha256}.")
    typer.echo(f"Ratified by  {', '.join(version.ratified_by) or 'no state yet: it binds nobody'}")


def ratify(statement_file: Statement, name: As, node: Node = "") -> None:
    """Hand a signed ratification, of your own state or of another, to this node, which verifies it."""
    from portability.api.agreements.v1 import agreements_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any, signed: Any) -> "pb.RatifyAgreementResponse":
        answer: pb.RatifyAgreementResponse = await stub.RatifyAgreement(
            pb.RatifyAgreementRequest(request_id=new_request_id(), signed=signed)
        )
        return answer

    _hand_in(statement_file, call, name=name, node=node)


def suspend(statement_file: Statement, name: As, node: Node = "") -> None:
    """Hand a signed suspension, of your own state or of another, to this node, which verifies it."""
    from portability.api.agreements.v1 import agreements_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any, signed: Any) -> "pb.SuspendAgreementResponse":
        answer: pb.SuspendAgreementResponse = await stub.SuspendAgreement(
            pb.SuspendAgreementRequest(request_id=new_request_id(), signed=signed)
        )
        return answer

    _hand_in(statement_file, call, name=name, node=node)


def versions(agreement_id: AgreementId, name: As, node: Node = "") -> None:
    """The versions of an agreement that are published at this node, and who has ratified which."""
    from portability.api.agreements.v1 import agreements_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> pb.ListAgreementVersionsResponse:
        answer: pb.ListAgreementVersionsResponse = await stub.ListAgreementVersions(
            pb.ListAgreementVersionsRequest(agreement_id=agreement_id)
        )
        return answer

    found = _at_node(call, name=name, node=node).versions
    if not found:
        typer.echo(f"No version of {agreement_id} is published at this node: `portability agreements publish FILE`.")
        return
    rows = [
        (
            one.sha256,
            f"{one.published_at.ToDatetime():%Y-%m-%d %H:%M}",
            one.published_by,
            ", ".join(one.ratified_by) or "-",
        )
        for one in found
    ]
    table(("SHA-256", "published (UTC)", "by", "ratified by"), rows)


def ratifications(
    agreement_id: AgreementId,
    name: As,
    node: Node = "",
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The day asked for; without it, today.")
    ] = None,
    save: Annotated[
        Path | None, typer.Option(help="Write the signed statements into this folder, to hand them on.")
    ] = None,
) -> None:
    """Who has signed what about an agreement, and which pairs of states are bound on a day; why not, where not."""
    from google.type.date_pb2 import Date  # noqa: PLC0415 (heavy)

    from portability.api.agreements.v1 import agreements_pb2 as pb  # noqa: PLC0415 (heavy)

    asked = pb.GetAgreementRequest(agreement_id=agreement_id)
    if on is not None:
        asked.on.CopyFrom(Date(year=on.year, month=on.month, day=on.day))

    async def call(stub: Any) -> pb.GetAgreementResponse:
        answer: pb.GetAgreementResponse = await stub.GetAgreement(asked)
        return answer

    found = _at_node(call, name=name, node=node)
    if not found.statements:
        typer.echo(f"Nothing is signed about {agreement_id} at this node: it binds nobody.")
        return
    rows = [_statement_row(one) for one in found.statements]
    table(("kind", "state", "version", "from", "signed by", "taken in (UTC)", "counts"), rows)
    _print_pairs(found.pairs)
    if save is not None:
        for path in _saved(found.statements, agreement_id, save):
            typer.echo(f"written      {path}")


def _hand_in(statement_file: Path, call: Callable[[Any, Any], Awaitable[Any]], *, name: str, node: str) -> None:
    from portability.services.determination.treaties.mapping.statements import (  # noqa: PLC0415 (heavy)
        write_signed_statement,
    )

    signed, statement = read_statement_file(statement_file)
    answer = _at_node(lambda stub: call(stub, write_signed_statement(signed)), name=name, node=node)
    kept = answer.statement
    typer.echo(
        f"Taken in: {statement.kind} by {kept.party} of {statement.agreement_id}, version {kept.sha256[:12]}, from "
        f"{_day(kept.first_day)}; signed by {' and '.join(kept.signers)}."
    )
    if not answer.pairs:
        typer.echo("No other state has ratified: it binds nobody yet.")
    _print_pairs(answer.pairs)


def _at_node(call: Callable[[Any], Awaitable[Any]], *, name: str, node: str) -> Any:
    from portability.api.agreements.v1 import agreements_pb2_grpc  # noqa: PLC0415 (heavy)

    return call_node(agreements_pb2_grpc.AgreementServiceStub, call, name=name, node=node)


def _print_pairs(pairs: Any) -> None:
    for pair in pairs:
        if pair.binding:
            typer.echo(f"{pair.state}-{pair.other}  bound by {pair.sha256[:12]} since {_day(pair.first_day)}")
        else:
            typer.echo(f"{pair.state}-{pair.other}  not bound ({pair.reason}): {pair.why_not}")


def _statement_row(one: "pb.TreatyStatement") -> tuple[str, ...]:
    kind = "ratification" if one.kind == 1 else "suspension"
    towards = f" towards {', '.join(one.towards)}" if one.towards else ""
    return (
        kind,
        one.party,
        one.sha256[:12],
        f"{_day(one.first_day)}{towards}",
        ", ".join(one.signers) or "-",
        f"{one.received_at.ToDatetime():%Y-%m-%d %H:%M}",
        one.why_not or "yes",
    )


def _saved(statements: Any, agreement_id: str, folder: Path) -> list[Path]:
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, one in enumerate(statements, start=1):
            path = folder / f"{agreement_id}-{one.party.lower()}-{number}.statement"
            path.write_bytes(one.signed.SerializeToString(deterministic=True))
            written.append(path)
    except OSError as exc:
        raise InputError(f"{folder} cannot be written to: {exc.strerror}.") from exc
    return written


def _day(day: "Date") -> date:
    return date(day.year, day.month, day.day)
