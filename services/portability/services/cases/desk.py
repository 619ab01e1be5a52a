"""What a use case works with: the ports of its transaction, who "we" are, the present, and small steps they share."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from portability.agreements.careers import AnswerStatus, CareerRecord
from portability.agreements.errors import NotFoundError
from portability.agreements.values import Citation, StateCode
from portability.services.cases.mapping.protection import marked
from portability.services.cases.messages import SCHEMA_VERSION, CaseMessage
from portability.services.cases.model import Case, CaseEvent, EventKind, InstitutionId, Participant, state_of
from portability.services.cases.ports import CaseWork, NewId

__all__ = ["Desk", "no_such_case"]


@dataclass(slots=True)
class Desk:
    """One institution at one instant, inside one transaction."""

    work: CaseWork
    me: InstitutionId
    now: datetime
    new_id: NewId
    events: list[CaseEvent] = field(default_factory=list)
    restated: bool = False  # something was stated: it is judged once the case is kept

    @property
    def my_state(self) -> StateCode:
        return state_of(self.me)

    async def case_for_change(self, case_id: UUID) -> Case:
        """The case, locked; raises NotFoundError where this institution has no such case."""
        case = await self.work.cases.get(case_id, for_change=True)
        if case is None:
            raise no_such_case(case_id)
        return case

    async def keep(self, case: Case) -> None:
        """Keep the case with the events noted so far, and who has to act in it until when."""
        await self.work.cases.save(case)
        await self.work.open_steps.put(case)
        await self.work.timeline.add(tuple(self.events))
        self.events.clear()
        if self.restated:
            await self.work.reviews.judge(case.case_id, at=self.now)
            self.restated = False

    def note(
        self,
        case_id: UUID,
        kind: EventKind,
        text: str,
        *,
        by: InstitutionId = "",
        actor: str = "",
        message_id: UUID | None = None,
        citation: Citation | None = None,
    ) -> None:
        """A line of the timeline; `by` empty: this institution. No personal data of the insured person."""
        self.events.append(
            CaseEvent(self.new_id(), case_id, self.now, kind, by or self.me, text, actor, message_id, citation)
        )

    async def agreement_with(self, case: Case, state: StateCode) -> str | None:
        """The agreement between our state and another for this case: without one, nothing is sent there."""
        return await self.work.directory.agreement_between(
            self.my_state, state, branch=case.branch, on=case.claim.lodged_on
        )

    async def send_to_others(
        self, case: Case, *, kind: str, key: str, record: bytes, in_reply_to: UUID | None = None
    ) -> tuple[InstitutionId, ...]:
        """Send one record to every other institution of the case with whose state there is an agreement."""
        sent = []
        for other in case.participants:
            if other.institution == self.me:
                continue
            agreement_id = await self.agreement_with(case, other.state)
            if agreement_id is None:
                continue
            reply = in_reply_to if other.institution == case.contact else None
            await self.send(
                other.institution,
                case.case_id,
                kind=kind,
                key=key,
                record=record,
                agreement_id=agreement_id,
                in_reply_to=reply,
            )
            sent.append(other.institution)
        return tuple(sent)

    async def send(
        self,
        recipient: InstitutionId,
        case_id: UUID,
        *,
        kind: str,
        key: str,
        record: bytes,
        agreement_id: str,
        in_reply_to: UUID | None = None,
    ) -> None:
        if await self.work.protected.among([case_id]):
            record = marked(kind, record)
        await self.work.sender.send(
            CaseMessage(
                message_id=self.new_id(),
                idempotency_key=f"{kind}:{key}:{recipient}",
                recipient=recipient,
                case_id=case_id,
                type=kind,
                schema_version=SCHEMA_VERSION,
                record=record,
                agreement_id=agreement_id,
                in_reply_to=in_reply_to,
            )
        )

    async def protect(self, case_id: UUID) -> None:
        """Hide all that is kept here of the person of a case. Only cleared staff shows it again."""
        await self.work.protected.protect([case_id, *await self.work.people.kept_of(case_id)])

    async def protect_like_others(self, case_id: UUID) -> None:
        """Protect a new case whose person is protected here already."""
        if await self.work.protected.among(await self.work.people.kept_of(case_id)):
            await self.protect(case_id)

    async def expect_answers(self, case_id: UUID, participants: Iterable[Participant]) -> None:
        """Note in the career that these institutions were asked and have not answered."""
        for each in participants:
            career = CareerRecord(
                each.state, each.institution, AnswerStatus.ASKED_NO_ANSWER, asked_on=each.asked_at.date()
            )
            await self.work.careers.put(case_id, career, at=self.now)


def no_such_case(case_id: UUID) -> NotFoundError:
    """What is said of a case that is not here, and in the same words of one that is hidden from who asks."""
    return NotFoundError(f"There is no case {case_id} here: take an id from the list of cases.")
