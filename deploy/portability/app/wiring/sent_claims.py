"""Claims that workers send, on the node's database; cases are opened by the use case of a claim at the counter."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Final
from uuid import UUID

from portability.adapters.postgres.acts import PostgresActs
from portability.adapters.postgres.claims_store import PostgresClaims
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.looks import PostgresLooks, PostgresProtected
from portability.adapters.postgres.records_store import PostgresCareers, PostgresCommands, PostgresRegister
from portability.adapters.postgres.takeout_store import on_file
from portability.adapters.postgres.workers_store import PostgresWorkerCases
from portability.agreements.careers import CareerRecord
from portability.agreements.errors import InputError
from portability.app.wiring.claims import node_claims
from portability.app.wiring.parts import CaseParts
from portability.app.wiring.shares import ShareTransaction
from portability.services.access import Caller
from portability.services.cases.answers import find_person
from portability.services.cases.claims import ClaimCase
from portability.services.cases.commands import LodgeClaim
from portability.services.cases.model import Claim, DeclaredPeriod, Person
from portability.services.cases.ports import ClaimCases, OwnAccounts
from portability.services.cases.procedure import ServiceStandards
from portability.services.cases.shares.handlers import ShareUseCases
from portability.services.exchange.limits import Limits
from portability.services.matching import MatchOutcome
from portability.services.workers.claims.desk import ClaimDesk
from portability.services.workers.claims.handlers import ClaimUseCases
from portability.services.workers.claims.model import Claimant, Hindrance, Known, NotOpened, Told, Wanted
from portability.services.workers.model import insurance_number

__all__ = ["CaseLodging", "ClaimTransaction", "KnownHere", "claim_desk", "claim_use_cases", "known_of"]

_MOST_TIMES: Final = 3  # of one country; more are filled in as one time from the first to the last day
_WHY: Final = {"claim.declared": Hindrance.CONTACT, "claim.asks_in_writing": Hindrance.WRITTEN}


@dataclass(frozen=True, slots=True)
class CaseLodging:
    """Lodging: in the transaction of the claim; what a refused attempt wrote is undone."""

    connection: Connection
    work: ShareTransaction
    shares: ShareUseCases
    claims: ClaimCases

    async def lodge(self, claim_id: UUID, wanted: Wanted, *, claimed_on: date, caller: Caller) -> UUID | NotOpened:
        """Open the case, or what the use case says against it."""
        command = LodgeClaim(claim_id, _claim(wanted, claimed_on))
        try:
            async with self.connection.transaction():
                lodged = await self.shares.lodge(command, caller=caller, work=self.work)
        except InputError as error:
            return NotOpened(_WHY.get(error.field, Hindrance.OTHER), error.message)
        return lodged.case_id

    async def lodged(self, case_id: UUID, *, claimed_on: date) -> bool:
        """Whether the case is a claim of that date."""
        found = await self.claims.get(case_id)
        return found is not None and found.case.claim.lodged_on == claimed_on


@dataclass(frozen=True, slots=True)
class KnownHere:
    """WhatIsKnown: her file, her claims and careers, and the own register."""

    connection: Connection
    parts: CaseParts

    async def of(self, worker_id: UUID) -> Known:
        """What the newest claim says of her comes first."""
        at_rest, store = self.parts.at_rest, node_claims(self.connection, self.parts)
        ids = await PostgresWorkerCases(self.connection).case_ids_of(worker_id)
        claims = [found for one in ids if (found := await store.get(one)) is not None]
        claims.sort(key=lambda one: (one.case.known_since, one.case.case_id), reverse=True)
        careers = PostgresCareers(self.connection, at_rest)
        records = await careers.of_case(claims[0].case.case_id) if claims else []
        filed = await on_file(self.connection, at_rest, worker_id)
        return known_of(claims, records, frozenset(insurance_number(one) for one in filed.insurance_numbers))

    async def in_register(self, person: Claimant, *, numbers: frozenset[str]) -> bool:
        """By everything that a claim says, as a case would look for her."""
        accounts: OwnAccounts = PostgresRegister(self.connection, self.parts.at_rest)
        match = await find_person(_person(person), people=accounts)
        found = {one.comparable for account in match.accounts for one in account.identifiers}
        return match.outcome is MatchOutcome.FOUND and bool(found & numbers)


class ClaimTransaction:
    """ClaimWork on one connection."""

    def __init__(self, connection: Connection, parts: CaseParts, limits: Limits) -> None:
        self.book = PostgresClaims(connection, parts.at_rest)
        self.known = KnownHere(connection, parts)
        self.lodging = CaseLodging(
            connection,
            ShareTransaction(connection, parts, limits=limits),
            ShareUseCases(me=parts.me, clock=parts.clock, new_id=parts.new_id),
            node_claims(connection, parts),
        )
        self.links = PostgresWorkerCases(connection)
        self.commands = PostgresCommands(connection, parts.at_rest)
        self.looks = PostgresLooks(connection, parts.at_rest)
        self.protected = PostgresProtected(connection)
        self.acts = PostgresActs(connection, parts.at_rest)

    @property
    def queue(self) -> PostgresClaims:
        return self.book


def claim_use_cases(database: Database, parts: CaseParts, *, limits: Limits, zone: tzinfo) -> ClaimUseCases:
    """The worker's side on the node's database."""
    return ClaimUseCases(
        me=parts.me,
        work=_work(database, parts, limits, acting="node"),
        clock=parts.clock,
        new_id=parts.new_id,
        wait=ServiceStandards().identify,
        zone=zone,
    )


def claim_desk(database: Database, parts: CaseParts, *, limits: Limits) -> ClaimDesk:
    """The institution's side."""
    return ClaimDesk(
        work=_work(database, parts, limits),
        acting=_work(database, parts, limits, acting="node"),
        clock=parts.clock,
        new_id=parts.new_id,
    )


