"""The ceremonies of docs/ceremonies.md, command by command; and what they refuse."""

import re
import shlex
import shutil
from collections.abc import Iterator
from glob import glob
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from portability.adapters.keys.files import list_keys
from portability.agreements import packaged
from portability.agreements.errors import GatewayError, InputError, PortabilityError, VerificationError
from portability.app import cli
from portability.services.registry.mapping.roots import decode_chain, decode_signed
from portability.services.registry.model import KeyPurpose
from portability.services.registry.trusting import verify_trust

DOCUMENT = Path(__file__).parents[2] / "docs" / "ceremonies.md"
FENCE = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module", autouse=True)
def commands() -> None:
    cli._add_groups()


@pytest.fixture
def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where all of them sit, with a node's settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PORTABILITY_INSTITUTION", "de-drv")
    monkeypatch.setenv("PORTABILITY_DATA_FOLDER", "node")
    Path("node").mkdir()
    Path("ca-de.yaml").write_text(packaged.packaged_texts("treaties")["ca-de.yaml"])
    return tmp_path


def steps() -> list[str]:
    blocks = FENCE.findall(DOCUMENT.read_text())
    return [line for block in blocks for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def run(line: str, answer: str = "y\n") -> Result:
    """One line as a shell would run it; errors of ours are raised."""
    program, *words = shlex.split(line)
    arguments = [found for word in words for found in (glob(word) if "*" in word else [word])]  # noqa: PTH207 - as a shell does
    if program == "cp":
        shutil.copy(*arguments)
        return CliRunner().invoke(cli.app, ["version"])
    assert program == "portability", line
    done = CliRunner().invoke(cli.app, arguments, input=answer)
    if isinstance(done.exception, PortabilityError):
        raise done.exception
    assert done.exception is None or isinstance(done.exception, SystemExit), (line, done.exception)
    return done


def signing_key() -> str:
    return next(key.key_id for key in list_keys(Path("node/keys")) if key.purpose is KeyPurpose.SIGNING)


def test_every_command_of_the_ceremonies_runs_in_order(hall: Path) -> None:
    for line in steps():
        done = run(line.replace("SIGNING_KEY", signing_key()) if "SIGNING_KEY" in line else line)
        assert done.exit_code == 0, (line, done.output)
    trust = verify_trust(
        decode_chain(Path("published-5").read_bytes()), anchor=decode_signed(Path("node/root.bin").read_bytes())
    )
    assert (trust.root.version, trust.directory.version) == (3, 4)
    assert trust.directory.authorities[0].signers[0].signer_id == "anna.vogel"
    assert trust.directory.agreements[0].agreement_id == "ca-de"
    (institution,) = trust.directory.institutions
    (revoked,) = [key for key in institution.keys if key.revoked]
    assert (revoked.key_id, revoked.revoked_from_log_size) == (signing_key(), 4711)
    assert institution.competences[0].branch.value == "old_age"
    # A node that has all of it finds its revoked key.
    shutil.copy("published-5", "node/accepted.directory")
    told = run("portability keys check")
    assert told.exit_code == 1
    assert f"{signing_key()} is revoked" in told.output


def through(last: str) -> None:
    """The ceremonies up to a command."""
    for line in steps():
        run(line)
        if line.startswith(last):
            return
    raise AssertionError(last)


def test_one_signature_is_not_enough_and_nobody_signs_twice(hall: Path) -> None:
    through("portability directory sign directory-1 --keys dora/key")
    with pytest.raises(VerificationError, match="has 1 signatures by keys of its role; 2 are needed"):
        run("portability directory publish directory-1 --root root-1 --out published")
    with pytest.raises(VerificationError, match="has signed this already"):
        run("portability directory sign directory-1 --keys dora/key")
    # A keeper of the root is no keeper of the directory.
    run("portability directory sign directory-1 --keys anna/key")
    with pytest.raises(VerificationError, match="has 1 signatures"):
        run("portability directory publish directory-1 --root root-1 --out published")
    assert not Path("published").exists()


def test_who_says_no_signs_nothing(hall: Path) -> None:
    through("portability directory root")
    before = Path("root-1").read_bytes()
    assert run("portability directory sign root-1 --keys anna/key", answer="n\n").exit_code == 1
    assert Path("root-1").read_bytes() == before


def test_nothing_is_overwritten(hall: Path) -> None:
    through("portability directory draft --out draft-1a")
    for line in (
        "portability directory draft --out draft-1a",
        "portability directory role-key --keys anna/key --out anna.public",
        'portability keys export de-drv.entry --institution de-drv --name "DRV" --country DE',
    ):
        with pytest.raises(InputError, match="nothing is overwritten"):
            run(line)


def test_what_a_node_would_refuse_nobody_gets_to_sign(hall: Path) -> None:
    through("portability directory draft --out draft-1a")
    with pytest.raises(VerificationError, match="threshold of the root role"):
        run("portability directory root --root-key anna.public --root-threshold 2 --directory-key dora.public "
            "--directory-threshold 1 --out root")  # fmt: skip
    with pytest.raises(VerificationError, match="two capital letters"):
        run('portability keys export other.entry --institution de-drv --name "DRV" --country Germany')
    with pytest.raises(InputError, match="There is no key 'sig-nobody'"):
        run("portability directory revoke draft-1a sig-nobody --out draft")
    with pytest.raises(VerificationError):
        run("portability directory show ca-de.yaml")
    assert not Path("root").exists()


def test_sealed_keys_need_their_passphrase(hall: Path) -> None:
    Path("secret").write_text("correct horse battery staple")
    Path("secret").chmod(0o600)
    run("portability keys new anna/key --passphrase-file secret")
    run("portability directory role-key --keys anna/key --out anna.public")
    run("portability keys new dora/key")
    run("portability directory role-key --keys dora/key --out dora.public")
    run("portability directory root --root-key anna.public --root-threshold 1 --directory-key dora.public "
        "--directory-threshold 1 --out root-1")  # fmt: skip
    with pytest.raises(GatewayError, match="--passphrase-file"):
        run("portability directory sign root-1 --keys anna/key")
    assert run("portability directory sign root-1 --keys anna/key --passphrase-file secret").exit_code == 0
