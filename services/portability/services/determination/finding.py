"""The versions that bind states which facts name, where nobody says which agreement is meant."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from portability.agreements.errors import NotBindingError
from portability.agreements.values import StateCode
from portability.services.determination.choice_model import NotInForce
from portability.services.determination.ports import TreatiesInForce
from portability.services.determination.treaties.model import VersionInForce

__all__ = ["Found", "find_versions"]


@dataclass(frozen=True, slots=True)
class Found:
    """Versions by agreement, and the agreements without one."""

    versions: Mapping[str, VersionInForce]
    not_in_force: tuple[NotInForce, ...]


async def find_versions(
    agreement_ids: Iterable[str], states: Collection[StateCode], *, seen_from: StateCode, on: date, law: TreatiesInForce
) -> Found:
    """For each agreement the version that binds those of the states that it names.

    It must bind `seen_from` to each other one, as in a determination of that state; where it does not name that state,
    or none is given, each pair. An agreement that names fewer than two of the states is in neither list.
    """
    parties = await law.parties()
    versions: dict[str, VersionInForce] = {}
    without: list[NotInForce] = []
    for agreement_id in agreement_ids:
        named = tuple(sorted(set(states) & parties.get(agreement_id, frozenset())))
        pairs = list(combinations(named, 2))
        if seen_from in named:
            pairs = [(seen_from, other) for other in named if other != seen_from]
        if not pairs:
            continue
        try:
            versions[agreement_id] = await law.version_between(agreement_id, pairs, on=on)
        except NotBindingError as error:
            without.append(NotInForce(agreement_id, named, error))
    return Found(versions, tuple(without))
