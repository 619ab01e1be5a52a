"""A witness cosigns what only grew: forks, shrinks, split views and restored databases are refused or proven."""

import random
from datetime import timedelta

import pytest
from log_world import KEYS, NOON, LogNode, contents

from portability.adapters.clock.fake import ManualClock
from portability.agreements.errors import VerificationError
from portability.services.log.checkpoint import (
    parse_checkpoint,
    sign_checkpoint,
    verify_cosignature,
    verify_log_signature,
)
from portability.services.log.model import Checkpoint, SignedCheckpoint, witness_of
from portability.services.log.note import parse_note
from portability.services.log.ports import Offer
from portability.services.log.proofs import prove_consistency
from portability.services.log.witnessing import refuse_restored_state

BERLIN, ROME, OTTAWA = "de-drv", "it-inps", "ca-sc"
OTHERS = [name for name in KEYS if name != BERLIN]
FORKS = 250  # of each of the four kinds


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def berlin(clock: ManualClock) -> LogNode:
    return LogNode(BERLIN, clock)


@pytest.fixture
def rome(clock: ManualClock) -> LogNode:
    return LogNode(ROME, clock)


async def offer_of(node: LogNode, signed: SignedCheckpoint, old: int) -> Offer:
    async with node.log.transaction() as work:
        path = await prove_consistency(work.tiles, first=old, size=signed.checkpoint.size) if old else ()
    return Offer(old, path, signed.note)


async def test_a_witness_cosigns_a_log_that_grows(berlin: LogNode, rome: LogNode, clock: ManualClock) -> None:
    for size in (1, 4, 300):
        clock.advance(timedelta(seconds=5))
        signed = await berlin.grow(*contents(size, start=1000 * size))
        assert await berlin.round(rome.asked_by(BERLIN)).gather(signed) == 1
        async with berlin.log.transaction() as work:
            kept = await work.lookup.covering(signed.checkpoint.size)
        assert kept is not None
        assert verify_cosignature(kept.note, name=witness_of(ROME), keys=[KEYS[ROME].public]) == clock.now()
    note = await rome.asked_by(BERLIN).newest(berlin.origin)
    assert verify_log_signature(note or b"", origin=berlin.origin, keys=[KEYS[BERLIN].public])[0].size == 305


async def test_a_witness_answers_the_same_checkpoint_again(berlin: LogNode, rome: LogNode) -> None:
    signed = await berlin.grow(b"one")
    for _ in range(3):
        assert await berlin.round(rome.asked_by(BERLIN)).gather(signed) == 1


async def test_a_witness_names_the_size_that_it_holds(berlin: LogNode, rome: LogNode) -> None:
    first = await berlin.grow(*contents(3))
    await berlin.round(rome.asked_by(BERLIN)).gather(first)
    second = await berlin.grow(*contents(2, start=3))
    assert await rome.asked_by(BERLIN).add_checkpoint(await offer_of(berlin, second, 0)) == 3
    assert await rome.asked_by(BERLIN).add_checkpoint(await offer_of(berlin, second, 1)) == 3


async def test_a_witness_out_of_reach_is_asked_again_with_the_next_checkpoint(berlin: LogNode, rome: LogNode) -> None:
    rome.reachable = False
    round_ = berlin.round(rome.asked_by(BERLIN))
    assert await round_.gather(await berlin.grow(b"one")) == 0
    assert berlin.heard.events == [("witness_not_reached", {"witness": ROME})]
    rome.reachable = True
    assert await round_.gather(await berlin.grow(b"two")) == 1


async def test_a_checkpoint_that_the_log_has_not_signed_is_refused(berlin: LogNode, rome: LogNode) -> None:
    signed = await berlin.grow(b"one")
    forged = sign_checkpoint(signed.checkpoint, key=KEYS[OTTAWA], at=NOON)
    with pytest.raises(VerificationError, match="No key of 'portability/log/de-drv'"):
        await rome.asked_by(BERLIN).add_checkpoint(Offer(0, (), forged))
    with pytest.raises(VerificationError, match="is of 'portability/log/de-drv'"):
        await rome.asked_by(OTTAWA).add_checkpoint(Offer(0, (), signed.note))


