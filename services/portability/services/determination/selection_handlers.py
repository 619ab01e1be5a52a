"""Use case: which agreements in force take the periods of a career together, and which give way."""

from dataclasses import replace

from portability.agreements.selection import national_choice, select_agreements
from portability.services.determination.choice_model import AgreementsFound, CareerQuery
from portability.services.determination.finding import find_versions
from portability.services.determination.ports import BindingLaw

__all__ = ["find_agreements"]


async def find_agreements(query: CareerQuery, *, law: BindingLaw) -> AgreementsFound:
    """Every published agreement between the state that asks and another one of the career, with its reason.

    Agreements between two other states of the career are looked at as well: whether a third state's periods may count
    turns on them. They are not in the answer.
    """
    career = {period.state for period in query.periods} | {query.state}
    parties = await law.parties()
    found = await find_versions(sorted(parties), career, seen_from=query.state, on=query.on, law=law)
    legislation = law.legislations().get(query.state)
    selection = select_agreements(
        query.person,
        query.periods,
        query.on,
        for_state=query.state,
        branch=query.branch,
        agreements={name: version.agreement for name, version in found.versions.items()},
        national=national_choice(legislation) if legislation else None,
    )
    return AgreementsFound(
        selection=replace(
            selection,
            set_aside=tuple(one for one in selection.set_aside if query.state in parties[one.agreement_id]),
        ),
        versions=dict(found.versions),
        not_in_force=tuple(one for one in found.not_in_force if query.state in one.states),
    )
