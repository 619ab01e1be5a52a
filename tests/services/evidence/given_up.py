"""A message that was given up in its case and came late, and files that say of it what its recipient has not signed."""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from uuid import UUID

from evidence_world import BERLIN, CASE, ROME, EvidenceWorld
from exchange_world import NO_WAIT, message_to

from portability.app.evidence.file import BundleProof, Evidence, MessageProof, decode_evidence, encode_evidence
from portability.services.exchange.bundle import seal_bundle
from portability.services.exchange.giving_up import give_up
from portability.services.exchange.mapping.wire import decode_header, encode_statuses
from portability.services.exchange.model.messages import NO_CASE, STATUS_TYPE, OutgoingMessage
from portability.services.exchange.model.statuses import BusinessStatus, StatusEntry
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.outgoing import outbox_message
from portability.services.exchange.quarantine import Clerk
from portability.services.exchange.suites import BUNDLE_CONTEXT, SALT_BYTES
from portability.services.exchange.voids import look_after_voids
from portability.services.hybrid import domain_separated
from portability.services.log.proofs import prove_inclusion
from portability.services.log_entry import LogEntryKind, entry_of

__all__ = ["FORGED", "HONEST", "OTHER_CASE", "Report", "cut_with_report", "give_up_one"]

LATE, BEHIND = 8, 9
"""Numbers that make the ids of the message given up, and of the one behind it."""
OTHER_CASE = UUID("01936e00-0000-7000-8000-00000000cafe")


@dataclass(frozen=True, slots=True)
class Report:
    """A report about a number that was given up, and the words that every verifier refuses it with."""

    name: str
    because: str
    entries: tuple[dict[str, object], ...] = ({},)  # what differs in each from what Rome has said
    sender: str = ROME  # as its bundle names it
    signer: str = ROME


HONEST = Report("as its recipient has signed it", "")
FORGED = (
    Report("accepted, by numbers of a case", "can only be rejected", ({"status": BusinessStatus.ACCEPTED},)),
    Report("held, by numbers of a case", "can only be rejected", ({"status": BusinessStatus.HELD},)),
    Report("of another case", "about no message of this file", ({"case_id": OTHER_CASE},)),
    Report("of no case", "tells of numbers in no case", ({"case_id": NO_CASE},)),
    Report("of two cases", "of one case tells of something else", ({}, {"case_id": OTHER_CASE})),
    Report("of a case and of the stream", "of one case tells of something else", ({}, {"case_id": None})),
    Report("signed by a third institution", "about no message of this file", sender="ca-sc", signer="ca-sc"),
    Report("signed by the sender of the message", "does not stand", signer=BERLIN),
)


async def give_up_one(world: EvidenceWorld) -> None:
    """A message of Berlin is lost, Rome gives its number in the case up, and it comes when Berlin sends it again."""
    berlin, rome = world.nodes[BERLIN], world.nodes[ROME]
    await berlin.submit(message_to(ROME, LATE))
    await berlin.relay()
    topic = inbox_topic(ROME)
    lost = await world.world.stream.read(topic, after={0: -1}, limit=1000, wait=NO_WAIT)
    async with rome.store.transaction() as work:
        await work.offsets.save(topic, 0, lost[-1].offset)
    await berlin.submit(message_to(ROME, BEHIND))
    await world.deliver()
    clerk = Clerk("karl", ROME, rome.ledger, world.world.new_id, world.world.clock.now())
    async with rome.store.transaction() as work:
        waiting = await work.lanes_waiting.find((BERLIN, CASE))
        assert waiting is not None
        assert waiting.missing is not None
        await give_up((BERLIN, CASE), waiting.missing, reasons=["We have waited long."], work=work, clerk=clerk)
    await world.deliver()
    world.world.clock.advance(timedelta(minutes=2))
    await world.deliver()
    await look_after_voids(rome.exchange, rome.ledger)
    await world.deliver()


async def cut_with_report(world: EvidenceWorld, report: Report, *, record: bytes | None = None) -> bytes:
    """Evidence of the late message alone, and one report about it in Berlin's log; its record may be odd."""
    if record is None:
        record = encode_statuses([replace(_said(world), **one) for one in report.entries])  # type: ignore[arg-type]
    store, bundle = world.nodes[BERLIN].store, _bundle(world, report, record)
    async with store.transaction() as work:
        entry = entry_of(LogEntryKind.BUNDLE_RECEIVED, bundle.signed_head, at=world.world.clock.now())
        await work.log.append([entry])
    await world.log()
    whole, late = decode_evidence(await world.evidence()), message_to(ROME, LATE).message_id
    kept = [one for one in whole.bundles if any(decode_header(it.header).message_id == late for it in one.messages)]
    async with store.log.transaction() as log:
        row = await log.lookup.find(LogEntryKind.BUNDLE_RECEIVED.value, sha256(bundle.signed_head).digest())
        assert row is not None
        covering = await log.lookup.covering(row.position + 1)
        assert covering is not None
        kept.append(replace(bundle, position=row.position, logged_at_ms=row.at_ms))
        size = covering.checkpoint.size
        proven = [replace(one, path=await prove_inclusion(log.tiles, position=one.position, size=size)) for one in kept]
    return encode_evidence(Evidence(BERLIN, CASE, whole.directory, covering.note, tuple(proven)))


def _bundle(world: EvidenceWorld, report: Report, record: bytes) -> BundleProof:
    """A bundle with the report, signed; its place in the log is not known yet."""
    at, signer = world.world.clock.now(), world.world.keys[report.signer]
    message = OutgoingMessage(
        message_id=world.world.new_id(),
        idempotency_key="report",
        recipient=BERLIN,
        case_id=NO_CASE,
        type=STATUS_TYPE,
        schema_version=1,
        record=record,
    )
    salt = secrets.token_bytes(SALT_BYTES)
    made = outbox_message(message, me=report.sender, at=at, stream_seq=1000, case_seq=0, salt=salt).sealable
    sealed = seal_bundle(
        [made],
        bundle_id=world.world.new_id(),
        me=report.sender,
        recipient=BERLIN,
        keys=world.world.keys[report.sender],
        trust=world.world.trust,
        at=at,
    )
    covered = domain_separated(sealed.signed_head, context=BUNDLE_CONTEXT)
    signature = signer.sign(signer.signing_key_id(at), covered, context=BUNDLE_CONTEXT)
    proof = MessageProof(0, made.header, (), made.salt, made.record)
    return BundleProof(sealed.signed_head, signature, 0, 0, (), (proof,))


def _said(world: EvidenceWorld) -> StatusEntry:
    """What Rome has said of the number in the case."""
    (one,) = world.nodes[ROME].store._state.given_up.values()
    first, last = one.numbers.first, one.numbers.last
    return StatusEntry(first, last, BusinessStatus.REJECTED, one.reasons, one.at, one.case_id)
