"""Private keys as files that only their owner can read: one JSON file a key, sealed by a passphrase where one is set.

What is public of a key (its id, purpose, window and public halves) stands in the clear and is bound to what is
sealed, so that keys are listed and handed on without the passphrase. Sealing: scrypt (RFC 7914, N = 2^15, r = 8,
p = 1) and AES-256-GCM.
"""

import json
import os
import stat
from datetime import datetime
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from portability.adapters.keys.material import DeviceHalf, KeySeeds, public_key
from portability.agreements.errors import GatewayError
from portability.services.registry.model import KeyPurpose, PublicKey

__all__ = ["destroy_key", "list_keys", "load_seeds", "read_passphrase", "read_secret_line", "store_seeds"]

FORMAT: Final = 2
SUFFIX: Final = ".key.json"
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
CLASSICAL_BYTES: Final = 32
POST_QUANTUM_SEED_BYTES: Final = {KeyPurpose.SIGNING: 32, KeyPurpose.ENCRYPTION: 64, KeyPurpose.LOG: 32}
PASSPHRASE_LENGTH: Final = 12
SALT_BYTES: Final = 16
NONCE_BYTES: Final = 12


def read_passphrase(path: Path) -> str:
    """The passphrase in the first line of a file that only its owner can read. Raises GatewayError."""
    passphrase = read_secret_line(path, what="passphrase file")
    if len(passphrase) < PASSPHRASE_LENGTH:
        raise GatewayError(
            f"The passphrase in {path} is shorter than {PASSPHRASE_LENGTH} characters: draw a longer one.",
            retryable=False,
        )
    return passphrase


def read_secret_line(path: Path, *, what: str) -> str:
    """The first line of a file that only its owner can read. Raises GatewayError."""
    try:
        _require_private(path, what=what)
        return path.read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, ValueError) as exc:
        raise GatewayError(f"The {what} {path} cannot be read.", retryable=False) from exc


def store_seeds(folder: Path, seeds: KeySeeds, *, passphrase: str = "") -> Path:
    """Write a key into `folder` (mode 0700) as a file of mode 0600 and return its path; never overwrites.

    With a passphrase the private parts are sealed by it.
    """
    public = public_key(seeds)
    content = _public_part(public, seeds.classical)
    private = {
        "classical_seed": "" if isinstance(seeds.classical, DeviceHalf) else seeds.classical.hex(),
        "post_quantum_seed": seeds.post_quantum.hex(),
    }
    content["private"] = _sealed(private, content, passphrase) if passphrase else private
    path = folder / f"{public.key_id}{SUFFIX}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        raise GatewayError(f"The key file {path} cannot be written: {exc.strerror}.", retryable=False) from exc
    return path


def load_seeds(folder: Path, *, passphrase: str = "") -> tuple[KeySeeds, ...]:
    """Read all keys of `folder`.

    Raises GatewayError where there are none, or one is damaged, not private, or sealed by another passphrase.
    """
    return tuple(_load(path, passphrase) for path in _paths(folder))


def list_keys(folder: Path) -> tuple[PublicKey, ...]:
    """The public halves of all keys of `folder`, without opening any. Raises GatewayError."""
    return tuple(_public(path, _content(path)) for path in _paths(folder))


