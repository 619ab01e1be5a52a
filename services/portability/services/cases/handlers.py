"""Use cases of an old-age claim. Each runs inside the caller's transaction and asks the state machine first.

Writes are carried out once by their `request_id`. Projections are not awards: `determine` keeps what the rules give,
and only `decide`, called by a named caseworker, makes a decision. What other institutions send is in effects.py.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol
from uuid import UUID

from portability.agreements.careers import CareerRecord
from portability.agreements.errors import InputError, NotFoundError
from portability.agreements.values import Citation
from portability.services.access import Caller
from portability.services.cases.answers import Asked, absence, find_person, from_account, take_statement
from portability.services.cases.commands import (
    AnswerRecordRequest,
    Decide,
    Determine,
    IdentifyPerson,
    LodgeClaim,
    RecordAnswer,
    RecordNationalAnswer,
    SendSummary,
    check_decision,
    check_national_answer,
)
from portability.services.cases.deciding import make_decision, send_summaries
from portability.services.cases.desk import Desk, no_such_case
from portability.services.cases.determining import made_of, question_for
from portability.services.cases.flow import ActionState, CaseAction, CaseStep, actions, require, steps
from portability.services.cases.lodging import lodge
from portability.services.cases.mapping.wire import decision_bytes, statement_bytes
from portability.services.cases.messages import DECISION, STATEMENT, DecisionNotice
from portability.services.cases.model import (
    Case,
    CaseEvent,
    CaseSummary,
    EventKind,
    Identification,
    InstitutionId,
    NationalAnswer,
    RecordRequest,
)
from portability.services.cases.ports import (
    CasePage,
    CaseQuery,
    CaseWork,
    Clock,
    NewId,
)
from portability.services.cases.procedure import ServiceStandards
from portability.services.cases.staff import require_caseworker, require_staff
from portability.services.idempotency import Command, once
from portability.services.looking import read_by_staff
from portability.services.matching import MatchOutcome
from portability.services.purposes import PENSION_CLAIM

__all__ = ["CaseUseCases", "CaseView"]

_ART_47_5 = Citation("Regulation (EC) No 987/2009", "Art. 47(5)")
_ART_47_6 = Citation("Regulation (EC) No 987/2009", "Art. 47(6)")
_ART_48_1 = Citation("Regulation (EC) No 987/2009", "Art. 48(1)")


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its institution sees it now."""

    case: Case
    steps: tuple[CaseStep, ...]
    actions: tuple[ActionState, ...]
    career: tuple[CareerRecord, ...]
    timeline: tuple[CaseEvent, ...]


