"""Evidence proves who sent what when with the file alone, and a file with one changed bit proves nothing else."""

import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

import pytest
from evidence_world import BERLIN, CASE, ROME, EvidenceWorld, resend_one
from exchange_world import message_to
from keepers import Keepers

from portability.agreements.errors import GatewayError, NotFoundError, VerificationError
from portability.app.evidence.file import FIRST_LINE, Evidence, decode_evidence, encode_evidence
from portability.app.evidence.verifying import verify_evidence
from portability.services.exchange.mapping.wire import decode_header
from portability.services.registry.mapping.roots import encode_chain
from portability.services.registry.model import KeyPurpose, PublicKey


@pytest.fixture
async def world() -> EvidenceWorld:
    made = EvidenceWorld()
    await made.exchange()
    await made.log()
    return made


async def test_a_file_proves_what_was_sent_received_and_receipted(world: EvidenceWorld) -> None:
    proven = verify_evidence(await world.evidence(), anchor=world.keepers.anchor, witnesses=1)
    told = "\n".join(proven.sentences)
    assert proven.witnesses == (ROME,)
    assert "which you have given" in proven.sentences[0]
    assert "The log of de-drv held" in proven.sentences[1]
    assert "it-inps saw the same log" in proven.sentences[2]
    assert told.count("de-drv sent it-inps message") == 2
    assert told.count("it-inps sent de-drv message") == 1
    assert f"(record.statement) in answer to {UUID(int=(1 << 80) | (0x7 << 76) | (0b10 << 62) | 0xABC)}" in told
    assert told.count(f"under eu-883-2004 (file {'ab' * 32})") == 2
    assert told.count("that it was delivered") == 2
    assert told.count("No receipt of it is in this file") == 1  # Rome's own message: Rome holds Berlin's receipt
    assert "periods" not in told


async def test_the_other_side_proves_the_same_messages_from_its_own_log(world: EvidenceWorld) -> None:
    await world.log(ROME, witnessed=False)
    told = "\n".join(verify_evidence(await world.evidence(ROME), anchor=world.keepers.anchor).sentences)
    assert told.count("de-drv sent it-inps message") == 2
    assert "No witness has cosigned this" in told


async def test_without_records_a_file_holds_no_content_and_with_them_all_of_it(world: EvidenceWorld) -> None:
    assert b"periods of number" not in await world.evidence()
    data = await world.evidence(with_records=True)
    assert data.count(b"periods of number") == 3
    told = "\n".join(verify_evidence(data, anchor=world.keepers.anchor).sentences)
    assert sha256(b"periods of number 1").hexdigest() in told


async def test_without_a_root_the_file_names_the_fingerprint_to_compare(world: EvidenceWorld) -> None:
    first = verify_evidence(await world.evidence(), anchor=None).sentences[0]
    assert sha256(world.keepers.anchor.content).hexdigest() in first
    assert "compare with the keepers" in first


async def test_the_root_of_others_proves_nothing(world: EvidenceWorld) -> None:
    with pytest.raises(VerificationError, match="another's"):
        verify_evidence(await world.evidence(), anchor=Keepers().anchor)


async def test_a_case_without_messages_has_no_evidence(world: EvidenceWorld) -> None:
    with pytest.raises(NotFoundError, match="no message here"):
        await world.evidence(case_id=UUID(int=5))


async def test_before_the_log_has_it_there_is_no_evidence() -> None:
    world = EvidenceWorld()
    await world.exchange()
    with pytest.raises(GatewayError, match="not in the log yet"):
        await world.evidence()


async def test_too_few_witnesses_are_told(world: EvidenceWorld) -> None:
    with pytest.raises(VerificationError, match="1 witnesses have cosigned the checkpoint; 2 are asked for"):
        verify_evidence(await world.evidence(), anchor=None, witnesses=2)


async def test_every_flipped_bit_of_a_file_is_refused(world: EvidenceWorld) -> None:
    data = await world.evidence()
    for place in range(len(data) * 8):
        changed = bytearray(data)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(VerificationError):
            verify_evidence(bytes(changed), anchor=world.keepers.anchor)


