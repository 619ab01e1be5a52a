"""`portability certificate`: issue, revoke and verify what proves a right abroad."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from portability.app.commands.at_node import Node, call_node, new_request_id
from portability.app.commands.printing import table
from portability.services.access import Role

if TYPE_CHECKING:
    from portability.services.certificates.verifying import Verified
    from portability.services.registry.model import Directory

__all__ = ["app"]

PICTURES = {".png", ".jpg", ".jpeg", ".webp"}
LARGEST = 1_000_000  # bytes of a file of text

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Certificates that prove a right abroad.")


As = Annotated[str, typer.Option("--as", help="Caseworker at this node, for example anna: her certificate is used.")]


@app.command()
def issue(  # noqa: PLR0917 (options of the command line)
    case_id: Annotated[str, typer.Argument(help="Case as the node knows it.")],
    name: As,
    kind: Annotated[str, typer.Option(help="career, entitlement, or coverage with --content.")] = "career",
    content: Annotated[
        Path | None, typer.Option(help="JSON file with `coverage` and, for a case without a claim, `holder`.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the credential (SD-JWT VC).")] = None,
    node: Node = "",
) -> None:
    """Issue a certificate in a case; prints its id and the text of its QR code."""
    from portability.agreements.errors import InputError, VerificationError  # noqa: PLC0415 (heavy)
    from portability.api.certificates.v1 import certificates_pb2 as pb  # noqa: PLC0415 (heavy)
    from portability.services.certificates.jose import decode_json  # noqa: PLC0415 (heavy)

    try:
        given = decode_json(_read(content).encode()) if content else {}
        request = pb.IssueCertificateRequest(
            request_id=new_request_id(),
            case_id=case_id,
            kind=pb.CertificateKind.Value(f"CERTIFICATE_KIND_{kind.upper()}"),
            **given,
        )
    except (VerificationError, ValueError, TypeError) as exc:
        raise InputError(
            f"'{kind}' is no kind, or {content} is not its content: {exc}. Kinds are coverage, career, entitlement.",
            field="content",
        ) from exc

    async def call(stub: Any) -> Any:
        return await stub.IssueCertificate(request)

    answer = _at(call, name=name, node=node)
    if out is not None:
        out.write_text(answer.credential)
        typer.echo(f"{out}: the credential. Check it: portability certificate verify {out}")
    typer.echo(f"{answer.certificate.certificate_id}  {answer.certificate.number}\n{answer.code}")


@app.command()
def revoke(
    certificate_id: Annotated[str, typer.Argument(help="Certificate, as `portability certificate list` shows it.")],
    name: As,
    node: Node = "",
) -> None:
    """Say in the status list that a certificate counts no more."""
    from portability.api.certificates.v1 import certificates_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> Any:
        return await stub.RevokeCertificate(
            pb.RevokeCertificateRequest(request_id=new_request_id(), certificate_id=certificate_id)
        )

    one = _at(call, name=name, node=node).certificate
    typer.echo(f"{one.number} is revoked since {one.revoked_at.ToDatetime():%Y-%m-%d %H:%M} UTC.")


@app.command("list")
def list_certificates(
    case_id: Annotated[str, typer.Argument(help="Case as the node knows it.")], name: As, node: Node = ""
) -> None:
    """List the certificates of a case."""
    from portability.api.certificates.v1 import certificates_pb2 as pb  # noqa: PLC0415 (heavy)

    async def call(stub: Any) -> Any:
        return await stub.ListCertificates(pb.ListCertificatesRequest(case_id=case_id))

    rows = [
        (
            one.certificate_id,
            one.number,
            pb.CertificateKind.Name(one.kind).removeprefix("CERTIFICATE_KIND_").lower(),
            f"{one.issued_at.ToDatetime():%Y-%m-%d} by {one.issued_by}",
            f"{one.revoked_at.ToDatetime():%Y-%m-%d %H:%M}" if one.HasField("revoked_at") else "-",
        )
        for one in _at(call, name=name, node=node).certificates
    ]
    table(("certificate", "number", "kind", "issued", "revoked"), rows)


def _at(call: Any, *, name: str, node: str) -> Any:
    from portability.api.certificates.v1 import certificates_pb2_grpc  # noqa: PLC0415 (heavy)

    stub = certificates_pb2_grpc.CertificateServiceStub
    return call_node(stub, call, name=name, node=node, role=Role.CASEWORKER)


@app.command()
def verify(  # noqa: PLR0917 (options of the command line)
    what: Annotated[str, typer.Argument(help="File, picture of a QR code, or the text of one (PBC1:...).")],
    directory: Annotated[
        Path | None, typer.Option(help="Published directory; without it, the one of this node.", exists=True)
    ] = None,
    root: Annotated[Path | None, typer.Option(help="root.bin from the keepers of the directory.", exists=True)] = None,
    status: Annotated[
        Path | None, typer.Option(help="Status list of the issuer, of this hour, as a file.", exists=True)
    ] = None,
    audience: Annotated[str, typer.Option(help="Who you said you are to the holder's wallet.")] = "",
    nonce: Annotated[str, typer.Option(help="What you gave the wallet to sign.")] = "",
    language: Annotated[str, typer.Option(help="In which language to say it, for example es.")] = "en",
) -> None:
    """Say whether a certificate is to be relied on; needs no network and no node. Exit code 1 where it is not."""
    from portability.adapters.certificates.telling import told_refusal  # noqa: PLC0415 (heavy)
    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)
    from portability.adapters.keys.issuing import DirectoryIssuers  # noqa: PLC0415 (heavy)
    from portability.agreements.errors import CertificateRefusedError  # noqa: PLC0415 (heavy)
    from portability.services.certificates.verifying import Showing, verify_certificate  # noqa: PLC0415 (heavy)
    from portability.services.workers.words import words_for  # noqa: PLC0415 (heavy)

    words, believed = words_for([language]), _directory(directory, root)
    try:
        verified = verify_certificate(
            _text(what),
            issuers=DirectoryIssuers(lambda: believed),
            at=SystemClock().now(),
            status=_read(status) if status else "",
            showing=Showing(audience, nonce) if audience or nonce else None,
        )
    except CertificateRefusedError as error:
        typer.echo(words.text("check.refused"))
        typer.echo(told_refusal(error.reason, words))
        typer.echo(f"[{error.reason}] {error.message}")
        raise typer.Exit(1) from error
    _say(verified, language)


def _say(verified: "Verified", language: str) -> None:
    from portability.adapters.certificates.telling import told_career, told_facts, told_kind  # noqa: PLC0415 (heavy)
    from portability.services.workers.words import words_for  # noqa: PLC0415 (heavy)

    words = words_for([language])
    typer.echo(words.text("check.stands"))
    typer.echo(words.text("check.not_withdrawn" if verified.status_at else "check.withdrawn_unknown"))
    if not verified.by_holder:
        typer.echo(words.text("certificate.compare"))
    typer.echo(f"\n{told_kind(verified.shown.kind, words)}")
    for label, text in told_facts(verified.shown, words):
        typer.echo(f"  {label}: {text}")
    for row in told_career(verified.shown, words):
        typer.echo("  " + " | ".join(part for part in row if part))


def _text(what: str) -> str:
    """The text of a certificate: given as it is, in a file, or in a picture."""
    from portability.adapters.certificates.qr import read_picture  # noqa: PLC0415 (heavy)
    from portability.services.certificates.code import PREFIX  # noqa: PLC0415 (heavy)

    if what.startswith(PREFIX):
        return what
    path = Path(what)
    return read_picture(path) if path.suffix.lower() in PICTURES else _read(path)


def _read(path: Path) -> str:
    from portability.agreements.errors import GatewayError  # noqa: PLC0415 (heavy)

    try:
        with path.open("rb") as file:
            return file.read(LARGEST).decode("utf-8", errors="replace")
    except OSError as exc:
        raise GatewayError(f"{path} cannot be read: {exc.strerror}.", retryable=False) from exc


def _directory(published: Path | None, root: Path | None) -> "Directory":
    """A directory that the root given by hand vouches for: from the files given, or as this node believes it."""
    import asyncio  # noqa: PLC0415 (heavy)

    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)
    from portability.adapters.keys.directory_file import DirectoryFile  # noqa: PLC0415 (heavy)
    from portability.agreements.errors import InputError  # noqa: PLC0415 (heavy)
    from portability.app.settings import load_settings  # noqa: PLC0415 (heavy)
    from portability.app.trust import load_anchor, open_registry  # noqa: PLC0415 (heavy)
    from portability.services.registry.trusting import verify_trust  # noqa: PLC0415 (heavy)

    settings = load_settings()
    if published is None:
        opening = open_registry(settings.directory_path, data_folder=settings.data_folder, clock=SystemClock())
        return asyncio.run(opening).in_force.current()
    chain = asyncio.run(DirectoryFile(published).load())
    if chain is None:
        raise InputError(f"{published} is no published directory.", field="directory")
    return verify_trust(chain, anchor=load_anchor(root or settings.data_folder / "root.bin")).directory
