"""`portability directory`: the roots and the directory as plain files that travel between the keepers' machines.

A draft is a Signed file without signatures; each keeper looks at it and signs it on her own machine. `publish` puts
roots, directory and freshness together for the nodes. Nothing is overwritten, and nothing here needs a network but
`install`.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portability.agreements.errors import InputError, VerificationError
from portability.app.commands.directory_saying import kind_of
from portability.app.commands.key_files import write_new

if TYPE_CHECKING:
    from portability.services.registry.model import Directory, PublicKey
    from portability.services.registry.roots import RoleKeys, Signed, TrustChain

__all__ = ["app", "read_chain"]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="The signed directory and its roots.")

Out = Annotated[Path, typer.Option("--out", help="Where to write it; the file must not be there yet.")]
File = Annotated[Path, typer.Argument(help="A file as these commands write it.")]
Draft = Annotated[Path, typer.Argument(help="A draft of a directory; it is the one to go on from.")]
Keys = Annotated[Path, typer.Option("--keys", help="The folder of your own key.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask; for rehearsals.")]
Days = Annotated[int, typer.Option(min=1, max=800, help="Days until it expires.")]
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

    now = _now()
    draft = Root(
        version=1 if after is None else decode_root(_signed(after).content).version + 1,
        issued_at=now,
        expires_at=now + timedelta(days=days),
        root=_role(root_key, root_threshold),
        directory=_role(directory_key, directory_threshold),
        freshness=_role(freshness_key, 1) if freshness_key else None,
    )
    content = encode_root(draft)
    decode_root(content)
    write_new(out, encode_signed(Signed(content)))
    show(out)


@app.command("draft")
def draft(
    out: Out,
    after: Annotated[
        Path | None, typer.Option(help="The published directory to go on from; none for the first.")
    ] = None,
    days: Days = 30,
) -> None:
    """Draft the next directory: the published one with the next version and new dates, or an empty first one."""
    from portability.services.registry.mapping.directory import decode_directory  # noqa: PLC0415 (heavy)
    from portability.services.registry.model import Directory  # noqa: PLC0415 (heavy)

    now = _now()
    before = None if after is None else decode_directory(read_chain(after).directory.content)
    first = Directory(0, now, now) if before is None else before
    following = replace(first, version=first.version + 1, issued_at=now, expires_at=now + timedelta(days=days))
    _write_directory(out, following)


@app.command("add-institution")
def add_institution(
    draft_file: Draft,
    entry: Annotated[Path, typer.Argument(help="What `portability keys export` has written.")],
    out: Out,
    branch: Annotated[list[str], typer.Option(help="A branch that it is competent for, as in the law files.")] = [],  # noqa: B006 (typer reads it)
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="First day of its competences.")] = None,
) -> None:
    """Enter an institution, or the new keys of one that is entered: past keys, revocations and competences stay."""
    from portability.agreements.values import Branch  # noqa: PLC0415 (heavy)
    from portability.services.registry.mapping.directory import decode_institution  # noqa: PLC0415 (heavy)
    from portability.services.registry.model import Competence  # noqa: PLC0415 (heavy)

    new, directory = decode_institution(_bytes(entry)), _directory(draft_file)
    known = next((one for one in directory.institutions if one.institution_id == new.institution_id), None)
    start = date(2000, 1, 1) if since is None else since.date()
    competences = tuple(Competence(Branch(one), start) for one in branch)
    if known is not None:
        here = {key.key_id for key in known.keys}
        keys = (*known.keys, *(key for key in new.keys if key.key_id not in here))
        new = replace(new, keys=keys, competences=known.competences)
    new = replace(new, competences=(*new.competences, *competences))
    others = tuple(one for one in directory.institutions if one.institution_id != new.institution_id)
    _write_directory(out, replace(directory, institutions=(*others, new)))


@app.command("add-agreement")
def add_agreement(
    draft_file: Draft,
    law: Annotated[Path, typer.Argument(help="The agreement's file, byte by byte as it is announced.")],
    out: Out,
) -> None:
    """Announce a version of an agreement by its hash. Whether it binds is said by ratifications alone."""
    from portability.agreements.loading import Agreement  # noqa: PLC0415 (heavy)
    from portability.app.commands.law_files import load  # noqa: PLC0415 (heavy)
    from portability.services.registry.model import AgreementVersion  # noqa: PLC0415 (heavy)

    found = load(str(law), _bytes(law).decode("utf-8"))
    if not isinstance(found, Agreement):
        raise InputError(f"{law} is no agreement.")
    directory = _directory(draft_file)
    version = AgreementVersion(found.id, bytes.fromhex(found.sha256), tuple(found.content.parties), _now())
    _write_directory(out, replace(directory, agreements=(*directory.agreements, version)))


@app.command("add-official")
def add_official(
    draft_file: Draft,
    key: Annotated[Path, typer.Argument(help="The .public file of her `agreements signer-key`.")],
    out: Out,
    *,
    state: Annotated[str, typer.Option(help="State of her authority: two capital letters.")],
    authority: Annotated[str, typer.Option(help="Name of the authority, in its own language.")],
    signer: Annotated[str, typer.Option(help="Her id, for example anna.vogel.")],
    name: Annotated[str, typer.Option(help="Her name and office.")],
) -> None:
    """Enter an official of a state's authority with her key; two of them sign what binds the state."""
    from portability.services.registry.mapping.directory import decode_key  # noqa: PLC0415 (heavy)
    from portability.services.registry.model import Authority, AuthoritySigner  # noqa: PLC0415 (heavy)

    directory, public = _directory(draft_file), decode_key(_bytes(key))
    known = next((one for one in directory.authorities if one.state == state), Authority(state, authority))
    her = next((one for one in known.signers if one.signer_id == signer), AuthoritySigner(signer, name))
    her = replace(her, name=name, keys=(*her.keys, public))
    signers = (*(one for one in known.signers if one.signer_id != signer), her)
    changed = replace(known, name=authority, signers=signers)
    others = tuple(one for one in directory.authorities if one.state != state)
    _write_directory(out, replace(directory, authorities=(*others, changed)))


