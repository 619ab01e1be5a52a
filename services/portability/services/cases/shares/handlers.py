"""Use cases of shares. Each runs inside the caller's transaction; what may be said when, the flow of the case says.

What is determined and decided rests on the documents of the case. Projections are not awards: only `decide`, called
by a named caseworker, makes a decision.
"""

from dataclasses import dataclass, replace
from uuid import UUID

from portability.agreements.careers import AnswerStatus, CareerRecord
from portability.agreements.errors import CaseStateError, NotFoundError
from portability.services.access import Caller
from portability.services.cases.answers import Asked, absence, from_account
from portability.services.cases.commands import (
    Decide,
    LodgeClaim,
    RecordAnswer,
    check_decision,
    check_national_answer,
)
from portability.services.cases.deciding import make_decision, notice_of, told_to
from portability.services.cases.mapping.wire import decision_bytes, statement_bytes, summary_bytes
from portability.services.cases.messages import DecisionNotice
from portability.services.cases.model import Case, CaseSummary, Decision, InstitutionId, state_of
from portability.services.cases.ports import Clock, NewId
from portability.services.cases.shares.determining import (
    account_of,
    careers_of,
    determined,
    grounds_of,
    said_by,
    searched,
    stated_so_far,
)
from portability.services.cases.shares.lodging import lodge, read_lodged, write_lodged
from portability.services.cases.shares.model import (
    DECIDE,
    DECIDE_AGAIN,
    STATE,
    STATE_DEFERRED,
    STATE_NONE,
    SUMMARISE,
    ClaimOnFlow,
    DetermineShare,
    Grounds,
    Lodged,
    SaidInCase,
    Share,
    StateOwnRecords,
    SummariseShares,
)
from portability.services.cases.shares.ports import ShareWork
from portability.services.cases.shares.reading import claim_on_flow
from portability.services.cases.staff import require_caseworker, require_staff
from portability.services.idempotency import once

__all__ = ["ShareUseCases", "ShareView"]


@dataclass(frozen=True, slots=True)
class ShareView:
    """What has been stated, what was determined last, and why nothing may be determined now (empty: it may)."""

    careers: tuple[CareerRecord, ...]
    share: Share | None
    why_not: str