def known_of(claims: Sequence[ClaimCase], records: Sequence[CareerRecord], numbers: frozenset[str]) -> Known:
    """What a worker's claims, the newest first, and what is stated in the newest of them tell of her. Pure."""
    if not claims:
        return Known(numbers)
    claim = claims[0].case.claim
    said = {number.comparable for one in claims for number in one.case.claim.person.identifiers}
    person = claim.person
    return Known(
        numbers=numbers | said,
        person=Claimant(
            person.family_name, person.given_names, person.birth_date, person.residence_state, person.identifiers
        ),
        told=_career(claim, records),
        open_case=next((one.case.case_id for one in claims if one.ended_at is None), None),
        has_decision=any(one.case.decisions for one in claims),
    )


def _career(claim: Claim, records: Sequence[CareerRecord]) -> tuple[Told, ...]:
    """By country: what stands on a record, else what she told."""
    told: dict[str, list[Told]] = {}
    for one in claim.declared:
        told.setdefault(one.state, []).append(Told(one.state, one.start, one.end, one.activity))
    for record in records:
        days = ((one.period.start, one.period.end) for one in record.periods)
        spans = _joined([(start, end) for start, end in days if start and end])
        if spans:
            work = next((one.activity for one in told.get(record.state, ()) if one.activity), "")
            told[record.state] = [Told(record.state, start, end, work) for start, end in spans]
    return tuple(sorted((one for each in told.values() for one in each), key=lambda one: (one.start, one.state)))


def _joined(spans: Sequence[tuple[date, date]]) -> list[tuple[date, date]]:
    """Times that overlap or follow each other as one; too many as one from the first day to the last."""
    joined: list[tuple[date, date]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined if len(joined) <= _MOST_TIMES else [(joined[0][0], joined[-1][1])]


def _claim(wanted: Wanted, claimed_on: date) -> Claim:
    return Claim(
        person=_person(wanted.person),
        lodged_on=claimed_on,
        award_on=wanted.award_on,
        declared=tuple(DeclaredPeriod(one.state, one.start, one.end, one.activity) for one in wanted.told),
        asks_in_writing=wanted.asks_in_writing,
        language=wanted.language,
    )


def _person(person: Claimant) -> Person:
    return Person(person.family_name, person.given_names, person.birth_date, person.residence_state, person.identifiers)


def _work(
    database: Database, parts: CaseParts, limits: Limits, *, acting: str = ""
) -> Callable[[], AbstractAsyncContextManager[ClaimTransaction]]:
    @asynccontextmanager
    async def work() -> AsyncIterator[ClaimTransaction]:
        async with database.transaction(acting=acting) as connection:
            yield ClaimTransaction(connection, parts, limits)

    return work
