"""Signing roots, directories and freshness statements, and verifying one: threshold and content."""

from collections.abc import Sequence
from typing import Final

from portability.agreements.errors import VerificationError
from portability.services.hybrid import HybridSignature, domain_separated, verify_hybrid
from portability.services.registry.mapping.directory import decode_directory, encode_directory
from portability.services.registry.mapping.roots import decode_freshness, decode_root, encode_freshness, encode_root
from portability.services.registry.model import Directory
from portability.services.registry.ports import RoleSigner
from portability.services.registry.roots import Freshness, RoleKeys, RoleSignature, Root, Signed

__all__ = [
    "DIRECTORY_CONTEXT",
    "FRESHNESS_CONTEXT",
    "ROOT_CONTEXT",
    "add_signature",
    "sign_directory",
    "sign_freshness",
    "sign_root",
    "verify_directory",
    "verify_freshness",
    "verify_root",
]

ROOT_CONTEXT: Final = b"portability/v1/root"
DIRECTORY_CONTEXT: Final = b"portability/v1/directory"
FRESHNESS_CONTEXT: Final = b"portability/v1/freshness"


def sign_root(root: Root, *, key_ids: Sequence[str], signer: RoleSigner) -> Signed:
    """Return the root as bytes with the signatures of the keys named."""
    return _sign(encode_root(root), key_ids, signer, context=ROOT_CONTEXT)


def sign_directory(directory: Directory, *, key_ids: Sequence[str], signer: RoleSigner) -> Signed:
    """Return the directory as bytes with the signatures of the keys named."""
    return _sign(encode_directory(directory), key_ids, signer, context=DIRECTORY_CONTEXT)


def sign_freshness(freshness: Freshness, *, key_ids: Sequence[str], signer: RoleSigner) -> Signed:
    """Return the freshness statement as bytes with the signatures of the keys named."""
    return _sign(encode_freshness(freshness), key_ids, signer, context=FRESHNESS_CONTEXT)


def add_signature(signed: Signed, *, key_id: str, signer: RoleSigner, context: bytes) -> Signed:
    """Return it with one signature more; VerificationError where this key has signed already."""
    if any(one.key_id == key_id for one in signed.signatures):
        raise VerificationError(f"Key '{key_id}' has signed this already: another key must.")
    made = signer.sign(key_id, domain_separated(signed.content, context=context), context=context)
    return Signed(signed.content, (*signed.signatures, RoleSignature(key_id, made.ed25519, made.mldsa65)))


def verify_root(signed: Signed, *, under: Root | None) -> Root:
    """Return the root in `signed`: signed under itself and, from the second version on, under the one before it.

    `under` is that one; None for the root that a node was given by hand. Raises VerificationError.
    """
    root = decode_root(signed.content)
    if root.expires_at <= root.issued_at:
        raise VerificationError(f"Root {root.version} expires before it is issued.")
    _verify_keys(root)
    if under is not None:
        if root.version != under.version + 1:
            raise VerificationError(f"Root {root.version} cannot follow root {under.version}: none may be left out.")
        _verify_threshold(signed, under.root, context=ROOT_CONTEXT, what=f"root {root.version}")
    _verify_threshold(signed, root.root, context=ROOT_CONTEXT, what=f"root {root.version}")
    return root


def verify_directory(signed: Signed, *, role: RoleKeys) -> Directory:
    """Return the directory in `signed`: enough keys of the role have signed it, and its content is sound."""
    _verify_threshold(signed, role, context=DIRECTORY_CONTEXT, what="directory")
    directory = decode_directory(signed.content)
    _verify_content(directory)
    return directory


def verify_freshness(signed: Signed, *, role: RoleKeys) -> Freshness:
    """Return the freshness statement in `signed`: enough keys of the role have signed it."""
    _verify_threshold(signed, role, context=FRESHNESS_CONTEXT, what="freshness statement")
    freshness = decode_freshness(signed.content)
    if freshness.expires_at <= freshness.issued_at:
        raise VerificationError("The freshness statement expires before it is issued.")
    return freshness


