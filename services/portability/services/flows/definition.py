"""What a flow file says: roles, tracks of states, actions, deadlines. Read from YAML, then trusted.

A track is a small state machine. It runs once in a case, once for each institution of some roles (`each: [role]`), or
once for each message and recipient (`each: [message]`). An action is one message; its moves say what it does to tracks.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from portability.agreements.values import Branch, Citation

__all__ = [
    "ANYBODY",
    "CASE",
    "EVERYONE",
    "LIAISON_BODY",
    "MESSAGE",
    "OWNER",
    "PARTY",
    "Action",
    "After",
    "Condition",
    "Deadline",
    "Flow",
    "FlowFile",
    "FlowKey",
    "Join",
    "Move",
    "Role",
    "State",
    "Track",
]

ANYBODY = "any"  # whoever takes part in the case, but for liaison bodies
EVERYONE = "everyone"  # liaison bodies too
OWNER = "owner"  # the institution that opened the case
LIAISON_BODY = "liaison_body"  # may be bound in every flow
PARTY = "party"  # the institution that an instance of a track belongs to
MESSAGE = "message"
CASE = "case"  # the track that every flow has: open, closed

FlowKey = tuple[str, int]  # id and version
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]
MessageType = Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z_]+){1,3}$")]


def _flag(value: object) -> object:
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value


Flag = Annotated[bool, BeforeValidator(_flag)]


def _citation(value: object) -> object:
    """`Regulation (EC) No 987/2009, Art. 16(3)`: the instrument, and the place after the last comma."""
    if not isinstance(value, str):
        return value
    instrument, _, article = value.rpartition(", ")
    if not instrument or not article:
        raise ValueError("a citation names an instrument and, after the last comma, the place in it")
    return Citation(instrument, article)


Cite = Annotated[Citation, BeforeValidator(_citation)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Role(_Part):
    """Who takes part. `many`: several institutions may play it in one case."""

    says: str
    many: Flag = False


class State(_Part):
    """`holder`: whose turn it is, until the deadline. Without a holder nobody is awaited; at an end nothing follows.

    `settles`: once the track stands here, nobody is awaited any more in any track of the flow.
    """

    says: str
    holder: Name | None = None
    deadline: Name | None = None
    end: Flag = False
    settles: Flag = False


class Track(_Part):
    """States in the order of the file; the first is where it starts.

    `any_order`: what two institutions send for their own instances gives the same states whichever comes first.
    `closed`: its clock runs while the case is closed.
    """

    says: str
    each: tuple[Name, ...] = ()
    any_order: Flag = False
    closed: Flag = False
    states: Annotated[dict[Name, State], Field(min_length=1)]

    @property
    def start(self) -> str:
        return next(iter(self.states))

    @property
    def by_message(self) -> bool:
        return MESSAGE in self.each


class Move(_Part):
    """From one of some states to another. `from` empty: a new instance begins (tracks by message)."""

    track: Name
    from_: Annotated[tuple[Name, ...], Field(alias="from")] = ()
    to: Name
    of: Literal["", "sender", "recipients", "asker"] = ""
    """Whose instance. Empty: the sender's own where it has one, elsewhere the recipients'; for a deadline, the same
    instance. `asker`: of the institution that had asked."""


class Condition(_Part):
    """Whether instances of a track stand in some states; `why` is what a caseworker reads where they do not."""

    track: Name
    in_: Annotated[tuple[Name, ...], Field(alias="in", min_length=1)]
    of: Literal["all", "any", "own"] = "all"
    why: str = ""


class Action(_Part):
    """One message of the case: who may send it to whom, and what it moves.

    `person`: only a named caseworker may. `closed`: it is for closed cases. `voids`: the message that it names has no
    effect any more. `parties`: it changes who takes part. `extends`: it gives a new day for what its sender holds.
    """

    says: str
    type: MessageType
    by: Annotated[tuple[Name, ...], Field(min_length=1)]
    to: tuple[Name, ...] = (ANYBODY,)
    moves: tuple[Move, ...] = ()
    when: tuple[Condition, ...] = ()
    opens: Flag = False
    person: Flag = False
    closed: Flag = False
    voids: Literal["", "own", "received"] = ""
    parties: Flag = False
    extends: Flag = False


class Join(_Part):
    """A move that happens by itself, as soon as its conditions hold."""

    track: Name
    from_: Annotated[tuple[Name, ...], Field(alias="from", min_length=1)]
    to: Name
    when: Annotated[tuple[Condition, ...], Field(min_length=1)]


class After(_Part):
    """How long, from the day on which the state began; exactly one of the three."""

    days: Annotated[int, Field(ge=1, le=1500)] | None = None
    months: Annotated[int, Field(ge=1, le=60)] | None = None
    working_days: Annotated[int, Field(ge=1, le=400)] | None = None


class Deadline(_Part):
    """One rule of the clock. The first one of an agreement is the day of the request, the others follow it.

    `basis` says whether the day is law. Where it is `service_standard`, `cite` is the duty and `pace` its words, and
    the day is the institutions' own. `status`: whether somebody has read the provision.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$")]
    agreement: str = ""  # empty: every agreement that has no rules of its own here
    after: After
    basis: Literal["law", "agreement", "service_standard"]
    status: Literal["verified", "unverified"] = "verified"
    cite: Cite | None = None
    pace: str = ""
    says: str
    effect: Literal["remind", "escalate_to_liaison", "silent_consent", "provisional_award", "close"]
    moves: tuple[Move, ...] = ()


class FlowFile(_Part):
    """A file of a flow, or of what all flows share (then `flow` is empty)."""

    flow: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,63})?$")] = ""
    number: str = ""  # "F2", in the list of flows
    version: Annotated[int, Field(ge=1)] = 1
    based_on: str = ""  # a packaged flow whose parts this one takes over; what stands here replaces the same there
    title: str
    counterpart: str = ""
    purpose: str = ""
    branch: Branch = Branch.OLD_AGE  # whose agreements bind the parties
    legal_basis: Cite | None = None
    not_modelled: tuple[str, ...] = ()
    roles: dict[Name, Role] = {}
    tracks: dict[Name, Track] = {}
    actions: dict[Name, Action] = {}
    joins: tuple[Join, ...] = ()
    deadlines: dict[Name, Annotated[tuple[Deadline, ...], Field(min_length=1)]] = {}


class Flow(FlowFile):
    """A flow with the shared administration in it: what the engine runs. Made by `load`."""

    own_actions: frozenset[str] = frozenset()  # without those of the shared file
    own_tracks: frozenset[str] = frozenset()

    @property
    def key(self) -> FlowKey:
        return self.flow, self.version

    def rules(self, deadline: str, agreement_id: str) -> tuple[Deadline, ...]:
        """The rules of a deadline under an agreement, by length as the file gives them."""
        rules = self.deadlines[deadline]
        own = tuple(rule for rule in rules if agreement_id and rule.agreement == agreement_id)
        return own or tuple(rule for rule in rules if not rule.agreement)
