"""What is known around the careers of a case, and what of them waits for a person, on one connection."""

from collections.abc import Iterable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from uuid import UUID

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.flows_store import PostgresShelf
from portability.adapters.postgres.records_store import PostgresCareers
from portability.adapters.postgres.reviews_store import PostgresReviews
from portability.adapters.postgres.shares_store import PostgresShares
from portability.adapters.postgres.treaties_store import PostgresTreatyWork
from portability.agreements.lookup import find_rule
from portability.agreements.rules import Aggregation
from portability.agreements.values import Branch
from portability.app.wiring.parts import CaseParts, DirectoryOfInstitutions
from portability.services.cases.model import state_of
from portability.services.cases.ports import Reliance
from portability.services.determination.treaties.in_force import RatifiedLaw
from portability.services.flows.definition import Flow
from portability.services.flows.engine import position, with_effect
from portability.services.flows.load import packaged_flows
from portability.services.flows.model import CaseFile, KeptDocument
from portability.services.persons.whose import why_not_hers
from portability.services.records.career_view import AroundCase, Demand, Stater
from portability.services.records.mapping.stated import read_said
from portability.services.records.reviewing import judge, reliance
from portability.services.records.stated import SaidInCase, said_in_case
from portability.services.records.verifying import VerificationLevel

__all__ = ["DirectoryFacts", "JudgedRecords", "asked_by", "said_in"]


@dataclass(frozen=True, slots=True)
class _Matter:
    """What a case is about: whose insurance it is, since when it is claimed."""

    branch: Branch
    claimed_on: date


class DirectoryFacts:
    """CaseFacts: the case says who the person is, the signed directory and the agreements say who is competent."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        treaty_work = PostgresTreatyWork(connection, parts.at_rest)
        self._shelf = PostgresShelf(connection, parts.at_rest)
        self._careers = PostgresCareers(connection, parts.at_rest)
        self._shares = PostgresShares(connection, parts.at_rest)
        self._agreements = DirectoryOfInstitutions(parts.directory, treaty_work, parts.treaties)
        self._law = RatifiedLaw(lambda: nullcontext(treaty_work), parts.treaties)
        self._parts = parts

    async def around(self, case_id: UUID) -> AroundCase:
        """Facts of a case whose flow is known here; of another, nothing."""
        case = await self._shelf.get(case_id, for_change=False)
        flow = packaged_flows().get((case.flow_id, case.flow_version)) if case else None
        return AroundCase() if case is None or flow is None else await self._around_flow(case, flow)

    async def _entered(self, case_id: UUID, matter: _Matter) -> dict[str, Stater]:
        """Who stated in documents that caseworkers entered, each saying in her name that it is of this person.

        Of an institution that the directory does not name, nobody here knows whether it is competent.
        """
        found = {}
        named = {one.institution_id for one in self._parts.directory().institutions}
        for career in await self._careers.of_case(case_id):
            if career.entered_by:
                stater = await self._stater(matter, career.institution, answered=None, identified="")
                known = career.institution in named
                found[career.institution] = stater if known else replace(stater, competent=None)
        return found

    async def _around_flow(self, case: CaseFile, flow: Flow) -> AroundCase:
        """The person is whom the claim or the question names; who states says whose account it rests on.

        Of our own account we know it ourselves: by our search, or by the word of a caseworker.
        """
        said = said_in(with_effect(case, position(flow, case.said)))
        person, answered = said.about.person, {one.institution: one.answered_on for one in said.careers}
        matter = _Matter(flow.branch, said.about.claimed_on or case.known_since.date())
        share = await self._shares.last(case.case_id)
        known_here = bool(share and share.search and share.search.account_id)
        staters = {}
        for institution, whose in said.whose.items():
            on = answered.get(institution)
            identified = why_not_hers(person, whose) if person and person.identifiers else None
            staters[institution] = await self._stater(
                matter,
                institution,
                answered=datetime.combine(on, time(), UTC) if on else None,
                identified="" if known_here and institution == self._parts.me else identified,
            )
        entered = await self._entered(case.case_id, matter)
        born = person.birth_date if person else None
        return AroundCase(born, {**entered, **staters}, said.stated_by, flow.branch)

    async def _stater(
        self, matter: _Matter, institution: str, *, answered: datetime | None, identified: str | None
    ) -> Stater:
        """Competent by the directory on the day of its answer, under an agreement that binds on that of the claim."""
        mine, state, on = state_of(self._parts.me), state_of(institution), matter.claimed_on
        day = (answered or self._parts.clock.now()).date()
        why_not = self._parts.directory().why_not_competent(institution, matter.branch, day)
        if state == mine:
            return Stater(why_not, identified)
        agreement_id = await self._agreements.agreement_between(mine, state, branch=matter.branch, on=on)
        if agreement_id is None:
            none = await self._agreements.why_no_agreement(mine, state, branch=matter.branch, on=on)
            return Stater(why_not or none, identified)
        version = await self._law.version_between(agreement_id, [(mine, state)], on=on)
        rule = find_rule(version.agreement, Aggregation, branch=matter.branch, on=on, state=mine)
        return Stater(why_not, identified, asked_by(rule))


class JudgedRecords:
    """RecordReviews: the checks of records, made in the transaction of a case."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        self._careers = PostgresCareers(connection, parts.at_rest)
        self._reviews = PostgresReviews(connection, parts.at_rest)
        self._facts = DirectoryFacts(connection, parts)

    async def judge(self, case_id: UUID, *, at: datetime) -> None:
        """Check again what was stated, and put what fails before a person."""
        await judge(case_id, careers=self._careers, facts=self._facts, reviews=self._reviews, at=at)

    async def reliance(self, case_id: UUID) -> Reliance:
        """What of it may be counted."""
        found = await reliance(case_id, reviews=self._reviews)
        return Reliance(tuple(f"{one.state}, {one.reasons[-1]}" for one in found.waiting), found.left_out)


def asked_by(rule: Aggregation | None) -> Demand:
    """What a rule of an agreement asks of another state's periods before they are relied on."""
    if rule is None or rule.least_cite is None:
        return Demand()
    least = VerificationLevel[rule.least_checks.upper()] if rule.least_checks else VerificationLevel.NONE
    return Demand(rule.least_evidence, least, rule.least_cite)


def said_in(documents: Iterable[KeptDocument]) -> SaidInCase:
    """What the documents that count in a case on a flow say of a person's time."""
    return said_in_case(
        said
        for one in documents
        for said in read_said(
            one.type, one.content, sender=one.document.sender, to=one.document.to, on=one.document.at.date()
        )
    )