@app.command("revoke")
def revoke(
    draft_file: Draft,
    key_id: Annotated[str, typer.Argument(help="Id of the key, for example sig-0f3a….")],
    out: Out,
    from_log_size: Annotated[
        int, typer.Option(min=0, help="What the institution's log held before this still counts; 0: nothing does.")
    ] = 0,
) -> None:
    """Revoke a key of an institution or an official: nothing that arrives signed with it counts any more."""
    directory = _directory(draft_file)
    found: list[PublicKey] = []

    def changed(keys: "tuple[PublicKey, ...]", log_size: int) -> "tuple[PublicKey, ...]":
        found.extend(key for key in keys if key.key_id == key_id)
        return tuple(
            replace(key, revoked=True, revoked_from_log_size=log_size) if key.key_id == key_id else key for key in keys
        )

    institutions = tuple(replace(one, keys=changed(one.keys, from_log_size)) for one in directory.institutions)
    authorities = tuple(
        replace(one, signers=tuple(replace(her, keys=changed(her.keys, 0)) for her in one.signers))
        for one in directory.authorities
    )
    if not found:
        raise InputError(f"There is no key '{key_id}' in {draft_file}.")
    _write_directory(out, replace(directory, institutions=institutions, authorities=authorities))


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

    signed = _signed(file)
    show(file)
    if not yes and not typer.confirm("\nDo you sign this?"):
        typer.echo("Nothing was signed.")
        raise typer.Exit(1)
    ring = FileKeyRing.load(keys, passphrase=read_passphrase(passphrase_file) if passphrase_file else "")
    key_id = ring.signing_key_id(_now())
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

    content, now = _signed(directory_file).content, _now()
    digest = hashlib.sha256(content).digest()
    statement = Freshness(_directory(directory_file).version, digest, now, now + timedelta(hours=hours))
    write_new(out, encode_signed(Signed(encode_freshness(statement))))
    show(out)


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
        tuple(_signed(one) for one in root_file),
        _signed(directory_file),
        None if freshness is None else _signed(freshness),
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
    _verify(read_chain(chain_file), _signed(root_file))


@app.command("show")
def show(file: File) -> None:
    """Say what a root, directory, freshness statement or published file holds, with fingerprints. Verifies nothing."""
    data = _bytes(file)
    try:
        signed = _signed(file)
    except VerificationError:
        chain = read_chain(file)
        for one in (*chain.roots, chain.directory, *((chain.freshness,) if chain.freshness else ())):
            _say(one)
        typer.echo(f"file         SHA-256 {hashlib.sha256(data).hexdigest()}")
        return
    _say(signed)


@app.command("install")
def install(
    chain_file: Annotated[Path, typer.Argument(help="What `publish` has written.")],
    name: Annotated[str, typer.Option("--as", help="Administrator: a name to issue her certificate for.")],
) -> None:
    """Hand a published directory to this machine's running node, which verifies it and goes by it at once."""
    import asyncio  # noqa: PLC0415 (heavy)

    asyncio.run(_install(_bytes(chain_file), name))


def read_chain(path: Path) -> "TrustChain":
    """A published directory from its file; nothing of it is verified."""
    from portability.services.registry.mapping.roots import decode_chain  # noqa: PLC0415 (heavy)

    return decode_chain(_bytes(path))


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
    verify_in_time(trust, at=_now())
    typer.echo(
        f"It holds: directory {trust.directory.version} under root {trust.root.version}, "
        f"until {trust.usable_until():%Y-%m-%d %H:%M} UTC."
    )


def _say(signed: "Signed") -> None:
    found = kind_of(signed.content)
    typer.echo(f"{found.name:12} SHA-256 {hashlib.sha256(signed.content).hexdigest()}")
    for line in found.lines:
        typer.echo(f"  {line}")
    for one in signed.signatures:
        typer.echo(f"  signature by {one.key_id} (not verified here)")


def _role(files: Sequence[Path], threshold: int) -> "RoleKeys":
    from portability.services.registry.mapping.directory import decode_key  # noqa: PLC0415 (heavy)
    from portability.services.registry.roots import RoleKey, RoleKeys  # noqa: PLC0415 (heavy)

    keys = [decode_key(_bytes(one)) for one in files]
    return RoleKeys(threshold, tuple(RoleKey(one.key_id, one.classical, one.post_quantum) for one in keys))


def _directory(path: Path) -> "Directory":
    from portability.services.registry.mapping.directory import decode_directory  # noqa: PLC0415 (heavy)

    return decode_directory(_signed(path).content)


def _write_directory(out: Path, directory: "Directory") -> None:
    from portability.services.registry.mapping.directory import (  # noqa: PLC0415 (heavy)
        decode_directory,
        encode_directory,
    )
    from portability.services.registry.mapping.roots import encode_signed  # noqa: PLC0415 (heavy)
    from portability.services.registry.roots import Signed  # noqa: PLC0415 (heavy)

    content = encode_directory(directory)
    decode_directory(content)  # what a node would refuse is told before anybody signs it
    write_new(out, encode_signed(Signed(content)))
    show(out)


def _signed(path: Path) -> "Signed":
    from portability.services.registry.mapping.roots import decode_signed  # noqa: PLC0415 (heavy)

    return decode_signed(_bytes(path))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise InputError(f"{path} cannot be read: {exc.strerror}.") from exc


def _now() -> datetime:
    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)

    return SystemClock().now()