@dataclass(frozen=True, slots=True)
class CaseUseCases:
    """The use cases of one institution; each call brings the ports of its transaction."""

    me: InstitutionId
    clock: Clock
    new_id: NewId
    standards: ServiceStandards = field(default_factory=ServiceStandards)

    async def lodge_claim(self, command: LodgeClaim, *, caller: Caller, work: CaseWork) -> CaseView:
        """Open a case as contact institution and send the claim to every institution concerned.

        987/2009 Art. 45(4), 45(5), 47(4). Raises InputError where the claim cannot be right, where this institution
        cannot be the contact institution, or where an agreement demands a written request.
        """
        require_staff(caller)
        desk = self._desk(work)

        async def run() -> str:
            return str(await lodge(command, caller=caller, desk=desk))

        return await self._view(UUID(await once(command, log=work.commands, run=run)), caller=caller, work=work)

    async def list_cases(self, query: CaseQuery, *, caller: Caller, work: CaseWork) -> CasePage:
        """One page of this institution's cases, the newest first; what is hidden from the caller is left out."""
        page = await work.cases.page(query)
        shown = await self._read([case.case_id for case in page.cases], caller=caller, work=work)
        return replace(page, cases=tuple(case for case in page.cases if case.case_id in shown))

    async def get_case(self, case_id: UUID, *, caller: Caller, work: CaseWork) -> CaseView:
        """One case; raises NotFoundError where this institution has no such case, or it is hidden from the caller."""
        return await self._view(case_id, caller=caller, work=work)

    async def answer_record_request(self, command: AnswerRecordRequest, *, caller: Caller, work: CaseWork) -> CaseView:
        """Send our periods to the contact and the other institutions (987/2009 Art. 47(5)), or say there are none.

        Where not exactly one own account matches, nothing is sent: the view's identification asks for a person.
        An answer other than from own records is for a caseworker to give, with a reason.
        """
        if command.answer is not RecordAnswer.FROM_OWN_RECORDS:
            require_caseworker(caller, what="say that there are no records")
            _require_text(command.reason, field="reason", why="Say why the answer is not from own records.")
        require_staff(caller)
        return await self._act(command, CaseAction.ANSWER_RECORD_REQUEST, _answer, caller=caller, work=work)

    async def identify_person(self, command: IdentifyPerson, *, caller: Caller, work: CaseWork) -> CaseView:
        """Link an own account to the case by hand; the caseworker's name and reason are kept with it."""
        require_caseworker(caller, what="say whose account it is")
        _require_text(command.reason, field="reason", why="Say how you know that the account is hers.")
        return await self._act(command, CaseAction.IDENTIFY_PERSON, _identify, caller=caller, work=work)

    async def record_national_answer(
        self, command: RecordNationalAnswer, *, caller: Caller, work: CaseWork
    ) -> CaseView:
        """Keep the amounts of a national scheme whose law is not encoded; the determination says whose they are."""
        require_staff(caller)
        check_national_answer(command)
        return await self._act(command, CaseAction.RECORD_NATIONAL_ANSWER, _national_answer, caller=caller, work=work)

    async def determine(self, command: Determine, *, caller: Caller, work: CaseWork) -> CaseView:
        """Work out what we owe (987/2009 Art. 47(6)) and keep it with its trace: a projection, not an award.

        Raises DeterminationError where the law as encoded gives no answer; the case stays as it was.
        """
        require_staff(caller)
        return await self._act(command, CaseAction.DETERMINE, _determine, caller=caller, work=work)

    async def decide(self, command: Decide, *, caller: Caller, work: CaseWork) -> CaseView:
        """Decide in the caller's name and notify the other institutions (987/2009 Art. 47(6), 48(1))."""
        require_caseworker(caller, what="decide")
        check_decision(command)
        return await self._act(command, CaseAction.DECIDE, _decide, caller=caller, work=work)

    async def send_summary(self, command: SendSummary, *, caller: Caller, work: CaseWork) -> CaseView:
        """Send the summary of all decisions and close the case (987/2009 Art. 48(1)).

        Not modelled: the letter to the claimant; she reads the summary through the worker's channels.
        """
        require_caseworker(caller, what="send the summary")
        return await self._act(command, CaseAction.SEND_SUMMARY, _summarise, caller=caller, work=work)

    async def _act(
        self, command: "_CaseCommand", action: CaseAction, run: "_Run", *, caller: Caller, work: CaseWork
    ) -> CaseView:
        desk = self._desk(work)

        async def carry_out() -> str:
            case = await desk.case_for_change(command.case_id)
            await self._require_shown(case.case_id, caller=caller, work=work)
            require(case, action, me=self.me)
            await desk.keep(await run(case, command, caller, desk))
            return str(command.case_id)

        return await self._view(UUID(await once(command, log=work.commands, run=carry_out)), caller=caller, work=work)

    async def _read(self, case_ids: Sequence[UUID], *, caller: Caller, work: CaseWork) -> frozenset[UUID]:
        return await read_by_staff(
            case_ids, caller=caller, work=work, new_id=self.new_id, at=self.clock.now(), purpose=PENSION_CLAIM.code
        )

    async def _require_shown(self, case_id: UUID, *, caller: Caller, work: CaseWork) -> None:
        if not caller.is_cleared and case_id in await work.protected.among([case_id]):
            raise no_such_case(case_id)

    async def _view(self, case_id: UUID, *, caller: Caller, work: CaseWork) -> CaseView:
        case = await work.cases.get(case_id, for_change=False)
        if case is None or case_id not in await self._read([case_id], caller=caller, work=work):
            raise no_such_case(case_id)
        await work.correspondence.opened(case_id)
        return CaseView(
            case=case,
            steps=steps(case, me=self.me, standards=self.standards),
            actions=actions(case, me=self.me),
            career=tuple(await work.careers.of_case(case_id)),
            timeline=tuple(await work.timeline.of_case(case_id)),
        )

    def _desk(self, work: CaseWork) -> Desk:
        return Desk(work=work, me=self.me, now=self.clock.now(), new_id=self.new_id)


