"""Taking a directory in, and looking things up in the one in force."""

from collections.abc import Sequence
from dataclasses import dataclass

from portability.agreements.errors import VerificationError
from portability.services.registry.model import Directory, Institution, RootKey, SignedDirectory
from portability.services.registry.ports import Clock, DirectoryStore
from portability.services.registry.signing import verify_directory

__all__ = ["DirectoryInForce", "TrustedRoots", "accept_directory", "get_institution", "restore_directory"]


@dataclass(frozen=True, slots=True)
class TrustedRoots:
    """The root keys that a node was given by hand, and how many of them must sign."""

    keys: Sequence[RootKey]
    threshold: int


class DirectoryInForce:
    """The directory that this node goes by, in memory, for lookups without waiting."""

    def __init__(self) -> None:
        self._signed: SignedDirectory | None = None
        self._directory: Directory | None = None

    def current(self) -> Directory:
        """Return it. Raises VerificationError while there is none."""
        if self._directory is None:
            raise VerificationError("This node has no directory yet: give it one.")
        return self._directory

    def signed(self) -> SignedDirectory | None:
        """Return it as received; None while there is none."""
        return self._signed

    def put(self, signed: SignedDirectory, directory: Directory) -> None:
        """Put a verified directory in force."""
        self._signed, self._directory = signed, directory


async def accept_directory(
    signed: SignedDirectory,
    *,
    in_force: DirectoryInForce,
    roots: TrustedRoots,
    store: DirectoryStore,
    clock: Clock,
) -> Directory:
    """Verify a directory, keep it and put it in force; raise VerificationError where it does not verify."""
    directory = verify_directory(
        signed,
        roots=roots.keys,
        threshold=roots.threshold,
        known=in_force.signed() or await store.load(),
        at=clock.now(),
    )
    # Kept before it is used: after a crash the node must not go back behind what it has acted on.
    await store.save(signed)
    in_force.put(signed, directory)
    return directory


async def restore_directory(
    *, in_force: DirectoryInForce, roots: TrustedRoots, store: DirectoryStore, clock: Clock
) -> Directory | None:
    """Put the directory that was kept in force at start-up; None where none was kept.

    Raises VerificationError where it does not verify any more, also because it has expired.
    """
    signed = await store.load()
    if signed is None:
        return None
    directory = verify_directory(signed, roots=roots.keys, threshold=roots.threshold, known=None, at=clock.now())
    in_force.put(signed, directory)
    return directory


def get_institution(institution_id: str, *, in_force: DirectoryInForce) -> tuple[Institution, int]:
    """Return an institution and the version of the directory it stands in. Raises NotFoundError."""
    directory = in_force.current()
    return directory.institution(institution_id), directory.version
