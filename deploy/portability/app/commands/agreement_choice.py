"""`portability agreements select` and `applicable`: which agreements join a career, which legislation governs work.

Trials on the files: what binds two states is decided at a node, by what they have ratified.
"""

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from portability.agreements.errors import InputError, NotFoundError
from portability.app.commands.law_files import agreement_named, texts
from portability.app.commands.printing import table

if TYPE_CHECKING:
    from portability.agreements.legislation_cases import LegislationGiven
    from portability.agreements.loading import Agreement
    from portability.agreements.selection import Candidate

__all__ = ["applicable", "select"]

ENDS = {
    "none": "No agreement takes this career's periods together.",
    "one": "It decides alone.",
    "most_favourable": "Of several, the most favourable decides: each is determined, the highest amount is due.",
    "person_decides": "No text says which goes first: each is determined, the highest is proposed, a person confirms.",
}


def select(
    state: Annotated[str, typer.Argument(help="The state whose institution asks: ISO 3166-1 alpha-2.")],
    career: Annotated[str, typer.Option(help="States of the career, with commas: DE,PH,US.")],
    on: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Day; today where left out.")] = None,
    branch: Annotated[str, typer.Option(help="Branch of social security.")] = "old_age",
    nationality: Annotated[str, typer.Option(help="Where an agreement asks for it; not needed by most.")] = "",
) -> None:
    """Say which agreements may take a career's periods together, which are set aside and why, and what decides."""
    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)
    from portability.agreements.periods import InsurancePeriod, PeriodKind  # noqa: PLC0415 (heavy)
    from portability.agreements.selection import Person, national_choice, select_agreements  # noqa: PLC0415 (heavy)
    from portability.agreements.values import Branch  # noqa: PLC0415 (heavy)

    states = _states(career)
    asking = _states(state)[0]
    if branch not in {one.value for one in Branch}:
        raise InputError(f"'{branch}' is no branch. Known: {', '.join(one.value for one in Branch)}.", field="branch")
    law = packaged.legislations().get(asking)
    found = select_agreements(
        Person(nationality.upper()),
        [InsurancePeriod(one, one, PeriodKind.COMPULSORY, one, None, None) for one in states],
        (on or SystemClock().now()).date(),
        for_state=asking,
        branch=Branch(branch),
        agreements=packaged.agreements(),
        national=national_choice(law) if law else None,
    )
    aside = [one for one in found.set_aside if asking in one.states and len(one.states) > 1]
    rows = [*(_row("applies", one) for one in found.applies), *(_row("set aside", one) for one in aside)]
    if rows:
        table(("agreement", "", "joins", "why", "citation", "to confirm"), rows)
    typer.echo(ENDS[found.how] + (f" ({found.citation})" if found.citation else ""))


def _states(text: str) -> list[str]:
    """Codes of states as they are typed; InputError for what is none."""
    codes = [one.strip().upper() for one in text.split(",") if one.strip()]
    wrong = [one for one in codes if len(one) != 2 or not one.isalpha()]
    if wrong or not codes:
        raise InputError(f"'{text}' is not a list of ISO 3166-1 alpha-2 codes, for example DE,PH,US.", field="career")
    return codes


def _row(standing: str, one: "Candidate") -> tuple[str, ...]:
    why = _said(one.reason) + (f" to {one.before}" if one.before else "")
    third = f" (and periods of {', '.join(one.third_states)})" if one.third_states else ""
    return (
        one.agreement_id, standing, ", ".join(one.states) + third, why, str(one.citation or ""),
        ", ".join(_said(condition) for condition in one.to_confirm),
    )  # fmt: skip


def _said(name: str) -> str:
    return name.replace("_", " ")


def applicable(
    name: Annotated[str, typer.Argument(help="An agreement, by id or file.")],
    case: Annotated[
        str,
        typer.Argument(help="A YAML file with the facts of the work, or the id of an `applicable_legislation` case."),
    ],
    language: Annotated[str, typer.Option(help="Language of the reasons: ar, de, en, es, fr, hi, it or pt.")] = "en",
) -> None:
    """Say which one state's legislation governs work, by which rule, until when, and what is to be confirmed."""
    from portability.agreements.applicable_legislation import applicable_legislation  # noqa: PLC0415 (heavy)
    from portability.agreements.catalogues import catalogue  # noqa: PLC0415 (heavy)
    from portability.agreements.sentences import sentence  # noqa: PLC0415 (heavy)

    agreement = agreement_named(name)
    words = catalogue(language)
    given = _given(agreement, case)
    found = applicable_legislation(given.work(), agreement=agreement, on=given.on)
    lasts = f"until {found.until}" if found.until else "while the facts last"
    typer.echo(f"{words.state(found.state)} ({found.state}), {lasts}: {found.citation}, rule '{found.rule_id}'.")
    if found.provisional:
        typer.echo("Provisional: the other state's institution is told and may object.")
    if found.status != "verified":
        typer.echo("The rule is unverified: nobody read its text.")
    for step in found.steps:
        said = sentence(step, "caseworker", words, country=found.state)
        typer.echo(f"  {said}" + (f" [{step.citation}]" if step.citation else ""))
    for condition in found.to_confirm:
        typer.echo(f"  To confirm: {_said(condition.id)} [{condition.citation}]")


def _given(agreement: "Agreement", case: str) -> "LegislationGiven":
    """The facts of a file in the shape of an `applicable_legislation` case's `given`, or of such a case."""
    from portability.agreements.legislation_cases import LegislationGiven  # noqa: PLC0415 (heavy)
    from portability.agreements.loading import load_model  # noqa: PLC0415 (heavy)
    from portability.agreements.yaml_source import read_yaml  # noqa: PLC0415 (heavy)

    known = {one.id: one for one in agreement.content.examples if one.kind == "applicable_legislation"}
    if case in known:
        return LegislationGiven.model_validate(known[case].given)
    if not Path(case).is_file():
        cases = ", ".join(known) or "it has none"
        raise NotFoundError(
            f"'{case}' is neither a file nor an `applicable_legislation` case of '{agreement.id}' ({cases})."
        )
    ((file, text),) = texts([Path(case)])
    return load_model(LegislationGiven, read_yaml(text, file))
