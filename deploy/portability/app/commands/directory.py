"""`portability directory`: the roots and the directory as plain files that travel between the keepers' machines.

A draft is a Signed file without signatures; each keeper looks at it and signs it on her own machine. `publish` puts
roots, directory and freshness together for the nodes. Nothing is overwritten, and nothing here needs a network but
`install`.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portability.agreements.errors import VerificationError
from portability.app.commands.directory_drafts import app as drafts
from portability.app.commands.directory_files import (
    Days,
    Out,
    read_bytes,
    read_chain,
    read_directory,
    read_signed,
    show_file,
    this_instant,
)
from portability.app.commands.directory_saying import kind_of
from portability.app.commands.key_files import write_new

if TYPE_CHECKING:
    from portability.services.registry.roots import RoleKeys, Signed, TrustChain

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The signed directory and its roots.")
app.add_typer(drafts)

File = Annotated[Path, typer.Argument(help="A file as these commands write it.")]
Keys = Annotated[Path, typer.Option("--keys", help="The folder of your own key.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for rehearsals.")]
KeyFolders = Annotated[list[Path], typer.Option(help="A role key's .public file; repeat for each keeper.")]


@app.command("role-key")
def role_key(keys: Keys, out: Out) -> None:
    """As a keeper, write the public half of your key for a root, and print the fingerprint to read out."""
    from portability.adapters.keys.files import list_keys  # noqa: PLC0415 (heavy)
    from portability.app.commands.key_files import fingerprint  # noqa: PLC0415 (heavy)
    from portability.services.registry.mapping.directory import key_message  # noqa: PLC0415 (heavy)

    key = max(list_keys(keys), key=lambda one: one.not_before)
    write_new(out, key_message(key).SerializeToString(deterministic=True))
    typer.echo(f"public key   {out}: {key.key_id}\nfingerprint  {fingerprint(key)}")


@app.command("root")
def root(
    *,
    root_key: KeyFolders,
    directory_key: KeyFolders,
    root_threshold: Annotated[int, typer.Option(min=1, max=16, help="How many root keepers must sign.")],
    directory_threshold: Annotated[int, typer.Option(min=1, max=16, help="How many must sign a directory.")],
    out: Out,
    freshness_key: KeyFolders = [],  # noqa: B006 (typer reads it)
    after: Annotated[Path | None, typer.Option(help="The root that this one follows; none for the first.")] = None,
    days: Days = 365,
) -> None:
    """Draft a root: who signs roots, directories and (where keys are named) freshness statements."""
    from portability.services.registry.mapping.roots import (  # noqa: PLC0415 (heavy)
        decode_root,
        encode_root,
        encode_signed,
    )
    from portability.services.registry.roots import Root, Signed  # noqa: PLC0415 (heavy)

    at = this_instant()
    draft = Root(
        version=1 if after is None else decode_root(read_signed(after).content).version + 1,
        issued_at=at,
        expires_at=at + timedelta(days=days),
        root=_role(root_key, root_threshold),
        directory=_role(directory_key, directory_threshold),
        freshness=_role(freshness_key, 1) if freshness_key else None,
    )
    content = encode_root(draft)
    decode_root(content)
    write_new(out, encode_signed(Signed(content)))
    show_file(out)


@app.command("sign")
def sign(
    file: File,
    keys: Keys,
    passphrase_file: Annotated[Path | None, typer.Option(help="File with the passphrase of your key.")] = None,
    yes: Yes = False,  # noqa: FBT002 (typer's)
) -> None:
    """As a keeper, look at a draft and add your signature to the file; run it for a root or a directory alike."""
    from portability.adapters.keys.files import read_passphrase  # noqa: PLC0415 (heavy)
    from portability.adapters.keys.ring import FileKeyRing  # noqa: PLC0415 (heavy)
    from portability.services.registry.mapping.roots import encode_signed  # noqa: PLC0415 (heavy)
    from portability.services.registry.signing import add_signature  # noqa: PLC0415 (heavy)

    signed = read_signed(file)
    show_file(file)
    if not yes and not typer.confirm("\nDo you sign this?"):
        typer.echo("Nothing was signed.")
        raise typer.Exit(1)
    ring = FileKeyRing.load(keys, passphrase=read_passphrase(passphrase_file) if passphrase_file else "")
    key_id = ring.signing_key_id(this_instant())
    made = add_signature(signed, key_id=key_id, signer=ring, context=kind_of(signed.content).context)
    # Written beside and renamed: a signature is added, nothing of the file is lost on the way.
    beside = file.with_name(f"{file.name}.new")
    write_new(beside, encode_signed(made))
    beside.replace(file)
    typer.echo(f"\nSigned with {key_id}; {len(made.signatures)} signatures now.")


@app.command("fresh")
def fresh(
    directory_file: Annotated[Path, typer.Argument(help="The signed directory that is the newest.")],
    out: Out,
    hours: Annotated[int, typer.Option(min=1, max=168, help="Hours that it counts.")] = 28,
) -> None:
    """Draft a freshness statement: this directory is the newest there is. Sign it with `sign`, day by day."""
    from portability.services.registry.mapping.roots import encode_freshness, encode_signed  # noqa: PLC0415 (heavy)
    from portability.services.registry.roots import Freshness, Signed  # noqa: PLC0415 (heavy)

    content, at = read_signed(directory_file).content, this_instant()
    digest = hashlib.sha256(content).digest()
    statement = Freshness(read_directory(directory_file).version, digest, at, at + timedelta(hours=hours))
    write_new(out, encode_signed(Signed(encode_freshness(statement))))
    show_file(out)


@app.command("publish")
def publish(
    directory_file: Annotated[Path, typer.Argument(help="The directory, signed by enough keepers.")],
    root_file: Annotated[list[Path], typer.Option("--root", help="Each root, the oldest first; repeat.")],
    out: Out,
    freshness: Annotated[
        Path | None, typer.Option(help="The freshness statement, where the root has that role.")
    ] = None,
) -> None:
    """Put roots, directory and freshness into the one file that nodes take, where they verify as a node would."""
    from portability.services.registry.mapping.roots import encode_chain  # noqa: PLC0415 (heavy)
    from portability.services.registry.roots import TrustChain  # noqa: PLC0415 (heavy)

    chain = TrustChain(
        tuple(read_signed(one) for one in root_file),
        read_signed(directory_file),
        None if freshness is None else read_signed(freshness),
    )
    _verify(chain, chain.roots[0])
    write_new(out, encode_chain(chain))
    typer.echo(f"Written: {out}. Hand it to every node: into its directory file, or `portability directory install`.")


@app.command("verify")
def verify(
    chain_file: Annotated[Path, typer.Argument(help="What `publish` has written.")],
    root_file: Annotated[Path, typer.Option("--root", help="A root that you trust, for example your node's root.bin.")],
) -> None:
    """Verify a published directory as a node that was given this root would, today."""
    _verify(read_chain(chain_file), read_signed(root_file))


@app.command("show")
def show(file: File) -> None:
    """Say what a root, directory, freshness statement or published file holds, with fingerprints. Verifies nothing."""
    show_file(file)


@app.command("install")
def install(
    chain_file: Annotated[Path, typer.Argument(help="What `publish` has written.")],
    name: Annotated[str, typer.Option("--as", help="Administrator: a name to issue her certificate for.")],
) -> None:
    """Hand a published directory to this machine's running node, which verifies it and goes by it at once."""
    import asyncio  # noqa: PLC0415 (heavy)

    asyncio.run(_install(read_bytes(chain_file), name))


