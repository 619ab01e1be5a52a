"""The root keys that a node was given by hand, in a file, and the directory that they have signed.

`roots.json`: {"threshold": 1, "keys": [{"key_id": "...", "ed25519": "<hex>", "mldsa65": "<hex>"}]}. It comes from the
parties' administrators by a way that is not the network; whoever writes this file decides whom the node believes.
"""

import json
from pathlib import Path

from portability.adapters.keys.directory_file import DirectoryFile
from portability.agreements.errors import GatewayError, VerificationError
from portability.services.registry.handlers import DirectoryInForce, TrustedRoots, restore_directory
from portability.services.registry.model import RootKey
from portability.services.registry.ports import Clock

__all__ = ["load_roots", "open_directory", "save_roots"]


def save_roots(path: Path, roots: TrustedRoots) -> None:
    """Write the root keys for a node."""
    keys = [{"key_id": key.key_id, "ed25519": key.ed25519.hex(), "mldsa65": key.mldsa65.hex()} for key in roots.keys]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"threshold": roots.threshold, "keys": keys}, indent=1), encoding="utf-8")


def load_roots(path: Path) -> TrustedRoots:
    """Read the root keys; GatewayError with the next step where there are none or the file is damaged."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        keys = [
            RootKey(one["key_id"], bytes.fromhex(one["ed25519"]), bytes.fromhex(one["mldsa65"]))
            for one in content["keys"]
        ]
        return TrustedRoots(keys, int(content["threshold"]))
    except FileNotFoundError as exc:
        raise GatewayError(
            f"{path} is missing: it holds the root keys of the directory, which the parties' administrators hand over.",
            retryable=False,
        ) from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise GatewayError(f"{path} cannot be read as root keys: ask for it again.", retryable=False) from exc


async def open_directory(directory_path: Path, roots_path: Path, *, clock: Clock) -> DirectoryInForce:
    """The signed directory of a node, verified; VerificationError where it does not verify or has expired."""
    in_force = DirectoryInForce()
    roots = load_roots(roots_path)
    known = await restore_directory(in_force=in_force, roots=roots, store=DirectoryFile(directory_path), clock=clock)
    if known is None:
        raise VerificationError(f"{directory_path} is missing: a node needs the signed directory before it starts.")
    return in_force
