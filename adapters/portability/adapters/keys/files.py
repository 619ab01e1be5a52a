"""Private keys as files that only their owner can read: one JSON file a key."""

import json
import os
import stat
from datetime import datetime
from pathlib import Path
from typing import Final

from portability.adapters.keys.material import KeySeeds, public_key
from portability.agreements.errors import GatewayError
from portability.services.registry.model import KeyPurpose

__all__ = ["load_seeds", "store_seeds"]

FORMAT: Final = 1
SUFFIX: Final = ".key.json"
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
CLASSICAL_SEED_BYTES: Final = 32
POST_QUANTUM_SEED_BYTES: Final = {KeyPurpose.SIGNING: 32, KeyPurpose.ENCRYPTION: 64, KeyPurpose.LOG: 32}


def store_seeds(folder: Path, seeds: KeySeeds) -> Path:
    """Write a key into `folder` (mode 0700) as a file of mode 0600 and return its path; never overwrites."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / f"{public_key(seeds).key_id}{SUFFIX}"
    content = {
        "format": FORMAT,
        "purpose": seeds.purpose.value,
        "not_before": seeds.not_before.isoformat(),
        "not_after": seeds.not_after.isoformat(),
        "classical_seed": seeds.classical.hex(),
        "post_quantum_seed": seeds.post_quantum.hex(),
    }
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        raise GatewayError(f"The key file {path} cannot be written: {exc.strerror}.", retryable=False) from exc
    return path


def load_seeds(folder: Path) -> tuple[KeySeeds, ...]:
    """Read all keys of `folder`. Raises GatewayError where there are none or one is damaged or not private."""
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    if not paths:
        raise GatewayError(f"There are no keys in {folder}: generate them first.", retryable=False)
    return tuple(_load(path) for path in paths)


def _load(path: Path) -> KeySeeds:
    if path.stat().st_mode & OTHERS:
        raise GatewayError(f"The key file {path} can be read by others: set its mode to 0600.", retryable=False)
    try:
        content = json.loads(path.read_text())
        if content["format"] != FORMAT:
            raise ValueError(f"format {content['format']}")
        purpose = KeyPurpose(content["purpose"])
        return KeySeeds(
            purpose=purpose,
            not_before=_instant(content["not_before"]),
            not_after=_instant(content["not_after"]),
            classical=_seed(content["classical_seed"], length=CLASSICAL_SEED_BYTES),
            post_quantum=_seed(content["post_quantum_seed"], length=POST_QUANTUM_SEED_BYTES[purpose]),
        )
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise GatewayError(f"The key file {path} is damaged or of another format.", retryable=False) from exc


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError("an instant without a time zone")
    return at


def _seed(text: str, *, length: int) -> bytes:
    seed = bytes.fromhex(text)
    if len(seed) != length:
        raise ValueError(f"a seed of {len(seed)} bytes")
    return seed