class _CaseCommand(Command, Protocol):
    @property
    def case_id(self) -> UUID: ...


_Run = Callable[[Case, Any, Caller, Desk], Awaitable[Case]]


async def _answer(case: Case, command: AnswerRecordRequest, caller: Caller, desk: Desk) -> Case:
    mine, request = require(case, CaseAction.ANSWER_RECORD_REQUEST, me=desk.me), _request(case)
    if command.answer is RecordAnswer.FROM_OWN_RECORDS:
        case = await _search(case, desk=desk)
        found = case.identification
        account = await desk.work.accounts.get(found.account_id) if found and found.account_id else None
        if account is None:
            return case
        statement = from_account(account, asked=_asked(case, request, desk=desk))
    else:
        statement = absence(command.answer.status, asked=_asked(case, request, desk=desk))
    case = await take_statement(case, mine, statement, desk=desk)
    sent = await desk.send_to_others(
        case,
        kind=STATEMENT,
        key=str(statement.statement_id),
        record=statement_bytes(statement),
        in_reply_to=request.message_id,
    )
    text = f"Statement '{statement.status}' with {len(statement.periods)} periods sent to {_names(sent)}."
    desk.note(case.case_id, EventKind.STATEMENT_SENT, text, actor=caller.name, citation=_ART_47_5)
    return case


async def _search(case: Case, *, desk: Desk) -> Case:
    """Look for her account by all that the claim says of her, unless a person has already said which it is."""
    if case.identification is not None and case.identification.account_id:
        return case
    match = await find_person(case.claim.person, people=desk.work.accounts)
    candidates = tuple(account.account_id for account in match.accounts)
    if match.outcome is MatchOutcome.FOUND:
        return replace(case, identification=Identification(match.outcome.value, desk.now, account_id=candidates[0]))
    why = {
        MatchOutcome.NONE: "no own account comes into question",
        MatchOutcome.SEVERAL: f"{len(candidates)} own accounts come into question",
        MatchOutcome.CONTRADICTION: "one own account comes into question, and something speaks against it",
        MatchOutcome.LIKELY: "one own account is likely hers, on fewer than two independent strong keys",
    }[match.outcome]
    desk.note(case.case_id, EventKind.PERSON_NOT_MATCHED, f"A person has to look: {why}.")
    searched_at = case.identification.searched_at if case.identification else desk.now
    return replace(case, identification=Identification(match.outcome.value, searched_at, candidates))


async def _identify(case: Case, command: IdentifyPerson, caller: Caller, desk: Desk) -> Case:
    if not command.account_id:
        return _unlinked(case, caller, desk)
    account = await desk.work.accounts.get(command.account_id)
    if account is None:
        raise NotFoundError("There is no own account of that id: find it in the register first.")
    searched = case.identification or Identification(MatchOutcome.NONE.value, desk.now)
    desk.note(
        case.case_id, EventKind.PERSON_IDENTIFIED, "An own account was linked to the case by hand.", actor=caller.name
    )
    return replace(
        case,
        identification=replace(
            searched,
            account_id=account.account_id,
            linked_by=caller.name,
            linked_at=desk.now,
            reason=command.reason,
        ),
    )


