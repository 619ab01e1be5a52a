"""`portability keys`: draw, list, rotate, retire and check the keys of a node, and hand their public halves on.

Nothing here needs a network. The folder and what opens it come from the node's settings (PORTABILITY_*), or, for the
keepers of the directory, from --folder.
"""

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portability.agreements.errors import InputError

if TYPE_CHECKING:
    from datetime import datetime

    from portability.adapters.keys.node_keys import KeyFolder
    from portability.services.registry.model import PublicKey

__all__ = ["app", "fingerprint", "write_new"]

WRONG = 1

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Keys of a node and of the directory's keepers.")

Folder = Annotated[
    Path | None, typer.Option("--folder", help="A folder of keys; without it, that of the node (PORTABILITY_*).")
]
Passphrase = Annotated[
    Path | None, typer.Option("--passphrase-file", help="File whose first line seals the keys; mode 0600.")
]


@app.command("new")
def new(
    folder: Annotated[Path, typer.Argument(help="A folder of your own, which nobody else can read.")],
    passphrase_file: Passphrase = None,
    years: Annotated[int, typer.Option(min=1, max=20, help="How long the key may be used.")] = 2,
) -> None:
    """As a keeper of the directory, draw your key for one role; print what goes into the root."""
    from portability.adapters.keys.material import draw_key  # noqa: PLC0415 (heavy)
    from portability.services.registry.model import KeyPurpose  # noqa: PLC0415 (heavy)

    now = _now()
    keys = _folder(folder, passphrase_file)
    seeds = draw_key(KeyPurpose.SIGNING, not_before=now, not_after=now + timedelta(days=366 * years))
    _told([keys.store(seeds)], keys)


@app.command("rotate")
def rotate(folder: Folder = None, passphrase_file: Passphrase = None) -> None:
    """Draw the keys of a node that its plan lacks today: the next one to sign, the next weeks', the log's.

    Running it again draws nothing twice. A new key is used when the directory names it, not before.
    """
    from portability.adapters.keys.files import list_keys  # noqa: PLC0415 (heavy)
    from portability.app.keys import draw_missing  # noqa: PLC0415 (heavy)

    keys = _folder(folder, passphrase_file)
    kept = list_keys(keys.path) if keys.names() else ()
    drawn = draw_missing(keys, kept, at=_now())
    if not drawn:
        typer.echo("Nothing is missing: all keys of the next weeks are here.")
        return
    _told(list(drawn), keys)


@app.command("list")
def list_all(folder: Folder = None) -> None:
    """List the keys of a folder with their windows; no passphrase is needed."""
    now = _now()
    for key in _kept(folder):
        typer.echo(f"{key.key_id:22} {key.purpose:10} {_window(key)}  {_state(key, now)}")


@app.command("retire")
def retire(folder: Folder = None) -> None:
    """Destroy the private parts that have no use any more: ended signing keys, weekly keys 35 days after their end.

    A running node does this by itself every hour. The last key of a purpose stays.
    """
    from portability.adapters.keys.node_keys import retire_keys  # noqa: PLC0415 (heavy)

    gone = retire_keys(_folder(folder, None, opening=False), _now())
    for key in gone:
        typer.echo(f"destroyed    {key.key_id} ({key.purpose}), ended {key.not_after:%Y-%m-%d %H:%M}")
    if not gone:
        typer.echo("Nothing has ended long enough ago.")


@app.command("rotate-master")
def rotate_master() -> None:
    """Wrap the keys of all persons and cases by a new master key. Stop the node first."""
    import asyncio  # noqa: PLC0415 (heavy)
    from contextlib import AsyncExitStack  # noqa: PLC0415 (heavy)

    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)
    from portability.app.at_rest import rotate_master as rotated  # noqa: PLC0415 (heavy)
    from portability.app.bootstrap import databases  # noqa: PLC0415 (heavy)
    from portability.app.settings import load_settings  # noqa: PLC0415 (heavy)

    settings = load_settings()

    async def run() -> tuple[int, Path]:
        async with AsyncExitStack() as opened:
            _, _, url = databases(settings, opened)
            return await rotated(url, master_file=settings.data_folder / "master.key", clock=SystemClock())

    count, old = asyncio.run(run())
    typer.echo(f"wrapped      {count} keys by a new master key")
    typer.echo(f"old key      {old}: destroy it when no backup of the key table from before is left (30 days)")


@app.command("export")
def export(
    out: Annotated[Path, typer.Argument(help="Where to write the file, which must not be there yet.")],
    institution: Annotated[str, typer.Option(help="Id of the institution, for example de-drv.")],
    name: Annotated[str, typer.Option(help="Its name for people, in its own language.")],
    country: Annotated[str, typer.Option(help="State that it acts for: two capital letters.")],
    folder: Folder = None,
) -> None:
    """Write the public halves of a node's keys, as an entry for the directory, and print the fingerprint."""
    from portability.services.registry.mapping.directory import (  # noqa: PLC0415 (heavy)
        decode_institution,
        institution_message,
    )
    from portability.services.registry.model import Institution  # noqa: PLC0415 (heavy)

    entry = Institution(institution, name, country, keys=_kept(folder))
    content = institution_message(entry).SerializeToString(deterministic=True)
    decode_institution(content)  # what a keeper would refuse is told here
    write_new(out, content)
    typer.echo(f"written      {out}: {len(entry.keys)} public keys of {institution}")
    typer.echo(f"fingerprint  {hashlib.sha256(content).hexdigest()}")
    typer.echo("\nHand the file to the keepers of the directory and read them the fingerprint by another way.")


