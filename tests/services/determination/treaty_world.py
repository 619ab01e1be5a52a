"""States with authorities, officials with keys, and one node's book of versions and statements, for tests."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from uuid import UUID

from portability.adapters.clock.fake import ManualClock
from portability.adapters.keys.authorities import DirectoryAuthorities
from portability.adapters.keys.material import draw_key
from portability.adapters.keys.ring import FileKeyRing
from portability.adapters.memory.treaties import MemoryTreatyWork
from portability.agreements import packaged
from portability.agreements.loading import Agreement, load_agreement
from portability.services.access import Caller, Role
from portability.services.determination.treaties.handlers import (
    PublishVersion,
    TakeInStatement,
    checked_version,
    publish_version,
    take_in_statement,
)
from portability.services.determination.treaties.in_force import RatifiedLaw, Treaties
from portability.services.determination.treaties.mapping.statements import decode_statement, encode_statement
from portability.services.determination.treaties.model import (
    PublishedVersion,
    SignedStatement,
    Statement,
    StatementKind,
    VerifiedStatement,
    VersionId,
)
from portability.services.determination.treaties.reading import VersionReader
from portability.services.determination.treaties.servicer import TreatyDesk
from portability.services.determination.treaties.signing import add_signature
from portability.services.registry.model import Authority, AuthoritySigner, Directory, KeyPurpose

READER = VersionReader()
"""Shared by tests: what is read is kept under its hash."""
KEYS_FROM, KEYS_UNTIL = datetime(2000, 1, 1, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KARL = Caller("de-drv", Role.ADMINISTRATOR, "karl")
STATES = ("CA", "DE", "FR", "IT")
FIRST, SECOND, THIRD = "first", "second", "third"
"""Names of each authority's officials: "de.first" is the id of the first one of Germany."""


def noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


@cache
def read(text: str) -> Agreement:
    return load_agreement(text, "mine.yaml")


@dataclass(frozen=True)
class Officials:
    """The officials of one authority with their private keys."""

    state: str
    rings: dict[str, FileKeyRing]

    def key_id(self, name: str) -> str:
        return self.rings[name].public_keys()[0].key_id

    def authority(self) -> Authority:
        return Authority(
            self.state,
            f"Authority of {self.state} (test)",
            tuple(
                AuthoritySigner(f"{self.state.lower()}.{name}", f"{name} official of {self.state}", ring.public_keys())
                for name, ring in self.rings.items()
            ),
        )


@cache
def officials_of(state: str) -> Officials:
    """Drawn once a run: drawing keys is what takes time."""
    draw = {name: draw_key(KeyPurpose.SIGNING, not_before=KEYS_FROM, not_after=KEYS_UNTIL) for name in
            (FIRST, SECOND, THIRD)}  # fmt: skip
    return Officials(state, {name: FileKeyRing([seeds]) for name, seeds in draw.items()})


def sign(statement: Statement | bytes, *signers: str, at: datetime, officials: Officials | None = None
         ) -> SignedStatement:  # fmt: skip
    """The statement signed by these officials of its state, or of another where `officials` are given."""
    content = statement if isinstance(statement, bytes) else encode_statement(statement)
    signed = SignedStatement(content, ())
    theirs = officials or officials_of(decode_statement(content).party)
    for name in signers or (FIRST, SECOND):
        signed = add_signature(
            signed,
            signer_id=f"{theirs.state.lower()}.{name}",
            key_id=theirs.key_id(name),
            at=at,
            signer=theirs.rings[name],
        )
    return signed


@dataclass
class World:
    """One node: its clock, its directory, its store, and what an administrator does there."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(NOON))
    work: MemoryTreatyWork = field(default_factory=MemoryTreatyWork)
    states: Iterable[str] = STATES
    reader: VersionReader = READER
    _requests: int = 0

    def __post_init__(self) -> None:
        self.directory = Directory(
            version=1,
            issued_at=NOON - timedelta(days=1),
            expires_at=NOON + timedelta(days=30),
            authorities=tuple(officials_of(state).authority() for state in self.states),
        )
        self.treaties = Treaties(DirectoryAuthorities(lambda: self.directory, clock=self.clock), self.reader, packaged)
        self.law = RatifiedLaw(self.work.open, self.treaties)
        self.desk = TreatyDesk(self.work.open, self.treaties, self.clock)

    def request_id(self) -> UUID:
        self._requests += 1
        return UUID(int=self._requests)

    async def publish(self, text: str, *, file: str = "mine.yaml") -> PublishedVersion:
        command = PublishVersion(self.request_id(), file, text)
        checked = await checked_version(command, caller=KARL, law=packaged, reader=self.reader, clock=self.clock)
        return await publish_version(command, checked, work=self.work)

    async def put(self, text: str) -> VersionId:
        """Keep a version without running its examples, which other tests do."""
        agreement = read(text)
        version = PublishedVersion(
            agreement.id, agreement.sha256, agreement.content.parties, "mine.yaml", self.clock.now(), "de-drv/karl"
        )
        await self.work.versions.add(version, text.encode())
        return VersionId(agreement.sha256)

    async def take_in(self, signed: SignedStatement) -> VerifiedStatement:
        kind = decode_statement(signed.statement).kind
        return await take_in_statement(
            TakeInStatement(self.request_id(), kind, signed),
            caller=KARL,
            work=self.work,
            authorities=self.treaties.authorities,
            reader=self.treaties.reader,
            clock=self.clock,
        )

    async def ratify(self, agreement_id: str, version: VersionId, *parties: str, since: date) -> None:
        """Each party signs, at noon of the day from which it is bound."""
        for party in parties:
            await self.take_in(sign(ratification(agreement_id, version, party, since), at=noon(since)))

    async def ratify_packaged(self, *agreement_ids: str, since: date = date(2004, 5, 1)) -> None:
        """Publish what ships with the package; every state that has an authority ratifies it."""
        for agreement_id in agreement_ids:
            version = await self.put(packaged.packaged_text("treaties", f"{agreement_id}.yaml"))
            parties = set(packaged.agreement(agreement_id).content.parties) & set(self.states)
            await self.ratify(agreement_id, version, *sorted(parties), since=since)


def ratification(agreement_id: str, version: VersionId, party: str, since: date) -> Statement:
    return Statement(StatementKind.RATIFICATION, party, agreement_id, version, since)


def suspension(agreement_id: str, version: VersionId, party: str, since: date, *towards: str) -> Statement:
    return Statement(StatementKind.SUSPENSION, party, agreement_id, version, since, towards)


def with_window(officials: Officials, name: str, *, not_before: datetime, not_after: datetime) -> Officials:
    """The same officials, one of them with a new key of this window."""
    ring = FileKeyRing([draw_key(KeyPurpose.SIGNING, not_before=not_before, not_after=not_after)])
    return replace(officials, rings={**officials.rings, name: ring})