async def _install(chain: bytes, name: str) -> None:
    import grpc  # noqa: PLC0415 (heavy)

    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)
    from portability.api.registry.v1 import registry_pb2 as pb  # noqa: PLC0415 (heavy)
    from portability.api.registry.v1 import registry_pb2_grpc  # noqa: PLC0415 (heavy)
    from portability.app.rpc.client import open_channel  # noqa: PLC0415 (heavy)
    from portability.app.rpc.credentials import NodeTls  # noqa: PLC0415 (heavy)
    from portability.app.settings import load_settings  # noqa: PLC0415 (heavy)
    from portability.services.access import Role  # noqa: PLC0415 (heavy)

    settings = load_settings()
    me = settings.required_institution()
    tls = NodeTls(settings.tls_folder, me, hosts=settings.hosts, clock=SystemClock())
    port = settings.listen.rpartition(":")[2]
    async with open_channel(f"localhost:{port}", tls.caller(Role.ADMINISTRATOR, name)) as channel:
        stub = registry_pb2_grpc.RegistryServiceStub(channel)
        try:
            done = await stub.InstallDirectory(pb.InstallDirectoryRequest(chain=chain))
        except grpc.aio.AioRpcError as exc:
            raise VerificationError(f"The node refuses it: {exc.details()}") from exc
    typer.echo(f"In force: directory {done.directory_version} under root {done.root_version}.")


def _verify(chain: "TrustChain", anchor: "Signed") -> None:
    from portability.services.registry.trusting import verify_in_time, verify_trust  # noqa: PLC0415 (heavy)

    trust = verify_trust(chain, anchor=anchor)
    verify_in_time(trust, at=this_instant())
    typer.echo(
        f"It holds: directory {trust.directory.version} under root {trust.root.version}, "
        f"until {trust.usable_until():%Y-%m-%d %H:%M} UTC."
    )


def _role(files: Sequence[Path], threshold: int) -> "RoleKeys":
    from portability.services.registry.mapping.directory import decode_key  # noqa: PLC0415 (heavy)
    from portability.services.registry.roots import RoleKey, RoleKeys  # noqa: PLC0415 (heavy)

    keys = [decode_key(read_bytes(one)) for one in files]
    return RoleKeys(threshold, tuple(RoleKey(one.key_id, one.classical, one.post_quantum) for one in keys))
