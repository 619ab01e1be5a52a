"""The command line `portability`: serve a node, show the demo, examine the machine, work on agreements.

Each command imports what it needs when it runs, so that `portability --help` answers at once.
"""

import contextlib
import logging
import os
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from portability.agreements.errors import PortabilityError
from portability.app.garbage import collect_seldom

if TYPE_CHECKING:
    from portability.app.settings import Settings

__all__ = ["app", "main"]

WRONG = 1
"""Exit code of a command that found or met something wrong."""

app = typer.Typer(
    name="portability",
    help="Social security rights that follow workers across borders.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # its frames cost a third of a second
    add_completion=False,
)
tls = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Certificates of this node's callers (mTLS).")
app.add_typer(tls, name="tls")


def main() -> None:
    """Run the command line; an error of ours is one message on stderr and exit code 1, with no traceback."""
    # gRPC's own lines would stand between our JSON lines; what they say of a refused connection has no place in them.
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    _add_groups()
    try:
        app()
    except PortabilityError as error:
        sys.stderr.write(f"portability: {error.message}\n")
        sys.exit(WRONG)


@app.command()
def serve() -> None:
    """Serve one institution's node until it is stopped (SIGTERM, Ctrl-C); settings come from PORTABILITY_*."""
    settings = _settings()
    settings.required_institution()
    from portability.app.bootstrap import serve as serve_node  # noqa: PLC0415 (heavy; a wrong setting is told first)

    _run(serve_node(settings))


@app.command()
def demo(
    keep: Annotated[bool, typer.Option("--serve", help="Keep the nodes and the worker's page up.")] = False,  # noqa: FBT002 (typer's)
    kafka: Annotated[str, typer.Option(help="Run over Kafka at HOST:PORT instead of the embedded event stream.")] = "",
    data_folder: Annotated[
        Path | None, typer.Option(help="Keep the demo's state here instead of in a temporary folder.")
    ] = None,
) -> None:
    """One worker, three countries, one pension: three nodes in this process, from claim to summary."""
    from portability.app.demo.run import run_demo  # noqa: PLC0415 (heavy)

    raise typer.Exit(run_demo(serve=keep, kafka=kafka, data_folder=data_folder))


@app.command()
def sandbox(
    seed: Annotated[int, typer.Option(help="The same seed gives the same made-up people.")] = 1,
) -> None:
    """Two agencies, made-up people, twelve stories of which four go wrong on purpose; under a minute."""
    from portability.app.sandbox.run import run_sandbox  # noqa: PLC0415 (heavy)

    run_sandbox(seed=seed)


@app.command()
def doctor() -> None:
    """Say what this machine has for a node, what is missing, and the next step."""
    import asyncio  # noqa: PLC0415 (heavy)

    from portability.app.doctor import examine  # noqa: PLC0415 (heavy)

    chosen = _settings()
    logging.disable()  # what a library says about an unreachable server, the findings say better
    findings = asyncio.run(examine(chosen))
    for finding in findings:
        mark = "ok     " if finding.ok else "missing" if finding.required else "without"
        typer.echo(f"{mark}  {finding.name:13} {finding.what}")
        if finding.next_step:
            typer.echo(f"{'':24}{finding.next_step}")
    if any(finding.required and not finding.ok for finding in findings):
        raise typer.Exit(WRONG)
    typer.echo("Nothing that is required is missing.")


@app.command()
def fsck() -> None:
    """Rebuild the node's log from its rows and name every row that is wrong; exit code 1 where one is."""
    import asyncio  # noqa: PLC0415 (heavy)

    from portability.app.fsck import examine_database  # noqa: PLC0415 (heavy)

    def progress(done: str) -> None:
        if sys.stderr.isatty():
            typer.echo(f"\r\x1b[K{done}\r", err=True, nl=False)

    if asyncio.run(examine_database(_settings(), typer.echo, progress=progress)):
        raise typer.Exit(WRONG)


@app.command()
def settings() -> None:
    """List every setting: variable, default, meaning."""
    from portability.app.settings import settings_table  # noqa: PLC0415 (heavy)

    for variable, default, meaning in settings_table():
        typer.echo(f"{variable:34} {default or '-':22} {meaning}")


@app.command()
def version() -> None:
    """Print the version."""
    from importlib.metadata import version as distribution_version  # noqa: PLC0415 (heavy)

    typer.echo(distribution_version("portability"))


