"""What the exchange needs of the world: a stream, a store, keys, a directory, a clock. Protocols only.

The store is made for group commit: everything takes and gives batches, and one `ExchangeWork` is one
transaction. A use case awaits store methods inside the caller's transaction and never commits itself; only the
relay and the consumer open transactions, through a `UnitOfWork`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from portability.services.exchange.lanes import LaneEntry, LaneStanding
from portability.services.exchange.model import (
    Arrival,
    BundleKey,
    Consignment,
    ConsignmentKey,
    HybridSignature,
    InboxBundle,
    InboxMessage,
    InstitutionId,
    KnownSubmission,
    Lane,
    MessageKey,
    OutboxMessage,
    PublicKeys,
    QuarantineEntry,
    QuarantineState,
    ReceivedMessage,
    Sealable,
    SealedBundle,
    SentEvidence,
    StatusEntry,
    StoredReceipt,
    StreamRecord,
    TimelineEntry,
    Turns,
)
from portability.services.exchange.streams import Arrivals, DigestRound, SequenceRange, StreamWatch
from portability.services.log_entry import LogSink

__all__ = [
    "Bundles",
    "BusinessStatuses",
    "Clock",
    "Consigned",
    "Digests",
    "EventStream",
    "ExchangeWork",
    "Gaps",
    "HeldMessages",
    "Inbox",
    "KeyRing",
    "Lanes",
    "MessageEffects",
    "NewId",
    "Observer",
    "Offsets",
    "Outbox",
    "OutboxSignal",
    "Quarantine",
    "QuarantineDesk",
    "Receipts",
    "Recipients",
    "Reconciliations",
    "Repeats",
    "Resends",
    "SetAside",
    "Timeline",
    "TrustDirectory",
    "UnitOfWork",
    "WaitingLanes",
]

NewId = Callable[[], UUID]
"""Draws a time-ordered id (UUID version 7)."""


class Clock(Protocol):
    """The present instant."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""


class EventStream(Protocol):
    """Inbox topics on a broker that may lose, repeat and reorder."""

    async def append(self, topic: str, records: Sequence[tuple[bytes, bytes]]) -> None:
        """Append (key, value) pairs; return when all are acknowledged durable. Raises GatewayError."""

    async def read(self, topic: str, *, after: int, limit: int, wait: timedelta) -> Sequence[StreamRecord]:
        """Return up to `limit` records of partition 0 with offset > `after`, oldest first.

        `after=-1` reads from the start. Waits up to `wait` for a first record and does not linger for more;
        empty when there is none. An `after` beyond the end says that the topic was lost and made anew: the read
        begins with what it holds now. Raises GatewayError.
        """

    async def close(self) -> None:
        """Release the connections; pending appends are flushed."""


class Outbox(Protocol):
    """Messages that this node has taken on to deliver."""

    async def turns(self, lanes: Collection[Lane]) -> Turns:
        """Lock the streams to the recipients of `lanes` until the transaction ends; return where they stand.

        Whoever holds a turn gives the next numbers, so they are gap-free in the order of commits.
        """

    async def find_submitted(self, keys: Sequence[str]) -> Mapping[str, KnownSubmission]:
        """Return what is already known by idempotency key; unknown keys are left out."""

    async def add(self, messages: Sequence[OutboxMessage]) -> None:
        """Insert messages whose numbers follow those of the turns held.

        Raises GatewayError(retryable=True) where an idempotency key was taken meanwhile for another recipient.
        """


class Consigned(Protocol):
    """What was sealed before, to be sealed again."""

    async def messages_of(self, consignment: ConsignmentKey) -> Sequence[Sealable]:
        """Return the messages of a consignment in sequence order; those whose content was erased are left out."""


