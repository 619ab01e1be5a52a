"""What a node believes: the root that it was given by hand, and the directory that grows from it.

`root.bin` in the data folder is a signed root. It comes from the keepers of the directory by a way that is not the
network, and its fingerprint is compared by voice: whoever writes this file decides whom the node believes. The
directory file is only an offer. What the node has accepted it keeps itself, in `accepted.directory`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

from portability.adapters.keys.directory_file import DirectoryFile
from portability.agreements.errors import GatewayError, PortabilityError, VerificationError
from portability.services.exchange.ports.world import Observer
from portability.services.registry.handlers import Registry, accept_directory, restore_directory
from portability.services.registry.mapping.roots import decode_signed, encode_signed
from portability.services.registry.ports import Clock
from portability.services.registry.roots import Signed, TrustChain

__all__ = ["follow_directory", "load_anchor", "open_registry", "save_anchor"]

LOOK_EVERY = timedelta(seconds=2)


def save_anchor(path: Path, root: Signed) -> None:
    """Write the root that a node is given by hand."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encode_signed(root))


def load_anchor(path: Path) -> Signed:
    """Read the root given by hand; GatewayError with the next step where there is none or the file is damaged."""
    try:
        return decode_signed(path.read_bytes())
    except FileNotFoundError as exc:
        raise GatewayError(
            f"{path} is missing: it is the root that the keepers of the directory hand over. Compare its fingerprint "
            "with them (`portability directory show`), then put it there.",
            retryable=False,
        ) from exc
    except (OSError, VerificationError) as exc:
        raise GatewayError(f"{path} cannot be read as a root: ask for it again.", retryable=False) from exc


async def open_registry(offered: Path, *, data_folder: Path, clock: Clock) -> Registry:
    """The registry of a node with a directory in force: the one kept, or the one offered where that is newer.

    Raises VerificationError where there is neither, or none that verifies.
    """
    registry = Registry(load_anchor(data_folder / "root.bin"), DirectoryFile(data_folder / "accepted.directory"), clock)
    known = await restore_directory(registry)
    chain = await DirectoryFile(offered).load()
    if chain is not None and (known is None or chain != known.chain):
        try:
            await accept_directory(chain, registry)
        except VerificationError:
            # The node goes on with what it has accepted before; `follow_directory` tells of the other.
            if known is None:
                raise
    elif known is None:
        raise VerificationError(f"{offered} is missing: a node needs the signed directory before it starts.")
    return registry


async def follow_directory(
    registry: Registry, offered: Path, observer: Observer, enter: Callable[[], Awaitable[None]]
) -> None:
    """Look for a newer directory until cancelled: in the file offered, and in what another process has accepted.

    A file that is refused is told once, and changes nothing. `enter` puts what is newly in force into the log.
    """
    source, seen, entered = DirectoryFile(offered), None, registry.in_force.trust()
    while True:
        try:
            await restore_directory(registry)
            if registry.in_force.trust() is not entered:
                await enter()
                entered = registry.in_force.trust()
            # Read last: a file that cannot be read keeps nothing that came another way out of the log.
            chain = await source.load()
            if chain is not None and chain != seen:
                seen = chain
                await _take(chain, registry, observer)
                continue
        except PortabilityError as error:
            observer.happened("directory_not_read", code=error.code)
        await asyncio.sleep(LOOK_EVERY.total_seconds())


async def _take(chain: TrustChain, registry: Registry, observer: Observer) -> None:
    known = registry.in_force.trust()
    if known is not None and known.chain == chain:
        return
    try:
        trust = await accept_directory(chain, registry)
    except VerificationError as error:
        observer.happened("directory_refused", code=error.code)
        return
    observer.happened("directory_in_force", version=trust.directory.version)
