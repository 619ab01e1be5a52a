"""What holds for every flow, however a case goes: random cases by random institutions, with time passing."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from flow_world import World
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from portability.services.flows.clock import rules_of
from portability.services.flows.definition import CASE, LIAISON_BODY, Flow, Move
from portability.services.flows.engine import allowed, position, steps
from portability.services.flows.load import administration, packaged_flows
from portability.services.flows.model import Document

FLOWS = {flow.number: flow for flow in packaged_flows().values()}
NAMES = ("it-inps", "de-drv", "fr-cnav", "es-inss")
STEPS = 10


def cast(flow: Flow) -> dict[str, str]:
    """Two institutions for a role of many, one for each other."""
    names = iter(NAMES)
    roles = [role for name, role in flow.roles.items() for role in [name] * (2 if role.many else 1)]
    return {next(names): role for role in roles if role != LIAISON_BODY}


def choices(world: World) -> list[tuple[str, str]]:
    """Who could do what of the flow's own actions now."""
    found = world.position
    return [
        (institution, one.action)
        for institution, role in world.parties.items()
        for one in allowed(world.flow, found, institution)
        if one.allowed and one.action in world.flow.own_actions
        if not world.flow.actions[one.action].opens or role in world.flow.actions[one.action].by
    ]


def question(world: World, action: str, asked: str) -> Document | None:
    """The last question by message, open to an institution, that this action answers."""
    answered = {move.track for move in world.flow.actions[action].moves if move.from_}
    by_id = {str(one.document_id): one for one in world.documents}
    found = None
    for (track, key), instance in world.position.instances.items():
        definition = world.flow.tracks[track]
        if track in answered and definition.by_message and instance.state == definition.start:
            _, document, name = key.split("/")
            found = by_id[document] if name == asked else found
    return found


def go_on(world: World, draw: st.DataObject) -> None:
    institution, action = draw.draw(st.sampled_from(choices(world)))
    world.say(institution, action, reply=question(world, action, institution))
    if draw.draw(st.booleans()):
        world.wait(days=draw.draw(st.integers(0, 70)))


def played(flow: Flow, draw: st.DataObject) -> World:
    world = World(flow, cast(flow), draw.draw(st.sampled_from(["eu-883-2004", "ca-de"])))
    for _ in range(draw.draw(st.integers(1, STEPS))):
        if not choices(world):
            break
        go_on(world, draw)
    return world


@pytest.mark.parametrize("number", FLOWS)
@given(data=st.data())
@settings(max_examples=6, deadline=None, phases=[Phase.generate])
def test_no_case_is_stuck(number: str, data: st.DataObject) -> None:
    """As long as somebody is awaited, one who is awaited can do what leads on, and there is a day until which."""
    world = played(flow := FLOWS[number], data)
    found = world.position
    assert not found.waiting
    for step in steps(flow, found, now=world.clock.now(), holidays=lambda state, day: False):
        track = flow.tracks[step.track]
        if step.holders:
            can = {one.action for name in step.holders for one in allowed(flow, found, name) if one.allowed}
            assert can & set(step.next), step
            assert step.due_on is not None, step
            assert step.rule_id, step
        elif not track.states[step.state].end and track.states[step.state] is not track.states[track.start]:
            open_ends = [join for join in flow.joins if join.track == step.track and step.state in join.from_]
            runs = list(rules_of(flow, found, (step.track, step.key), holidays=lambda state, day: False))
            assert step.next or open_ends or runs, step


@pytest.mark.parametrize("number", FLOWS)
@given(data=st.data())
@settings(max_examples=6, deadline=None, phases=[Phase.generate])
def test_the_order_of_arrival_changes_nothing(number: str, data: st.DataObject) -> None:
    world = played(flow := FLOWS[number], data)
    shuffled = data.draw(st.permutations(world.documents))
    assert position(flow, shuffled) == world.position


@pytest.mark.parametrize("number", FLOWS)
@given(data=st.data())
@settings(max_examples=6, deadline=None, phases=[Phase.generate])
def test_every_part_of_a_case_can_be_folded(number: str, data: st.DataObject) -> None:
    """Whatever has not arrived yet, what is here adds up to something, and nothing of it is lost."""
    world = played(flow := FLOWS[number], data)
    some = [one for one in world.documents if data.draw(st.booleans())]
    found = position(flow, some)
    said = {one.document_id for one in some if one.passed is None}
    assert said <= found.applied.keys() | found.waiting.keys() | found.void.keys()


@pytest.mark.parametrize("number", [key for key, one in FLOWS.items() if any(t.any_order for t in one.tracks.values())])
@given(data=st.data())
@settings(max_examples=6, deadline=None, phases=[Phase.generate])
def test_where_the_flow_says_so_two_institutions_may_come_in_any_order(number: str, data: st.DataObject) -> None:
    """What two institutions said for themselves, with their times exchanged, gives the same states in those tracks."""
    world = played(flow := FLOWS[number], data)
    own = [
        one
        for one in world.documents
        if one.passed is None
        and (moves := flow.actions[one.action].moves)
        and all(flow.tracks[move.track].any_order and flow.tracks[move.track].each for move in moves)
    ]
    pairs = [
        (first, second)
        for first, second in pairwise(own)
        if first.sender != second.sender and world.documents.index(second) == world.documents.index(first) + 1
        if second.in_reply_to != first.document_id and not _asks(flow, first, second)
    ]
    for first, second in pairs[:2]:
        exchanged = {
            first.document_id: replace(first, at=second.at),
            second.document_id: replace(second, at=first.at),
        }
        other = position(flow, [exchanged.get(one.document_id, one) for one in world.documents])
        assert {key: state for key, state in other.states.items() if flow.tracks[key[0]].any_order} == {
            key: state for key, state in world.position.states.items() if flow.tracks[key[0]].any_order
        }


def _asks(flow: Flow, first: Document, second: Document) -> bool:
    """Whether one speaks to the other's own instance: then one is the cause of the other, and not beside it."""
    return any(
        one.sender in other.to and any(_moves_others(flow, other, move) for move in flow.actions[other.action].moves)
        for one, other in ((first, second), (second, first))
    )


def _moves_others(flow: Flow, document: Document, move: Move) -> bool:
    own = cast(flow)[document.sender] in flow.tracks[move.track].each
    return move.of == "recipients" or (move.of != "sender" and not own)


def test_each_flow_has_the_whole_administration() -> None:
    for flow in FLOWS.values():
        assert administration().actions.keys() <= flow.actions.keys()
        assert (CASE in flow.tracks) and flow.own_actions.isdisjoint(administration().actions)


def test_time_that_passes_twice_passes_once() -> None:
    world = World(FLOWS["F1"], cast(FLOWS["F1"]))
    opener = next(name for name, action in FLOWS["F1"].actions.items() if action.opens)
    sender = next(name for name, role in world.parties.items() if role in FLOWS["F1"].actions[opener].by)
    world.say(sender, opener)
    world.wait(days=100)
    count = len(world.documents)
    world.clock.advance(timedelta(minutes=1))
    world.wait(minutes=1)
    assert len(world.documents) == count