async def test_a_flipped_bit_under_a_digest_made_anew_is_refused_too(world: EvidenceWorld) -> None:
    """Whoever changes a file can make its digest again: then the signatures refuse."""
    data = await world.evidence(with_records=True)
    anchor = world.keepers.anchor
    start = len(FIRST_LINE) + 32
    body = data[start:]
    taken = []
    for place in range(0, len(body) * 8, 509):  # a prime: all eight bits in turn; all places take ten minutes
        changed = bytearray(body)
        changed[place // 8] ^= 1 << place % 8
        sealed = FIRST_LINE + sha256(changed).digest() + bytes(changed)
        try:
            verify_evidence(sealed, anchor=anchor)
        except VerificationError:
            continue
        taken.append(place // 8)
    assert taken == []


def swap(evidence: Evidence, at: int, **changes: object) -> Evidence:
    bundles = list(evidence.bundles)
    bundles[at] = replace(bundles[at], **changes)
    return replace(evidence, bundles=tuple(bundles))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda e: replace(e, institution=ROME), id="another institution"),
        pytest.param(lambda e: replace(e, case_id=UUID(int=7)), id="another case"),
        pytest.param(lambda e: replace(e, bundles=()), id="no bundles"),
        pytest.param(lambda e: replace(e, bundles=e.bundles[::-1]), id="bundles in another order"),
        pytest.param(lambda e: replace(e, bundles=(e.bundles[0], *e.bundles)), id="a bundle twice"),
        pytest.param(lambda e: replace(e, bundles=e.bundles[1:]), id="a receipt of what is not there"),
        pytest.param(lambda e: swap(e, 0, messages=()), id="a bundle without messages"),
        pytest.param(lambda e: swap(e, 0, messages=e.bundles[0].messages[::-1]), id="messages in another order"),
        pytest.param(lambda e: swap(e, 0, position=e.bundles[0].position + 1), id="another position"),
        pytest.param(lambda e: swap(e, 0, logged_at_ms=e.bundles[0].logged_at_ms + 1), id="another time of entry"),
        pytest.param(lambda e: swap(e, 0, path=(*e.bundles[0].path, bytes(32))), id="a longer path"),
        pytest.param(lambda e: swap(e, 0, signature=e.bundles[1].signature), id="another bundle's signature"),
        pytest.param(
            lambda e: replace(e, checkpoint=e.checkpoint + "— portability/witness/ca-sc AAAAAAAAAA==\n".encode()),
            id="a cosignature that does not stand",
        ),
        pytest.param(
            lambda e: replace(e, checkpoint=e.checkpoint + "— somebody AAAAAAAAAA==\n".encode()),
            id="a cosignature by a stranger",
        ),
    ],
)
async def test_what_was_put_together_otherwise_is_refused(
    world: EvidenceWorld, change: Callable[[Evidence], Evidence]
) -> None:
    evidence = decode_evidence(await world.evidence())
    with pytest.raises(VerificationError):
        verify_evidence(encode_evidence(change(evidence)), anchor=world.keepers.anchor)


def ended(key: PublicKey, size: int) -> PublicKey:
    if key.purpose is not KeyPurpose.SIGNING:
        return key
    return replace(key, revoked=True, revoked_from_log_size=size)


async def test_a_revoked_key_counts_for_what_its_own_log_held_before(world: EvidenceWorld) -> None:
    evidence = decode_evidence(await world.evidence())

    def revoked(institution: str, size: int) -> bytes:
        institutions = tuple(
            replace(one, keys=tuple(ended(key, size) for key in one.keys)) if one.institution_id == institution else one
            for one in world.world.directory.institutions
        )
        chain = world.keepers.chain(replace(world.world.directory, version=2, institutions=institutions))
        return encode_evidence(replace(evidence, directory=encode_chain(chain)))

    last = max(one.position for one in evidence.bundles)
    verify_evidence(revoked(BERLIN, last + 1), anchor=world.keepers.anchor)
    for file in (revoked(BERLIN, 0), revoked(ROME, last + 1)):
        with pytest.raises(VerificationError, match="is revoked, and the file does not show"):
            verify_evidence(file, anchor=world.keepers.anchor)


async def test_a_file_holds_messages_of_its_case_and_receipts_of_them_only(world: EvidenceWorld) -> None:
    evidence = decode_evidence(await world.evidence())
    assert evidence.case_id == CASE
    assert all(
        any(part in one.header for part in (CASE.bytes, b"receipt", b"exchange.status"))
        for bundle in evidence.bundles
        for one in bundle.messages
    )


async def test_what_the_recipient_made_of_a_message_is_in_the_senders_file(world: EvidenceWorld) -> None:
    told = verify_evidence(await world.evidence(), anchor=world.keepers.anchor).sentences
    said = [one for one in told if "that it is rejected since" in one]
    assert len(said) == 1
    assert ": The period ends before it starts." in said[0]
    # The other side's file shows what that side has received, and no report of its own.
    await world.log(ROME, witnessed=False)
    rome = verify_evidence(await world.evidence(ROME), anchor=world.keepers.anchor).sentences
    assert not any("that it is rejected" in one for one in rome)


async def test_a_report_about_nothing_in_the_file_is_refused(world: EvidenceWorld) -> None:
    evidence = decode_evidence(await world.evidence())

    def is_kept(header: bytes) -> bool:
        found = decode_header(header)
        return found.type in {"receipt", "exchange.status"} or found.stream_seq != 1

    bundles = []
    for bundle in evidence.bundles:
        messages = tuple(one for one in bundle.messages if is_kept(one.header))
        if messages:
            bundles.append(replace(bundle, messages=messages))
    with pytest.raises(VerificationError, match="about no message of this file"):
        verify_evidence(encode_evidence(replace(evidence, bundles=tuple(bundles))), anchor=world.keepers.anchor)


async def test_a_message_that_was_sent_again_is_proven_in_each_bundle(world: EvidenceWorld) -> None:
    await resend_one(world)
    await world.log()
    told = "\n".join(verify_evidence(await world.evidence(), anchor=world.keepers.anchor).sentences)
    again = message_to(ROME, 7).message_id
    assert told.count(f"de-drv sent it-inps message {again}") == 2
    sealed = re.findall(rf"message {again} .* and signed it on (\S+ \S+) UTC", told)
    assert len(set(sealed)) == 2
    assert told.count("No such period.") == 2
