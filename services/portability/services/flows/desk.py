"""What a use case works with: the ports of its transaction, who "we" are, the present, and small steps they share."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from types import MappingProxyType
from uuid import UUID

from portability.agreements.errors import InputError, NotFoundError
from portability.services.flows.clock import ends_at, rules_of
from portability.services.flows.definition import Flow
from portability.services.flows.engine import position, steps, with_effect
from portability.services.flows.mapping.envelope import write_envelope
from portability.services.flows.model import (
    CaseFile,
    InstitutionId,
    KeptDocument,
    Party,
    Placed,
    Position,
    state_of,
)
from portability.services.flows.ports import FlowMessage, FlowParts, FlowWork, OpenStep, Standing

__all__ = ["Desk", "no_such_case", "placed"]


@dataclass(frozen=True, slots=True)
class Desk:
    """One institution at one instant, inside one transaction."""

    work: FlowWork
    parts: FlowParts
    now: datetime

    @property
    def me(self) -> InstitutionId:
        return self.parts.me

    def flow_of(self, case: CaseFile) -> Flow:
        """The flow and version with which a case was opened. Raises InputError where this node does not have it."""
        return self.flow(case.flow_id, case.flow_version)

    def flow(self, flow_id: str, version: int) -> Flow:
        found = self.parts.flows.get((flow_id, version))
        if found is None:
            # Another institution may have named it: what is no flow of ours is not repeated.
            named = f"the flow '{flow_id}'" if any(flow_id == one for one, _ in self.parts.flows) else "this flow"
            raise InputError(
                f"Version {version} of {named} is not known here: install the release that has it.",
                field="flow_version",
            )
        return found

    async def case_for_change(self, case_id: UUID) -> CaseFile:
        """The case, locked; raises NotFoundError where this institution has no such case."""
        case = await self.work.shelf.get(case_id, for_change=True)
        if case is None:
            raise no_such_case(case_id)
        return case

    async def keep(self, case: CaseFile, documents: Sequence[KeptDocument]) -> CaseFile:
        """Keep documents that are not here yet, and how the case stands with them."""
        known = {one.document.document_id for one in case.documents}
        fresh = [one for one in documents if one.document.document_id not in known]
        await self.work.shelf.add(case, fresh)
        await self.work.changes.note(case.case_id, fresh, at=self.now)
        case, flow = replace(case, documents=(*case.documents, *fresh)), self.flow_of(case)
        found = position(flow, case.said)
        await self.work.standings.put(self.standing(case, found))
        counting = with_effect(case, found)
        opened_by = [one for one in counting if one.document.passed is None and flow.actions[one.document.action].opens]
        await self.work.persons.keep(case, opened_by=opened_by, new=fresh)
        await self.work.records.keep(case.case_id, counting, new=fresh, at=self.now)
        return case

    def standing(self, case: CaseFile, found: Position) -> Standing:
        """Who holds what, and when the clock has to look again."""
        flow = self.flow_of(case)
        shown = steps(flow, found, now=self.now, holidays=self.parts.holidays)
        open_steps = tuple(
            OpenStep(case.case_id, flow.flow, step.step_id, holder, step.since, step.due_on, step.rule_id)
            for step in shown
            for holder in step.holders
            if step.due_on is not None
        )
        return Standing(case.case_id, found.is_open, open_steps, self._look_at(flow, found))

    def _look_at(self, flow: Flow, found: Position) -> datetime | None:
        days = [
            ends_at(day)
            for key, instance in found.instances.items()
            for rule, day in rules_of(flow, found, key, holidays=self.parts.holidays)
            if rule.id not in instance.passed
        ]
        return min(days, default=None)

    async def check_content(
        self,
        kind: str,
        content: bytes,
        *,
        sender: InstitutionId,
        flow: Flow,
        others: Iterable[InstitutionId],
        on: date | None = None,
    ) -> None:
        """Return where a message may carry a content to, or from, these; InputError names the field and why.

        `on`: the day on which it came, by which its days are judged; None: it is sent now.
        What an agreement asks of a message is asked at both ends: its recipient does not take what it could not use.
        """
        day = on or self.now.date()
        self.parts.contents.check(kind, content, sender=sender, purpose=flow.purpose, on=day)
        for state in sorted({state_of(one) for one in others}):
            await self.profile(kind, content, flow=flow, state=state)

    async def profile(self, kind: str, content: bytes, *, flow: Flow, state: str) -> str:
        """The profile by which a message goes between us and a state; empty where its own rules stand alone."""
        if not self.parts.contents.has_profiles(kind):
            return ""
        mine = state_of(self.me)
        agreement_id = await self.agreement(mine, state, flow=flow, on=self.now.date())
        return self.parts.contents.check_profile(kind, content, agreement_id=agreement_id, states=(mine, state))

    async def send(
        self,
        case: CaseFile,
        kept: KeptDocument,
        found: Position,
        *,
        instead: Mapping[InstitutionId, bytes] = MappingProxyType({}),
    ) -> None:
        """Send a document to each of its recipients; each is told of those parties only that it has to do with.

        `instead`: the content for those that may not know all of it.
        """
        flow = self.flow_of(case)
        document = kept.document
        is_protected = bool(await self.work.protected.among([case.case_id]))
        for recipient in document.to:
            if recipient == self.me:
                continue
            visible = await self._visible_to(recipient, found.parties.values(), flow)
            said = replace(
                document,
                to=tuple(one for one in document.to if one in visible),
                parties=tuple(one for one in document.parties if one.institution in visible),
                placed=tuple(one for one in document.placed if not one.key or one.key.rpartition("/")[2] in visible),
            )
            content = instead.get(recipient, kept.content)
            agreement_id = await self.agreement(state_of(self.me), state_of(recipient), flow=flow, on=self.now.date())
            await self.work.sender.send(
                FlowMessage(
                    message_id=self.parts.new_id(),
                    idempotency_key=f"{document.document_id}:{recipient}",
                    recipient=recipient,
                    case_id=case.case_id,
                    type=kept.type,
                    purpose=flow.purpose,
                    record=write_envelope(
                        replace(kept, document=said, content=content),
                        flow=flow.key,
                        since=self.now.date(),
                        is_protected=is_protected,
                        profile_id=await self.profile(kept.type, content, flow=flow, state=state_of(recipient)),
                    ),
                    agreement_id=agreement_id,
                )
            )

    async def _visible_to(
        self, recipient: InstitutionId, parties: Iterable[Party], flow: Flow
    ) -> frozenset[InstitutionId]:
        state, today = state_of(recipient), self.now.date()
        visible = {recipient, self.me}
        for party in parties:
            other = state_of(party.institution)
            if other == state or await self.agreement(state, other, flow=flow, on=today):
                visible.add(party.institution)
        return frozenset(visible)

    async def agreement(self, state: str, other: str, *, flow: Flow, on: date) -> str:
        """The agreement that binds two states for a flow; empty where none does, and within one state."""
        if state == other:
            return ""
        return await self.work.agreements.agreement_between(state, other, branch=flow.branch, on=on) or ""

    async def bound_parties(self, parties: Sequence[Party], *, owner: InstitutionId, flow: Flow) -> tuple[Party, ...]:
        """The parties, each with the agreement between its state and the owner's; InputError where none binds."""
        own, today, found = state_of(owner), self.now.date(), []
        for index, party in enumerate(parties):
            state = state_of(party.institution)
            agreement_id = await self.agreement(own, state, flow=flow, on=today)
            if state != own and not agreement_id:
                why = await self.work.agreements.why_no_agreement(own, state, branch=flow.branch, on=today)
                raise InputError(f"{party.institution} cannot take part: {why}", field=f"parties[{index}]")
            found.append(replace(party, agreement_id=agreement_id))
        return tuple(found)


def placed(found: Position) -> tuple[Placed, ...]:
    """Where each track of a case stands, for a newcomer; questions between others are none of its business."""
    return tuple(
        Placed(track, key, instance.state)
        for (track, key), instance in sorted(found.instances.items())
        if "/" not in key
    )


def no_such_case(case_id: UUID) -> NotFoundError:
    """What is said of a case that is not here, and in the same words of one that is hidden from who asks."""
    return NotFoundError(f"There is no case {case_id} here: take an id from the list of cases.")