def _unlinked(case: Case, caller: Caller, desk: Desk) -> Case:
    """The link undone; that it was made and undone stays in the timeline."""
    linked = case.identification
    if linked is None or not linked.account_id:
        raise InputError("No account is linked to the case: name the one that is hers.", field="account_id")
    text = "The link to an own account was undone: a person has to look again."
    desk.note(case.case_id, EventKind.PERSON_NOT_MATCHED, text, actor=caller.name)
    undone = replace(linked, account_id="", linked_by="", linked_at=None, reason="", outcome=MatchOutcome.LIKELY.value)
    return replace(case, identification=replace(undone, candidates=(linked.account_id, *linked.candidates)))


async def _national_answer(case: Case, command: RecordNationalAnswer, caller: Caller, desk: Desk) -> Case:
    answer = NationalAnswer(
        scheme=command.scheme,
        independent=command.independent,
        theoretical=command.theoretical,
        flat_rate=command.flat_rate,
        answered_by=caller.name,
        answered_at=desk.now,
        note=command.note,
    )
    text = f"The institution gave the amounts of {command.scheme} itself: its law is not encoded."
    desk.note(case.case_id, EventKind.NATIONAL_ANSWER_RECORDED, text, actor=caller.name)
    return case.with_national_answer(answer)


async def _determine(case: Case, command: Determine, caller: Caller, desk: Desk) -> Case:
    question = await question_for(case, command, me=desk.me, work=desk.work)
    answer = await desk.work.determiner.determine(question)
    determination = made_of(answer, question=question, by=caller.name, determination_id=desk.new_id(), at=desk.now)
    left_out = len((await desk.work.reviews.reliance(case.case_id)).left_out)
    desk.note(
        case.case_id,
        EventKind.DETERMINED,
        f"Determined under {', '.join(each.agreement_id for each in answer.agreements)}: a projection, not an award."
        + (f" Without {left_out} periods on which a caseworker does not rely." if left_out else ""),
        actor=caller.name,
        citation=_ART_47_6,
    )
    return replace(case, determination=determination, first_determined_at=case.first_determined_at or desk.now)


async def _decide(case: Case, command: Decide, caller: Caller, desk: Desk) -> Case:
    decision = make_decision(
        command, case=case, decided_by=caller.name, me=desk.me, decision_id=desk.new_id(), at=desk.now
    )
    case = case.with_decision(decision, at=desk.now)
    sent = await desk.send_to_others(
        case,
        kind=DECISION,
        key=str(decision.decision_id),
        record=decision_bytes(DecisionNotice(case.case_id, decision)),
    )
    desk.note(
        case.case_id,
        EventKind.DECIDED,
        f"Decision '{decision.result}' sent to {_names(sent)}.",
        actor=caller.name,
        citation=_ART_47_6,
    )
    return case


async def _summarise(case: Case, command: SendSummary, caller: Caller, desk: Desk) -> Case:
    summary = CaseSummary(
        summary_id=desk.new_id(),
        sent_by=caller.name,
        sent_at=desk.now,
        decision_ids=tuple(decision.decision_id for decision in case.decisions),
        language=case.claim.language,
    )
    await send_summaries(case, summary, desk=desk)
    text = f"Summary of {len(case.decisions)} decisions sent; the case is closed."
    desk.note(case.case_id, EventKind.SUMMARY_SENT, text, actor=caller.name, citation=_ART_48_1)
    return replace(case, summary=summary)


def _request(case: Case) -> RecordRequest:
    if case.request is None:  # the state machine allows no answer before
        raise LookupError(f"case {case.case_id} has no record request")
    return case.request


def _asked(case: Case, request: RecordRequest, *, desk: Desk) -> Asked:
    return Asked(case.case_id, request.record_request_id, desk.me, desk.new_id(), desk.now)


def _names(institutions: Sequence[InstitutionId]) -> str:
    return ", ".join(institutions) or "nobody else"


def _require_text(text: str, *, field: str, why: str) -> None:
    if not text.strip():
        raise InputError(why, field=field)
