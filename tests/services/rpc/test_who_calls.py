"""Who reaches a handler: only a caller with the node's own certificate, of its institution, in the right role."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from portability.agreements.errors import InputError
from portability.api.common.v1.common_pb2 import Money
from portability.app.rpc.client import DeadlineChannel
from portability.app.rpc.credentials import Authority, CallerFiles, NodeTls
from portability.services.access import Role

from .conftest import SESSION, WORKER, Node, SystemTime, rpc

EUR = Money(currency_code="EUR", amount="480.00")


async def refused_by_tls(node: Node, channel: DeadlineChannel) -> None:
    async with channel:
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await rpc(channel, "Echo")(EUR, timeout=5)
    assert refusal.value.code() is grpc.StatusCode.UNAVAILABLE
    assert node.echo.calls == 0
    assert node.seen.finished == []


async def refused(node: Node, method: str, files: CallerFiles, **options: str) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await node.call(method, EUR, files, **options)
    assert node.echo.calls == 0
    return refusal.value


async def test_a_caseworker_of_the_institution_is_served(node: Node) -> None:
    assert await node.call("Echo", EUR) == EUR
    assert (await node.seen.first()).code == "OK"


async def test_without_a_certificate_there_is_no_connection(node: Node) -> None:
    root = node.tls.authority.certificate_pem()
    channel = grpc.aio.secure_channel(node.address, grpc.ssl_channel_credentials(root))
    await refused_by_tls(node, DeadlineChannel(channel))


async def test_without_tls_there_is_no_connection(node: Node) -> None:
    await refused_by_tls(node, DeadlineChannel(grpc.aio.insecure_channel(node.address)))


async def test_a_certificate_of_a_foreign_authority_is_refused(node: Node, tmp_path: Path) -> None:
    foreign = NodeTls(tmp_path / "foreign", "de-drv", hosts=("localhost",), clock=SystemTime())
    files = foreign.caller(Role.CASEWORKER, "anna")
    # It believes our server, but we do not believe its certificate.
    mixed = CallerFiles(node.tls.caller(Role.CASEWORKER, "anna").authority, files.certificate, files.key)
    await refused_by_tls(node, node.channel(mixed))


async def test_an_expired_certificate_is_refused(node: Node, tmp_path: Path) -> None:
    eight_days_ago = SystemTime().now() - timedelta(days=8)
    issued = node.tls.authority.issue_caller(Role.CASEWORKER, "anna", now=eight_days_ago)
    files = write(tmp_path, issued.certificate, issued.key, node)
    await refused_by_tls(node, node.channel(files))


async def test_a_server_of_another_authority_is_not_trusted_by_the_client(node: Node, tmp_path: Path) -> None:
    ours = node.tls.caller(Role.CASEWORKER, "anna")
    other = tmp_path / "other.crt"
    other.write_bytes(Authority.create("de-drv", now=SystemTime().now()).certificate_pem())
    await refused_by_tls(node, node.channel(CallerFiles(other, ours.certificate, ours.key)))


async def test_a_server_certificate_is_no_identity(node: Node, tmp_path: Path) -> None:
    issued = node.tls.authority.issue_server(("localhost",), now=SystemTime().now())
    await refused_by_tls(node, node.channel(write(tmp_path, issued.certificate, issued.key, node)))


async def test_another_institutions_certificate_is_refused_even_under_our_authority(node: Node, tmp_path: Path) -> None:
    # An authority with our key but another name could sign this; a forged role must not pass either.
    sister = Authority.load(node.tls.authority.issued(), "it-inps")
    issued = sister.issue_caller(Role.CASEWORKER, "anna", now=SystemTime().now())
    error = await refused(node, "Echo", write(tmp_path, issued.certificate, issued.key, node))
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    assert "of another institution than this node's" in (error.details() or "")


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["spiffe://portability/de-drv/caseworker/anna", "spiffe://portability/de-drv/peer/x"], id="two"),
        pytest.param(["spiffe://portability/de-drv/caseworker/anna/x"], id="longer"),
        pytest.param(["x-spiffe://portability/de-drv/caseworker/anna"], id="prefixed"),
        pytest.param(["spiffe://elsewhere/de-drv/caseworker/anna"], id="another trust domain"),
        pytest.param(["spiffe://portability/de-drv/director/anna"], id="unknown role"),
        pytest.param(["spiffe://portability/DE-DRV/caseworker/anna"], id="upper case"),
        pytest.param(["spiffe://portability/de-drv/caseworker/"], id="no name"),
    ],
)
async def test_a_certificate_has_exactly_one_well_formed_identity(node: Node, tmp_path: Path, names: list[str]) -> None:
    error = await refused(node, "Echo", of_our_authority(node, tmp_path, names=names))
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert "one URI spiffe://portability/<institution>/<role>/<name>" in (error.details() or "")


async def test_an_identity_in_the_common_name_counts_for_nothing(node: Node, tmp_path: Path) -> None:
    files = of_our_authority(node, tmp_path, common_name="spiffe://portability/de-drv/caseworker/anna")
    assert (await refused(node, "Echo", files)).code() is grpc.StatusCode.UNAUTHENTICATED


async def test_a_peer_of_another_institution_reaches_what_is_open_to_peers(node: Node) -> None:
    peer = node.tls.caller(Role.PEER, "node-1", institution="it-inps")
    answer = await node.call("Greet", EUR, peer)
    assert answer.amount == "it-inps/peer/node-1/None"
    assert (await refused(node, "Echo", peer)).code() is grpc.StatusCode.PERMISSION_DENIED


@pytest.mark.parametrize("role", [role for role in Role if role not in {Role.CASEWORKER, Role.CLEARED_CASEWORKER}])
async def test_every_other_role_is_refused_by_the_policy(node: Node, role: Role) -> None:
    token = SESSION if role is Role.WORKER else ""
    error = await refused(node, "Echo", node.tls.caller(role, "somebody"), token=token)
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    assert (await node.seen.first()).reason == "DENIED"


async def test_an_rpc_that_no_policy_names_is_closed_to_everybody(node: Node) -> None:
    for role in Role:
        token = SESSION if role is Role.WORKER else ""
        error = await refused(node, "Hidden", node.tls.caller(role, "somebody"), token=token)
        assert error.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_a_worker_needs_a_session(node: Node) -> None:
    channel_of_workers = node.tls.caller(Role.WORKER, "page")
    error = await refused(node, "Own", channel_of_workers)
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert "sign in first" in (error.details() or "")


async def test_a_worker_with_a_session_is_that_worker(node: Node) -> None:
    answer = await node.call("Own", EUR, node.tls.caller(Role.WORKER, "page"), token=SESSION)
    assert answer.amount == f"de-drv/worker/page/{WORKER}"


async def test_a_worker_may_sign_in_without_a_session(node: Node) -> None:
    answer = await node.call("SignIn", EUR, node.tls.caller(Role.WORKER, "page"))
    assert answer.amount == "de-drv/worker/page/None"


async def test_an_unknown_session_is_refused(node: Node) -> None:
    error = await refused(node, "Own", node.tls.caller(Role.WORKER, "page"), token="session-of-nobody-else")
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert error.details() == "The session is unknown or has ended."


async def test_a_malformed_session_is_refused_before_it_is_looked_up(node: Node) -> None:
    error = await refused(node, "Own", node.tls.caller(Role.WORKER, "page"), token="short")
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert error.details() == "Send one 'authorization: Bearer <session token>'."


async def test_a_session_does_not_turn_a_caseworker_into_a_worker(node: Node) -> None:
    error = await refused(node, "Own", node.tls.caller(Role.CASEWORKER, "anna"), token=SESSION)
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED


def test_an_authority_does_not_issue_for_another_institution_but_to_peers(node: Node) -> None:
    now = SystemTime().now()
    with pytest.raises(InputError, match="only with the role 'peer'"):
        node.tls.authority.issue_caller(Role.ADMINISTRATOR, "anna", now=now, institution="it-inps")


@pytest.mark.parametrize("name", ["", "Anna", "a/administrator/anna", "ü", "-anna", "a" * 65])
def test_a_name_that_could_change_an_identity_is_refused(node: Node, name: str) -> None:
    with pytest.raises(InputError) as error:
        node.tls.authority.issue_caller(Role.CASEWORKER, name, now=SystemTime().now())
    assert error.value.field == "name"


def test_a_certificate_lives_seven_days_at_most(node: Node) -> None:
    with pytest.raises(InputError, match="7 days at most"):
        node.tls.authority.issue_caller(
            Role.CASEWORKER, "anna", now=SystemTime().now(), life=timedelta(days=7, seconds=1)
        )


def test_keys_are_readable_by_their_owner_only(node: Node) -> None:
    files = node.tls.caller(Role.CASEWORKER, "anna")
    for path in (files.key, files.authority.with_name("authority.key"), files.authority.with_name("server.key")):
        assert path.stat().st_mode & 0o777 == 0o600


async def test_the_server_renews_its_certificate_while_it_runs(node: Node, tmp_path: Path) -> None:
    clock = SystemTime()
    tls = NodeTls(tmp_path / "tls", "de-drv", hosts=("localhost", "127.0.0.1"), clock=clock)
    before = (tmp_path / "tls" / "server.crt").read_bytes()
    clock.moved = timedelta(days=4)  # 3 of 7 days left: more than a third
    assert tls._renewed_configuration() is None
    clock.moved = timedelta(days=5)  # 2 of 7 days left: less than a third
    assert tls._renewed_configuration() is not None
    assert (tmp_path / "tls" / "server.crt").read_bytes() != before


def of_our_authority(
    node: Node, folder: Path, *, names: Sequence[str] = (), common_name: str = "somebody"
) -> CallerFiles:
    """A certificate that our own key has signed, with whatever is written into it."""
    authority = node.tls.authority.issued()
    key = ec.generate_private_key(ec.SECP256R1())
    now = SystemTime().now()
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(x509.load_pem_x509_certificate(authority.certificate).subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    )
    if names:
        uris = [x509.UniformResourceIdentifier(name) for name in names]
        builder = builder.add_extension(x509.SubjectAlternativeName(uris), critical=False)
    authority_key = serialization.load_pem_private_key(authority.key, password=None)
    assert isinstance(authority_key, ec.EllipticCurvePrivateKey)
    certificate = builder.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return write(folder, certificate, private, node)


def write(folder: Path, certificate: bytes, key: bytes, node: Node) -> CallerFiles:
    authority = node.tls.caller(Role.CASEWORKER, "anna").authority
    files = CallerFiles(authority, folder / "caller.crt", folder / "caller.key")
    files.certificate.write_bytes(certificate)
    files.key.write_bytes(key)
    return files
