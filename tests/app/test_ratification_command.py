"""The ceremony as people do it: officials with their keys and no node, administrators at a running node."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import Result
from typer.testing import CliRunner

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.ring import FileKeyRing
from portability.agreements import packaged
from portability.agreements.errors import GatewayError, InputError, VerificationError
from portability.api.agreements.v1 import agreements_pb2_grpc
from portability.app.commands.agreements import app
from portability.app.rpc.credentials import NodeTls
from portability.app.rpc.identity import CallerFinder, NoSessions
from portability.app.rpc.interceptor import CallGate, CallRecord
from portability.app.rpc.server import NodeServer, RpcService
from portability.services.determination.servicer import AgreementServicer
from portability.services.registry.model import Authority, AuthoritySigner, Directory
from tests.services.determination.treaty_world import World

CA_DE = packaged.packaged_texts("treaties")["ca-de.yaml"].encode()
SHA = hashlib.sha256(CA_DE).hexdigest()
PEOPLE = {"DE": ("anna.vogel", "karl.brandt"), "CA": ("june.hall", "luc.roy")}
NOW = SystemClock().now()
TOMORROW = (NOW + timedelta(days=1)).date()
YESTERDAY = (NOW - timedelta(days=1)).date()


def run(*arguments: str | Path, answer: str = "") -> str:
    finished = CliRunner().invoke(app, [str(one) for one in arguments], input=answer)
    if finished.exception is not None and not isinstance(finished.exception, SystemExit):
        raise finished.exception
    assert finished.exit_code == 0, finished.output
    return finished.stdout


def declined(*arguments: str | Path, answer: str) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments], input=answer)


@dataclass
class Desk:
    """A folder with the agreement's file, and each official's key in a folder of her own."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "ca-de.yaml"

    def keys(self, name: str) -> Path:
        return self.folder / "keys" / name

    def authority(self, state: str) -> Authority:
        signers = [
            AuthoritySigner(name, f"{name} (test)", FileKeyRing.load(self.keys(name)).public_keys())
            for name in PEOPLE[state]
        ]
        return Authority(state, f"Authority of {state} (test)", tuple(signers))

    def sign(self, state: str, *more: str | Path, out: str = "") -> Path:
        """The first official signs; the path of what she has written."""
        path = self.folder / (out or f"{state.lower()}.statement")
        name = PEOPLE[state][0]
        run("sign", self.file, "--as-party", state, "--from", str(TOMORROW), "--signer", name, "--keys",
            self.keys(name), "--out", path, "--yes", *more)  # fmt: skip
        return path

    def countersign(self, state: str, path: Path, *, file: Path | None = None) -> str:
        name = PEOPLE[state][1]
        return run("countersign", path, file or self.file, "--signer", name, "--keys", self.keys(name), "--yes")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path)
    desk.file.write_bytes(CA_DE)
    for names in PEOPLE.values():
        for name in names:
            run("signer-key", desk.keys(name))
    return desk


def test_a_key_is_drawn_into_a_private_folder_and_only_its_public_half_is_for_others(tmp_path: Path) -> None:
    told = run("signer-key", tmp_path / "anna", "--years", "2")
    (private,) = (tmp_path / "anna").glob("*.key.json")
    (public,) = (tmp_path / "anna").glob("*.public")
    assert private.stat().st_mode & 0o777 == 0o600
    assert hashlib.sha256(public.read_bytes()).hexdigest() in told
    assert "Until they have entered it under your name, nothing that you sign counts." in " ".join(told.split())


def test_a_key_sealed_by_a_passphrase_signs_with_it_alone(desk: Desk, tmp_path: Path) -> None:
    passphrase = tmp_path / "passphrase"
    passphrase.write_text("correct horse battery staple\n")
    passphrase.chmod(0o600)
    keys, out = tmp_path / "sealed", tmp_path / "de.statement"
    assert "sealed by your passphrase" in " ".join(run("signer-key", keys, "--passphrase-file", passphrase).split())
    asked = ("sign", desk.file, "--as-party", "DE", "--from", str(TOMORROW), "--signer", "anna.vogel",
             "--keys", keys, "--out", out, "--yes")  # fmt: skip
    refused = declined(*asked, answer="")
    assert isinstance(refused.exception, GatewayError)
    assert not out.exists()
    run(*asked, "--passphrase-file", passphrase)
    assert out.exists()


