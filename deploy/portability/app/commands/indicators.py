"""`portability indicators`: what agreements do for people, in numbers, for treaty administrators."""

from typing import Annotated, Any

import typer

from portability.app.commands.at_node import As, Node, call_node
from portability.app.commands.printing import table

__all__ = ["app", "mean"]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Numbers of groups of workers, none of one person.")


@app.callback()
def _group() -> None:
    """A group also while it has one command."""


@app.command()
def voice(
    name: As,
    agreement: Annotated[str, typer.Option(help="Only cases under this agreement.")] = "",
    node: Node = "",
) -> None:
    """Show how closed cases went for workers, from 1 (very badly) to 5 (very well), by agreement and flow."""
    from portability.api.indicators.v1 import indicators_pb2 as pb  # noqa: PLC0415 (heavy)
    from portability.api.indicators.v1 import indicators_pb2_grpc  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> Any:
        return await stub.GetVoiceFigures(pb.GetVoiceFiguresRequest(agreement_id=agreement))

    answer = call_node(indicators_pb2_grpc.IndicatorServiceStub, call, name=name, node=node)
    rows = [
        (
            ", ".join(one.agreement_ids) or "-",
            one.flow,
            str(sum(one.answers)),
            mean(one.answers),
            *map(str, one.answers),
        )
        for one in answer.figures
    ]
    if rows:
        table(("agreements", "flow", "answers", "mean", "1", "2", "3", "4", "5"), rows)
    else:
        typer.echo("No figure yet.")
    typer.echo(f"Answers are counted {answer.minimum} or more at a time; a case that too few are like is left out.")


def mean(answers: Any) -> str:
    """The mean to a tenth, halves away from zero: 35 of 8 answers is 4.4."""
    count = sum(answers)
    tenths = (20 * sum(score * number for score, number in enumerate(answers, start=1)) + count) // (2 * count)
    return f"{tenths // 10}.{tenths % 10}"
