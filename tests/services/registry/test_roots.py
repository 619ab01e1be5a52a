"""A chain of roots proves the directory: thresholds, rotation, freshness; never back, frozen or mixed (T24)."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from portability.adapters.clock.fake import ManualClock
from portability.adapters.keys.directory_file import DirectoryFile
from portability.agreements.errors import VerificationError
from portability.services.registry.handlers import Registry, accept_directory, restore_directory
from portability.services.registry.mapping.roots import decode_chain, decode_root, encode_chain, encode_root
from portability.services.registry.roots import RoleKeys, Signed, TrustChain
from portability.services.registry.signing import sign_root, verify_root
from portability.services.registry.trusting import VERSION_STEP, verify_in_time, verify_successor, verify_trust
from tests.services.registry.keepers import NOON, Keepers, directory_at, draw, ids


@pytest.fixture(scope="module")
def history() -> dict[tuple[int, int], TrustChain]:
    """Chains by (root version, directory version): each root takes new keys for one role."""
    keepers, made = Keepers(fresh=True), {}
    for root in range(1, 6):
        for version in range(1, 11):
            made[root, version] = keepers.chain(directory_at(version))
        keepers.rotate(root=root % 2 == 0, directory=root % 2 == 1)
    return made


def registry_of(anchor: Signed, path: Path) -> Registry:
    return Registry(anchor, DirectoryFile(path), ManualClock(NOON))


def test_a_chain_comes_back_as_it_was() -> None:
    keepers = Keepers(fresh=True)
    keepers.rotate(root=True, directory=True)
    chain = keepers.chain(directory_at(1))
    assert decode_chain(encode_chain(chain)) == chain
    trust = verify_trust(chain, anchor=keepers.anchor)
    assert (trust.root, trust.directory) == (keepers.root(2), directory_at(1))
    assert decode_root(encode_root(trust.root)) == trust.root


def test_a_node_that_was_given_a_later_root_reads_the_same_chain() -> None:
    keepers = Keepers()
    keepers.rotate(root=True)
    keepers.rotate(root=True)
    chain = keepers.chain(directory_at(1))
    for anchor in keepers.roots:
        assert verify_trust(chain, anchor=anchor).root.version == 3


def test_a_new_root_needs_the_keepers_before_it_and_its_own() -> None:
    old, new = draw(3), draw(3)
    before = Keepers(root_ring=old)
    root = replace(before.root(2), root=RoleKeys(2, new.role_keys()))
    both = [(old, 2, new, 2)]
    lacking = [(old, 2, new, 1), (old, 1, new, 2), (old, 2, new, 0), (old, 0, new, 3), (old, 3, new, 1)]
    for first, many, second, more in both + lacking:
        signed = sign_root(root, key_ids=ids(first, many), signer=first)
        own = sign_root(root, key_ids=ids(second, more), signer=second)
        signed = replace(signed, signatures=(*signed.signatures, *own.signatures))
        if (first, many, second, more) in both:
            assert verify_root(signed, under=before.root(1)) == root
        else:
            with pytest.raises(VerificationError, match="2 are needed"):
                verify_root(signed, under=before.root(1))


@pytest.mark.parametrize("version", [1, 3, 4])
def test_no_root_may_be_left_out_or_come_twice(version: int) -> None:
    keepers = Keepers()
    signed = sign_root(keepers.root(version), key_ids=ids(keepers.root_ring, 3), signer=keepers.root_ring)
    with pytest.raises(VerificationError, match="none may be left out"):
        verify_root(signed, under=keepers.root(1))


def test_one_key_in_two_places_of_a_root_is_refused() -> None:
    keepers = Keepers()
    good = keepers.root(2)
    first, *others = good.root.keys
    twice = replace(good.root, keys=(first, replace(first, key_id="sig-other"), *others))
    shared = replace(good.directory, keys=(replace(first, key_id="sig-other"), *good.directory.keys))
    half = replace(good.directory, keys=(replace(good.directory.keys[0], mldsa65=first.mldsa65),))
    same_id = replace(good.directory, keys=(replace(good.directory.keys[0], key_id=first.key_id),))
    for wrong in (
        replace(good, root=twice),
        replace(good, directory=shared),
        replace(good, directory=replace(half, threshold=1)),
        replace(good, directory=replace(same_id, threshold=1)),
    ):
        signed = sign_root(wrong, key_ids=ids(keepers.root_ring, 3), signer=keepers.root_ring)
        with pytest.raises(VerificationError, match=r"under two names|Listed twice"):
            verify_root(signed, under=keepers.root(1))


def test_a_root_whose_roles_make_no_sense_is_refused() -> None:
    keepers = Keepers()
    good = keepers.root(2)
    keys = good.directory.keys
    for wrong in (
        replace(good, directory=RoleKeys(0, keys)),
        replace(good, directory=RoleKeys(4, keys)),
        replace(good, directory=RoleKeys(1, ())),
        replace(good, root=RoleKeys(1, ())),
        replace(good, freshness=RoleKeys(0, ())),
        replace(good, expires_at=good.issued_at),
        replace(good, directory=RoleKeys(1, (replace(keys[0], ed25519=b"short"),))),
    ):
        signed = sign_root(wrong, key_ids=ids(keepers.root_ring, 3), signer=keepers.root_ring)
        with pytest.raises(VerificationError):
            verify_root(signed, under=keepers.root(1))


def test_signatures_of_one_role_are_worth_nothing_in_another() -> None:
    keepers = Keepers(fresh=True)
    chain = keepers.chain(directory_at(1))
    assert chain.freshness is not None
    # A root's keepers sign a directory with the right bytes in the wrong words: the context is signed too.
    stolen = sign_root(keepers.root(2), key_ids=ids(keepers.root_ring, 2), signer=keepers.root_ring)
    for wrong in (
        replace(chain, directory=replace(chain.directory, signatures=chain.roots[0].signatures)),
        replace(chain, directory=stolen),
        replace(chain, freshness=chain.directory),
        replace(chain, directory=chain.freshness),
    ):
        with pytest.raises(VerificationError):
            verify_trust(wrong, anchor=keepers.anchor)


def test_the_directory_role_of_an_earlier_root_has_no_say_any_more() -> None:
    keepers = Keepers()
    retired = keepers.sign(directory_at(2), count=3)
    keepers.rotate(directory=True)
    assert verify_trust(keepers.chain(directory_at(2)), anchor=keepers.anchor)
    with pytest.raises(VerificationError, match="has 0 signatures by keys of its role"):
        verify_trust(TrustChain(keepers.roots, retired), anchor=keepers.anchor)


def test_another_familys_chain_is_refused_although_it_holds_in_itself() -> None:
    ours, theirs = Keepers(), Keepers()
    with pytest.raises(VerificationError, match="it is another's"):
        verify_trust(theirs.chain(directory_at(1)), anchor=ours.anchor)
    # Also where it begins with our root, and goes on without our keepers.
    forged = replace(theirs.chain(directory_at(1)), roots=(ours.anchor, *_second(theirs)))
    with pytest.raises(VerificationError, match="2 are needed"):
        verify_trust(forged, anchor=ours.anchor)


def _second(keepers: Keepers) -> tuple[Signed, ...]:
    keepers.rotate(directory=True)
    return keepers.roots[1:]


def test_a_fork_of_the_roots_is_refused_by_a_node_that_knows_one_branch() -> None:
    keepers = Keepers()
    other = replace(keepers)
    keepers.rotate(directory=True)
    other.rotate(directory=True)
    known = verify_trust(keepers.chain(directory_at(1)), anchor=keepers.anchor)
    forked = verify_trust(other.chain(directory_at(2)), anchor=keepers.anchor)
    with pytest.raises(VerificationError, match="does not go through root 2"):
        verify_successor(forked, known)


def test_a_freshness_statement_is_of_this_directory_and_must_be_there_where_the_root_wants_one() -> None:
    keepers = Keepers(fresh=True)
    one, two = keepers.chain(directory_at(1)), keepers.chain(directory_at(2))
    other_version = keepers.freshness_of(one.directory, 2)
    for wrong, why in (
        (replace(one, freshness=two.freshness), "about another directory"),
        (replace(one, freshness=other_version), "directory of another version"),
        (replace(one, freshness=None), "there is none"),
    ):
        with pytest.raises(VerificationError, match=why):
            verify_trust(wrong, anchor=keepers.anchor)
    plain = Keepers()
    with pytest.raises(VerificationError, match="has no freshness role"):
        verify_trust(replace(plain.chain(directory_at(1)), freshness=one.freshness), anchor=plain.anchor)


def test_the_end_is_the_first_of_three_and_nothing_counts_after_it() -> None:
    keepers = Keepers(fresh=True)
    trust = verify_trust(keepers.chain(directory_at(1)), anchor=keepers.anchor)
    end = NOON + timedelta(hours=24)
    assert trust.usable_until() == trust.in_force().expires_at == end
    tick = timedelta(milliseconds=1)
    verify_in_time(trust, at=end - tick)
    with pytest.raises(VerificationError, match="freshness statement of directory 1 has expired"):
        verify_in_time(trust, at=end)


async def test_a_frozen_directory_ends_with_its_freshness_and_a_newer_statement_prolongs_it(tmp_path: Path) -> None:
    keepers = Keepers(fresh=True)
    registry = registry_of(keepers.anchor, tmp_path / "kept")
    chain = keepers.chain(directory_at(1))
    await accept_directory(chain, registry)
    first = registry.in_force.current().expires_at
    registry.clock.advance(timedelta(hours=12))
    keepers.now = registry.clock.now()
    longer = replace(chain, freshness=keepers.freshness_of(chain.directory, 1))
    await accept_directory(longer, registry)
    assert registry.in_force.current().expires_at == first + timedelta(hours=12)
    with pytest.raises(VerificationError, match="older than the one known"):
        await accept_directory(chain, registry)


async def test_a_count_that_is_driven_towards_its_end_is_refused(tmp_path: Path) -> None:
    keepers = Keepers()
    registry = registry_of(keepers.anchor, tmp_path / "kept")
    with pytest.raises(VerificationError, match="at most 1000000"):
        await accept_directory(keepers.chain(directory_at(VERSION_STEP + 1)), registry)
    await accept_directory(keepers.chain(directory_at(5)), registry)
    with pytest.raises(VerificationError, match="may be stolen"):
        await accept_directory(keepers.chain(directory_at(VERSION_STEP + 6)), registry)
    await accept_directory(keepers.chain(directory_at(VERSION_STEP + 5)), registry)


Attack = Callable[[random.Random, dict[tuple[int, int], TrustChain]], TrustChain]


def mixed(dice: random.Random, history: dict[tuple[int, int], TrustChain]) -> TrustChain:
    """Parts of three chains that were each in force once."""
    one, two, three = dice.sample(sorted(history), 3)
    return TrustChain(history[one].roots, history[two].directory, history[three].freshness)


def short_of_roots(dice: random.Random, history: dict[tuple[int, int], TrustChain]) -> TrustChain:
    """A root left out, or two exchanged."""
    chain = history[dice.randint(3, 5), dice.randint(1, 10)]
    roots = list(chain.roots)
    place = dice.randrange(1, len(roots) - 1)
    if dice.random() < 0.5:
        del roots[place]
    else:
        roots[place], roots[place + 1] = roots[place + 1], roots[place]
    return replace(chain, roots=tuple(roots))


def short_of_signatures(dice: random.Random, history: dict[tuple[int, int], TrustChain]) -> TrustChain:
    """One signature taken away from the directory, or from the last root where it has no spare one."""
    chain = history[dice.choice(sorted(history))]
    return replace(chain, directory=replace(chain.directory, signatures=chain.directory.signatures[1:]))


def was_signed(chain: TrustChain, place: tuple[int, int], history: dict[tuple[int, int], TrustChain]) -> bool:
    """Whether the keepers of this root have signed these very parts; roots 2 and 3, and 4 and 5, share keys."""
    root, version = place
    alike = [history[one, version] for one in range(1, 6) if one // 2 == root // 2]
    return (
        chain.roots == history[place].roots
        and chain.directory in [one.directory for one in alike]
        and chain.freshness in [history[one, version].freshness for one in range(1, 6)]
    )


async def test_1000_random_sequences_of_versions_and_forgeries_never_move_a_node_back(history, tmp_path: Path) -> None:
    # Each sequence is one node: an attacker hands it true old chains in any order and forgeries between them. The node
    # may only ever go to a chain that was signed as a whole, and to no part that is older than what it has.
    anchor = history[1, 1].roots[0]
    accepted_forgeries, rollbacks, accepted, refused = 0, 0, 0, 0
    for seed in range(1000):
        dice = random.Random(seed)  # noqa: S311 - a sequence that can be repeated
        registry, at = registry_of(anchor, tmp_path / "kept"), (0, 0)
        for _ in range(4):
            attack = dice.choice((mixed, short_of_roots, short_of_signatures, None, None))
            chain = attack(dice, history) if attack else history[dice.choice(sorted(history))]
            try:
                trust = await accept_directory(chain, registry)
            except VerificationError:
                refused += 1
                continue
            accepted += 1
            place = (trust.root.version, trust.directory.version)
            accepted_forgeries += not was_signed(chain, place, history)
            rollbacks += place[0] < at[0] or place[1] < at[1]
            at = place
        # And a restart, with nothing but what the node kept.
        again = registry_of(anchor, tmp_path / "kept")
        restored = await restore_directory(again)
        assert (restored is None) == (at == (0, 0))
        if restored is not None:
            assert (restored.root.version, restored.directory.version) == at
        (tmp_path / "kept").unlink(missing_ok=True)
    assert (accepted_forgeries, rollbacks) == (0, 0)
    assert min(accepted, refused) > 1000, "the sequences must hold enough of both"
