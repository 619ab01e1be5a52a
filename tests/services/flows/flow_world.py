"""Cases without a node: institutions say things one after the other, and the engine folds them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from portability.adapters.clock.fake import ManualClock, counting_ids
from portability.services.flows.clock import passed_deadlines
from portability.services.flows.definition import LIAISON_BODY, Flow
from portability.services.flows.engine import allowed, apply, position, recipients, steps
from portability.services.flows.load import packaged_flows
from portability.services.flows.model import PASSED, Document, Party, Position, Step

START = datetime(2026, 3, 2, 9, tzinfo=UTC)  # a Monday


def newest(flow_id: str) -> Flow:
    """The newest version of a packaged flow."""
    return max((flow for key, flow in packaged_flows().items() if key[0] == flow_id), key=lambda flow: flow.version)


def no_holidays(state: str, day: date) -> bool:
    return False


@dataclass
class World:
    """One case as somebody sees it who sees everything."""

    flow: Flow
    parties: Mapping[str, str]  # institution to role
    agreement: str = "eu-883-2004"
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    documents: list[Document] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.new_id = counting_ids()

    @property
    def position(self) -> Position:
        return position(self.flow, self.documents)

    def say(
        self,
        sender: str,
        action: str,
        *to: str,
        reply: Document | None = None,
        target: Document | None = None,
        due_on: date | None = None,
        parties: Mapping[str, str] | None = None,
    ) -> Document:
        """Send one message a minute after the last; CaseStateError where it is not allowed."""
        document = self.draft(sender, action, *to, reply=reply, target=target, due_on=due_on, parties=parties)
        apply(self.flow, self.documents, document)
        self.documents.append(document)
        self.clock.advance(timedelta(minutes=1))
        return document

    def draft(
        self,
        sender: str,
        action: str,
        *to: str,
        reply: Document | None = None,
        target: Document | None = None,
        due_on: date | None = None,
        parties: Mapping[str, str] | None = None,
    ) -> Document:
        said = self.flow.actions[action]
        named = parties or (self.parties if said.opens else {})
        document = Document(
            self.new_id(),
            action,
            sender,
            to,
            self.clock.now(),
            in_reply_to=reply.document_id if reply else None,
            target=target.document_id if target else None,
            due_on=due_on,
            parties=tuple(
                Party(one, role, self.agreement if role != LIAISON_BODY else "") for one, role in named.items()
            ),
        )
        if to:
            return document
        seen = position(self.flow, (*self.documents, document)) if said.opens else self.position
        return replace(document, to=recipients(seen, said, sender))

    def wait(self, **span: float) -> None:
        """Let time pass, and the clock note what has passed."""
        self.clock.advance(timedelta(**span))
        while passed := next(
            passed_deadlines(self.flow, self.position, now=self.clock.now(), holidays=no_holidays), None
        ):
            self.documents.append(Document(self.new_id(), PASSED, "clock", (), passed[2], passed=passed[0]))

    def state(self, track: str, key: str = "") -> str:
        return self.position.instances[track, key].state

    def step(self, track: str, key: str = "") -> Step:
        found = steps(self.flow, self.position, now=self.clock.now(), holidays=no_holidays)
        return next(one for one in found if (one.track, one.key) == (track, key))

    def why_not(self, institution: str, action: str) -> str:
        found = allowed(self.flow, self.position, institution)
        return next(one.why_not for one in found if one.action == action)
