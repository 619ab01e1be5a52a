"""`portability agreements`: check, test, show, explain and list the files of the law.

What is printed is for people; the exit status is 0 where all is well and 1 where a file, an example or a case is not.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from portability.agreements.errors import NotFoundError
from portability.app.commands import (
    agreement_choice,
    agreement_new,
    agreement_render,
    agreement_reports,
    agreement_tests,
    agreement_treatment,
    ratification,
    signing,
)
from portability.app.commands.law_files import AgreementId, packaged_law, texts
from portability.app.commands.printing import table

if TYPE_CHECKING:
    from portability.agreements.loading import Agreement
    from portability.agreements.model import DeterminationFacts

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="The files of the law: agreements between states, and legislations.")
app.command("check")(agreement_tests.check)
app.command("test")(agreement_tests.test)
app.command("coverage")(agreement_reports.coverage)
app.command("diff")(agreement_reports.diff)
app.command("new")(agreement_new.new)
app.command("render")(agreement_render.render)
app.command("equal-treatment")(agreement_treatment.equal_treatment)
app.command("select")(agreement_choice.select)
app.command("applicable")(agreement_choice.applicable)
# For officials, with their own keys and no node; then for administrators, at the running node.
app.command("signer-key")(signing.signer_key)
app.command("sign")(signing.sign)
app.command("countersign")(signing.countersign)
app.command("statement")(signing.show_statement)
app.command("publish")(ratification.publish)
app.command("ratify")(ratification.ratify)
app.command("suspend")(ratification.suspend)
app.command("versions")(ratification.versions)
app.command("ratifications")(ratification.ratifications)


@app.command("list")
def list_files() -> None:
    """Every agreement and legislation that ships with the package."""
    from portability.agreements import packaged  # noqa: PLC0415 (heavy)

    rows = [
        (one.id, "agreement", one.content.status, len(one.content.rules), len(one.content.examples), one.content.title)
        for one in packaged.agreements().values()
    ] + [
        (one.content.id, "legislation", one.content.status, len(one.content.schemes), len(one.content.examples),
         one.content.title)
        for one in packaged.legislations().values()
    ]  # fmt: skip
    table(("id", "kind", "review", "rules", "examples", "title"), [tuple(map(str, row)) for row in rows])


@app.command("show")
def show(name: Annotated[str, typer.Argument(help="Id of an agreement or of a legislation.")]) -> None:
    """One agreement or legislation as a page to read: rules with their articles and dates, and what is not modelled."""
    from portability.app.commands.agreement_page import agreement_page, legislation_page  # noqa: PLC0415 (heavy)

    agreements, legislations = packaged_law()
    if name in agreements:
        typer.echo(agreement_page(agreements[name]), nl=False)
    elif name in legislations:
        typer.echo(legislation_page(legislations[name]), nl=False)
    else:
        known = ", ".join([*agreements, *legislations])
        raise NotFoundError(f"There is no agreement or legislation '{name}'. Known: {known}.")


@app.command("explain")
def explain(
    agreement_id: AgreementId,
    case: Annotated[
        str, typer.Argument(help="A YAML file with the facts of a claim, or the id of a `determine` case.")
    ],
    audience: Annotated[
        Literal["jurist", "caseworker", "worker", "trace"],
        typer.Option("--for", help="Who reads it; `trace` is the canonical JSON."),
    ] = "caseworker",
    language: Annotated[str, typer.Option(help="Language of the sentences: ar, de, en, es, fr, hi, it or pt.")] = "en",
) -> None:
    """Determine one claim on a file and print every step: a trial, since files alone bind no state."""
    import asyncio  # noqa: PLC0415 (heavy)

    from portability.agreements import packaged  # noqa: PLC0415 (heavy)
    from portability.services.determination.handlers import determine_benefits  # noqa: PLC0415 (heavy)
    from portability.services.determination.model import DetermineQuery  # noqa: PLC0415 (heavy)
    from portability.services.determination.trial import TrialLaw  # noqa: PLC0415 (heavy)

    facts = _facts(packaged.agreement(agreement_id), case)
    result = asyncio.run(determine_benefits(DetermineQuery(facts, (agreement_id,)), law=TrialLaw(packaged)))
    if audience == "trace":
        sys.stdout.buffer.write(result.trace)
    else:
        typer.echo(result.rendered(audience, language), nl=False)


def _facts(agreement: "Agreement", case: str) -> "DeterminationFacts":
    """The facts of a claim: of a file in the shape of a `determine` case, or of such a case of the agreement."""
    from portability.agreements.example_inputs import DetermineGiven  # noqa: PLC0415 (heavy)
    from portability.agreements.lookup import boundary_dates  # noqa: PLC0415 (heavy)
    from portability.services.determination.files import read_facts  # noqa: PLC0415 (heavy)

    newest = boundary_dates(agreement)[-1]
    determined = {one.id: one for one in agreement.content.examples if one.kind == "determine"}
    if case in determined:
        return DetermineGiven.model_validate(determined[case].given).facts(newest)
    if not Path(case).is_file():
        cases = ", ".join(determined) or "it has none"
        raise NotFoundError(f"'{case}' is neither a file nor a `determine` case of '{agreement.id}' ({cases}).")
    ((file, text),) = texts([Path(case)])
    return read_facts(text, file, default_on=newest)