class Bundles(Consigned, Protocol):
    """Sealing: consecutive messages become consignments, sealed as bundles."""

    async def waiting_recipients(self) -> Sequence[InstitutionId]:
        """Return recipients with messages in no consignment yet, the longest waiting first."""

    async def take_unsent(self, recipient: InstitutionId, *, limit: int, max_bytes: int) -> Sequence[Sealable]:
        """Lock and return messages in no consignment, in sequence order: at most `limit`, of at most `max_bytes`.

        At least one message comes back where one is waiting, whatever its size. Nothing comes back while another
        transaction holds the recipient's.
        """

    async def add(self, bundles: Sequence[SealedBundle]) -> None:
        """Keep the head and signatures of bundles.

        Each makes a consignment, due to be sent at once. For a consignment that is there already, it gives the
        bytes that are sent from now on.
        """


class Repeats(Protocol):
    """What a recipient asks for again."""

    async def send_again(self, recipient: InstitutionId, ranges: Sequence[tuple[int, int]], *, now: datetime) -> int:
        """Make the consignments that hold these stream sequences (first, last) due now, settled ones too.

        Returns how many. Numbers in no consignment are passed over: they are about to be sent anyway.
        """


class Resends(Repeats, Protocol):
    """Sending: consignments go out, and again until their receipt is here."""

    async def due(self, *, now: datetime, limit: int) -> Sequence[Consignment]:
        """Return consignments whose time has come, the longest due first.

        A time further ahead than LONGEST_WAIT was noted by a clock that was wrong: it has come, too.
        """

    async def mark_relayed(self, next_attempts: Mapping[ConsignmentKey, datetime], *, now: datetime) -> None:
        """Note that the stream has acknowledged consignments and when each is due again, unless it is settled.

        Counts the attempt. Messages of a consignment show as RELAYED from its first attempt on.
        """

    async def put_back(self, consignments: Sequence[ConsignmentKey], *, now: datetime) -> None:
        """Note that the stream has not taken these: they stay due, behind all that was due before `now`.

        Counts no attempt. A recipient whose topic is out of reach thus never holds up what is for others.
        """


class Receipts(Protocol):
    """Signed receipts of our messages: kept as evidence."""

    async def settle(self, receipts: Sequence[StoredReceipt]) -> int:
        """Store receipts and settle the messages they name; return how many this call has changed.

        An entry counts only where the message is known, went to `receipt.signer` and has the entry's leaf hash;
        others are ignored. What an entry may change is said by `advances`. A consignment all of whose receiptable
        messages are settled is not due again, and its bytes are dropped. The same receipt twice changes nothing.
        """

    async def evidence(self, message_id: UUID) -> SentEvidence | None:
        """Return what is in hand about our message; None where it is unknown or not sealed yet."""


class Inbox(Protocol):
    """Messages that this node has received."""

    async def add(self, bundles: Sequence[InboxBundle], messages: Sequence[InboxMessage]) -> Sequence[Arrival]:
        """Insert what is new of `messages` and say for each, in order, whether it was.

        Unique by (sender, message_id). DUPLICATE: there with the same leaf hash, also earlier in this call.
        CONFLICT: there with another leaf hash; nothing is inserted. `bundles` are the opened bundles of these
        messages, stored once by (sender, bundle id).
        """

    async def find(self, sender: InstitutionId, message_id: UUID) -> InboxMessage | None:
        """Return a received message; None where unknown."""

    async def bundles(self, keys: Sequence[BundleKey]) -> Mapping[BundleKey, InboxBundle]:
        """Return what is kept of bundles; unknown ones are left out."""


class Offsets(Protocol):
    """How far this node has consumed its inbox topic."""

    async def load(self, topic: str, partition: int) -> int:
        """Return the offset of the last record consumed, -1 before the first."""

    async def save(self, topic: str, partition: int, offset: int) -> None:
        """Note that all records up to `offset` are consumed."""

    async def advance(self, topic: str, partition: int, *, after: int, to: int) -> bool:
        """Note that all records up to `to` are consumed, where `load` still says `after`; False where it does not.

        Another transaction that advances the same partition waits for the end of this one: of several consumers
        one at a time takes records in, and none takes in what another has.
        """


