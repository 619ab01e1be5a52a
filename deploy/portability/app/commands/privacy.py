"""`portability privacy`: erasure, legal holds, protection and looks, for the node that runs on this machine."""
# ruff: noqa: PLC0415 (what a command needs it loads when it runs, so that --help answers at once)

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Erasure, legal holds, protection, who looked.")

erasures = typer.Typer(rich_markup_mode=None, invoke_without_command=True, help="The list of erasures, for restores.")
app.add_typer(erasures, name="erasures")

Case = Annotated[str, typer.Argument(help="Id of the case.")]
Name = Annotated[str, typer.Option("--as", help="Your name; the act is kept under it. For example karl.")]


@app.command()
def show(case: Case, name: Name) -> None:
    """Say how long a case is kept and by what rule, its holds, whether its person is protected, and who has looked."""
    from portability.app.commands import privacy_client

    for line in privacy_client.show(case, name):
        typer.echo(line)


@app.command()
def erase(
    case: Case,
    name: Name,
    whole_person: Annotated[bool, typer.Option("--whole-person", help="All cases of its person.")] = False,  # noqa: FBT002 (typer's)
    ordered_by: Annotated[str, typer.Option(help="Order that goes before retention, as a citation.")] = "",
    register_basis: Annotated[str, typer.Option(help="Why her accounts in the own register may go too.")] = "",
) -> None:
    """Destroy the keys of a case or a person. It cannot be undone; proofs stay."""
    from portability.app.commands import privacy_client

    done = privacy_client.erase(
        case, name, whole_person=whole_person, ordered_by=ordered_by, register_basis=register_basis
    )
    typer.echo(done)


@app.command("erase-person")
def erase_person(
    name: Name,
    worker: Annotated[str, typer.Argument(help="Her id; without it, contact and number are asked for.")] = "",
    ordered_by: Annotated[str, typer.Option(help="Order that goes before retention, as a citation.")] = "",
    cleared: Annotated[  # noqa: FBT002 (typer's)
        bool, typer.Option("--cleared", help="You act as a cleared caseworker: she is protected.")
    ] = False,
) -> None:
    """Erase somebody on file, in your own name as a caseworker, with or without a case. It cannot be undone."""
    from portability.app.commands import privacy_client

    # They are asked for, so that neither stays in the shell's memory or shows in a list of processes.
    contact = "" if worker else typer.prompt("Phone or e-mail that is on file")
    number = "" if worker else typer.prompt("Insurance number")
    for line in privacy_client.erase_person(
        name, worker_id=worker, contact=contact, number=number, ordered_by=ordered_by, cleared=cleared
    ):
        typer.echo(line)


@app.command()
def hold(case: Case, citation: Annotated[str, typer.Argument(help="What demands it.")], name: Name) -> None:
    """Keep a case from erasure."""
    from portability.app.commands import privacy_client

    typer.echo(privacy_client.hold(case, citation, name))


@app.command()
def release(
    hold_id: Annotated[str, typer.Argument(help="Id of the hold.")],
    reason: Annotated[str, typer.Argument(help="Why it is over.")],
    name: Name,
) -> None:
    """End a hold."""
    from portability.app.commands import privacy_client

    privacy_client.release(hold_id, reason, name)
    typer.echo("released")


@app.command()
def protect(
    case: Case,
    reason: Annotated[str, typer.Argument(help="Why.")],
    name: Name,
    end: Annotated[bool, typer.Option("--end", help="Show her again.")] = False,  # noqa: FBT002 (typer's)
) -> None:
    """Hide the person of a case from staff that is not cleared; you act as a cleared caseworker."""
    from portability.app.commands import privacy_client

    privacy_client.protect(case, reason, name, is_protected=not end)
    typer.echo("shown again" if end else "protected")


@erasures.callback()
def export(
    context: typer.Context,
    out: Annotated[Path | None, typer.Option(help="File to write, which must not be there yet.")] = None,
) -> None:
    """Write the list of erasures into a file, to be kept apart from backups of the data."""
    import asyncio

    from portability.agreements.errors import InputError
    from portability.app.commands.key_files import write_new
    from portability.app.erasure_list import export_erasures
    from portability.app.settings import load_settings

    if context.invoked_subcommand:
        return
    if out is None:
        raise InputError("Say where to write the list: --out FILE.")
    count, content = asyncio.run(export_erasures(load_settings()))
    write_new(out, content)
    typer.echo(f"{out}: {count} acts of erasure")


@erasures.command()
def replay(file: Annotated[Path, typer.Argument(help="File that `privacy erasures --out` wrote.")]) -> None:
    """After a restore, carry out the erasures that the backup does not know."""
    import asyncio

    from portability.app.erasure_list import read_erasures, replay_erasures
    from portability.app.settings import load_settings

    acts = read_erasures(file)
    keys = asyncio.run(replay_erasures(load_settings(), acts))
    typer.echo(f"{len(acts)} acts of erasure carried out; {keys} keys were there again and are destroyed")
