"""Whether a chain of roots, directory and freshness statement is to be believed: pure functions.

Three questions, asked apart: does it hold in itself (at any time, so also after a restart), is it newer than what
this node has acted on, and is it in its time. Docs: docs/spec/exchange.md, section 8.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from portability.agreements.errors import VerificationError
from portability.services.registry.mapping.roots import decode_root
from portability.services.registry.roots import Freshness, Root, Signed, Trust, TrustChain
from portability.services.registry.signing import verify_directory, verify_freshness, verify_root

__all__ = ["CLOCK_SKEW", "VERSION_STEP", "verify_in_time", "verify_successor", "verify_trust"]

CLOCK_SKEW: Final = timedelta(minutes=5)
VERSION_STEP: Final = 1_000_000
"""How far a directory's version may be ahead of the one known: stolen keys cannot drive the count to its end."""
ROOTS_LIMIT: Final = 1024


def verify_trust(chain: TrustChain, *, anchor: Signed) -> Trust:
    """Return the chain read, where it holds in itself; `anchor` is the root that this node was given by hand.

    Raises VerificationError.
    """
    # 1. The anchor is signed under itself, and stands in the chain byte by byte.
    # 2. Each later root is the next version, signed under the root before it and under itself.
    # 3. The last root's directory role has signed the directory.
    # 4. Its freshness role, where it has one, says of this very directory that it is the newest.
    # (1) anchor
    if len(chain.roots) > ROOTS_LIMIT:
        raise VerificationError(f"A chain of {len(chain.roots)} roots; at most {ROOTS_LIMIT} are read.")
    root = verify_root(anchor, under=None)
    at = _place(chain.roots, anchor, version=root.version)
    # (2) roots
    for signed in chain.roots[at + 1 :]:
        root = verify_root(signed, under=root)
    # (3) directory
    directory = verify_directory(chain.directory, role=root.directory)
    # (4) freshness
    freshness = _freshness(chain, root)
    if freshness is not None and freshness.directory_version != directory.version:
        raise VerificationError("The freshness statement is about a directory of another version.")
    return Trust(chain, root, directory, freshness)


def verify_successor(trust: Trust, known: Trust) -> None:
    """Raise VerificationError unless `trust` goes on from `known`, in each part, or is the same."""
    # 1. Its roots continue the known ones: none fewer, none exchanged.
    # 2. Its directory is newer, by a believable step, or the very same.
    # 3. Of the same directory, its freshness statement is not older.
    # (1) roots
    _place(trust.chain.roots, known.chain.roots[-1], version=known.root.version)
    # (2) directory
    if trust.chain.directory.content != known.chain.directory.content:
        if trust.directory.version <= known.directory.version:
            raise VerificationError(
                f"Directory {trust.directory.version} comes after directory {known.directory.version}: a node never "
                "goes back."
            )
        _verify_step(trust, after=known.directory.version)
    # (3) freshness
    elif trust.freshness and known.freshness and trust.freshness.issued_at < known.freshness.issued_at:
        raise VerificationError("The freshness statement is older than the one known.")


def verify_in_time(trust: Trust, *, at: datetime) -> None:
    """Raise VerificationError unless all parts were issued by `at` and none has expired."""
    what = f"Directory {trust.directory.version}"
    for part, name in (
        (trust.root, f"Root {trust.root.version}"),
        (trust.directory, what),
        (trust.freshness, f"The freshness statement of directory {trust.directory.version}"),
    ):
        if part is not None and part.issued_at > at + CLOCK_SKEW:
            raise VerificationError(f"{name} says it was issued in the future.")
        if part is not None and at >= part.expires_at:
            raise VerificationError(f"{name} has expired: fetch a newer one.")


def _verify_step(trust: Trust, *, after: int) -> None:
    if trust.directory.version > after + VERSION_STEP:
        raise VerificationError(
            f"Directory {trust.directory.version} leaves out more than {VERSION_STEP} versions after {after}: its keys "
            "may be stolen. Ask the keepers of the directory."
        )


def _place(roots: Sequence[Signed], wanted: Signed, *, version: int) -> int:
    """Where in the chain the wanted root stands, by its bytes."""
    for at, one in enumerate(roots):
        if one.content == wanted.content:
            return at
    last = decode_root(roots[-1].content).version
    if last < version:
        raise VerificationError(f"The chain ends at root {last}; root {version} is known: a node never goes back.")
    raise VerificationError(f"The chain does not go through root {version} as it is known here: it is another's.")


def _freshness(chain: TrustChain, root: Root) -> Freshness | None:
    if root.freshness is None:
        if chain.freshness is not None:
            raise VerificationError(f"Root {root.version} has no freshness role, and yet there is a statement.")
        return None
    if chain.freshness is None:
        raise VerificationError(f"Root {root.version} wants a freshness statement, and there is none.")
    freshness = verify_freshness(chain.freshness, role=root.freshness)
    if freshness.directory_sha256 != sha256(chain.directory.content).digest():
        raise VerificationError("The freshness statement is about another directory.")
    return freshness