class Quarantine(Protocol):
    """What could not be taken in, with its reason."""

    async def add(self, entries: Sequence[QuarantineEntry]) -> None:
        """Store entries. The same stream position and message id twice is kept once."""

    async def list(self, *, after: UUID | None, limit: int) -> Sequence[QuarantineEntry]:
        """Return entries by id, oldest first, beginning after the id `after`."""


class SetAside(Protocol):
    """One thing that was set aside, to be looked at."""

    async def find(self, entry_id: UUID) -> QuarantineEntry | None:
        """Return one entry; None where unknown."""


class QuarantineDesk(SetAside, Protocol):
    """What becomes of what was set aside."""

    async def close(self, messages: Sequence[MessageKey], state: QuarantineState, *, at: datetime, by: str) -> None:
        """Note what has become of the open entries of messages that lanes waited for."""

    async def close_entry(self, entry_id: UUID, state: QuarantineState, *, at: datetime, by: str) -> None:
        """Note what has become of one open entry."""

    async def note_reason(self, entry_id: UUID, *, code: str, reason: str) -> None:
        """Note why an open entry could not take effect this time."""


class HeldMessages(Protocol):
    """Messages in the inbox whose turn comes later than they did."""

    async def find_many(self, messages: Sequence[MessageKey]) -> Sequence[InboxMessage]:
        """Return received messages by their key, in any order; unknown and erased ones are left out."""


class WaitingLanes(Protocol):
    """What waits in lanes, to be looked at."""

    async def held_since(self, before: datetime, *, limit: int) -> Sequence[tuple[Lane, LaneEntry]]:
        """Return the first that waits in each lane where something does since before an instant, the longest first."""

    async def waiting(self, lane: Lane) -> int:
        """Return how many messages wait in a lane, parked ones among them."""


class Lanes(WaitingLanes, Protocol):
    """Where lanes stand: what waits in them, and which message is next."""

    async def load(self, lanes: Mapping[Lane, Collection[int]]) -> Mapping[Lane, LaneStanding]:
        """Lock lanes until the transaction ends; return where each stands. A new one stands at its beginning.

        Of a lane in which much waits a part is read (`LaneStanding.known_to`), with what waits at the numbers given.
        """

    async def ahead(self, lanes: Mapping[Lane, int], *, limit: int) -> Mapping[Lane, Sequence[LaneEntry]]:
        """Return what waits in lanes that are locked, at `limit` numbers from the one given."""

    async def save(self, standings: Mapping[Lane, LaneStanding]) -> None:
        """Keep where lanes stand now; what `load` and `ahead` have not given stays as it is."""


class BusinessStatuses(Protocol):
    """What recipients have made of our messages."""

    async def note(self, recipient: InstitutionId, entries: Sequence[StatusEntry]) -> None:
        """Keep what the recipient says of messages by their stream sequence; of two the later decided counts."""


class Timeline(Protocol):
    """Reading what went and came."""

    async def of_case(self, case_id: UUID, *, after: UUID | None, limit: int) -> Sequence[TimelineEntry]:
        """Return sent and received messages of a case by message id, oldest first, after `after`.

        Receipts are not listed; their effect shows as the status of the message.
        """

    async def of_message(self, message_id: UUID) -> TimelineEntry | None:
        """Return one sent message, or failing that one received; None where unknown."""


class Gaps(Protocol):
    """How the streams of the senders stand: what is missing of them."""

    async def due(self, *, now: datetime) -> Sequence[StreamWatch]:
        """Lock and return streams of which nothing is missing or whose time to ask has come."""

    async def arrivals(self, sender: InstitutionId, *, after: int, limit: int) -> Arrivals:
        """Return what of the stream has come after the number `after`, with the lowest `limit` gaps."""

    async def save(self, watch: StreamWatch) -> None:
        """Keep how a stream stands."""


class Digests(Protocol):
    """What was sent and received, by number."""

    async def sent(self, recipient: InstitutionId, span: SequenceRange) -> Sequence[bytes]:
        """Return the leaf hashes of what was sent under these numbers, in their order."""

    async def received(self, sender: InstitutionId, span: SequenceRange) -> Sequence[bytes]:
        """Return the leaf hashes of what has come under these numbers, in their order."""


