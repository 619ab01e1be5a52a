"""`portability agreements equal-treatment`: who is left out of what, by which article, and which rules can differ."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from portability.app.commands.law_files import WRONG, agreement_named, packaged_law
from portability.app.commands.printing import table

if TYPE_CHECKING:
    from portability.agreements.guarantees import Treatment
    from portability.agreements.national.legislation import LegislationFile
    from portability.agreements.rules import AgreementFile

__all__ = ["equal_treatment"]

Name = Annotated[
    str, typer.Argument(help="An agreement or legislation, by id or file; without it, a table of all agreements.")
]
SHORT = {"others_insured": "other insured"}


def equal_treatment(name: Name = "") -> None:
    """Say who is left out of the basic guarantees and by which article, and which rules can treat people differently.

    The grounds are nationality, sex and residence. Exit status 1 where a rule names no sub-paragraph that says so.
    """
    from portability.agreements.equal_treatment import findings_of  # noqa: PLC0415 (heavy)
    from portability.agreements.guarantees import treatment  # noqa: PLC0415 (heavy)
    from portability.agreements.guarantees_report import findings_text, treatment_text  # noqa: PLC0415 (heavy)

    agreements, legislations = packaged_law()
    contents: list[AgreementFile | LegislationFile]
    if not name:
        _print_all([treatment(one) for one in agreements.values()])
        contents = [one.content for one in agreements.values()]
    elif name in legislations:
        contents = [legislations[name].content]
        typer.echo("\n".join([contents[0].title, "", *findings_text(findings_of(contents[0]))]))
    else:
        agreement = agreement_named(name)
        contents = [agreement.content]
        typer.echo(treatment_text(treatment(agreement)), nl=False)
    if _print_missing(contents):
        raise typer.Exit(WRONG)


def _print_missing(contents: "Iterable[AgreementFile | LegislationFile]") -> bool:
    """Name each rule that differs without its sub-paragraph; whether there was one."""
    from portability.agreements.equal_treatment import Proof, findings_of, proof_of  # noqa: PLC0415 (heavy)

    missing = [
        f"{content.id}: '{one.rule}' can differ by {one.ground} and names no sub-paragraph that says so ({one.cite})."
        for content in contents
        for one in findings_of(content)
        if proof_of(one, content) is Proof.MISSING
    ]
    for said in missing:
        typer.echo(said, err=True)
    return bool(missing)


def _print_all(found: "list[Treatment]") -> None:
    """One row an agreement: the guarantees that its file serves, who is not covered, findings by ground."""
    from portability.agreements.equal_treatment import Ground  # noqa: PLC0415 (heavy)
    from portability.agreements.guarantees import GUARANTEES  # noqa: PLC0415 (heavy)

    rows = [
        (one.id, *(guarantee.extent for guarantee in one.guarantees), _not_covered(one),
         *(str(one.counted(ground)) for ground in Ground))
        for one in found
    ]  # fmt: skip
    table(("agreement", *GUARANTEES, "not covered", *(ground.value for ground in Ground)), rows)
    typer.echo(
        "\nwhole, part or none of the branches that serve a guarantee stand in the file; the treaty may hold more. "
        "Numbers\nare rules that can differ by that ground: `portability agreements equal-treatment ID` names them."
    )


def _not_covered(one: "Treatment") -> str:
    if not one.states_persons:
        return "not stated"
    groups = dict.fromkeys(group for left in one.left_out if left.kind == "personal_scope" for group in left.groups)
    return ", ".join(SHORT.get(group, group) for group in groups) or "nobody"
