"""Use cases of cases on flows. Each runs inside the caller's transaction and asks the engine first.

Writes are carried out once by their `request_id`. What is for a person to say needs a named caseworker's certificate.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from uuid import UUID

from portability.agreements.careers import PersonIdentifier
from portability.agreements.errors import DeniedError, InputError
from portability.services.access import Caller, Role
from portability.services.flows.definition import Flow
from portability.services.flows.desk import Desk, no_such_case, placed
from portability.services.flows.engine import allowed, apply, first_due, position, recipients, steps
from portability.services.flows.model import (
    ActionState,
    CaseFile,
    Document,
    InstitutionId,
    KeptDocument,
    Party,
    Placed,
    Position,
    Step,
)
from portability.services.flows.ports import CaseLine, CasePage, FlowParts, FlowWork, OpenStep
from portability.services.idempotency import once
from portability.services.looking import read_by_staff

__all__ = ["Act", "FlowUseCases", "FlowView", "StartCase"]


@dataclass(frozen=True, slots=True)
class StartCase:
    """`is_protected`: the case is of a protected person, which the message that opens it must say already."""

    request_id: UUID
    flow_id: str
    action: str
    parties: tuple[Party, ...]
    content: bytes
    language: str = ""
    is_protected: bool = False


@dataclass(frozen=True, slots=True)
class Act:
    """`recipients` empty: all that the flow names. `about`: what is updated, taken back or refused.

    `instead`: the content for those recipients that may not know all of it.
    """

    request_id: UUID
    case_id: UUID
    action: str
    content: bytes
    recipients: tuple[InstitutionId, ...] = ()
    in_reply_to: UUID | None = None
    about: UUID | None = None
    parties: tuple[Party, ...] = ()
    due_on: date | None = None
    language: str = ""
    instead: tuple[tuple[InstitutionId, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class FlowView:
    """A case as its institution sees it now."""

    case: CaseFile
    position: Position
    steps: tuple[Step, ...]
    actions: tuple[ActionState, ...]


@dataclass(frozen=True, slots=True)
class FlowUseCases:
    """The use cases of one institution; each call brings the ports of its transaction."""

    parts: FlowParts

    def flows(self) -> list[Flow]:
        """The newest version of each flow, by number."""
        newest: dict[str, Flow] = {}
        for flow in sorted(self.parts.flows.values(), key=lambda one: one.version):
            newest[flow.flow] = flow
        return sorted(newest.values(), key=lambda one: (len(one.number), one.number))

    async def start_case(self, command: StartCase, *, caller: Caller, work: FlowWork) -> FlowView:
        """Open a case on the newest version of a flow, and send the message that opens it."""
        desk = self._desk(work)

        async def run() -> str:
            return str(await _start(command, self._newest(command.flow_id), caller=caller, desk=desk))

        return await self._view(UUID(await once(command, log=work.commands, run=run)), caller=caller, work=work)

    async def act(self, command: Act, *, caller: Caller, work: FlowWork) -> tuple[FlowView, UUID]:
        """Say one thing in a case; CaseStateError, with what is allowed, where it is not allowed now."""
        desk = self._desk(work)

        async def run() -> str:
            if not caller.is_cleared and command.case_id in await work.protected.among([command.case_id]):
                raise no_such_case(command.case_id)
            return str(await _act(command, caller=caller, desk=desk))

        document_id = UUID(await once(command, log=work.commands, run=run))
        return await self._view(command.case_id, caller=caller, work=work), document_id

    async def get_case(self, case_id: UUID, *, caller: Caller, work: FlowWork) -> FlowView:
        """One case; raises NotFoundError where this institution has no such case, or it is hidden from the caller."""
        return await self._view(case_id, caller=caller, work=work)

    async def list_cases(
        self,
        *,
        size: int,
        after: str,
        open_only: bool,
        caller: Caller,
        work: FlowWork,
        numbers: Sequence[PersonIdentifier] = (),
    ) -> CasePage:
        """Cases of every kind, the newest first; what is hidden from the caller is left out.

        `numbers`: cases of the person with one of these alone. A list names nobody; who finds cases so has looked.
        """
        among = await work.by_number.of(numbers) if numbers else None
        page = await work.lines.page(size=size, after=after, open_only=open_only, among=among)
        hidden = await self._hidden([one.case_id for one in page.lines], caller=caller, work=work)
        page = replace(page, lines=tuple(one for one in page.lines if one.case_id not in hidden))
        if numbers:
            await self._looked_at(page.lines, caller=caller, work=work)
        return page

    async def overdue(
        self, *, partner: InstitutionId, limit: int, caller: Caller, work: FlowWork
    ) -> Sequence[OpenStep]:
        """Steps whose day has passed, the longest overdue first; they name no person."""
        found = await work.standings.overdue(holder=partner, today=self.parts.clock.now().date(), limit=limit)
        hidden = await self._hidden([one.case_id for one in found], caller=caller, work=work)
        return [one for one in found if one.case_id not in hidden]

    async def _view(self, case_id: UUID, *, caller: Caller, work: FlowWork) -> FlowView:
        case, now = await work.shelf.get(case_id, for_change=False), self.parts.clock.now()
        if case is None:
            raise no_such_case(case_id)
        flow = self._desk(work).flow_of(case)
        shown = await read_by_staff(
            [case_id], caller=caller, work=work, new_id=self.parts.new_id, at=now, purpose=flow.purpose
        )
        if case_id not in shown:
            raise no_such_case(case_id)
        await work.correspondence.opened(case_id)
        found = position(flow, case.said)
        return FlowView(
            case,
            found,
            steps(flow, found, now=now, holidays=self.parts.holidays),
            allowed(flow, found, self.parts.me),
        )

    async def _looked_at(self, lines: Sequence[CaseLine], *, caller: Caller, work: FlowWork) -> None:
        purposes = {flow.flow: flow.purpose for flow in self.parts.flows.values()}
        new_id, now = self.parts.new_id, self.parts.clock.now()
        for one in lines:
            purpose = purposes[one.flow_id]
            await read_by_staff([one.case_id], caller=caller, work=work, new_id=new_id, at=now, purpose=purpose)

    async def _hidden(self, case_ids: Sequence[UUID], *, caller: Caller, work: FlowWork) -> frozenset[UUID]:
        return frozenset() if caller.is_cleared else await work.protected.among(case_ids)

    def _newest(self, flow_id: str) -> Flow:
        found = [flow for flow in self.parts.flows.values() if flow.flow == flow_id]
        if not found:
            known = ", ".join(flow.flow for flow in self.flows())
            raise InputError(f"There is no flow of that name: choose one of {known}.", field="flow_id")
        return max(found, key=lambda flow: flow.version)

    def _desk(self, work: FlowWork) -> Desk:
        return Desk(work, self.parts, self.parts.clock.now())


async def _start(command: StartCase, flow: Flow, *, caller: Caller, desk: Desk) -> UUID:
    # 1. The action opens cases of this flow, and we play the role that does.  2. Who takes part, under which
    # agreement.  3. What is said, and until when.  4. The case, and a message to each.
    # Step 1.
    action = flow.actions.get(command.action)
    mine = next((one for one in command.parties if one.institution == desk.me), None)
    if action is None or not action.opens:
        openers = ", ".join(name for name, one in flow.actions.items() if one.opens)
        raise InputError(f"No case of '{flow.flow}' is opened by that action: choose {openers}.", field="action")
    if mine is None or mine.role not in action.by:
        raise InputError(f"{desk.me} must take part as {' or '.join(action.by)}.", field="parties")
    _require_person(action.person, caller, says=action.says)
    _check_roles(command.parties, flow)
    # Step 2.
    parties = await desk.bound_parties(command.parties, owner=desk.me, flow=flow)
    # Step 3.
    document = Document(desk.parts.new_id(), command.action, desk.me, (), desk.now, parties=parties)
    seen = Position(parties={one.institution: one for one in parties}, owner=desk.me)
    others = recipients(seen, action, desk.me)
    await desk.check_content(action.type, command.content, sender=desk.me, flow=flow, others=others)
    document = _due(flow, (), replace(document, to=others), desk=desk)
    # Step 4.
    case = CaseFile(desk.parts.new_id(), flow.flow, flow.version, desk.now)
    kept = KeptDocument(document, action.type, command.content, command.language, caller.name)
    if command.is_protected:
        await desk.work.protected.protect([case.case_id])
    await _say(case, kept, flow=flow, desk=desk, caller=caller)
    return case.case_id


async def _act(command: Act, *, caller: Caller, desk: Desk) -> UUID:
    case = await desk.case_for_change(command.case_id)
    flow = desk.flow_of(case)
    action = flow.actions.get(command.action)
    if action is None:
        raise InputError(f"'{flow.flow}' has no action of that name: take one that the case lists.", field="action")
    _require_person(action.person, caller, says=action.says)
    before = position(flow, case.said)
    document = Document(
        document_id=desk.parts.new_id(),
        action=command.action,
        sender=desk.me,
        to=_checked_recipients(command, recipients(before, action, desk.me)),
        at=desk.now,
        in_reply_to=command.in_reply_to,
        target=command.about,
        due_on=command.due_on if action.extends else None,
    )
    if action.parties:
        document = await _with_parties(command, document, before, flow=flow, desk=desk)
    for content, others in ((command.content, document.to), *((said, (one,)) for one, said in command.instead)):
        await desk.check_content(action.type, content, sender=desk.me, flow=flow, others=others)
    document = _due(flow, case.said, document, desk=desk)
    kept = KeptDocument(document, action.type, command.content, command.language, caller.name)
    await _say(case, kept, flow=flow, desk=desk, caller=caller, instead=dict(command.instead))
    return document.document_id


def _due(flow: Flow, said: Sequence[Document], document: Document, *, desk: Desk) -> Document:
    """The document with the day until which it wants an answer; CaseStateError where it is not allowed."""
    after = apply(flow, said, document)
    due_on, rule_id = first_due(flow, after, document.document_id, holidays=desk.parts.holidays)
    return replace(document, due_on=document.due_on or due_on, deadline_rule_id=rule_id)


async def _say(
    case: CaseFile,
    kept: KeptDocument,
    *,
    flow: Flow,
    desk: Desk,
    caller: Caller,
    instead: Mapping[InstitutionId, bytes] = MappingProxyType({}),
) -> None:
    after = position(flow, (*case.said, kept.document))
    case = await desk.keep(case, [kept])
    if caller.is_cleared:  # to anybody else it would show that there is something
        await desk.work.persons.protect_like_others(case.case_id)
    await desk.send(case, kept, after, instead=instead)


async def _with_parties(command: Act, document: Document, before: Position, *, flow: Flow, desk: Desk) -> Document:
    """Who takes part from now on; newcomers and those who leave are told as well, and where the case stands."""
    if not command.parties:
        raise InputError(f"'{command.action}' changes who takes part: name them all.", field="parties")
    _check_roles(command.parties, flow)
    if before.owner not in {one.institution for one in command.parties}:
        raise InputError(f"{before.owner} has opened the case and stays in it.", field="parties")
    parties = await desk.bound_parties(command.parties, owner=before.owner, flow=flow)
    told = {*before.parties, *(one.institution for one in parties)} - {desk.me}
    return replace(
        document, to=tuple(sorted(told)), parties=parties, owner=before.owner, placed=_moved_places(before, parties)
    )


def _moved_places(before: Position, parties: Sequence[Party]) -> tuple[Placed, ...]:
    """Where the case stands; who takes the place of another of its role holds what that one held."""
    stay = {one.institution for one in parties}
    left = {one.role: one.institution for one in before.parties.values() if one.institution not in stay}
    came = {one.role: one.institution for one in parties if one.institution not in before.parties}
    heirs = {left[role]: came[role] for role in left.keys() & came.keys()}
    return tuple(
        replace(one, key=heirs.get(one.key, one.key))
        for one in placed(before)
        if not one.key or one.key in stay or one.key in heirs
    )


def _checked_recipients(command: Act, may: tuple[InstitutionId, ...]) -> tuple[InstitutionId, ...]:
    if not set(command.recipients) <= set(may):
        raise InputError(
            f"'{command.action}' does not go to all of these: it may go to {', '.join(may) or 'nobody'}.",
            field="recipients",
        )
    return command.recipients or may


def _check_roles(parties: Sequence[Party], flow: Flow) -> None:
    for index, party in enumerate(parties):
        if party.role not in flow.roles:
            known = ", ".join(flow.roles)
            raise InputError(f"That is no role of '{flow.flow}': choose {known}.", field=f"parties[{index}]")
    for name, role in flow.roles.items():
        if not role.many and sum(one.role == name for one in parties) > 1:
            raise InputError(f"Only one institution is {name} in '{flow.flow}'.", field="parties")
    if len({one.institution for one in parties}) != len(parties):
        raise InputError("An institution is named twice.", field="parties")


def _require_person(needed: bool, caller: Caller, *, says: str) -> None:  # noqa: FBT001 (reads the action's own flag)
    """Raise DeniedError where no named person calls: programs propose, people decide."""
    if not (caller.is_caseworker or caller.role is Role.SYSTEM):
        raise DeniedError(f"The role '{caller.role}' does not work on cases.")
    if needed and not (caller.is_caseworker and caller.name):
        raise DeniedError(f"Only a named caseworker may do this ({says}): connect with a caseworker's certificate.")
