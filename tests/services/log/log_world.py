"""Institutions with logs and log keys over memory; each can witness the others, and each can lie."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from portability.adapters.clock.fake import ManualClock
from portability.adapters.keys.material import LogKey, draw_key
from portability.adapters.memory.exchange_store import MemoryExchangeStore
from portability.adapters.memory.log_store import MemoryWitnessStore
from portability.agreements.errors import GatewayError, VerificationError
from portability.services.log.model import KeyHalves, SignedCheckpoint, origin_of
from portability.services.log.ports import Offer
from portability.services.log.sequencer import sequence_once, sign_once
from portability.services.log.witness import cosign_checkpoint, newest_of
from portability.services.log.witnessing import WitnessRound
from portability.services.log_entry import LogEntry, LogEntryKind
from portability.services.registry.model import KeyPurpose

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def draw_log_key(start: datetime = NOON - timedelta(days=1)) -> LogKey:
    return LogKey(draw_key(KeyPurpose.LOG, not_before=start, not_after=start + timedelta(days=700)))


KEYS = {name: draw_log_key() for name in ("de-drv", "it-inps", "ca-sc", "fr-cnav", "at-pva", "es-inss")}


class Directory:
    """The port `LogDirectory` over the keys of this test."""

    def __init__(self, keys: dict[str, LogKey]) -> None:
        self._keys = keys

    def log_keys(self, institution: str) -> Sequence[KeyHalves]:
        if institution not in self._keys:
            raise VerificationError(f"'{institution}' is not in the directory.")
        return [self._keys[institution].public]


class OneKey:
    """The port `LogKeys`."""

    def __init__(self, key: LogKey) -> None:
        self._key = key

    def log_key(self, at: datetime) -> LogKey:
        return self._key


@dataclass
class Heard:
    events: list[tuple[str, dict[str, str | int]]] = field(default_factory=list)

    def happened(self, event: str, **ids: str | int) -> None:
        self.events.append((event, ids))


class LogNode:
    """One institution's log and what it keeps as a witness."""

    def __init__(self, name: str, clock: ManualClock, keys: dict[str, LogKey] = KEYS) -> None:
        self.name = name
        self.clock = clock
        self.keys = OneKey(keys[name])
        self.directory = Directory(keys)
        self.exchange = MemoryExchangeStore()
        self.log = self.exchange.log
        self.kept = MemoryWitnessStore()
        self.heard = Heard()
        self.reachable = True

    @property
    def institution(self) -> str:
        return self.name

    @property
    def origin(self) -> str:
        return origin_of(self.name)

    async def stage(self, *contents: bytes, kind: LogEntryKind = LogEntryKind.BUNDLE_SENT) -> None:
        async with self.exchange.transaction() as work:
            await work.log.append([LogEntry(kind, sha256(one).digest(), self.clock.now()) for one in contents])

    async def sequence(self, limit: int = 4096) -> int:
        total = 0
        while taken := await sequence_once(self.log.transaction, limit=limit):
            total += taken
        return total

    async def sign(self) -> SignedCheckpoint | None:
        return await sign_once(self.log.transaction, origin=self.origin, keys=self.keys, clock=self.clock)

    async def grow(self, *contents: bytes) -> SignedCheckpoint:
        """Stage, sequence and sign."""
        await self.stage(*contents)
        await self.sequence()
        signed = await self.sign()
        assert signed is not None
        return signed

    def round(self, *witnesses: "Asked") -> WitnessRound:
        return WitnessRound(self.name, witnesses, self.log.transaction, self.directory, self.heard)

    def asked_by(self, log_of: str) -> "Asked":
        return Asked(self, log_of)

    def copy(self) -> "LogNode":
        """A node with the same database as it is now: a backup, or a second life of it."""
        twin = LogNode(self.name, self.clock)
        twin.log.state = self.log.state.copy()
        return twin


class Asked:
    """A node as a witness of one log, in reach or not; the port `Witness`."""

    def __init__(self, node: LogNode, log_of: str) -> None:
        self._node = node
        self._log_of = log_of

    @property
    def institution(self) -> str:
        return self._node.name

    async def add_checkpoint(self, offer: Offer) -> str | int:
        self._need_reach()
        return await cosign_checkpoint(
            offer,
            log_of=self._log_of,
            me=self._node.name,
            unit_of_work=self._node.kept.transaction,
            directory=self._node.directory,
            keys=self._node.keys,
            clock=self._node.clock,
        )

    async def newest(self, origin: str) -> bytes | None:
        self._need_reach()
        return await newest_of(origin, unit_of_work=self._node.kept.transaction)

    def _need_reach(self) -> None:
        if not self._node.reachable:
            raise GatewayError("The witness does not answer.", retryable=True)


def contents(count: int, start: int = 0, tag: str = "") -> list[bytes]:
    return [f"{tag}{number}".encode() for number in range(start, start + count)]
