"""Flow files to flows: strict, every fault with file and place, the shared administration put into each."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

from portability.agreements.errors import AgreementError, AgreementFileError, AgreementSyntaxError
from portability.agreements.loading import load_model
from portability.agreements.yaml_source import SourceTree, read_yaml
from portability.services.flows.definition import (
    ANYBODY,
    EVERYONE,
    LIAISON_BODY,
    MESSAGE,
    OWNER,
    PARTY,
    Action,
    Condition,
    Flow,
    FlowFile,
    FlowKey,
    Join,
    Move,
    Role,
    Track,
)
from portability.services.purposes import why_not_for

__all__ = ["administration", "load_flow", "packaged_flow_texts", "packaged_flows"]

SHARED = "administration.yaml"
_SHARED_ROLES = {
    LIAISON_BODY: Role(says="answers questions between states for its own (987/2009 Art. 1(2)(b))", many=True),
}
Path = tuple[str | int, ...]
Fault = tuple[Path, str]


def load_flow(text: str, file: str) -> Flow:
    """The flow of a file, with the shared administration. Raises AgreementFileError with every fault and its place."""
    return _complete(text, file, administration())


@cache
def administration() -> FlowFile:
    """What every flow has: closing, reopening, participants, reminders, clarifications, corrections, exceptions."""
    return load_model(FlowFile, read_yaml(_text(SHARED), SHARED))


@cache
def packaged_flows() -> Mapping[FlowKey, Flow]:
    """Every flow that ships with the package, by id and version. A wrong file fails the start."""
    flows: dict[FlowKey, Flow] = {}
    for file, text in packaged_flow_texts().items():
        flow = load_flow(text, file)
        if flow.key in flows:
            raise AgreementError(f"{file}: version {flow.version} of {flow.flow} stands in another file too.")
        flows[flow.key] = flow
    return flows


def packaged_flow_texts() -> dict[str, str]:
    """File name and text of every flow file, in order of name; the shared one is left out."""
    folder = files("portability.services.flows").joinpath("definitions")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml") and entry.name != SHARED)
    return {name: _text(name) for name in names}


def _text(name: str) -> str:
    return files("portability.services.flows").joinpath("definitions", name).read_text(encoding="utf-8")


def _complete(text: str, file: str, shared: FlowFile) -> Flow:
    tree = read_yaml(text, file)
    own = load_model(FlowFile, tree)
    if own.based_on:
        own = _on_base(own, tree)
    merged = Flow.model_construct(
        **{name: getattr(own, name) for name in FlowFile.model_fields},
        own_actions=frozenset(own.actions),
        own_tracks=frozenset(own.tracks),
    )
    taken: list[Fault] = [
        ((part, name), f"'{name}' belongs to the shared administration: choose another name")
        for part in ("tracks", "actions", "deadlines", "roles")
        for name in getattr(own, part)
        if name in getattr(shared, part) or (part == "roles" and name in {*_SHARED_ROLES, ANYBODY, EVERYONE, OWNER})
    ]
    flow = merged.model_copy(
        update={
            "roles": {**own.roles, **_SHARED_ROLES},
            "tracks": {**own.tracks, **shared.tracks},
            "actions": {**own.actions, **shared.actions},
            "deadlines": {**own.deadlines, **shared.deadlines},
            "joins": (*own.joins, *shared.joins),
        }
    )
    faults = taken or list(_faults(flow))
    if faults:
        raise AgreementFileError([_placed(tree, fault) for fault in faults])
    return flow


def _on_base(own: FlowFile, tree: SourceTree) -> FlowFile:
    """A flow with what it takes over from another one."""
    texts = packaged_flow_texts()
    base = next((load_model(FlowFile, read_yaml(texts[name], name)) for name in texts if name == own.based_on), None)
    if base is None:
        raise AgreementFileError([tree.error(("based_on",), f"there is no flow file '{own.based_on}'")])
    parts = {
        name: {**getattr(base, name), **getattr(own, name)} for name in ("roles", "tracks", "actions", "deadlines")
    }
    return own.model_copy(update={**parts, "joins": (*base.joins, *own.joins)})


def _placed(tree: SourceTree, fault: Fault) -> AgreementSyntaxError:
    path, expectation = fault
    return tree.error(path, f"{'.'.join(map(str, path)) or 'the file'}: {expectation}")


def _faults(flow: Flow) -> Iterator[Fault]:
    if not flow.flow:
        yield (), "the key 'flow' is missing: give the flow its id, for example F2"
    if not flow.purpose or flow.legal_basis is None:
        yield (), "give `purpose` and `legal_basis`: no message of a case goes without them"
    for name, action in flow.actions.items():
        if flow.purpose and (reason := why_not_for(flow.purpose, action.type)):
            yield ("actions", name, "type"), reason
    if not any(action.opens for action in flow.actions.values()):
        yield ("actions",), "one action at least opens the case: mark it `opens: true`"
    for name, track in flow.tracks.items():
        yield from _track_faults(flow, name, track)
    for name, action in flow.actions.items():
        yield from _action_faults(flow, name, action)
    for index, join in enumerate(flow.joins):
        yield from _join_faults(flow, index, join)
    yield from _deadline_faults(flow)


def _track_faults(flow: Flow, name: str, track: Track) -> Iterator[Fault]:
    known = {*flow.roles, ANYBODY, OWNER, MESSAGE}
    for role in track.each:
        if role not in known:
            yield ("tracks", name, "each"), f"'{role}' is no role: expected one of {', '.join(sorted(known))}"
    holders = {*flow.roles, OWNER} | ({PARTY} if track.each else set())
    for state_name, state in track.states.items():
        path: Path = ("tracks", name, "states", state_name)
        if state.holder is not None and state.holder not in holders:
            yield path, f"'{state.holder}' holds it, and is none of {', '.join(sorted(holders))}"
        if (state.holder is None) != (state.deadline is None):
            yield path, "who has to act and until when belong together: give both `holder` and `deadline`, or neither"
        if state.end and state.holder is not None:
            yield path, "at an end nobody has to act: leave `holder` out, or `end`"
        if state.deadline is not None and state.deadline not in flow.deadlines:
            yield path, f"there is no deadline '{state.deadline}': expected one of {', '.join(sorted(flow.deadlines))}"
        if not state.end and not _ways_out(flow, name, state_name):
            yield path, "nothing leads out of it: mark it `end: true`, or give an action, a join or a deadline"
        if state_name != track.start and not _ways_in(flow, name, state_name):
            yield path, "nothing leads into it: remove it, or give an action, a join or a deadline"


def _all_moves(flow: Flow) -> Iterator[Move | Join]:
    for action in flow.actions.values():
        yield from action.moves
    for rules in flow.deadlines.values():
        for rule in rules:
            yield from rule.moves
    yield from flow.joins


def _ways_out(flow: Flow, track: str, state: str) -> bool:
    return any(move.track == track and state in move.from_ for move in _all_moves(flow))


def _ways_in(flow: Flow, track: str, state: str) -> bool:
    return any(move.track == track and move.to == state for move in _all_moves(flow))


def _action_faults(flow: Flow, name: str, action: Action) -> Iterator[Fault]:
    known = {*flow.roles, ANYBODY, EVERYONE, OWNER}
    for key in ("by", "to"):
        for role in getattr(action, key):
            if role not in known:
                yield ("actions", name, key), f"'{role}' is no role: expected one of {', '.join(sorted(known))}"
    if action.opens and not _reaches_all(flow, action):
        yield ("actions", name, "to"), "it opens the case: let it go to all who take part, or they cannot follow it"
    if action.opens and not set(action.by) <= set(flow.roles):
        yield ("actions", name, "by"), "it opens the case: name the role that does"
    for index, move in enumerate(action.moves):
        yield from _move_faults(flow, ("actions", name, "moves", index), move)
    for index, condition in enumerate(action.when):
        yield from _condition_faults(flow, ("actions", name, "when", index), condition)
        if not condition.why:
            yield ("actions", name, "when", index), "say in `why` what a caseworker reads where it does not hold"


def _reaches_all(flow: Flow, action: Action) -> bool:
    """Whether every role but those of the sender and of liaison bodies is told."""
    others = (
        flow.roles.keys()
        - {LIAISON_BODY}
        - {one for one in action.by if one in flow.roles and not flow.roles[one].many}
    )
    return not {ANYBODY, EVERYONE}.isdisjoint(action.to) or others <= set(action.to)


def _move_faults(flow: Flow, path: Path, move: Move | Join) -> Iterator[Fault]:
    track = flow.tracks.get(move.track)
    if track is None:
        yield path, f"there is no track '{move.track}': expected one of {', '.join(sorted(flow.tracks))}"
        return
    for state in (*move.from_, move.to):
        if state not in track.states:
            yield path, f"'{move.track}' has no state '{state}': expected one of {', '.join(track.states)}"
    if not move.from_ and not track.by_message:
        yield path, "say in `from` from which states it moves"


def _condition_faults(flow: Flow, path: Path, condition: Condition) -> Iterator[Fault]:
    track = flow.tracks.get(condition.track)
    missing = [condition.track] if track is None else [state for state in condition.in_ if state not in track.states]
    if missing:
        yield path, f"'{missing[0]}' is no track or state of this flow"


def _join_faults(flow: Flow, index: int, join: Join) -> Iterator[Fault]:
    path: Path = ("joins", index)
    yield from _move_faults(flow, path, join)
    for condition in join.when:
        yield from _condition_faults(flow, path, condition)


def _deadline_faults(flow: Flow) -> Iterator[Fault]:
    seen: set[str] = set()
    for name, rules in flow.deadlines.items():
        if all(rule.agreement for rule in rules):
            yield ("deadlines", name), "one rule without `agreement` is needed: for agreements that have none here"
        for index, rule in enumerate(rules):
            path: Path = ("deadlines", name, index)
            if rule.id in seen:
                yield path, f"the id '{rule.id}' is taken: ids are unique in a flow"
            seen.add(rule.id)
            if sum(one is not None for one in (rule.after.days, rule.after.months, rule.after.working_days)) != 1:
                yield path, "give `after` in days, in months or in working_days"
            if rule.basis != "service_standard" and rule.cite is None:
                yield path, f"its basis is {rule.basis}: cite the provision"
            if rule.effect == "silent_consent" and (rule.basis != "law" or rule.status != "verified"):
                yield path, "silence means consent only where an article that somebody has read says so"
            if rule.effect in {"silent_consent", "close"} and not rule.moves:
                yield path, f"its effect is {rule.effect}: say in `moves` what it moves"
            for number, move in enumerate(rule.moves):
                yield from _move_faults(flow, (*path, "moves", number), move)
