"""What is known around the careers of a case, and what of them waits for a person, on one connection."""

from contextlib import nullcontext
from datetime import datetime
from uuid import UUID

from portability.adapters.postgres.cases_store import PostgresCases
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.records_store import PostgresCareers
from portability.adapters.postgres.reviews_store import PostgresReviews
from portability.adapters.postgres.treaties_store import PostgresTreatyWork
from portability.agreements.lookup import find_rule
from portability.agreements.rules import Aggregation
from portability.app.wiring.parts import CaseParts, DirectoryOfInstitutions
from portability.services.cases.model import Case, Participant, state_of
from portability.services.cases.ports import Reliance
from portability.services.determination.treaties.in_force import RatifiedLaw
from portability.services.records.career_view import AroundCase, Demand, Stater
from portability.services.records.reviewing import judge, reliance
from portability.services.records.verifying import VerificationLevel

__all__ = ["DirectoryFacts", "JudgedRecords", "asked_by"]


class DirectoryFacts:
    """CaseFacts: the case says who the person is, the signed directory and the agreements say who is competent."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        treaty_work = PostgresTreatyWork(connection, parts.at_rest)
        self._cases = PostgresCases(connection, parts.at_rest)
        self._agreements = DirectoryOfInstitutions(parts.directory, treaty_work, parts.treaties)
        self._law = RatifiedLaw(lambda: nullcontext(treaty_work), parts.treaties)
        self._parts = parts

    async def around(self, case_id: UUID) -> AroundCase:
        """Facts of a case of the claim service; of another, nothing."""
        case = await self._cases.get(case_id, for_change=False)
        if case is None:
            return AroundCase()
        staters = {each.institution: await self._stater(case, each) for each in case.participants}
        return AroundCase(case.claim.person.birth_date, staters)

    async def _stater(self, case: Case, stater: Participant) -> Stater:
        """Competent by the directory on the day of its answer, under an agreement that binds on that of the claim."""
        mine, on = state_of(self._parts.me), case.claim.lodged_on
        answered = stater.answered_at or self._parts.clock.now()
        why_not = self._parts.directory().why_not_competent(stater.institution, case.branch, answered.date())
        identified = self._why_not_identified(case, stater)
        if stater.state == mine:
            return Stater(why_not, identified)
        agreement_id = await self._agreements.agreement_between(mine, stater.state, branch=case.branch, on=on)
        if agreement_id is None:
            none = await self._agreements.why_no_agreement(mine, stater.state, branch=case.branch, on=on)
            return Stater(why_not or none, identified)
        version = await self._law.version_between(agreement_id, [(mine, stater.state)], on=on)
        rule = find_rule(version.agreement, Aggregation, branch=case.branch, on=on, state=mine)
        return Stater(why_not, identified, asked_by(rule))

    def _why_not_identified(self, case: Case, stater: Participant) -> str | None:
        """By our own match where the periods are ours, else by what the statement says of its person."""
        if stater.institution != self._parts.me:
            return stater.why_not_hers
        if case.identification is None:
            return None
        return "" if case.identification.account_id else "No own account is linked to the person: a caseworker decides."


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
