"""Secrets of a node in files that only their owner reads."""

import os
import secrets
from pathlib import Path

__all__ = ["secret", "write_secret"]

SECRET_BYTES = 32


def secret(path: Path) -> bytes:
    """The secret in a file; drawn once, durably, where the file is missing."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written beside and linked into place: two processes that start at once agree on one, and none is cut short.
        beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        write_secret(beside, secrets.token_bytes(SECRET_BYTES))
        try:
            os.link(beside, path)
        except FileExistsError:
            pass
        finally:
            beside.unlink()
        return path.read_bytes()


def write_secret(path: Path, content: bytes) -> None:
    """Write a new file, durably, that only its owner reads."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
