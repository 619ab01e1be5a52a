"""`portability directory`, drafts: the next directory from the one before it, one change after the other."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portability.agreements.errors import InputError
from portability.app.commands.directory_files import (
    Days,
    Out,
    read_bytes,
    read_chain,
    read_directory,
    this_instant,
    write_directory,
)

if TYPE_CHECKING:
    from portability.services.registry.model import PublicKey

__all__ = ["app"]

app = typer.Typer()

Draft = Annotated[Path, typer.Argument(help="A draft of a directory; it is the one to go on from.")]


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

    at = this_instant()
    before = None if after is None else decode_directory(read_chain(after).directory.content)
    first = Directory(0, at, at) if before is None else before
    following = replace(first, version=first.version + 1, issued_at=at, expires_at=at + timedelta(days=days))
    write_directory(out, following)


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

    new, directory = decode_institution(read_bytes(entry)), read_directory(draft_file)
    known = next((one for one in directory.institutions if one.institution_id == new.institution_id), None)
    start = date(2000, 1, 1) if since is None else since.date()
    competences = tuple(Competence(Branch(one), start) for one in branch)
    if known is not None:
        here = {key.key_id for key in known.keys}
        keys = (*known.keys, *(key for key in new.keys if key.key_id not in here))
        new = replace(new, keys=keys, competences=known.competences)
    new = replace(new, competences=(*new.competences, *competences))
    others = tuple(one for one in directory.institutions if one.institution_id != new.institution_id)
    write_directory(out, replace(directory, institutions=(*others, new)))


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

    found = load(str(law), read_bytes(law).decode("utf-8"))
    if not isinstance(found, Agreement):
        raise InputError(f"{law} is no agreement.")
    directory = read_directory(draft_file)
    version = AgreementVersion(found.id, bytes.fromhex(found.sha256), tuple(found.content.parties), this_instant())
    write_directory(out, replace(directory, agreements=(*directory.agreements, version)))


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

    directory, public = read_directory(draft_file), decode_key(read_bytes(key))
    known = next((one for one in directory.authorities if one.state == state), Authority(state, authority))
    her = next((one for one in known.signers if one.signer_id == signer), AuthoritySigner(signer, name))
    her = replace(her, name=name, keys=(*her.keys, public))
    signers = (*(one for one in known.signers if one.signer_id != signer), her)
    changed = replace(known, name=authority, signers=signers)
    others = tuple(one for one in directory.authorities if one.state != state)
    write_directory(out, replace(directory, authorities=(*others, changed)))


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
    directory = read_directory(draft_file)
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
    write_directory(out, replace(directory, institutions=institutions, authorities=authorities))
