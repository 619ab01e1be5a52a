"""A treaty file to be filled in: the usual mechanics of a family of treaties, and no word of law that nobody read.

Every article, day and number of the treaty is a placeholder that `check` refuses, so that nothing is cited by mistake.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from string import Template
from typing import get_args

from portability.agreements.errors import InputError
from portability.agreements.rule_meaning import kind_meaning
from portability.agreements.rules import Rule
from portability.agreements.values import StateCode

__all__ = ["FAMILIES", "PLACEHOLDER", "Family", "scaffold"]

PLACEHOLDER = "FILL-IN"


@dataclass(frozen=True, slots=True)
class Family:
    """A family of treaties: the model files it is put together from, and the state it cannot do without, if any."""

    parts: tuple[str, ...]
    state: StateCode = ""
    several_parties: bool = False


FAMILIES: Mapping[str, Family] = {
    "canada": Family(("head", "scope", "canada", "tail", "examples"), state="CA"),
    "australia": Family(("head", "scope", "australia", "tail", "examples"), state="AU"),
    "eu-style": Family(("head", "scope", "eu-style", "tail", "examples"), several_parties=True),
    "residence": Family(("head", "scope", "residence", "tail", "examples")),
    "blank": Family(("head", "examples"), several_parties=True),
}


def scaffold(
    agreement_id: str,
    parties: tuple[StateCode, ...],
    family: str,
    *,
    models: Mapping[str, str],
    schemes: Mapping[StateCode, str],
) -> str:
    """The text of a new treaty file.

    `models` holds the text of each model file by its name, `schemes` an old-age scheme of each state that is encoded.
    InputError where id, parties or family cannot be.
    """
    chosen = _family(family)
    _check(agreement_id, parties, family, chosen)
    # The state that the family is named for comes first: its provisions are written from its side.
    first, *others = sorted(parties, key=lambda state: state != chosen.state) if chosen.state else parties
    words = {
        "id": agreement_id,
        "family": family,
        "kind": "bilateral" if len(parties) == 2 else "multilateral",
        "states": " - ".join(parties),
        "parties": ", ".join(_quoted(state) for state in parties),
        "text": agreement_id.upper(),
        "a": _quoted(first),
        "b": _quoted(others[0]),
        "a_scheme": schemes.get(first, PLACEHOLDER),
        "b_scheme": schemes.get(others[0], PLACEHOLDER),
    }
    text = "".join(Template(models[f"{part}.yaml"]).substitute(words) for part in chosen.parts)
    return (
        text
        if family != "blank"
        else text.replace("\n# Say for each example", f"{_kinds()}\n# Say for each example", 1)
    )


def _family(name: str) -> Family:
    if name not in FAMILIES:
        raise InputError(f"There is no model '{name}': expected one of {', '.join(FAMILIES)}.", field="from-model")
    return FAMILIES[name]


def _check(agreement_id: str, parties: tuple[StateCode, ...], family: str, chosen: Family) -> None:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,38}", agreement_id):
        raise InputError(
            f"The id '{agreement_id}' is not of the form of ids: small letters, digits and hyphens, like 'ca-it'.",
            field="id",
        )
    wrong = [state for state in parties if not re.fullmatch(r"[A-Z]{2}", state)]
    if wrong or len(set(parties)) != len(parties) or len(parties) < 2:
        raise InputError(
            f"The parties '{','.join(parties)}' are not two or more different states: write their codes like CA,IT.",
            field="parties",
        )
    if len(parties) > 2 and not chosen.several_parties:
        raise InputError(f"The model '{family}' is for two parties, not for {len(parties)}.", field="parties")
    if chosen.state and chosen.state not in parties:
        raise InputError(
            f"The model '{family}' is for agreements of {chosen.state}, which is no party.", field="parties"
        )


def _quoted(state: StateCode) -> str:
    """Norway's code is quoted: to most readers of YAML a bare NO is false."""
    return f'"{state}"' if state == "NO" else state


def _kinds() -> str:
    """`rules:` without any, and every kind of rule that there is as a comment, with what it is."""
    lines = ["", "# Write the rules in the order of the articles. The kinds, each with what it is:"]
    for kind in get_args(get_args(Rule)[0]):
        name = get_args(kind.model_fields["rule"].annotation)[0]
        lines.append(f"#   {name:38} {kind_meaning(kind)}")
    lines += [
        "rules:",
        f"  - id: {PLACEHOLDER}",
        f"    rule: {PLACEHOLDER}",
        f"    from: {PLACEHOLDER}",
        f"    cite: {PLACEHOLDER}",
        "    status: unverified",
        "",
    ]
    return "\n".join(lines)
