"""Whether a document fits at a position, and for people: why not."""

from collections.abc import Iterator

from portability.services.flows.definition import Action, Condition, Flow, Move, Track
from portability.services.flows.model import Document, InstanceKey, InstitutionId, PassedDeadline, Position

__all__ = ["condition_holds", "misfit", "moved_by", "why_not_action"]


def why_not_action(flow: Flow, found: Position, name: str, institution: InstitutionId) -> str:
    """Why an institution may not send an action now; empty where it may."""
    action = flow.actions.get(name)
    if action is None:
        return f"{_name(flow)} has no action '{name}'."
    reason = _why_not_sender(found, name, action, institution)
    if reason or action.opens:
        return reason
    reasons = (_why_not_move(flow, found, action, move, institution) for move in action.moves)
    missing = (each.why for each in action.when if not condition_holds(found, each, institution))
    return next(filter(None, reasons), "") or next(missing, "")


def misfit(flow: Flow, found: Position, document: Document) -> str:
    """Why a document, whoever sent it, has no effect at a position; empty where it fits.

    Conditions of an action are for its sender to keep: another node may not see all that they speak of.
    """
    if document.passed is not None:
        return _misfit_deadline(flow, found, document.passed)
    action = flow.actions.get(document.action)
    if action is None:
        return f"{_name(flow)} has no action '{document.action}'."
    if action.parties and document.placed and not found.parties:
        return ""  # It brings a newcomer into the case, and says where the case stands.
    reason = _why_not_sender(found, document.action, action, document.sender)
    if not reason and document.in_reply_to is not None and document.in_reply_to not in found.applied:
        reason = "it answers a message that is not here, or that has no effect any more."
    if reason or action.voids or action.opens:
        return reason  # What it voids is left out from the start.
    return _misfit_moves(flow, found, action, document) if document.target is None else _misfit_update(found, document)


def condition_holds(found: Position, condition: Condition, institution: InstitutionId) -> bool:
    """Whether the instances that a condition speaks of stand where it wants them; of none at all, it does not."""
    inside = [
        instance.state in condition.in_
        for (track, key), instance in found.instances.items()
        if track == condition.track and (condition.of != "own" or key.rpartition("/")[2] in {"", institution})
    ]
    return any(inside) if condition.of == "any" else bool(inside) and all(inside)


def moved_by(flow: Flow, found: Position, document: Document, move: Move) -> Iterator[InstanceKey]:
    """The instances that a document moves: the case's, its sender's own, or those of whom it goes to."""
    for key in _reached(flow, found, document, move):
        instance = found.instances.get((move.track, key))
        if (instance.state in move.from_) if instance else not move.from_:
            yield move.track, key


def _reached(flow: Flow, found: Position, document: Document, move: Move) -> Iterator[str]:
    track = flow.tracks[move.track]
    if not track.each:
        yield ""
    elif track.by_message:
        yield from _reached_by_message(found, document, move)
    elif move.of == "sender" or (move.of != "recipients" and found.is_one_of(document.sender, track.each)):
        yield document.sender
    else:
        yield from document.to


def _reached_by_message(found: Position, document: Document, move: Move) -> Iterator[str]:
    """Instances "<asker>/<document>/<asked>": whoever was asked answers; a question is taken back by `invalidate`."""
    if not move.from_:
        yield from (f"{document.sender}/{document.document_id}/{one}" for one in document.to)
        return
    for track, key in found.instances:
        if track == move.track and key.endswith(f"/{document.in_reply_to}/{document.sender}"):
            yield key


def _why_not_sender(found: Position, name: str, action: Action, institution: InstitutionId) -> str:
    if action.opens:
        return f"the case was opened before; '{name}' opens one." if found.parties else ""
    if not found.parties:
        return "nobody has opened the case yet, or that message is not here."
    if institution not in found.parties:
        return f"{institution} takes no part in the case."
    if not found.is_one_of(institution, action.by):
        return f"it is for {' or '.join(action.by)} to send; {institution} is {found.role_of(institution)}."
    if action.closed == found.is_open:
        return "the case is open." if action.closed else "the case is closed: ask to reopen it first."
    return ""


def _why_not_move(flow: Flow, found: Position, action: Action, move: Move, institution: InstitutionId) -> str:
    """In the words of the flow file: where the track must stand, and where it stands."""
    if not move.from_:
        return ""
    track = flow.tracks[move.track]
    mine = {
        instance.state
        for (name, key), instance in found.instances.items()
        if name == move.track and _concerns(found, track, key, institution, action=action, move=move)
    }
    if mine & set(move.from_):
        return ""
    wanted = " or ".join(f"'{track.states[state].says}'" for state in move.from_)
    now = ", ".join(f"'{track.states[state].says}'" for state in sorted(mine)) or "not begun"
    return f"{track.says} must stand at {wanted}; it stands at {now}."


def _concerns(
    found: Position, track: Track, key: str, institution: InstitutionId, *, action: Action, move: Move
) -> bool:
    """Whether an institution could move an instance with an action: its own one, or one of whom it may speak to."""
    if not track.each:
        return True
    if track.by_message:
        return key.rpartition("/")[2] == institution
    own = found.is_one_of(institution, track.each) and move.of != "recipients"
    if own or move.of == "sender":
        return key == institution
    return key != institution and found.is_one_of(key, action.to)


def _misfit_moves(flow: Flow, found: Position, action: Action, document: Document) -> str:
    for move in action.moves:
        if not any(moved_by(flow, found, document, move)):
            reason = _why_not_move(flow, found, action, move, document.sender)
            return reason or "it reaches nobody whom it could concern."
    return ""


def _misfit_update(found: Position, document: Document) -> str:
    before = found.applied.get(document.target) if document.target is not None else None
    if before is None or (before.action, before.sender) != (document.action, document.sender):
        return "it updates a message that is not here, that has no effect, or that is not of its sender and action."
    return ""


def _misfit_deadline(flow: Flow, found: Position, passed: PassedDeadline) -> str:
    instance = found.instances.get((passed.track, passed.key))
    runs = found.is_open or (passed.track in flow.tracks and flow.tracks[passed.track].closed)
    if instance is None or not runs or instance.since != passed.since or passed.rule_id in instance.passed:
        return "what it was for is over."
    return ""


def _name(flow: Flow) -> str:
    return f"Version {flow.version} of '{flow.flow}'"