class Reconciliations(Protocol):
    """What was reconciled with recipients, and when they are due again."""

    async def due(self, *, now: datetime, sent_before: datetime) -> Sequence[DigestRound]:
        """Lock and return the recipients whose round is due, with what was submitted until `sent_before`."""

    async def done(self, one: DigestRound, *, next_at: datetime) -> None:
        """Note a round; the next but one begins after it."""


class ExchangeWork(Protocol):
    """One transaction over the exchange's tables."""

    @property
    def outbox(self) -> Outbox: ...
    @property
    def bundles(self) -> Bundles: ...
    @property
    def resends(self) -> Resends: ...
    @property
    def receipts(self) -> Receipts: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def offsets(self) -> Offsets: ...
    @property
    def quarantine(self) -> Quarantine: ...
    @property
    def desk(self) -> QuarantineDesk: ...
    @property
    def held(self) -> HeldMessages: ...
    @property
    def lanes(self) -> Lanes: ...
    @property
    def statuses(self) -> BusinessStatuses: ...
    @property
    def gaps(self) -> Gaps: ...
    @property
    def digests(self) -> Digests: ...
    @property
    def reconciliations(self) -> Reconciliations: ...
    @property
    def timeline(self) -> Timeline: ...
    @property
    def log(self) -> LogSink: ...

    def savepoint(self) -> AbstractAsyncContextManager[None]:
        """Return a nested transaction: an error inside undoes what happened inside, then passes on."""


UnitOfWork = Callable[[], AbstractAsyncContextManager[ExchangeWork]]
"""Opens a transaction: commits on normal exit, undoes everything on an error."""


class MessageEffects(Protocol):
    """What a received message does at this node, in the transaction that takes it in."""

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> None:
        """Apply one message once. An error undoes its effect and parks the message in quarantine.

        A GatewayError with `retryable` says that the fault is not the message's: the whole batch is retried.
        """


class OutboxSignal(Protocol):
    """Wakes the relay when something was submitted; only speed rests on it."""

    async def wait(self, *, at_most: timedelta) -> None:
        """Return when something may have been submitted since the last call, or after `at_most`."""


class KeyRing(Protocol):
    """The node's private keys. They may be in a device: nothing here gives a private key out."""

    def signing_key_id(self, at: datetime) -> str:
        """Return the id of the key to sign with at `at`. Raises VerificationError where there is none."""

    def sign(self, key_id: str, message: bytes, *, context: bytes) -> HybridSignature:
        """Sign with Ed25519 and ML-DSA-65 (`context` is the ML-DSA context; the caller separates domains)."""

    def decrypt(self, key_id: str, ciphertext: bytes, *, info: bytes) -> bytes:
        """Open an HPKE ciphertext (enc || ct) made for key `key_id`. Raises VerificationError."""


class TrustDirectory(Protocol):
    """The signed directory as the exchange sees it."""

    def version(self) -> int:
        """Return the version of the directory in force. Raises VerificationError where it has expired."""

    def signing_keys(self, institution: InstitutionId, key_id: str) -> PublicKeys:
        """Return a signing key and its window. Raises VerificationError where it is unknown or revoked."""

    def encryption_key(self, institution: InstitutionId, at: datetime) -> PublicKeys:
        """Return the key to encrypt to at `at`. Raises VerificationError where there is none."""


class Recipients(Protocol):
    """Who can be written to."""

    def knows(self, institution: InstitutionId) -> bool:
        """Say whether the directory in force lists the institution."""


class Observer(Protocol):
    """Told about events worth counting or an alarm; ids and codes only.

    bundles_relayed, messages_new, messages_duplicate, messages_conflict (each with `count`); bundle_not_sealed,
    stream_not_reached, consumer_waits, bundle_refused, message_set_aside, gap_asked_for, messages_missing,
    message_differs, lane_waits (each with `code`); consignments_sent_again, streams_reconciled (each with `count`).
    """

    def happened(self, event: str, **ids: str | int) -> None:
        """Take note of `event`, for example "bundle_refused"; must not raise."""