@tls.command("issue")
def issue_certificate(
    role: Annotated[str, typer.Argument(help="caseworker, cleared-caseworker, system, administrator, peer or worker")],
    name: Annotated[str, typer.Argument(help="Person or system that will hold it, for example anna.")],
    peer_institution: Annotated[str, typer.Option(help="Institution of a peer; nobody else needs it.")] = "",
) -> None:
    """Issue a client certificate of at most seven days under this node's authority, and say how to use it."""
    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)
    from portability.app.rpc.credentials import NodeTls  # noqa: PLC0415 (heavy)
    from portability.app.rpc.identity import role_named  # noqa: PLC0415 (heavy)

    chosen = _settings()
    node = NodeTls(chosen.tls_folder, chosen.required_institution(), hosts=chosen.hosts, clock=SystemClock())
    files = node.caller(role_named(role), name, institution=peer_institution)
    typer.echo(f"certificate  {files.certificate}\nkey          {files.key}\nauthority    {files.authority}")
    port = chosen.listen.rpartition(":")[2]
    typer.echo(
        f"\nTry it: buf curl --protocol grpc --cacert {files.authority} --cert {files.certificate} "
        f"--key {files.key} --list-services https://localhost:{port}"
    )


@tls.command("revoke")
def revoke_certificate(
    role: Annotated[str, typer.Argument(help="caseworker, cleared-caseworker, system, administrator, peer or worker")],
    name: Annotated[str, typer.Argument(help="Person or system that holds it, for example anna.")],
    peer_institution: Annotated[str, typer.Option(help="Institution of a peer; nobody else needs it.")] = "",
) -> None:
    """Close everything to one caller within a second, also in open streams; the next certificate needs a new name."""
    from portability.adapters.access.own_forbids import forbid_caller  # noqa: PLC0415 (heavy)
    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)
    from portability.app.rpc.identity import check_caller_parts, role_named  # noqa: PLC0415 (heavy)

    chosen = _settings()
    institution = peer_institution or chosen.required_institution()
    check_caller_parts(institution, name)
    forbid_caller(chosen.own_forbids, role_named(role), institution, name, at=SystemClock().now())
    typer.echo(f"{institution}/{role}/{name} may do nothing any more: {chosen.own_forbids}")


def _add_groups() -> None:
    # The sub-commands' module is light; what they load, they load when they run.
    from portability.app.commands.agreements import app as agreements  # noqa: PLC0415 (owned by its domain)
    from portability.app.commands.cases import app as cases  # noqa: PLC0415 (the same)
    from portability.app.commands.certificates import app as certificates  # noqa: PLC0415 (the same)
    from portability.app.commands.claims import app as claims  # noqa: PLC0415 (the same)
    from portability.app.commands.convert import convert  # noqa: PLC0415 (the same)
    from portability.app.commands.declarations import app as declarations  # noqa: PLC0415 (the same)
    from portability.app.commands.directory import app as directory  # noqa: PLC0415 (the same)
    from portability.app.commands.evidence import app as evidence  # noqa: PLC0415 (the same)
    from portability.app.commands.flows import app as flows  # noqa: PLC0415 (the same)
    from portability.app.commands.indicators import app as indicators  # noqa: PLC0415 (the same)
    from portability.app.commands.key_files import app as keys  # noqa: PLC0415 (the same)
    from portability.app.commands.maps import app as maps  # noqa: PLC0415 (the same)
    from portability.app.commands.privacy import app as privacy  # noqa: PLC0415 (the same)
    from portability.app.commands.quarantine import app as quarantine  # noqa: PLC0415 (the same)
    from portability.app.commands.reconciliations import app as reconciliations  # noqa: PLC0415 (the same)
    from portability.app.commands.records import app as records  # noqa: PLC0415 (the same)
    from portability.app.commands.workers import app as workers  # noqa: PLC0415 (the same)

    app.command("convert")(convert)
    app.add_typer(agreements, name="agreements")
    app.add_typer(certificates, name="certificate")
    app.add_typer(indicators, name="indicators")
    app.add_typer(keys, name="keys")
    app.add_typer(directory, name="directory")
    app.add_typer(evidence, name="evidence")
    app.add_typer(privacy, name="privacy")
    app.add_typer(quarantine, name="quarantine")
    app.add_typer(reconciliations, name="reconciliations")
    app.add_typer(cases, name="cases")
    app.add_typer(claims, name="claims")
    app.add_typer(flows, name="flows")
    app.add_typer(records, name="records")
    app.add_typer(declarations, name="declarations")
    app.add_typer(workers, name="workers")
    app.add_typer(maps, name="map")


def _settings() -> "Settings":
    from portability.app.settings import load_settings  # noqa: PLC0415 (heavy)

    return load_settings()


def _run(node: Coroutine[Any, Any, None]) -> None:
    """Run a node until it ends by itself or is told to stop; being told to stop is no failure."""
    import asyncio  # noqa: PLC0415 (heavy)

    import uvloop  # noqa: PLC0415 (heavy)

    async def until_stopped() -> None:
        running = asyncio.ensure_future(node)
        for sign in (signal.SIGTERM, signal.SIGINT):
            # Cancelling reaches every `finally`, so connections, servers and the embedded database end in order.
            asyncio.get_running_loop().add_signal_handler(sign, running.cancel)
        await running

    collect_seldom()
    with contextlib.suppress(asyncio.CancelledError):
        uvloop.run(until_stopped())
