"""Taking a directory in, and looking things up in the one in force."""

import asyncio
import contextlib
from dataclasses import dataclass, field

from portability.agreements.errors import NotFoundError, VerificationError
from portability.services.registry.model import Directory, Institution
from portability.services.registry.ports import Clock, DirectoryStore
from portability.services.registry.roots import Signed, Trust, TrustChain
from portability.services.registry.trusting import VERSION_STEP, verify_in_time, verify_successor, verify_trust

__all__ = ["DirectoryInForce", "Registry", "accept_directory", "get_institution", "restore_directory"]


class DirectoryInForce:
    """The directory that this node goes by, in memory, for lookups without waiting."""

    def __init__(self) -> None:
        self._trust: Trust | None = None
        self._directory: Directory | None = None

    def current(self) -> Directory:
        """Return it; it ends with the first of directory, root and freshness statement.

        Raises VerificationError while there is none.
        """
        if self._directory is None:
            raise VerificationError("This node has no directory yet: give it one.")
        return self._directory

    def trust(self) -> Trust | None:
        """Return it with what proves it; None while there is none."""
        return self._trust

    def put(self, trust: Trust) -> None:
        """Put a verified directory in force."""
        self._trust, self._directory = trust, trust.in_force()


@dataclass(frozen=True, slots=True)
class Registry:
    """The parts that the registry of one node works with.

    `anchor` is the root that the node was given by hand.
    """

    anchor: Signed
    store: DirectoryStore
    clock: Clock
    in_force: DirectoryInForce = field(default_factory=DirectoryInForce)
    one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)


async def accept_directory(chain: TrustChain, registry: Registry) -> Trust:
    """Verify a directory, keep it and put it in force; the same one again changes nothing.

    Raises VerificationError where it does not verify, is not newer, or is not in its time.
    """
    async with registry.one_at_a_time:
        # What another process of this node has kept counts as known too.
        known = await _newest_known(registry)
        trust = verify_trust(chain, anchor=_anchor_for(chain, known) or registry.anchor)
        if known is not None:
            verify_successor(trust, known)
        elif trust.directory.version > VERSION_STEP:
            raise VerificationError(f"A first directory has a version of at most {VERSION_STEP}.")
        verify_in_time(trust, at=registry.clock.now())
        # Kept before it is used: after a crash the node must not go back behind what it has acted on.
        if await registry.store.load() != chain:
            await registry.store.save(chain)
        registry.in_force.put(trust)
        return trust


async def restore_directory(registry: Registry) -> Trust | None:
    """Put the directory that was kept in force, at start-up or after another process has kept one.

    None where none was kept. One that has expired is put in force as well: it gives names and competences, and
    those who seal and open look at its end themselves. Raises VerificationError where it does not verify any more.
    """
    async with registry.one_at_a_time:
        known = await _newest_known(registry)
        if known is not None:
            registry.in_force.put(known)
        return known


def _anchor_for(chain: TrustChain, known: Trust | None) -> Signed | None:
    """The last root known, where the chain goes on from the known one byte by byte: those need not verify twice."""
    if known is None or chain.roots[: len(known.chain.roots)] != known.chain.roots:
        return None
    return known.chain.roots[-1]


async def _newest_known(registry: Registry) -> Trust | None:
    chain, trust = await registry.store.load(), registry.in_force.trust()
    if chain is None or (trust is not None and trust.chain == chain):
        return trust
    kept = verify_trust(chain, anchor=registry.anchor)
    if trust is not None:
        with contextlib.suppress(VerificationError):
            verify_successor(kept, trust)
            return kept
        # An older file under a running node: what the node has acted on wins.
        return trust
    return kept


def get_institution(institution_id: str, *, in_force: DirectoryInForce) -> tuple[Institution, int]:
    """Return an institution and the version of the directory it stands in. Raises NotFoundError."""
    directory = in_force.current()
    try:
        return directory.institution(institution_id), directory.version
    except NotFoundError as error:  # a caller's own words are in no error
        raise NotFoundError(f"Directory {directory.version} has no institution of that id: check it.") from error
