"""Roots, directories and what is published of them, as files: read, shown, and written as drafts to be signed."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portability.agreements.errors import InputError, VerificationError
from portability.app.commands.directory_saying import kind_of
from portability.app.commands.key_files import write_new

if TYPE_CHECKING:
    from portability.services.registry.model import Directory
    from portability.services.registry.roots import Signed, TrustChain

__all__ = [
    "Days",
    "Out",
    "read_bytes",
    "read_chain",
    "read_directory",
    "read_signed",
    "show_file",
    "this_instant",
    "write_directory",
]

Out = Annotated[Path, typer.Option("--out", help="Where to write it; the file must not be there yet.")]
Days = Annotated[int, typer.Option(min=1, max=800, help="Days until it expires.")]


def show_file(file: Path) -> None:
    """Say what a root, directory, freshness statement or published file holds, with fingerprints. Verifies nothing."""
    data = read_bytes(file)
    try:
        signed = read_signed(file)
    except VerificationError:
        chain = read_chain(file)
        for one in (*chain.roots, chain.directory, *((chain.freshness,) if chain.freshness else ())):
            _say(one)
        typer.echo(f"file         SHA-256 {hashlib.sha256(data).hexdigest()}")
        return
    _say(signed)


def read_chain(path: Path) -> "TrustChain":
    """A published directory from its file; nothing of it is verified."""
    from portability.services.registry.mapping.roots import decode_chain  # noqa: PLC0415 (heavy)

    return decode_chain(read_bytes(path))


def _say(signed: "Signed") -> None:
    found = kind_of(signed.content)
    typer.echo(f"{found.name:12} SHA-256 {hashlib.sha256(signed.content).hexdigest()}")
    for line in found.lines:
        typer.echo(f"  {line}")
    for one in signed.signatures:
        typer.echo(f"  signature by {one.key_id} (not verified here)")


def read_directory(path: Path) -> "Directory":
    """A directory from its Signed file; nothing of it is verified."""
    from portability.services.registry.mapping.directory import decode_directory  # noqa: PLC0415 (heavy)

    return decode_directory(read_signed(path).content)


def write_directory(out: Path, directory: "Directory") -> None:
    """A draft of a directory, without signatures, and what it holds."""
    from portability.services.registry.mapping.directory import (  # noqa: PLC0415 (heavy)
        decode_directory,
        encode_directory,
    )
    from portability.services.registry.mapping.roots import encode_signed  # noqa: PLC0415 (heavy)
    from portability.services.registry.roots import Signed  # noqa: PLC0415 (heavy)

    content = encode_directory(directory)
    decode_directory(content)  # what a node would refuse is told before anybody signs it
    write_new(out, encode_signed(Signed(content)))
    show_file(out)


def read_signed(path: Path) -> "Signed":
    """A Signed file; nothing of it is verified."""
    from portability.services.registry.mapping.roots import decode_signed  # noqa: PLC0415 (heavy)

    return decode_signed(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """What a file holds. Raises InputError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as exc:
        raise InputError(f"{path} cannot be read: {exc.strerror}.") from exc


def this_instant() -> datetime:
    """The present instant of this machine."""
    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)

    return SystemClock().now()
