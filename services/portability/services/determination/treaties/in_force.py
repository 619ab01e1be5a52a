"""The law in force between states: which version of an agreement decides a claim, found through the ratifications."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from portability.agreements.errors import NotBindingError, NotFoundError, VerificationError
from portability.agreements.loading import Agreement
from portability.agreements.model import DeterminationFacts
from portability.agreements.national.legislation import Legislation
from portability.agreements.parties import is_bound
from portability.agreements.values import Branch, StateCode
from portability.services.determination.ports import LawLibrary
from portability.services.determination.treaties.binding import Pair, TreatyBook
from portability.services.determination.treaties.mapping.statements import decode_statement
from portability.services.determination.treaties.model import (
    Binding,
    ExaminedStatement,
    NotBinding,
    PublishedVersion,
    VersionInForce,
)
from portability.services.determination.treaties.ports import Authorities, TreatyWork, UnitOfWork
from portability.services.determination.treaties.reading import VersionReader
from portability.services.determination.treaties.signing import verify_statement

__all__ = ["AgreementFound", "RatifiedLaw", "Treaties", "examine", "find_agreement", "other_states", "treaty_book",
           "version_binding", "version_in_force"]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Treaties:
    """What finding the law in force needs besides its transaction.

    `shipped` are files that came with the package: they say which ids there are, and never decide anything here.
    """

    authorities: Authorities
    reader: VersionReader
    shipped: LawLibrary

    async def shipped_agreements(self) -> Mapping[str, Agreement]:
        """In a thread, since reading all of them takes seconds, the first time."""
        return await asyncio.to_thread(self.shipped.agreements)


class RatifiedLaw:
    """LawInForce: only versions that bind the state of the claim to each other state of the career."""

    def __init__(self, unit_of_work: UnitOfWork, treaties: Treaties) -> None:
        self._unit_of_work = unit_of_work
        self._treaties = treaties

    async def version_for(self, agreement_id: str, facts: DeterminationFacts) -> VersionInForce:
        """The version that binds on the day of the award."""
        async with self._unit_of_work() as work:
            return await version_in_force(agreement_id, facts, work=work, treaties=self._treaties)

    async def version_between(self, agreement_id: str, pairs: Sequence[Pair], *, on: date) -> VersionInForce:
        """The version that binds each of these pairs on a day."""
        async with self._unit_of_work() as work:
            if not await work.versions.of_agreement(agreement_id):
                raise _unpublished(agreement_id, await self._treaties.shipped_agreements())
            return await version_binding(agreement_id, pairs, on=on, work=work, treaties=self._treaties)

    async def parties(self) -> Mapping[str, frozenset[StateCode]]:
        """Of each agreement published here, all states that one of its versions names."""
        async with self._unit_of_work() as work:
            return _parties_by_id(await work.versions.of_agreement(""))

    def legislations(self) -> Mapping[StateCode, Legislation]:
        """By state; no other state's consent is needed for these."""
        return self._treaties.shipped.legislations()


async def version_in_force(
    agreement_id: str, facts: DeterminationFacts, *, work: TreatyWork, treaties: Treaties
) -> VersionInForce:
    """The one version that binds the state of the claim to every other state of the career on the day of the award.

    Raises NotBindingError where it binds one of them not, or where they are bound by different versions; NotFoundError
    where there is no agreement of that id.
    """
    published = await work.versions.of_agreement(agreement_id)
    if not published:
        raise _unpublished(agreement_id, await treaties.shipped_agreements())
    others = other_states(facts, {state for version in published for state in version.parties})
    if not others:
        raise NotBindingError(
            f"Agreement '{agreement_id}' has nothing to bind: no period lies in another of its states than "
            f"{facts.state}, and none is that of residence. It is a national case.",
            reason=NotBinding.NO_OTHER_STATE,
        )
    pairs = [(facts.state, other) for other in others]
    return await version_binding(agreement_id, pairs, on=facts.award_on, work=work, treaties=treaties)


async def version_binding(
    agreement_id: str, pairs: Sequence[Pair], *, on: date, work: TreatyWork, treaties: Treaties
) -> VersionInForce:
    """The one version that binds each pair on a day. Raises NotBindingError where one is not bound, or by another."""
    states = {state for pair in pairs for state in pair}
    book = await treaty_book(agreement_id, states, work=work, authorities=treaties.authorities)
    bindings, refused = _bindings(book, pairs, on=on)
    if not bindings:
        raise refused[0]
    _require_one_version(agreement_id, bindings)
    agreement = await treaties.reader.read(bindings[0].version, agreement_id=agreement_id, versions=work.versions)
    for error in refused:
        # A state that the agreement itself does not bind on that day (withdrawn, not acceded) has nothing to ratify.
        if error.states is None or all(is_bound(agreement, state, on=on) for state in error.states):
            raise error
    return VersionInForce(agreement, bindings)


