"""Roots, freshness statements and chains as bytes, and back. Reading is strict."""

from typing import Final

from portability.agreements.errors import VerificationError
from portability.api.registry.v1 import registry_pb2 as pb
from portability.services.mapping import strict
from portability.services.registry.roots import (
    Freshness,
    RoleKey,
    RoleKeys,
    RoleSignature,
    Root,
    Signed,
    TrustChain,
)

__all__ = [
    "chain_message",
    "decode_chain",
    "decode_freshness",
    "decode_root",
    "decode_signed",
    "encode_chain",
    "encode_freshness",
    "encode_root",
    "encode_signed",
]

KEYS_OF_A_ROLE: Final = 16
ED25519_BYTES: Final = 32
MLDSA65_BYTES: Final = 1952


def encode_chain(chain: TrustChain) -> bytes:
    """A chain as the file that nodes take."""
    return chain_message(chain).SerializeToString(deterministic=True)


def decode_chain(data: bytes) -> TrustChain:
    """A chain from its file; nothing of it is verified yet. Raises VerificationError."""
    message = strict.parse(pb.TrustChain, data, what="signed directory")
    if not message.roots or not message.HasField("directory"):
        raise VerificationError("The signed directory lacks its roots, or the directory itself.")
    return TrustChain(
        roots=tuple(_signed(one) for one in message.roots),
        directory=_signed(message.directory),
        freshness=_signed(message.freshness) if message.HasField("freshness") else None,
    )


def chain_message(chain: TrustChain) -> pb.TrustChain:
    """A chain as a message."""
    return pb.TrustChain(
        roots=[_signed_message(one) for one in chain.roots],
        directory=_signed_message(chain.directory),
        freshness=None if chain.freshness is None else _signed_message(chain.freshness),
    )


def encode_signed(signed: Signed) -> bytes:
    """One signed root, directory or freshness statement as a file."""
    return _signed_message(signed).SerializeToString(deterministic=True)


def decode_signed(data: bytes) -> Signed:
    """One signed root, directory or freshness statement from a file; nothing of it is verified yet."""
    return _signed(strict.parse(pb.Signed, data, what="signed file"))


def encode_root(root: Root) -> bytes:
    """The bytes that root keys sign."""
    return pb.Root(
        version=root.version,
        issued_at_ms=strict.milliseconds(root.issued_at),
        expires_at_ms=strict.milliseconds(root.expires_at),
        root_role=_role_message(root.root),
        directory_role=_role_message(root.directory),
        freshness_role=None if root.freshness is None else _role_message(root.freshness),
    ).SerializeToString(deterministic=True)


def decode_root(data: bytes) -> Root:
    """A root from the bytes that root keys have signed. Raises VerificationError."""
    message = strict.parse(pb.Root, data, what="root")
    return Root(
        version=strict.number(message.version, limit=strict.U63, what="version of the root"),
        issued_at=strict.instant(message.issued_at_ms, what="instant of issue"),
        expires_at=strict.instant(message.expires_at_ms, what="instant of expiry"),
        root=_role(message.root_role, what="root"),
        directory=_role(message.directory_role, what="directory"),
        freshness=_role(message.freshness_role, what="freshness") if message.HasField("freshness_role") else None,
    )


def encode_freshness(freshness: Freshness) -> bytes:
    """The bytes that the freshness role signs."""
    return pb.Freshness(
        directory_version=freshness.directory_version,
        directory_sha256=freshness.directory_sha256,
        issued_at_ms=strict.milliseconds(freshness.issued_at),
        expires_at_ms=strict.milliseconds(freshness.expires_at),
    ).SerializeToString(deterministic=True)


def decode_freshness(data: bytes) -> Freshness:
    """A freshness statement from the bytes that its role has signed. Raises VerificationError."""
    message = strict.parse(pb.Freshness, data, what="freshness statement")
    return Freshness(
        directory_version=strict.number(message.directory_version, limit=strict.U63, what="version of the directory"),
        directory_sha256=strict.exact(message.directory_sha256, 32, what="hash of the directory"),
        issued_at=strict.instant(message.issued_at_ms, what="instant of issue"),
        expires_at=strict.instant(message.expires_at_ms, what="instant of expiry"),
    )


def _signed(message: pb.Signed) -> Signed:
    signatures = tuple(RoleSignature(one.key_id, one.ed25519, one.mldsa65) for one in message.signatures)
    return Signed(message.content, signatures)


def _signed_message(signed: Signed) -> pb.Signed:
    signatures = [
        pb.RoleSignature(key_id=one.key_id, ed25519=one.ed25519, mldsa65=one.mldsa65) for one in signed.signatures
    ]
    return pb.Signed(content=signed.content, signatures=signatures)


def _role(message: pb.RoleKeys, *, what: str) -> RoleKeys:
    if not 0 < len(message.keys) <= KEYS_OF_A_ROLE:
        raise VerificationError(f"The {what} role has {len(message.keys)} keys; 1 to {KEYS_OF_A_ROLE} are allowed.")
    keys = tuple(
        RoleKey(
            key_id=strict.text(key.key_id, limit=64, what=f"key id of the {what} role"),
            ed25519=strict.exact(key.ed25519, ED25519_BYTES, what="Ed25519 key"),
            mldsa65=strict.exact(key.mldsa65, MLDSA65_BYTES, what="ML-DSA-65 key"),
        )
        for key in message.keys
    )
    return RoleKeys(strict.number(message.threshold, limit=len(keys), what=f"threshold of the {what} role"), keys)


def _role_message(role: RoleKeys) -> pb.RoleKeys:
    keys = [pb.RoleKey(key_id=key.key_id, ed25519=key.ed25519, mldsa65=key.mldsa65) for key in role.keys]
    return pb.RoleKeys(threshold=role.threshold, keys=keys)