@dataclass(frozen=True, slots=True)
class ShareUseCases:
    """The use cases of one institution; each call brings the ports of its transaction."""

    me: InstitutionId
    clock: Clock
    new_id: NewId

    async def lodge(self, command: LodgeClaim, *, caller: Caller, work: ShareWork) -> Lodged:
        """Open the case of an old-age claim as contact institution; see `lodging.lodge`."""
        require_staff(caller)

        async def run() -> str:
            lodged = lodge(command, me=self.me, caller=caller, work=work, clock=self.clock, new_id=self.new_id)
            return write_lodged(await lodged)

        return read_lodged(await once(command, log=work.commands, run=run))

    async def get(self, case_id: UUID, *, caller: Caller, work: ShareWork) -> ShareView:
        """A share as it is now."""
        said, claim = await self._read(case_id, caller=caller, work=work)
        await work.flow.looked(case_id, caller=caller)
        careers = await careers_of(claim, work=work)
        return ShareView(careers, await work.shares.last(case_id), _why_not(said, claim.case, me=self.me))

    async def state(
        self, command: StateOwnRecords, *, caller: Caller, work: ShareWork
    ) -> tuple[UUID | None, tuple[str, ...]]:
        """State our periods (987/2009 Art. 47(5)): the document, or None with the accounts that a person looks at.

        An answer other than from own records is for a caseworker to give, with a reason.
        """
        require_staff(caller)

        async def run() -> str:
            _, claim = await self._read(command.case_id, caller=caller, work=work)
            grounds = await self._grounds(command, caller=caller, work=work)
            asked = Asked(command.case_id, claim.request_id, self.me, self.new_id(), self.clock.now())
            share = await work.shares.last(command.case_id) or Share()
            if command.answer is RecordAnswer.FROM_OWN_RECORDS:
                found = await account_of(claim.case.claim.person, grounds, work=work)
                share = replace(share, search=searched(found, grounds, share.search, at=self.clock.now()))
                if found.account is None:
                    await work.shares.add(command.case_id, replace(share, grounds=grounds))
                    return "\n".join(["", *found.candidates])
                statement = from_account(found.account, asked=asked)
            else:
                statement = absence(command.answer.status, asked=asked)
            await work.shares.add(command.case_id, replace(share, grounds=grounds))
            action = _stating(statement.status, claim.case, me=self.me)
            return str(await work.flow.say(command.case_id, action, statement_bytes(statement), caller=caller))

        document_id, *candidates = (await once(command, log=work.commands, run=run)).split("\n")
        return UUID(document_id) if document_id else None, tuple(candidates)

    async def determine(self, command: DetermineShare, *, caller: Caller, work: ShareWork) -> Share:
        """Work out what we owe (987/2009 Art. 47(6)) and keep it with its trace: a projection, not an award.

        Raises CaseStateError before all records are there, and DeterminationError where the law as encoded gives no
        answer; then nothing has changed.
        """
        for answer in command.answers:
            check_national_answer(answer)

        async def run() -> str:
            said, claim = await self._read(command.case_id, caller=caller, work=work)
            _require_may(said, claim.case, me=self.me)
            share = await determined(
                command, claim, me=self.me, caller=caller, work=work, at=self.clock.now(), new_id=self.new_id
            )
            await work.shares.add(command.case_id, share)
            return ""

        await once(command, log=work.commands, run=run)
        await work.flow.looked(command.case_id, caller=caller)
        share = await work.shares.last(command.case_id)
        if share is None:
            raise NotFoundError(f"There is no determination in case {command.case_id}: it was erased.")
        return share

    async def decide(self, command: Decide, *, caller: Caller, work: ShareWork) -> tuple[UUID, Decision]:
        """Decide in the caller's name and notify the other institutions (987/2009 Art. 47(6), 48(1))."""
        require_caseworker(caller, what="decide")
        check_decision(command)

        async def run() -> str:
            said, claim = await self._read(command.case_id, caller=caller, work=work)
            action = _require_may(said, claim.case, me=self.me)
            share = await work.shares.last(command.case_id)
            if share and command.determination_id and share.rests_on != await self._stated(claim, work=work):
                raise CaseStateError(
                    f"What is stated in case {claim.case.reference} has changed since it was determined: determine "
                    "once more, and decide on that.",
                    state="stated anew",
                    allowed_actions=_allowed(said),
                )
            case = replace(claim.case, determination=share.determination if share else None)
            decision = make_decision(
                command,
                case=case,
                decided_by=caller.name,
                me=self.me,
                decision_id=self.new_id(),
                at=self.clock.now(),
            )
            content = decision_bytes(DecisionNotice(command.case_id, decision))
            return str(await work.flow.say(command.case_id, action, content, caller=caller))

        document_id = UUID(await once(command, log=work.commands, run=run))
        _, claim = await self._read(command.case_id, caller=caller, work=work)
        decision = claim.case.decision_of(self.me)
        if decision is None:
            raise NotFoundError(f"The decision in case {command.case_id} has no effect any more: it was taken back.")
        return document_id, decision

    async def summarise(self, command: SummariseShares, *, caller: Caller, work: ShareWork) -> UUID:
        """Send the summary of all decisions (987/2009 Art. 48(1)), to each institution of those that it may know."""
        require_caseworker(caller, what="send the summary")

        async def run() -> str:
            _, claim = await self._read(command.case_id, caller=caller, work=work)
            case = claim.case
            summary = CaseSummary(
                summary_id=self.new_id(),
                sent_by=caller.name,
                sent_at=self.clock.now(),
                decision_ids=tuple(one.decision_id for one in case.decisions),
                language=case.claim.language,
            )
            instead = {}
            for other in case.participants:
                known = await told_to(other, case=case, me=self.me, directory=work.directory)
                if other.institution != self.me and known != case.decisions:
                    instead[other.institution] = summary_bytes(notice_of(summary, known, case=case, me=self.me))
            content = summary_bytes(notice_of(summary, case.decisions, case=case, me=self.me))
            said = work.flow.say(command.case_id, SUMMARISE, content, caller=caller, instead=instead)
            return str(await said)

        return UUID(await once(command, log=work.commands, run=run))

    async def _stated(self, claim: ClaimOnFlow, *, work: ShareWork) -> str:
        return await stated_so_far(claim, me=self.me, work=work)

    async def _grounds(self, command: StateOwnRecords, *, caller: Caller, work: ShareWork) -> Grounds | None:
        if command.answer is not RecordAnswer.FROM_OWN_RECORDS:
            return said_by(caller, "", command.reason, what="say that there are no records")
        return await grounds_of(command.case_id, command.account_id, command.reason, caller=caller, work=work)

    async def _read(self, case_id: UUID, *, caller: Caller, work: ShareWork) -> tuple[SaidInCase, ClaimOnFlow]:
        require_staff(caller)
        said = await work.flow.read(case_id, caller=caller)
        return said, claim_on_flow(said, me=self.me)


def _stating(status: AnswerStatus, case: Case, *, me: InstitutionId) -> str:
    """The action with which records are stated: who was never concerned has nothing to decide, or not yet."""
    if status not in {AnswerStatus.KNOWN, AnswerStatus.MAY_NOT_DISCLOSE}:
        return STATE_NONE
    return STATE_DEFERRED if state_of(me) in case.claim.deferred_states else STATE


def _why_not(said: SaidInCase, case: Case, *, me: InstitutionId) -> str:
    """Why neither a first decision nor a new one may be made now, and so nothing is determined; empty where one may."""
    if state_of(me) in case.claim.deferred_states:
        return f"the claimant has asked to defer the pension of {state_of(me)} (883/2004 Art. 50(1))."
    return "" if _deciding(said) else said.why_not.get(DECIDE, f"'{said.flow_id}' has no decision.")


def _deciding(said: SaidInCase) -> str:
    return next((one for one in (DECIDE, DECIDE_AGAIN) if said.why_not.get(one) == ""), "")


def _allowed(said: SaidInCase) -> tuple[str, ...]:
    return tuple(name for name, reason in said.why_not.items() if not reason)


def _require_may(said: SaidInCase, case: Case, *, me: InstitutionId) -> str:
    """The action with which a decision is told; CaseStateError where none is allowed now."""
    why_not = _why_not(said, case, me=me)
    if why_not:
        raise CaseStateError(
            f"Case {case.reference} allows no determination and no decision now: {why_not}",
            state="not to be decided",
            allowed_actions=_allowed(said),
        )
    return _deciding(said)