async def test_two_histories_of_one_size_are_kept_as_proof(berlin: LogNode, rome: LogNode) -> None:
    twin = berlin.copy()
    await berlin.round(rome.asked_by(BERLIN)).gather(await berlin.grow(b"one"))
    forked = await twin.grow(b"another")
    with pytest.raises(VerificationError):
        await rome.asked_by(BERLIN).add_checkpoint(Offer(0, (), forked.note))
    async with rome.kept.transaction() as memory:
        ((kept, offered),) = await memory.accusations(berlin.origin)
    heads = [verify_log_signature(one, origin=berlin.origin, keys=[KEYS[BERLIN].public])[0] for one in (kept, offered)]
    assert heads[0].size == heads[1].size
    assert heads[0].root != heads[1].root


async def test_a_witness_repeats_no_signature_of_strangers(berlin: LogNode, rome: LogNode) -> None:
    signed = await berlin.grow(b"one")
    note = signed.note + "— somebody AAAAAAAAAA==\n".encode()
    assert isinstance(await rome.asked_by(BERLIN).add_checkpoint(Offer(0, (), note)), str)
    kept = await rome.asked_by(BERLIN).newest(berlin.origin)
    assert {one.name for one in parse_note(kept or b"").signatures} == {berlin.origin, witness_of(ROME)}


async def test_a_node_with_a_restored_database_does_not_start(berlin: LogNode, rome: LogNode) -> None:
    await berlin.round(rome.asked_by(BERLIN)).gather(await berlin.grow(*contents(5)))
    backup = berlin.copy()
    await berlin.round(rome.asked_by(BERLIN)).gather(await berlin.grow(*contents(2, start=5)))
    assert await refuse_restored_state(berlin.round(rome.asked_by(BERLIN))) == 1
    with pytest.raises(VerificationError, match=r"has 5 entries, but witness 'it-inps' has cosigned 7: .* Restore"):
        await refuse_restored_state(backup.round(rome.asked_by(BERLIN)))


async def test_a_node_whose_rows_were_rewritten_does_not_start(berlin: LogNode, rome: LogNode) -> None:
    twin = berlin.copy()
    await berlin.round(rome.asked_by(BERLIN)).gather(await berlin.grow(*contents(5)))
    await twin.grow(*contents(9, tag="other"))
    with pytest.raises(VerificationError, match="differ within the first 5 entries"):
        await refuse_restored_state(twin.round(rome.asked_by(BERLIN)))


async def test_a_witness_that_never_cosigned_or_cannot_be_reached_stops_no_node(berlin: LogNode, rome: LogNode) -> None:
    await berlin.grow(b"one")
    assert await refuse_restored_state(berlin.round(rome.asked_by(BERLIN))) == 1
    rome.reachable = False
    assert await refuse_restored_state(berlin.round(rome.asked_by(BERLIN))) == 0


async def test_a_restored_database_that_grew_is_found_by_its_next_checkpoint(berlin: LogNode, rome: LogNode) -> None:
    await berlin.round(rome.asked_by(BERLIN)).gather(await berlin.grow(*contents(5)))
    backup = berlin.copy()
    await berlin.round(rome.asked_by(BERLIN)).gather(await berlin.grow(*contents(2, start=5)))
    with pytest.raises(VerificationError, match="has cosigned 7"):
        await backup.round(rome.asked_by(BERLIN)).gather(await backup.grow(b"new"))
    with pytest.raises(VerificationError):
        await backup.round(rome.asked_by(BERLIN)).gather(await backup.grow(*contents(9, start=50)))
    assert ("checkpoint_refused", {"witness": ROME, "code": "VERIFICATION_FAILED"}) in backup.heard.events


@pytest.mark.parametrize("kind", ["fork", "shrink", "split", "restored"])
async def test_a_thousand_lies_about_a_log_are_refused_or_proven(kind: str) -> None:
    """250 of each kind; each lie is signed by the log's own key, as only its operator could."""
    lie = {"fork": forked, "shrink": shrunk, "split": split, "restored": restored}[kind]
    draw = random.Random(f"log {kind}")  # noqa: S311 (a test; the seed is in its name)
    caught = 0
    for _ in range(FORKS):
        clock = ManualClock(NOON)
        caught += await lie(draw, LogNode(BERLIN, clock), [LogNode(name, clock) for name in OTHERS])
    assert caught == FORKS


