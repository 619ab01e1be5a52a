"""Signing a directory with root keys, and verifying one: threshold, version, expiry, content."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from portability.agreements.errors import VerificationError
from portability.services.hybrid import HybridSignature, domain_separated, verify_hybrid
from portability.services.registry.mapping import decode_directory, encode_directory
from portability.services.registry.model import Directory, RootKey, RootSignature, SignedDirectory
from portability.services.registry.ports import RootSigner

__all__ = ["DIRECTORY_CONTEXT", "sign_directory", "verify_directory"]

DIRECTORY_CONTEXT: Final = b"portability/v1/directory"
CLOCK_SKEW: Final = timedelta(minutes=5)


def sign_directory(directory: Directory, *, key_ids: Sequence[str], signer: RootSigner) -> SignedDirectory:
    """Return the directory as bytes with the signatures of the root keys named."""
    content = encode_directory(directory)
    covered = domain_separated(content, context=DIRECTORY_CONTEXT)
    signatures = [(key_id, signer.sign(key_id, covered, context=DIRECTORY_CONTEXT)) for key_id in key_ids]
    return SignedDirectory(
        directory=content,
        signatures=tuple(RootSignature(key_id, one.ed25519, one.mldsa65) for key_id, one in signatures),
    )


def verify_directory(
    signed: SignedDirectory,
    *,
    roots: Sequence[RootKey],
    threshold: int,
    known: SignedDirectory | None,
    at: datetime,
) -> Directory:
    """Return the directory in `signed`, or raise VerificationError.

    `roots` are the root keys that this node was given by hand, `threshold` how many of them must have signed,
    `known` the directory in force, if any. Not modelled: rotation of root keys and separate roles.
    """
    # 1. At least `threshold` different root keys of ours have signed the bytes received.
    # 2. The bytes are the canonical form of a directory with sound content.
    # 3. It is newer than the one in force, or the very same.
    # 4. It is in its time.
    # (1) signatures
    _verify_threshold(signed, roots=roots, threshold=threshold)
    # (2) content
    directory = decode_directory(signed.directory)
    _verify_content(directory)
    # (3) version
    if known is not None and known.directory != signed.directory:
        version = decode_directory(known.directory).version
        if directory.version <= version:
            raise VerificationError(
                f"Directory {directory.version} comes after directory {version}: a node never goes back."
            )
    # (4) time
    if directory.issued_at > at + CLOCK_SKEW:
        raise VerificationError(f"Directory {directory.version} says it was issued in the future.")
    if at >= directory.expires_at:
        raise VerificationError(f"Directory {directory.version} has expired: fetch a newer one.")
    return directory


def _verify_threshold(signed: SignedDirectory, *, roots: Sequence[RootKey], threshold: int) -> None:
    by_id = {root.key_id: root for root in roots}
    if not 0 < threshold <= len(by_id):
        raise VerificationError(f"{threshold} signatures of {len(by_id)} root keys: that can never be right.")
    ids = [signature.key_id for signature in signed.signatures]
    if len(set(ids)) != len(ids):
        raise VerificationError("The directory has two signatures by one root key.")
    # A signature by a key that is not ours says nothing; one that is ours and wrong refuses the whole.
    counted = [signature for signature in signed.signatures if signature.key_id in by_id]
    for signature in counted:
        root = by_id[signature.key_id]
        verify_hybrid(
            signed.directory,
            HybridSignature(signature.ed25519, signature.mldsa65),
            key_id=root.key_id,
            ed25519=root.ed25519,
            mldsa65=root.mldsa65,
            context=DIRECTORY_CONTEXT,
        )
    if len(counted) < threshold:
        raise VerificationError(f"The directory has {len(counted)} signatures by root keys; {threshold} are needed.")


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
    _verify_authorities(directory)


def _verify_authorities(directory: Directory) -> None:
    """One authority a state, and no key that two hold: two officials with one key would be one pair of eyes."""
    _verify_unique([one.state for one in directory.authorities], what="authority of")
    for authority in directory.authorities:
        _verify_unique([one.signer_id for one in authority.signers], what=f"official of {authority.state}")
    held = [key for one in directory.authorities for signer in one.signers for key in signer.keys]
    seen = {half for one in directory.institutions for key in one.keys for half in (key.classical, key.post_quantum)}
    for key in held:
        if key.not_after <= key.not_before:
            raise VerificationError(f"Key '{key.key_id}' ends before it begins.")
        if key.classical in seen or key.post_quantum in seen:
            raise VerificationError(f"Key '{key.key_id}' of an official is somebody else's too: each draws her own.")
        seen |= {key.classical, key.post_quantum}


def _verify_unique(names: Sequence[str], *, what: str) -> None:
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise VerificationError(f"The directory lists this {what} twice: {', '.join(sorted(twice))}.")