def test_an_official_sees_what_she_signs_and_may_say_no(desk: Desk) -> None:
    out = desk.folder / "de.statement"
    asked = ("sign", desk.file, "--as-party", "DE", "--from", str(TOMORROW), "--signer", "anna.vogel",
             "--keys", desk.keys("anna.vogel"), "--out", out)  # fmt: skip
    refused = declined(*asked, answer="n\n")
    assert refused.exit_code == 1
    assert f"SHA-256      {SHA}" in refused.output
    assert "Nothing was signed." in refused.output
    assert not out.exists()
    told = run(*asked, answer="y\n")
    assert "One signature binds nobody." in told
    assert f"countersign {out} {desk.file}" in told


def test_the_second_official_signs_only_what_her_own_copy_is(desk: Desk) -> None:
    path = desk.sign("DE")
    altered = desk.folder / "mine.yaml"
    altered.write_bytes(CA_DE + b"# \n")
    with pytest.raises(VerificationError, match=f"(?s){SHA}.*Do not sign: find out why"):
        desk.countersign("DE", path, file=altered)
    assert "It waits for another official's signature: it binds nobody." in run("statement", path)
    desk.countersign("DE", path)
    told = run("statement", path)
    assert [line.split()[2] for line in told.splitlines() if line.startswith("signed by")] == list(PEOPLE["DE"])


def test_line_ends_belong_to_the_bytes_that_are_signed(desk: Desk) -> None:
    path = desk.sign("DE")
    windows = desk.folder / "windows.yaml"
    windows.write_bytes(CA_DE.replace(b"\n", b"\r\n"))
    with pytest.raises(VerificationError, match="Do not sign"):
        desk.countersign("DE", path, file=windows)


def test_the_same_official_does_not_sign_twice(desk: Desk) -> None:
    path = desk.sign("DE")
    with pytest.raises(VerificationError, match="another official must sign now"):
        run("countersign", path, desk.file, "--signer", "anna.vogel", "--keys", desk.keys("karl.brandt"), "--yes")


def test_what_cannot_be_signed_is_refused_before_it_is_signed(desk: Desk) -> None:
    mine = ("--signer", "anna.vogel", "--keys", desk.keys("anna.vogel"), "--yes", "--out", desk.folder / "x.statement")
    with pytest.raises(InputError, match="is past: nothing is bound"):
        run("sign", desk.file, "--as-party", "DE", "--from", str(YESTERDAY), *mine)
    with pytest.raises(InputError, match="IT is no party of 'ca-de'"):
        run("sign", desk.file, "--as-party", "IT", "--from", str(TOMORROW), *mine)
    law = desk.folder / "de.yaml"
    law.write_text(packaged.packaged_texts("legislation")["de.yaml"], encoding="utf-8")
    with pytest.raises(InputError, match="only agreements are ratified"):
        run("sign", law, "--as-party", "DE", "--from", str(TOMORROW), *mine)
    assert not (desk.folder / "x.statement").exists()


def test_explaining_on_files_says_that_it_is_a_trial() -> None:
    content = packaged.agreement("eu-883-2004").content
    case = next(one.id for one in content.examples if one.kind == "determine")
    for reader in ("worker", "caseworker", "jurist"):
        told = run("explain", "eu-883-2004", case, "--for", reader)
        assert told.startswith("Not ratified: a trial. No state is bound by these files.")


class NoObserver:
    def call_started(self, rpc: str, kind: str) -> None: ...

    def call_finished(self, record: CallRecord) -> None: ...

    def call_failed_unexpectedly(self, rpc: str, error_id: str, error: Exception) -> None:
        raise AssertionError(f"{rpc} failed: {error!r}")


