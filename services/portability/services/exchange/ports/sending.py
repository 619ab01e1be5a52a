"""The sender's side of the store: outbox, consignments, receipts, and what recipients have made of it."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from portability.services.exchange.model.messages import InstitutionId, Lane
from portability.services.exchange.model.sending import (
    Consignment,
    ConsignmentKey,
    OutboxMessage,
    Sealable,
    SealedBundle,
    Sealing,
    SentEvidence,
    StoredReceipt,
    Turns,
)
from portability.services.exchange.model.statuses import StatusEntry

__all__ = [
    "Bundles",
    "BusinessStatuses",
    "Consigned",
    "Outbox",
    "Receipts",
    "Repeats",
    "Resends",
    "Sealings",
    "Unsealed",
]


class Outbox(Protocol):
    """Messages that this node has taken on to deliver."""

    async def turns(self, lanes: Collection[Lane], *, keys: Sequence[str] = (), seals: bool = False) -> Turns:
        """Lock the streams to the recipients of `lanes` until the transaction ends; return where they stand.

        Whoever holds a turn gives the next numbers, so they are gap-free in the order of commits. With it comes what is
        known of idempotency keys, and with `seals` up to where all is sealed: the caller then holds what is not as
        well, but for recipients for whom another transaction is sealing.
        """

    async def add(self, messages: Sequence[OutboxMessage], *, wakes: bool = True) -> None:
        """Insert messages whose numbers follow those of the turns held; `wakes`: the relay, as the caller commits.

        Raises GatewayError(retryable=True) where an idempotency key was taken meanwhile for another recipient.
        """


class Consigned(Protocol):
    """What was sealed before, to be sealed again."""

    async def messages_of(self, consignment: ConsignmentKey) -> Sequence[Sealable]:
        """Return the messages of a consignment in sequence order, also those whose content was erased."""


class Unsealed(Protocol):
    """What is in no consignment yet."""

    async def waiting_recipients(self) -> Sequence[InstitutionId]:
        """Return recipients with messages in no consignment yet, the longest waiting first."""


class Bundles(Consigned, Unsealed, Protocol):
    """Sealing: consecutive messages become consignments, sealed as bundles."""

    async def take_unsent(self, recipient: InstitutionId, *, limit: int, max_bytes: int) -> Sequence[Sealable]:
        """Lock and return messages in no consignment, in sequence order: at most `limit`, of at most `max_bytes`.

        Those whose content was erased are among them.

        At least one message comes back where one is waiting, whatever its size. Nothing comes back while another
        transaction holds the recipient's.
        """

    async def add(self, bundles: Sequence[SealedBundle], *, again: bool = False) -> None:
        """Keep the head and signatures of bundles.

        Each makes a consignment, in the hand of whoever has sealed it and due to others after IN_HAND; `again`: it is
        of a consignment that is there already, and gives the bytes that are sent from now on.
        """


class Repeats(Protocol):
    """What a recipient asks for again."""

    async def send_again(self, recipient: InstitutionId, ranges: Sequence[tuple[int, int]], *, now: datetime) -> int:
        """Make the consignments that hold these stream sequences (first, last) due now, settled ones too.

        Returns how many. Numbers in no consignment are passed over: they are about to be sent anyway. Each is sent on
        request once in AGAIN_PAUSE, and to one recipient AGAIN_AN_HOUR of them in an hour, the lowest first.
        """

    async def left_out(self, recipient: InstitutionId, ranges: Sequence[tuple[int, int]], *, now: datetime) -> bool:
        """Say whether `send_again` at this instant has left out some of these that it would have sent at another."""


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

    async def put_off(self, consignments: Sequence[ConsignmentKey], *, until: datetime) -> None:
        """Let these be due at `until`, behind all that is due before; counts no attempt.

        So a relay keeps what it is sending from the others, and a recipient whose topic is out of reach does not hold
        up what is for others.
        """


class Receipts(Protocol):
    """Signed receipts of our messages: kept as evidence."""

    async def settle(self, receipts: Sequence[StoredReceipt]) -> int:
        """Store receipts and settle the messages they name; return how many this call has changed.

        An entry counts only where the message is known, went to `receipt.signer` and has the entry's leaf hash;
        others are ignored. What an entry may change is said by `advances`. A consignment all of whose receiptable
        messages are settled is not due again, and its bytes are dropped. The same receipt twice changes nothing.
        """

    async def expire(self, recipient: InstitutionId, sequences: Sequence[int], *, at: datetime) -> int:
        """Note as EXPIRED those of consecutive messages that want a receipt and have none: their content was erased.

        Returns how many. Where they are the next to be sent, what follows them is next.
        """

    async def evidence(self, message_id: UUID) -> SentEvidence | None:
        """Return what is in hand about our message; None where it is unknown or not sealed yet."""


class Sealings(Protocol):
    """In which bundles our messages went out."""

    async def of(self, message_id: UUID) -> Sequence[Sealing]:
        """Return every bundle that our message was sealed in, the first one first; none where it is unknown."""


class BusinessStatuses(Protocol):
    """What recipients have made of our messages."""

    async def note(self, recipient: InstitutionId, entries: Sequence[StatusEntry], *, report_id: UUID) -> None:
        """Keep what the recipient says of messages by their stream sequence; of two the later decided counts.

        `report_id` is the id of the recipient's message that says it.
        """

    async def reports(self, recipient: InstitutionId, stream_seq: int) -> Sequence[UUID]:
        """Return the ids of the recipient's messages that said something of ours, each once."""
