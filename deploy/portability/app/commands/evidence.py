"""`portability evidence`: export the proof of one case into a file, and verify such a file with nothing else."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

if TYPE_CHECKING:
    from portability.app.settings import Settings

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Proof of one case in one file, checked offline.")


@app.command()
def export(
    case_id: Annotated[UUID, typer.Argument(help="Case as the node knows it.")],
    out: Annotated[Path, typer.Option(help="File to write; never overwritten.")],
    with_records: Annotated[bool, typer.Option(help="Put the records in: personal data leaves the node.")] = False,  # noqa: FBT002 (typer's)
) -> None:
    """Write who sent what when in a case, and what was receipted, so that anybody can verify it."""
    import asyncio  # noqa: PLC0415 (heavy)

    from portability.agreements.errors import GatewayError  # noqa: PLC0415 (heavy)
    from portability.app.settings import load_settings  # noqa: PLC0415 (heavy)

    data = asyncio.run(_export(load_settings(), case_id, with_records=with_records))
    try:
        with out.open("xb") as file:
            file.write(data)
    except OSError as exc:
        raise GatewayError(f"{out} cannot be written: {exc.strerror}.", retryable=False) from exc
    typer.echo(f"{out}: {len(data)} bytes. Verify it: portability evidence verify {out}")


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="Evidence file.")],
    root: Annotated[
        Path | None, typer.Option(help="root.bin as the keepers of the directory hand it over; else compare by eye.")
    ] = None,
    witnesses: Annotated[int, typer.Option(help="Cosignatures of the log that must be there.")] = 0,
) -> None:
    """Say, sentence by sentence, what a file proves; needs no node. Exit code 1 where it does not stand."""
    from portability.agreements.errors import GatewayError  # noqa: PLC0415 (heavy)
    from portability.app.evidence.verifying import verify_evidence  # noqa: PLC0415 (heavy)
    from portability.app.trust import load_anchor  # noqa: PLC0415 (heavy)

    try:
        data = file.read_bytes()
    except OSError as exc:
        raise GatewayError(f"{file} cannot be read: {exc.strerror}.", retryable=False) from exc
    proven = verify_evidence(data, anchor=load_anchor(root) if root else None, witnesses=witnesses)
    for sentence in proven.sentences:
        typer.echo(sentence)


async def _export(settings: "Settings", case_id: UUID, *, with_records: bool) -> bytes:
    from portability.adapters.postgres.exchange_work import exchange_unit_of_work  # noqa: PLC0415 (heavy)
    from portability.adapters.postgres.log_store import log_unit_of_work  # noqa: PLC0415 (heavy)
    from portability.app.evidence.exporting import export_evidence  # noqa: PLC0415 (heavy)
    from portability.app.offline import open_state  # noqa: PLC0415 (heavy)
    from portability.services.registry.mapping.roots import encode_chain  # noqa: PLC0415 (heavy)

    async with open_state(settings) as state:
        return await export_evidence(
            case_id,
            me=state.me,
            directory=encode_chain(state.chain),
            exchange=exchange_unit_of_work(state.database, state.at_rest),
            log=log_unit_of_work(state.database),
            with_records=with_records,
        )
