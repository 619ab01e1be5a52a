"""An agreement that takes over the rules of another one: the Nordic Convention applies Regulation 883/2004 (Art. 4)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from portability.agreements.errors import AgreementError
from portability.agreements.loading import Agreement
from portability.agreements.rules import Incorporation, NotModelled, Rule
from portability.agreements.values import StateCode

__all__ = ["with_incorporated"]

Stated = TypeVar("Stated", Rule, NotModelled)


def with_incorporated(agreement: Agreement, known: Mapping[str, Agreement]) -> Agreement:
    """The agreement with the rules, texts and gaps of the one that it incorporates; itself where it does so of none.

    A kind of rule that it states itself replaces the other's. Raises AgreementError where the other is not known.
    """
    taken = agreement.content.incorporates
    if taken is None or agreement.incorporated:
        return agreement
    other = known.get(taken.agreement)
    if other is None:
        raise AgreementError(
            f"Agreement '{agreement.id}' incorporates '{taken.agreement}' ({taken.cite}), which is not known. Known: "
            f"{', '.join(known)}."
        )
    own = agreement.content
    content = own.model_copy(
        update={
            "instruments": (
                *own.instruments,
                *(one for one in other.content.instruments if one not in own.instruments),
            ),
            "rules": (*own.rules, *_rules(own.rules, other.content.rules, taken, own.parties)),
            "not_modelled": (*own.not_modelled, *_of_parties(other.content.not_modelled, own.parties)),
        }
    )
    place = agreement.places.get("incorporates", (1, 1))
    places = {rule.id: place for rule in content.rules} | agreement.places
    return replace(agreement, content=content, places=places, incorporated=((other.file, other.sha256),))


def _rules(
    own: tuple[Rule, ...], others: tuple[Rule, ...], taken: Incorporation, parties: tuple[StateCode, ...]
) -> list[Rule]:
    """The other's rules of kinds that are not stated here, from the day of the incorporation on.

    Not those on its place among other agreements: they speak of the other alone.
    """
    stated = {rule.rule for rule in own} | {"precedence"}
    ids = {rule.id for rule in own}
    found = [
        rule
        for rule in _of_parties(others, parties)
        if rule.rule not in stated and (rule.valid_until is None or rule.valid_until >= taken.valid_from)
    ]
    return [
        rule.model_copy(
            update={
                "valid_from": max(rule.valid_from, taken.valid_from),
                "id": f"{taken.agreement}-{rule.id}" if rule.id in ids else rule.id,
            }
        )
        for rule in found
    ]


def _of_parties(entries: tuple[Stated, ...], parties: tuple[StateCode, ...]) -> list[Stated]:
    """Those for every party, and those for a state that is party here too."""
    return [entry for entry in entries if not entry.states or set(entry.states) & set(parties)]
