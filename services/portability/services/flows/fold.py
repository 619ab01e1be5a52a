"""The fold of a case: its documents add up to a position.

A position depends on which documents are there, not on the order in which they came. Documents are taken in the order
of their signed times; one that does not fit yet waits and is tried again after each other one. So a reply that comes
before its request has its effect once the request is here, and clocks that differ by some minutes do no harm.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from portability.services.flows.clock import holders
from portability.services.flows.definition import Action, Deadline, Flow, Move
from portability.services.flows.fitting import condition_holds, misfit, moved_by
from portability.services.flows.model import Document, Instance, InstanceKey, PassedDeadline, Position

__all__ = ["position"]


def position(flow: Flow, documents: Iterable[Document]) -> Position:
    """What the documents add up to."""
    # What opens the case is first whatever the clocks say: nothing can have been said in it before.
    documents = sorted(documents, key=lambda one: (not _opens(flow, one), one.order))
    found = Position(void=_void(flow, documents))
    pending = [one for one in documents if one.document_id not in found.void]
    while (fitting := _first_fitting(flow, found, pending)) is not None:
        pending.remove(fitting)
        found = _joined(flow, _take(flow, found, fitting), fitting)
    waiting = {one.document_id: misfit(flow, found, one) for one in pending if one.passed is None}
    return replace(found, waiting=waiting)


def _opens(flow: Flow, document: Document) -> bool:
    action = flow.actions.get(document.action)
    return action is not None and action.opens


def _first_fitting(flow: Flow, found: Position, pending: Sequence[Document]) -> Document | None:
    return next((one for one in pending if not misfit(flow, found, one)), None)


def _void(flow: Flow, documents: Sequence[Document]) -> dict[UUID, UUID]:
    """Documents that were taken back by their sender, or refused by one who had received them.

    What opened a case is never unsaid: a case is closed. Nor is what administers one.
    """
    by_id = {one.document_id: one for one in documents}
    found = {}
    for document in documents:
        action = flow.actions.get(document.action)
        target = by_id.get(document.target) if document.target is not None else None
        if action is None or target is None or not action.voids or target.action not in flow.own_actions:
            continue
        may = target.sender == document.sender if action.voids == "own" else document.sender in target.to
        if may and not flow.actions[target.action].opens:
            found[target.document_id] = document.document_id
    return found


def _take(flow: Flow, found: Position, document: Document) -> Position:
    applied = {**found.applied, document.document_id: document}
    if document.passed is not None:
        return replace(found, applied=applied, instances=_after_deadline(flow, found, document, document.passed))
    action = flow.actions[document.action]
    if document.target is not None and not action.voids:
        superseded = {**found.superseded, document.target: document.document_id}
        return replace(found, applied=applied, superseded=superseded)
    found = _with_parties(flow, found, document, action)
    instances = dict(found.instances)
    for move in action.moves:
        for key in moved_by(flow, found, document, move):
            instances[key] = _moved(move, document)
    if action.extends and document.due_on is not None:
        instances = _extended(flow, replace(found, instances=instances), document, document.due_on)
    return replace(found, applied=applied, instances=instances)


def _moved(move: Move, document: Document) -> Instance:
    return Instance(
        move.to,
        document.at,
        document.document_id,
        document.sender,
        due_on=document.due_on,
        deadline_rule_id=document.deadline_rule_id,
    )


def _with_parties(flow: Flow, found: Position, document: Document, action: Action) -> Position:
    """With the parties that a document names, each with its instances; a newcomer is told where the case stands."""
    if not (action.opens or action.parties) or not document.parties:
        return found
    # Who was here before knows where the case stands; only what is new to it is taken from the document.
    known = found.instances.keys()
    owner = found.owner or document.owner or document.sender
    found = replace(found, owner=owner, parties={each.institution: each for each in document.parties})
    placed = {(one.track, one.key): one.state for one in document.placed if one.track in flow.tracks}
    instances = {
        key: instance
        for key, instance in found.instances.items()
        if not key[1] or key[1].rpartition("/")[2] in found.parties
    }
    for name, track in flow.tracks.items():
        for key in _keys(found, track.each):
            instances.setdefault((name, key), Instance(track.start, document.at))
    for full, state in placed.items():
        if full not in known and state != instances.get(full, Instance("", document.at)).state:
            instances[full] = Instance(state, document.at, document.document_id, document.sender)
    return replace(found, instances=instances)


def _keys(found: Position, each: tuple[str, ...]) -> list[str]:
    return [one for one in found.parties if found.is_one_of(one, each)] if each else [""]


def _after_deadline(
    flow: Flow, found: Position, document: Document, passed: PassedDeadline
) -> dict[InstanceKey, Instance]:
    key = (passed.track, passed.key)
    instances = dict(found.instances)
    stood = instances[key]
    rule = _rule(flow, passed.rule_id)
    instances[key] = replace(stood, passed=(*stood.passed, passed.rule_id))
    for move in rule.moves if rule else ():
        whose = stood.asker if move.of == "asker" else passed.key
        moved = (move.track, whose if flow.tracks[move.track].each else "")
        if moved in instances and instances[moved].state in move.from_:
            instances[moved] = Instance(move.to, document.at, document.document_id, stood.asker, rule_id=passed.rule_id)
    return instances


def _rule(flow: Flow, rule_id: str) -> Deadline | None:
    return next((rule for rules in flow.deadlines.values() for rule in rules if rule.id == rule_id), None)


def _extended(flow: Flow, found: Position, document: Document, day: date) -> dict[InstanceKey, Instance]:
    """A new day for what the sender holds and a recipient has asked for; no day of the law is put off by it."""
    return {
        key: replace(instance, extended_to=day, passed=())
        if instance.asker in document.to
        and document.sender in holders(flow, found, key, flow.tracks[key[0]].states[instance.state])
        else instance
        for key, instance in found.instances.items()
    }


def _joined(flow: Flow, found: Position, document: Document) -> Position:
    """What moves by itself after a document."""
    for join in flow.joins:
        if not all(condition_holds(found, each, "") for each in join.when):
            continue
        moves = {
            key: Instance(join.to, document.at, document.document_id, found.owner)
            for key, instance in found.instances.items()
            if key[0] == join.track and instance.state in join.from_
        }
        if moves:
            return _joined(flow, replace(found, instances={**found.instances, **moves}), document)
    return found