async def forked(draw: random.Random, berlin: LogNode, others: list[LogNode]) -> bool:
    """After an honest checkpoint, a history that leaves it somewhere and is as long or longer."""
    rome = others[0].asked_by(BERLIN)
    common = draw.randint(0, 12)
    if common:
        await berlin.stage(*contents(common))
        await berlin.sequence()
    twin = berlin.copy()
    honest = await berlin.grow(*contents(draw.randint(1, 12), start=100))
    await berlin.round(rome).gather(honest)
    lie = await twin.grow(*contents(honest.checkpoint.size - common + draw.randint(0, 12), tag="lie"))
    old = draw.choice([0, honest.checkpoint.size])
    offer = await offer_of(twin, lie, old) if old <= lie.checkpoint.size else Offer(old, (), lie.note)
    return await refused(others[0], offer, honest, proven=old == honest.checkpoint.size)


async def shrunk(draw: random.Random, berlin: LogNode, others: list[LogNode]) -> bool:
    """An older tree, signed anew, after a larger one was cosigned."""
    early = await berlin.grow(*contents(draw.randint(1, 12)))
    late = await berlin.grow(*contents(draw.randint(1, 12), start=100))
    await berlin.round(others[0].asked_by(BERLIN)).gather(late)
    note = sign_checkpoint(early.checkpoint, key=KEYS[BERLIN], at=NOON)
    old = draw.choice([0, early.checkpoint.size, late.checkpoint.size])
    return await refused(others[0], Offer(old, (), note), late, proven=False)


async def split(draw: random.Random, berlin: LogNode, others: list[LogNode]) -> bool:
    """One history for some witnesses and another for the rest: at most one has a majority, and no one has both."""
    twin = berlin.copy()
    first = await berlin.grow(*contents(draw.randint(1, 12)))
    second = await twin.grow(*contents(draw.randint(1, 12), tag="lie"))
    draw.shuffle(others)
    where = draw.randint(1, len(others) - 1)
    await berlin.round(*(one.asked_by(BERLIN) for one in others[:where])).gather(first)
    await twin.round(*(one.asked_by(BERLIN) for one in others[where:])).gather(second)
    crossed = [
        *[await refused(one, await offer_of(twin, second, 0), first, proven=False) for one in others[:where]],
        *[await refused(one, await offer_of(berlin, first, 0), second, proven=False) for one in others[where:]],
    ]
    majority = len(others) // 2 + 1
    return all(crossed) and min(where, len(others) - where) < majority


async def restored(draw: random.Random, berlin: LogNode, others: list[LogNode]) -> bool:
    """The node starts from a snapshot of its database that is older than what a witness has cosigned."""
    rome = others[0].asked_by(BERLIN)
    if draw.random() < 0.7:
        await berlin.round(rome).gather(await berlin.grow(*contents(draw.randint(1, 12))))
    snapshot = berlin.copy()
    await berlin.round(rome).gather(await berlin.grow(*contents(draw.randint(1, 12), start=100)))
    if draw.random() < 0.5:
        await snapshot.grow(*contents(draw.randint(1, 30), start=500))
    try:
        await refuse_restored_state(snapshot.round(rome))
    except VerificationError:
        return True
    return False


async def refused(witness: LogNode, offer: Offer, honest: SignedCheckpoint, *, proven: bool) -> bool:
    """Whether the witness cosigns nothing, keeps what it had, and keeps the proof where there is one."""
    try:
        if isinstance(await witness.asked_by(BERLIN).add_checkpoint(offer), str):
            return False
    except VerificationError:
        pass
    kept = await witness.asked_by(BERLIN).newest(honest.checkpoint.origin)
    async with witness.kept.transaction() as memory:
        accusations = await memory.accusations(honest.checkpoint.origin)
    offered = parse_checkpoint(parse_note(offer.note).text)
    same_size = offered.size == honest.checkpoint.size and offered.root != honest.checkpoint.root
    has_proof = any(parse_checkpoint(parse_note(lie).text) == offered for _, lie in accusations)
    unchanged = kept is not None and head_of(kept) == honest.checkpoint
    return unchanged and (has_proof or not (proven or same_size))


def head_of(note: bytes) -> Checkpoint:
    return parse_checkpoint(parse_note(note).text)
