"""`portability agreements` for officials of an authority: draw a key, sign a statement, countersign, read one.

Nothing here needs a node or a network: an official signs on the machine where her key is.
"""

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portability.agreements.errors import InputError, VerificationError

if TYPE_CHECKING:
    from portability.adapters.keys.ring import FileKeyRing
    from portability.agreements.loading import Agreement
    from portability.services.determination.treaties.model import SignedStatement, Statement

__all__ = ["countersign", "read_statement_file", "show_statement", "sign", "signer_key"]

YEARS = 3
DAY = "%Y-%m-%d"

LawFile = Annotated[Path, typer.Argument(help="The agreement's file, byte by byte as it is to be ratified.")]
StatementFile = Annotated[Path, typer.Argument(help="A statement as `sign` writes it.")]
Signer = Annotated[str, typer.Option("--signer", help="Your id in the directory, for example anna.vogel.")]
Keys = Annotated[Path, typer.Option("--keys", help="The folder of your own key, as `signer-key` has drawn it.")]
Passphrase = Annotated[
    Path | None, typer.Option("--passphrase-file", help="File whose first line seals your key; mode 0600.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Sign without asking; for rehearsals.")]


def signer_key(
    folder: Annotated[Path, typer.Argument(help="A folder of your own, which nobody else can read.")],
    years: Annotated[int, typer.Option(min=1, max=20, help="How long the key may be used.")] = YEARS,
    passphrase_file: Passphrase = None,
) -> None:
    """Draw the key with which you, and only you, sign for your authority; print what goes into the directory."""
    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)
    from portability.adapters.keys.files import store_seeds  # noqa: PLC0415 (heavy)
    from portability.adapters.keys.material import SigningKey, draw_key  # noqa: PLC0415 (heavy)
    from portability.services.registry.mapping.directory import key_message  # noqa: PLC0415 (heavy)
    from portability.services.registry.model import KeyPurpose  # noqa: PLC0415 (heavy)

    now = SystemClock().now()
    seeds = draw_key(KeyPurpose.SIGNING, not_before=now, not_after=now + timedelta(days=366 * years))
    path = store_seeds(folder, seeds, passphrase=_passphrase(passphrase_file))
    public = SigningKey(seeds).public
    content = key_message(public).SerializeToString(deterministic=True)
    out = folder / f"{public.key_id}.public"
    out.write_bytes(content)
    guarded = "sealed by your passphrase" if passphrase_file else "not sealed: see --passphrase-file"
    typer.echo(f"private key  {path} (keep it; nobody else needs it; {guarded})")
    typer.echo(f"public key   {out}")
    typer.echo(
        f"key id       {public.key_id}, good from {public.not_before:%Y-%m-%d} until {public.not_after:%Y-%m-%d}"
    )
    typer.echo(f"fingerprint  {hashlib.sha256(content).hexdigest()}")
    typer.echo(
        "\nHand the public key to the keepers of the directory and read them the fingerprint. Until they have entered "
        "it under your name, nothing that you sign counts."
    )


def sign(
    file: LawFile,
    *,
    party: Annotated[str, typer.Option("--as-party", help="Your state: two capital letters, for example DE.")],
    first_day: Annotated[
        datetime,
        typer.Option("--from", formats=[DAY], help="First day on which it holds; not before the last signature."),
    ],
    signer: Signer,
    keys: Keys,
    out: Annotated[Path, typer.Option("--out", help="Where to write the statement, which must not be there yet.")],
    suspend: Annotated[bool, typer.Option("--suspend", help="Suspend this version instead of ratifying it.")] = False,
    towards: Annotated[
        str, typer.Option(help="Of a suspension: only towards these states, for example CH,AT; empty: all.")
    ] = "",
    incorporated: Annotated[
        Path | None, typer.Option(help="The file that this one incorporates, where it incorporates one.")
    ] = None,
    passphrase_file: Passphrase = None,
    yes: Yes = False,
) -> None:
    """As the first official, state that your state is bound by exactly this file from a day on, and sign it."""
    from portability.services.determination.treaties.mapping.statements import encode_statement  # noqa: PLC0415 (heavy)
    from portability.services.determination.treaties.model import (  # noqa: PLC0415 (heavy)
        SignedStatement,
        Statement,
        StatementKind,
        VersionId,
    )

    agreement = _agreement(file)
    others = tuple(sorted({one.strip() for one in towards.split(",") if one.strip()}))
    _require_parties(agreement, (party, *others))
    statement = Statement(
        StatementKind.SUSPENSION if suspend else StatementKind.RATIFICATION,
        party,
        agreement.id,
        VersionId(agreement.sha256, _incorporated(agreement, incorporated)),
        first_day.date(),
        others,
    )
    _refuse_past(statement.first_day)
    if out.exists():
        raise InputError(f"{out} is there already: name a new file, or `countersign` that one.")
    typer.echo(_said(statement, agreement.content.title))
    _confirm(yes)
    ring = _ring(keys, passphrase_file)
    signed = _signed(SignedStatement(encode_statement(statement), ()), signer=signer, ring=ring)
    _write(out, signed)
    typer.echo(
        f"\nSigned by {signer}: {out}. One signature binds nobody. Another official of {party} now compares the file "
        f"and runs:\n  portability agreements countersign {out} {file} --signer ID --keys FOLDER"
    )