def other_states(facts: DeterminationFacts, parties: Iterable[StateCode]) -> tuple[StateCode, ...]:
    """The other parties in which the person has periods; where there are none, the one in which she lives."""
    others = set(parties) - {facts.state}
    found = {period.state for period in facts.periods} & others or {facts.residence_state} & others
    return tuple(sorted(found))


async def treaty_book(
    agreement_id: str, parties: Iterable[StateCode] | None, *, work: TreatyWork, authorities: Authorities
) -> TreatyBook:
    """What these states (None: all) have signed about an agreement, each statement verified anew.

    A store that somebody has written to, or a key that was revoked since, then decides nothing.
    """
    return TreatyBook.of(agreement_id, await examine(agreement_id, parties, work=work, authorities=authorities))


async def examine(
    agreement_id: str, parties: Iterable[StateCode] | None, *, work: TreatyWork, authorities: Authorities
) -> list[ExaminedStatement]:
    """Each statement of these states (None: all) about the agreement, in the order of arrival, verified anew.

    Raises NotBindingError where what is kept cannot even be read: then nobody knows what is missing.
    """
    wanted = None if parties is None else set(parties)
    try:
        kept = [
            (one, decode_statement(one.signed.statement)) for one in await work.statements.of_agreement(agreement_id)
        ]
    except VerificationError as error:
        raise NotBindingError(
            f"What this node keeps of the ratifications of '{agreement_id}' cannot be read: {error.message} Restore "
            "the database of this node from a backup.",
            reason=NotBinding.ALTERED,
        ) from error
    found = []
    for one, statement in kept:
        if statement.agreement_id != agreement_id or (wanted is not None and statement.party not in wanted):
            continue
        try:
            verified = verify_statement(one.signed, authorities=authorities)
            found.append(ExaminedStatement(one, statement, verified))
        except VerificationError as error:
            found.append(ExaminedStatement(one, statement, None, error.message))
    return found


@dataclass(frozen=True, slots=True)
class AgreementFound:
    """The agreement that applies between two states; empty with the reasons where there is none."""

    agreement_id: str
    why_none: str = ""


async def find_agreement(
    pair: tuple[StateCode, StateCode], *, branch: Branch, on: date, work: TreatyWork, treaties: Treaties
) -> AgreementFound:
    """Of the agreements that bind both states for the branch on the day, the one with the fewest parties."""
    by_id = _parties_by_id(await work.versions.of_agreement(""))
    found, refused = [], []
    for agreement_id in sorted(one for one, parties in by_id.items() if set(pair) <= parties):
        book = await treaty_book(agreement_id, pair, work=work, authorities=treaties.authorities)
        try:
            binding = book.binding_version(pair, on=on)
        except NotBindingError as error:
            refused.append(error.message)
            continue
        agreement = await treaties.reader.read(binding.version, agreement_id=agreement_id, versions=work.versions)
        content = agreement.content
        in_force = min(rule.valid_from for rule in content.rules) <= on
        if branch in content.branches and in_force and all(is_bound(agreement, state, on=on) for state in pair):
            found.append((len(content.parties), agreement_id))
    if found:
        return AgreementFound(min(found)[1])
    none = f"No agreement that is published here covers {branch} between {pair[0]} and {pair[1]} on {on}."
    return AgreementFound("", " ".join(refused) or none)


def _parties_by_id(published: Iterable[PublishedVersion]) -> dict[str, frozenset[StateCode]]:
    by_id: dict[str, frozenset[StateCode]] = {}
    for version in published:
        by_id[version.agreement_id] = by_id.get(version.agreement_id, frozenset()) | set(version.parties)
    return by_id


def _unpublished(agreement_id: str, shipped: Mapping[str, Agreement]) -> NotBindingError | NotFoundError:
    if agreement_id in shipped:
        return NotBindingError(
            f"Agreement '{agreement_id}' is not published on this node: it ships with the package for trials. An "
            "administrator publishes its file, then each state ratifies that version.",
            reason=NotBinding.NOT_PUBLISHED,
        )
    return NotFoundError(f"There is no agreement of that id. Known: {', '.join(sorted(shipped))}.")


def _bindings(
    book: TreatyBook, pairs: Iterable[tuple[StateCode, StateCode]], *, on: date
) -> tuple[tuple[Binding, ...], tuple[NotBindingError, ...]]:
    """What binds which pair, and why the others are not bound."""
    bound, refused = [], []
    for pair in pairs:
        try:
            bound.append(book.binding_version(pair, on=on))
        except NotBindingError as error:
            refused.append(error)
    return tuple(bound), tuple(refused)


def _require_one_version(agreement_id: str, bindings: Sequence[Binding]) -> None:
    by_version = {one.version: one.pair for one in bindings}
    if len(by_version) > 1:
        shown = ", ".join(f"{' and '.join(pair)} by {version.shown()}" for version, pair in sorted(by_version.items()))
        raise NotBindingError(
            f"Agreement '{agreement_id}' binds these states by different versions ({shown}): no provision says how to "
            "apply them together. Decide by hand until all have ratified one version.",
            reason=NotBinding.SEVERAL_VERSIONS,
        )
