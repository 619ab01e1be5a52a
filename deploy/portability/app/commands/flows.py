"""`portability flows`: the flows that ship, what one of them allows and until when, and whether a file is right."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portability.agreements.errors import InputError
from portability.app.commands.printing import count, heading, table

if TYPE_CHECKING:
    from portability.services.flows.definition import Action, Deadline, Flow

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Case flows: which messages a case allows to whom, who holds what, and until when.",
)


@app.command("list")
def list_flows() -> None:
    """List the flows that ship with this version."""
    rows = [
        (flow.number, flow.flow, str(flow.version), flow.title, flow.counterpart or "-")
        for flow in sorted(_packaged(), key=lambda one: (len(one.number), one.number, one.version))
    ]
    table(("number", "flow", "version", "title", "counterpart"), rows)


@app.command()
def show(
    flow: Annotated[str, typer.Argument(help="A flow or its number, for example old_age_claim or F5.")],
    administration: Annotated[bool, typer.Option("--administration", help="Also the actions of every flow.")] = False,  # noqa: FBT002 (typer's)
) -> None:
    """Show a flow: roles, states, actions and every deadline with the provision that it rests on."""
    found = [one for one in _packaged() if flow in (one.flow, one.number)]
    if not found:
        raise InputError(f"There is no flow '{flow}': `portability flows list` names those that there are.")
    _show(max(found, key=lambda one: one.version), administration=administration)


@app.command()
def check(files: Annotated[list[Path], typer.Argument(help="Flow files.", exists=True, dir_okay=False)]) -> None:
    """Check flow files; every fault is told with file, line and column."""
    from portability.services.flows.load import load_flow  # noqa: PLC0415 (heavy)

    for path in files:
        flow = load_flow(path.read_text(encoding="utf-8"), path.name)
        own = count(len(flow.own_actions), "action")
        typer.echo(f"{path.name}: {flow.flow} version {flow.version}, {own} of its own, no fault.")


def _packaged() -> "list[Flow]":
    from portability.services.flows.load import packaged_flows  # noqa: PLC0415 (heavy)

    return list(packaged_flows().values())


def _show(flow: "Flow", *, administration: bool) -> None:
    typer.echo(f"{flow.number} {flow.flow}, version {flow.version}: {flow.title}")
    typer.echo(f"legal basis: {flow.legal_basis}; counterpart: {flow.counterpart or 'none'}")
    heading("Roles")
    table(("role", "who"), [(name, role.says) for name, role in flow.roles.items()])
    shown = flow.own_actions if not administration else flow.actions.keys()
    heading("Actions")
    table(
        ("action", "by", "message", "what"),
        [_action(name, flow.actions[name]) for name in flow.actions if name in shown],
    )
    for name, track in flow.tracks.items():
        if name not in flow.own_tracks and not administration:
            continue
        heading(f"{name}: {track.says}" + (f", for each {' or '.join(track.each)}" if track.each else ""))
        rows = [(key, one.says, one.holder or "-", one.deadline or "-") for key, one in track.states.items()]
        table(("state", "means", "held by", "deadline"), rows)
    heading("Deadlines")
    used = {one.deadline for name in flow.own_tracks for one in flow.tracks[name].states.values()}
    rules = [(name, rule) for name, rules in flow.deadlines.items() for rule in rules if name in used or administration]
    table(
        ("deadline", "agreement", "after", "effect", "basis", "provision"), [_rule(name, rule) for name, rule in rules]
    )
    for gap in flow.not_modelled:
        typer.echo(f"\nNot modelled: {gap}.")


def _action(name: str, action: "Action") -> tuple[str, ...]:
    by = ", ".join(action.by) + (" (a person)" if action.person else "")
    return name, by, action.type, action.says


def _rule(name: str, rule: "Deadline") -> tuple[str, ...]:
    after = next(f"{number} {unit}" for unit, number in rule.after.model_dump().items() if number is not None)
    provision = f"{rule.cite or '-'}" + (f" ('{rule.pace}')" if rule.pace else "")
    basis = rule.basis.replace("_", " ") + (", unverified" if rule.status == "unverified" else "")
    return name, rule.agreement or "any other", after.replace("_", " "), rule.effect.replace("_", " "), basis, provision