@pytest.fixture
async def node(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    """A node over mTLS on a free port; the commands find it by the settings of the environment."""
    world = World(clock=SystemClock())  # type: ignore[arg-type]  # the commands sign by the machine's clock
    world.directory = Directory(
        1, NOW - timedelta(hours=1), NOW + timedelta(days=1), authorities=tuple(map(desk.authority, PEOPLE))
    )
    tls = NodeTls(desk.folder / "tls", "de-drv", hosts=("localhost",), clock=SystemClock())
    gate = CallGate(
        callers=CallerFinder(NoSessions()),
        policy=CedarPolicy.shipped("de-drv"),
        observer=NoObserver(),
        new_id=lambda: UUID(int=1),
    )
    service = RpcService(
        "portability.api.agreements.v1.AgreementService",
        agreements_pb2_grpc.add_AgreementServiceServicer_to_server,
        AgreementServicer(world.desk),
    )
    server = NodeServer("localhost:0", credentials=tls.server_credentials(), gate=gate, services=(service,))
    port = await server.start()
    for name, value in (("INSTITUTION", "de-drv"), ("DATA_FOLDER", str(desk.folder)), ("LISTEN", f"127.0.0.1:{port}")):
        monkeypatch.setenv(f"PORTABILITY_{name}", value)
    yield world
    await server.stop(grace_seconds=0)


async def at_node(*arguments: str | Path) -> str:
    """Beside the event loop that serves the node."""
    return await asyncio.to_thread(run, *arguments, "--as", "karl")


@pytest.mark.usefixtures("node")
async def test_from_the_keys_to_a_pair_that_is_bound_and_back(desk: Desk) -> None:
    assert "No version of ca-de is published" in await at_node("versions", "ca-de")
    told = await at_node("publish", desk.file)
    assert SHA in told
    assert "no state yet: it binds nobody" in told
    ours, theirs = desk.sign("DE"), desk.sign("CA")
    desk.countersign("DE", ours)
    desk.countersign("CA", theirs)
    told = await at_node("ratify", ours)
    assert "signed by anna.vogel (test) and karl.brandt (test)" in told
    assert "No other state has ratified: it binds nobody yet." in told
    assert f"CA-DE  bound by {SHA[:12]} since {TOMORROW}" in await at_node("ratify", theirs)
    assert "CA, DE" in await at_node("versions", "ca-de")
    told = await at_node("ratifications", "ca-de")
    assert "CA-DE  not bound (not_yet)" in told, "today is not tomorrow"
    told = await at_node("ratifications", "ca-de", "--on", str(TOMORROW), "--save", desk.folder / "hand-on")
    assert f"CA-DE  bound by {SHA[:12]}" in told
    handed = sorted((desk.folder / "hand-on").iterdir())
    assert [path.name for path in handed] == ["ca-de-ca-2.statement", "ca-de-de-1.statement"]
    assert handed[1].read_bytes() == ours.read_bytes()

    ended = desk.sign("CA", "--suspend", out="end.statement")
    desk.countersign("CA", ended)
    with pytest.raises(InputError, match="This is a suspension, not a ratification"):
        await at_node("ratify", ended)
    assert "CA-DE  not bound (suspended)" in await at_node("suspend", ended)


@pytest.mark.usefixtures("node")
async def test_what_the_node_refuses_is_said_in_its_words(desk: Desk) -> None:
    once = desk.sign("DE")
    with pytest.raises(InputError, match="has 1 signatures: two different officials of DE must sign"):
        await at_node("ratify", once)
    desk.countersign("DE", once)
    with pytest.raises(InputError, match="Publish the file that was signed"):
        await at_node("ratify", once)


async def test_without_a_node_the_command_says_how_to_start_one(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("INSTITUTION", "de-drv"), ("DATA_FOLDER", str(desk.folder)), ("LISTEN", "127.0.0.1:9")):
        monkeypatch.setenv(f"PORTABILITY_{name}", value)
    with pytest.raises(GatewayError, match="start it with `portability serve`"):
        await at_node("versions", "ca-de")