def destroy_key(folder: Path, key_id: str) -> str:
    """Overwrite and delete the file of a private key; return its label in the device, empty where it has none.

    What backups and the disk's own spare blocks still hold, no program can reach: keep key folders out of backups.
    """
    path = folder / f"{key_id}{SUFFIX}"
    label = str(_content(path).get("device_label", ""))
    try:
        with path.open("r+b") as file:
            file.write(token_bytes(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
    except OSError as exc:
        raise GatewayError(f"The key file {path} cannot be destroyed: {exc.strerror}.", retryable=False) from exc
    return label


def _public_part(public: PublicKey, classical: bytes | DeviceHalf) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "key_id": public.key_id,
        "purpose": public.purpose.value,
        "not_before": public.not_before.isoformat(),
        "not_after": public.not_after.isoformat(),
        "classical": public.classical.hex(),
        "post_quantum": public.post_quantum.hex(),
        "device_label": classical.label if isinstance(classical, DeviceHalf) else "",
    }


def _paths(folder: Path) -> list[Path]:
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    if not paths:
        raise GatewayError(f"There are no keys in {folder}: `portability keys new` draws them.", retryable=False)
    return paths


def _load(path: Path, passphrase: str) -> KeySeeds:
    content = _content(path)
    private = content.pop("private", None)
    if isinstance(private, dict) and "ciphertext" in private:
        private = _opened(path, private, content, passphrase)
    try:
        public = _public(path, content)
        label = content["device_label"]
        seeds = KeySeeds(
            public.purpose,
            public.not_before,
            public.not_after,
            DeviceHalf(label, public.classical) if label else _bytes(private["classical_seed"], CLASSICAL_BYTES),
            _bytes(private["post_quantum_seed"], POST_QUANTUM_SEED_BYTES[public.purpose]),
        )
        if public_key(seeds) != public:
            raise ValueError("the public halves are not those of the private ones")
    except (ValueError, KeyError, TypeError) as exc:
        raise _damaged(path) from exc
    return seeds


def _content(path: Path) -> dict[str, Any]:
    try:
        _require_private(path, what="key file")
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise _damaged(path) from exc
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _damaged(path)
    return content


def _public(path: Path, content: dict[str, Any]) -> PublicKey:
    try:
        return PublicKey(
            key_id=content["key_id"],
            purpose=KeyPurpose(content["purpose"]),
            not_before=_instant(content["not_before"]),
            not_after=_instant(content["not_after"]),
            classical=_bytes(content["classical"], CLASSICAL_BYTES),
            post_quantum=bytes.fromhex(content["post_quantum"]),
        )
    except (ValueError, KeyError, TypeError) as exc:
        raise _damaged(path) from exc


def _sealed(private: dict[str, str], public: dict[str, Any], passphrase: str) -> dict[str, str]:
    salt, nonce = token_bytes(SALT_BYTES), token_bytes(NONCE_BYTES)
    ciphertext = AESGCM(_stretched(passphrase, salt)).encrypt(nonce, json.dumps(private).encode(), _bound(public))
    return {"salt": salt.hex(), "nonce": nonce.hex(), "ciphertext": ciphertext.hex()}


def _opened(path: Path, sealed: dict[str, str], public: dict[str, Any], passphrase: str) -> Any:
    if not passphrase:
        raise GatewayError(
            f"The key file {path} is sealed by a passphrase: name the file that holds it "
            "(PORTABILITY_KEYS_PASSPHRASE_FILE, or --passphrase-file).",
            retryable=False,
        )
    try:
        salt, nonce, ciphertext = (bytes.fromhex(sealed[name]) for name in ("salt", "nonce", "ciphertext"))
        return json.loads(AESGCM(_stretched(passphrase, salt)).decrypt(nonce, ciphertext, _bound(public)))
    except InvalidTag as exc:
        raise GatewayError(
            f"The key file {path} does not open with this passphrase, or has been changed.", retryable=False
        ) from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise _damaged(path) from exc


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**15, r=8, p=1).derive(passphrase.encode())


def _bound(public: dict[str, Any]) -> bytes:
    return json.dumps(public, sort_keys=True).encode()


def _require_private(path: Path, *, what: str) -> None:
    if path.stat().st_mode & OTHERS:
        raise GatewayError(f"The {what} {path} can be read by others: set its mode to 0600.", retryable=False)


def _damaged(path: Path) -> GatewayError:
    return GatewayError(f"The key file {path} is damaged or of another format.", retryable=False)


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return at


def _bytes(text: str, length: int) -> bytes:
    value = bytes.fromhex(text)
    if len(value) != length:
        raise ValueError(f"{len(value)} bytes")
    return value