@app.command("check")
def check(folder: Folder = None, institution: Annotated[str, typer.Option(help="Empty: the node's own.")] = "") -> None:
    """Compare the keys here with the directory that the node has accepted; exit code 1 where something is missing."""
    from portability.adapters.keys.rotation import missing_keys  # noqa: PLC0415 (heavy)
    from portability.app.commands.directory_files import read_chain  # noqa: PLC0415 (heavy)
    from portability.app.settings import load_settings  # noqa: PLC0415 (heavy)
    from portability.services.registry.mapping.directory import decode_directory  # noqa: PLC0415 (heavy)

    settings, now = load_settings(), _now()
    kept = _kept(folder)
    directory = decode_directory(read_chain(settings.data_folder / "accepted.directory").directory.content)
    named = {key.key_id: key for key in directory.institution(institution or settings.required_institution()).keys}
    trouble = [
        f"{key.key_id} ({key.purpose}) is here and not in directory {directory.version}: `portability keys export`."
        for key in kept
        if key.key_id not in named and now < key.not_after
    ]
    here = {key.key_id for key in kept}
    trouble += [
        f"{key.key_id} ({key.purpose}) is in directory {directory.version} and not here: what is sealed to it is lost."
        for key in named.values()
        if key.key_id not in here and not key.revoked and now < key.not_after
    ]
    trouble += [f"{key_id} is revoked: it signs nothing any more." for key_id, key in named.items() if key.revoked]
    trouble += [
        f"A key for {one.purpose} is missing from {one.not_before:%Y-%m-%d} on: `portability keys rotate`."
        for one in missing_keys(kept, at=now)
    ]
    for line in trouble:
        typer.echo(line)
    if trouble:
        raise typer.Exit(WRONG)
    typer.echo(f"All {len(kept)} keys are in directory {directory.version}, and none is missing for the next weeks.")


def write_new(path: Path, content: bytes) -> None:
    """Write a file that is not there yet; InputError where it is, or cannot be written."""
    try:
        with path.open("xb") as file:
            file.write(content)
    except FileExistsError as exc:
        raise InputError(f"{path} is there already: name a new file; nothing is overwritten.") from exc
    except OSError as exc:
        raise InputError(f"{path} cannot be written: {exc.strerror}.") from exc


def _folder(folder: Path | None, passphrase_file: Path | None, *, opening: bool = True) -> "KeyFolder":
    from portability.adapters.keys.files import read_passphrase  # noqa: PLC0415 (heavy)
    from portability.adapters.keys.node_keys import KeyFolder  # noqa: PLC0415 (heavy)
    from portability.app.keys import open_device  # noqa: PLC0415 (heavy)
    from portability.app.settings import load_settings  # noqa: PLC0415 (heavy)

    settings = load_settings()
    file = passphrase_file or (settings.keys_passphrase_file if folder is None else None)
    return KeyFolder(
        folder or settings.data_folder / "keys",
        passphrase=read_passphrase(file) if file is not None and opening else "",
        device=open_device(settings) if folder is None else None,
    )


def _kept(folder: Path | None) -> "tuple[PublicKey, ...]":
    from portability.adapters.keys.files import list_keys  # noqa: PLC0415 (heavy)
    from portability.app.settings import load_settings  # noqa: PLC0415 (heavy)

    return tuple(sorted(list_keys(folder or load_settings().data_folder / "keys"), key=lambda key: key.not_before))


def _told(paths: list[Path], keys: "KeyFolder") -> None:
    from portability.adapters.keys.files import list_keys  # noqa: PLC0415 (heavy)

    by_id = {key.key_id: key for key in list_keys(keys.path)}
    for path in paths:
        key = by_id[path.name.removesuffix(".key.json")]
        typer.echo(f"drawn        {key.key_id} ({key.purpose}), {_window(key)}")
        typer.echo(f"private key  {path} (keep it; nobody else needs it)")
        typer.echo(f"fingerprint  {fingerprint(key)}")


def fingerprint(key: "PublicKey") -> str:
    """What two people read to each other: SHA-256 of the two public halves."""
    return hashlib.sha256(key.classical + key.post_quantum).hexdigest()


def _window(key: "PublicKey") -> str:
    return f"{key.not_before:%Y-%m-%d %H:%M} to {key.not_after:%Y-%m-%d %H:%M} UTC"


def _state(key: "PublicKey", now: "datetime") -> str:
    if now < key.not_before:
        return "not yet"
    return "in its window" if now < key.not_after else "ended"


def _now() -> "datetime":
    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)

    return SystemClock().now()
