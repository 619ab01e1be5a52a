"""The keepers of a directory for tests: roles with keys, and chains that grow root by root."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from portability.adapters.keys.material import draw_key
from portability.adapters.keys.ring import FileKeyRing
from portability.services.registry.model import Directory, KeyPurpose
from portability.services.registry.roots import Freshness, RoleKeys, Root, Signed, TrustChain
from portability.services.registry.signing import sign_directory, sign_freshness, sign_root

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WINDOW = {"not_before": NOON - timedelta(days=1), "not_after": NOON + timedelta(days=365)}


def draw(count: int) -> FileKeyRing:
    return FileKeyRing([draw_key(KeyPurpose.SIGNING, **WINDOW) for _ in range(count)])


def ids(ring: FileKeyRing, count: int) -> list[str]:
    return [key.key_id for key in ring.role_keys()[:count]]


@dataclass
class Keepers:
    """Three keepers of the root, two of them needed; three of directories, two of them needed; one for freshness."""

    fresh: bool = False
    root_ring: FileKeyRing = field(default_factory=lambda: draw(3))
    directory_ring: FileKeyRing = field(default_factory=lambda: draw(3))
    freshness_ring: FileKeyRing = field(default_factory=lambda: draw(1))
    roots: tuple[Signed, ...] = ()
    now: datetime = NOON

    def __post_init__(self) -> None:
        if not self.roots:
            self.roots = (sign_root(self.root(1), key_ids=ids(self.root_ring, 2), signer=self.root_ring),)

    @property
    def anchor(self) -> Signed:
        return self.roots[0]

    def root(self, version: int) -> Root:
        freshness = RoleKeys(1, self.freshness_ring.role_keys()) if self.fresh else None
        roles = RoleKeys(2, self.root_ring.role_keys()), RoleKeys(2, self.directory_ring.role_keys())
        return Root(version, self.now - timedelta(hours=1), self.now + timedelta(days=365), *roles, freshness)

    def rotate(self, *, root: bool = False, directory: bool = False) -> None:
        """The next root, with new keys for a role; signed under the one before it and under itself."""
        before = self.root_ring
        if root:
            self.root_ring = draw(3)
        if directory:
            self.directory_ring = draw(3)
        signed = sign_root(self.root(len(self.roots) + 1), key_ids=ids(self.root_ring, 2), signer=self.root_ring)
        if root:
            old = sign_root(self.root(len(self.roots) + 1), key_ids=ids(before, 2), signer=before)
            signed = replace(signed, signatures=(*old.signatures, *signed.signatures))
        self.roots = (*self.roots, signed)

    def sign(self, directory: Directory, *, count: int = 2) -> Signed:
        return sign_directory(directory, key_ids=ids(self.directory_ring, count), signer=self.directory_ring)

    def chain(self, directory: Directory) -> TrustChain:
        signed = self.sign(directory)
        return TrustChain(self.roots, signed, self.freshness_of(signed, directory.version) if self.fresh else None)

    def freshness_of(self, signed: Signed, version: int, *, hours: int = 24) -> Signed:
        digest = sha256(signed.content).digest()
        statement = Freshness(version, digest, self.now - timedelta(minutes=1), self.now + timedelta(hours=hours))
        return sign_freshness(statement, key_ids=ids(self.freshness_ring, 1), signer=self.freshness_ring)


def directory_at(version: int) -> Directory:
    return Directory(version, NOON - timedelta(hours=1), NOON + timedelta(days=90))