def _sign(content: bytes, key_ids: Sequence[str], signer: RoleSigner, *, context: bytes) -> Signed:
    signed = Signed(content)
    for key_id in key_ids:
        signed = add_signature(signed, key_id=key_id, signer=signer, context=context)
    return signed


def _verify_threshold(signed: Signed, role: RoleKeys, *, context: bytes, what: str) -> None:
    by_id = {key.key_id: key for key in role.keys}
    ids = [signature.key_id for signature in signed.signatures]
    if len(set(ids)) != len(ids):
        raise VerificationError(f"The {what} has two signatures by one key.")
    # A signature by a key that is not of the role says nothing; one that is of it and wrong refuses the whole.
    counted = [signature for signature in signed.signatures if signature.key_id in by_id]
    for signature in counted:
        key = by_id[signature.key_id]
        verify_hybrid(
            signed.content,
            HybridSignature(signature.ed25519, signature.mldsa65),
            key_id=key.key_id,
            ed25519=key.ed25519,
            mldsa65=key.mldsa65,
            context=context,
        )
    if len(counted) < role.threshold:
        raise VerificationError(
            f"The {what} has {len(counted)} signatures by keys of its role; {role.threshold} are needed."
        )


def _verify_keys(root: Root) -> None:
    """No key stands twice, in either half: a thief of one key must never hold two, nor two roles."""
    roles = [role for role in (root.root, root.directory, root.freshness) if role is not None]
    keys = [key for role in roles for key in role.keys]
    _verify_unique([key.key_id for key in keys], what=f"key of root {root.version}")
    halves = {half for key in keys for half in (key.ed25519, key.mldsa65)}
    if len(halves) != 2 * len(keys):
        raise VerificationError(f"A key stands in root {root.version} under two names.")


def _verify_content(directory: Directory) -> None:
    if directory.expires_at <= directory.issued_at:
        raise VerificationError(f"Directory {directory.version} expires before it is issued.")
    _verify_unique([one.institution_id for one in directory.institutions], what="institution")
    _verify_unique([f"{one.agreement_id} {one.sha256.hex()}" for one in directory.agreements], what="agreement")
    for institution in directory.institutions:
        _verify_unique([key.key_id for key in institution.keys], what=f"key of {institution.institution_id}")
        for key in institution.keys:
            if key.not_after <= key.not_before:
                raise VerificationError(f"Key '{key.key_id}' ends before it begins.")
            if key.revoked_from_log_size and not key.revoked:
                raise VerificationError(f"Key '{key.key_id}' is not revoked and yet says from where on it is.")
    _verify_authorities(directory)


def _verify_authorities(directory: Directory) -> None:
    """One authority a state, and no key that two hold: two officials with one key would be one pair of eyes."""
    _verify_unique([one.state for one in directory.authorities], what="authority of a state")
    for authority in directory.authorities:
        _verify_unique([one.signer_id for one in authority.signers], what=f"official of {authority.state}")
    held = [key for one in directory.authorities for signer in one.signers for key in signer.keys]
    seen = {half for one in directory.institutions for key in one.keys for half in (key.classical, key.post_quantum)}
    for key in held:
        if key.not_after <= key.not_before:
            raise VerificationError(f"Key '{key.key_id}' ends before it begins.")
        if key.revoked_from_log_size:
            raise VerificationError(f"Key '{key.key_id}' of an official has no log: revoked, it counts nowhere.")
        if key.classical in seen or key.post_quantum in seen:
            raise VerificationError(f"Key '{key.key_id}' of an official is somebody else's too: each draws her own.")
        seen |= {key.classical, key.post_quantum}


def _verify_unique(names: Sequence[str], *, what: str) -> None:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise VerificationError(f"Listed twice as {what}: {', '.join(sorted(twice))}.")