def countersign(
    statement_file: StatementFile,
    file: LawFile,
    *,
    signer: Signer,
    keys: Keys,
    passphrase_file: Passphrase = None,
    yes: Yes = False,
) -> None:
    """As the second official, compare the statement with your own copy of the file, and sign it too."""
    signed, statement = read_statement_file(statement_file)
    agreement = _agreement(file)
    if (agreement.id, agreement.sha256) != (statement.agreement_id, statement.version.sha256):
        raise VerificationError(
            f"The statement is about '{statement.agreement_id}' with the hash\n  {statement.version.sha256}\nand your "
            f"copy {file} is '{agreement.id}' with the hash\n  {agreement.sha256}\nDo not sign: find out why."
        )
    typer.echo(_said(statement, agreement.content.title))
    _confirm(yes)
    _write(statement_file, _signed(signed, signer=signer, ring=_ring(keys, passphrase_file)))
    typer.echo(
        f"\nSigned by {', '.join((*(one.signer_id for one in signed.signatures), signer))}: {statement_file}. Hand it "
        "to your administrator, and to those of the other parties:\n"
        f"  portability agreements {'suspend' if statement.kind == 'suspension' else 'ratify'} {statement_file} "
        "--as NAME"
    )


def show_statement(statement_file: StatementFile) -> None:
    """Say what a statement says and who has signed it; whether the signatures stand, a node says that takes it in."""
    signed, statement = read_statement_file(statement_file)
    typer.echo(_said(statement, ""))
    for one in signed.signatures:
        typer.echo(f"signed by    {one.signer_id} with {one.key_id} at {one.signed_at:%Y-%m-%d %H:%M} UTC")
    if len(signed.signatures) < 2:
        typer.echo("It waits for another official's signature: it binds nobody.")
    typer.echo("The signatures are not verified here: hand it to a node.")


def read_statement_file(path: Path) -> "tuple[SignedStatement, Statement]":
    """A statement from a file; VerificationError where it is none. Its signatures are not verified."""
    from portability.services.determination.treaties.mapping.statements import (  # noqa: PLC0415 (heavy)
        decode_signed_statement,
        decode_statement,
    )

    signed = decode_signed_statement(_bytes(path))
    return signed, decode_statement(signed.statement)


def _agreement(file: Path) -> "Agreement":
    """The agreement in a file; its hash is that of the bytes as they are on the disk."""
    from portability.agreements.loading import Agreement  # noqa: PLC0415 (heavy)
    from portability.app.commands.law_files import load  # noqa: PLC0415 (heavy)

    content = _bytes(file)
    try:
        found = load(str(file), content.decode("utf-8"))
    except UnicodeDecodeError as exc:
        raise InputError(f"{file} is not UTF-8: it is no agreement of ours.") from exc
    if not isinstance(found, Agreement):
        raise InputError(f"{file} is no agreement: only agreements are ratified.")
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as exc:
        raise InputError(f"{path} cannot be read: {exc.strerror}.") from exc


def _incorporated(agreement: "Agreement", file: Path | None) -> str:
    taken = agreement.content.incorporates
    if taken is None:
        if file is not None:
            raise InputError(f"'{agreement.id}' incorporates nothing: leave out --incorporated.")
        return ""
    if file is None:
        raise InputError(
            f"'{agreement.id}' incorporates '{taken.agreement}' ({taken.cite}): name its file with --incorporated, so "
            "that you sign its hash too."
        )
    other = _agreement(file)
    if other.id != taken.agreement:
        raise InputError(f"'{agreement.id}' incorporates '{taken.agreement}', and {file} is '{other.id}'.")
    return other.sha256


def _require_parties(agreement: "Agreement", states: tuple[str, ...]) -> None:
    for state in states:
        if state not in agreement.content.parties:
            raise InputError(f"{state} is no party of '{agreement.id}': it has {', '.join(agreement.content.parties)}.")


def _refuse_past(first_day: date) -> None:
    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)

    today = SystemClock().now().astimezone(UTC).date()
    if first_day < today:
        raise InputError(
            f"{first_day} is past: nothing is bound, or unbound, backwards. Name a day from {today} (UTC) on, late "
            "enough for the second signature."
        )


def _said(statement: "Statement", title: str) -> str:
    version = statement.version
    lines = [
        f"kind         {statement.kind}",
        f"state        {statement.party}",
        f"agreement    {statement.agreement_id}{f' ({title})' if title else ''}",
        f"SHA-256      {version.sha256}",
    ]
    if version.incorporated:
        lines.append(f"  with       {version.incorporated} (the file that it incorporates)")
    lines.append(f"first day    {statement.first_day}")
    if statement.towards:
        lines.append(f"towards      {', '.join(statement.towards)}")
    return "\n".join(lines)


def _confirm(yes: bool) -> None:  # noqa: FBT001 (an option of the command line)
    if not yes and not typer.confirm("\nDo you sign this?"):
        typer.echo("Nothing was signed.")
        raise typer.Exit(1)


def _passphrase(file: Path | None) -> str:
    from portability.adapters.keys.files import read_passphrase  # noqa: PLC0415 (heavy)

    return read_passphrase(file) if file is not None else ""


def _ring(keys: Path, passphrase_file: Path | None) -> "FileKeyRing":
    from portability.adapters.keys.ring import FileKeyRing  # noqa: PLC0415 (heavy)

    return FileKeyRing.load(keys, passphrase=_passphrase(passphrase_file))


def _signed(signed: "SignedStatement", *, signer: str, ring: "FileKeyRing") -> "SignedStatement":
    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)
    from portability.services.determination.treaties.signing import add_signature  # noqa: PLC0415 (heavy)

    now = SystemClock().now()
    return add_signature(signed, signer_id=signer, key_id=ring.signing_key_id(now), at=now, signer=ring)


def _write(path: Path, signed: "SignedStatement") -> None:
    from portability.services.determination.treaties.mapping.statements import (  # noqa: PLC0415 (heavy)
        encode_signed_statement,
    )

    try:
        path.write_bytes(encode_signed_statement(signed))
    except OSError as exc:
        raise InputError(f"{path} cannot be written: {exc.strerror}.") from exc
