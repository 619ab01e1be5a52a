"""Private keys lie in files that only their owner can read, and never show themselves."""

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.files import destroy_key, list_keys, load_seeds, read_passphrase, store_seeds
from portability.adapters.keys.material import draw_key, public_key
from portability.adapters.keys.ring import FileKeyRing
from portability.agreements.errors import GatewayError, VerificationError
from portability.services.registry.model import KeyPurpose

START = datetime(2026, 11, 1, tzinfo=UTC)
END = START + timedelta(days=365)


def test_generated_keys_are_private_files_and_load_again(tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    made = FileKeyRing.generate(folder, not_before=START, not_after=END)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o600] * len(KeyPurpose)
    assert sorted(FileKeyRing.load(folder).public_keys(), key=str) == sorted(made.public_keys(), key=str)


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    FileKeyRing.generate(tmp_path / "keys", not_before=START, not_after=END)
    path = next((tmp_path / "keys").iterdir())
    path.chmod(0o640)
    with pytest.raises(GatewayError, match="set its mode to 0600"):
        FileKeyRing.load(tmp_path / "keys")


def test_a_damaged_key_file_and_an_empty_folder_are_told(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match="no keys in"):
        FileKeyRing.load(tmp_path)
    for purpose in KeyPurpose:
        path = store_seeds(tmp_path / purpose, draw_key(purpose, not_before=START, not_after=END))
        good = json.loads(path.read_text())
        other = draw_key(purpose, not_before=START, not_after=END).post_quantum.hex()
        private = good["private"]
        wrong = (
            {"format": 1},
            {"private": private | {"classical_seed": "zz"}},
            {"private": private | {"classical_seed": "00"}},
            {"private": private | {"post_quantum_seed": "00" * 31}},
            {"private": private | {"post_quantum_seed": other}},
            {"private": None},
            {"not_before": "2026-01-01T00:00:00"},
            {"purpose": "astrology"},
            {"key_id": "sig-other"},
        )
        for text in ("{", "[]", *(json.dumps(good | change) for change in wrong)):
            path.write_text(text)
            with pytest.raises(GatewayError, match="damaged or of another format"):
                load_seeds(tmp_path / purpose)


PASSPHRASE = "correct horse battery staple"


def test_a_sealed_key_opens_with_its_passphrase_only_and_is_listed_without(tmp_path: Path) -> None:
    seeds = [draw_key(purpose, not_before=START, not_after=END) for purpose in KeyPurpose]
    for one in seeds:
        path = store_seeds(tmp_path, one, passphrase=PASSPHRASE)
        assert one.post_quantum.hex() not in path.read_text()
    assert sorted(list_keys(tmp_path), key=str) == sorted(map(public_key, seeds), key=str)
    assert sorted(load_seeds(tmp_path, passphrase=PASSPHRASE), key=hash) == sorted(seeds, key=hash)
    with pytest.raises(GatewayError, match="sealed by a passphrase: name the file"):
        load_seeds(tmp_path)
    with pytest.raises(GatewayError, match="does not open with this passphrase") as told:
        load_seeds(tmp_path, passphrase="another horse altogether")
    assert "another horse" not in told.value.message
    # What is public is bound to what is sealed: a longer window cannot be written into the file.
    content = json.loads(path.read_text()) | {"not_after": (END + timedelta(days=1)).isoformat()}
    path.write_text(json.dumps(content))
    with pytest.raises(GatewayError, match="has been changed"):
        load_seeds(tmp_path, passphrase=PASSPHRASE)


def test_a_passphrase_comes_from_a_private_file_and_is_long(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with pytest.raises(GatewayError, match="cannot be read"):
        read_passphrase(path)
    path.write_text(f"{PASSPHRASE}\n")
    with pytest.raises(GatewayError, match="set its mode to 0600"):
        path.chmod(0o644)
        read_passphrase(path)
    path.chmod(0o600)
    assert read_passphrase(path) == PASSPHRASE
    path.write_text("short")
    with pytest.raises(GatewayError, match="shorter than 12"):
        read_passphrase(path)


def test_a_destroyed_key_is_gone(tmp_path: Path) -> None:
    one, two = (draw_key(KeyPurpose.ENCRYPTION, not_before=START, not_after=END) for _ in range(2))
    for seeds in (one, two):
        store_seeds(tmp_path, seeds)
    assert destroy_key(tmp_path, public_key(one).key_id) == ""
    assert load_seeds(tmp_path) == (two,)


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    seeds = draw_key(KeyPurpose.SIGNING, not_before=START, not_after=END)
    store_seeds(tmp_path, seeds)
    with pytest.raises(GatewayError, match="cannot be written"):
        store_seeds(tmp_path, seeds)


def test_seeds_do_not_show_themselves() -> None:
    seeds = draw_key(KeyPurpose.SIGNING, not_before=START, not_after=END)
    assert seeds.classical.hex() not in repr(seeds)
    assert str(seeds.classical) not in repr(seeds)


def test_the_newest_key_in_its_window_signs() -> None:
    half = START + timedelta(days=180)
    old, new = (draw_key(KeyPurpose.SIGNING, not_before=start, not_after=END) for start in (START, half))
    ring = FileKeyRing([new, old])
    ids = {key.not_before: key.key_id for key in ring.public_keys()}
    assert ring.signing_key_id(half - timedelta(seconds=1)) == ids[START]
    assert ring.signing_key_id(half) == ids[half]
    with pytest.raises(VerificationError, match="make a new one"):
        ring.signing_key_id(END)
    with pytest.raises(VerificationError, match="no private signing key"):
        ring.sign("sig-other", b"", context=b"")


def test_ids_sort_by_time_and_the_clock_knows_its_zone() -> None:
    ids = [time_ordered_id() for _ in range(100)]
    assert [one.version for one in ids] == [7] * 100
    assert sorted(ids) == ids
    assert SystemClock().now().tzinfo is UTC
