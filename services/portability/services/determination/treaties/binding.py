"""Which version of an agreement binds two states on a day: a pure function of what they have signed.

A version binds a pair from the later of the two days on which they are bound by the same version. A later version takes
its place for that pair from its own such day on, never before, and one state alone takes nothing back: a version that
the pair has left behind must be signed again by both. The order in which statements arrive plays no part.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from portability.agreements.errors import NotBindingError
from portability.agreements.values import StateCode
from portability.services.determination.treaties.model import (
    Binding,
    ExaminedStatement,
    NotBinding,
    StatementKind,
    VerifiedStatement,
)

__all__ = ["Pair", "TreatyBook"]

Pair: TypeAlias = tuple[StateCode, StateCode]
Signed: TypeAlias = Sequence[VerifiedStatement]


@dataclass(frozen=True, slots=True)
class TreatyBook:
    """All that was signed about one agreement, and what does not count with its reason."""

    agreement_id: str
    statements: tuple[VerifiedStatement, ...]
    not_counted: tuple[ExaminedStatement, ...] = ()

    @classmethod
    def of(cls, agreement_id: str, examined: Iterable[ExaminedStatement]) -> "TreatyBook":
        """The book of what was examined; what did not verify serves the reasons only."""
        found = list(examined)
        return cls(
            agreement_id,
            tuple(one.verified for one in found if one.verified is not None),
            tuple(one for one in found if one.verified is None),
        )

    def signatories(self) -> frozenset[StateCode]:
        """States that have ratified a version of the agreement, whichever."""
        return frozenset(
            one.statement.party for one in self.statements if one.statement.kind is StatementKind.RATIFICATION
        )

    def binding_version(self, pair: Pair, *, on: date) -> Binding:
        """The version that binds the pair on a day. Raises NotBindingError with the reason and the next step."""
        reached = [one for one in self.history(pair) if one.since <= on]
        if not reached:
            raise self._why_not(pair, on)
        latest = reached[-1]
        if latest.suspended_by is not None and latest.suspended_by.statement.first_day <= on:
            raise self._suspended(pair, latest.suspended_by)
        return latest

    def history(self, pair: Pair) -> tuple[Binding, ...]:
        """Each version that came to bind the pair, by day; of those that have begun, the last is the one in force."""
        mine, theirs = self._ratifications(pair[0]), self._ratifications(pair[1])
        found: list[Binding] = []
        at = (0, 0)  # how far each side has come in its own ratifications: neither goes back
        for day in sorted({one.statement.first_day for one in (*mine, *theirs)}):
            reached = _furthest(
                [
                    (i, j)
                    for i, one in enumerate(mine)
                    for j, other in enumerate(theirs)
                    if i >= at[0] and j >= at[1] and one.statement.version == other.statement.version
                    if self._holds(one, towards=pair[1], on=day) and self._holds(other, towards=pair[0], on=day)
                ]
            )
            if reached is None or (found and reached == at):
                continue
            at = reached
            used = mine[at[0]], theirs[at[1]]
            found.append(Binding(pair, used[0].statement.version, day, used, self._end(pair, used)))
        return tuple(found)

    def ratified_by(self, party: StateCode) -> Signed:
        """The state's ratifications, by day and by when they were signed."""
        found = [one for one in self._of(party) if one.statement.kind is StatementKind.RATIFICATION]
        return sorted(found, key=lambda one: one.order)

    def _of(self, party: StateCode) -> Signed:
        return [one for one in self.statements if one.statement.party == party]

    def _ratifications(self, party: StateCode) -> Signed:
        """Of several for one day, the one that was signed last counts."""
        return list({one.statement.first_day: one for one in self.ratified_by(party)}.values())

    def _suspensions(self, ratification: VerifiedStatement, *, towards: StateCode) -> Signed:
        """Suspensions of this version that the same state signed after it, by day."""
        said = ratification.statement
        found = [
            one
            for one in self._of(said.party)
            if one.statement.kind is StatementKind.SUSPENSION
            and one.statement.version == said.version
            and one.first_signed_at >= ratification.first_signed_at
            and (not one.statement.towards or towards in one.statement.towards)
        ]
        return sorted(found, key=lambda one: one.order)

    def _holds(self, ratification: VerifiedStatement, *, towards: StateCode, on: date) -> bool:
        if ratification.statement.first_day > on:
            return False
        return all(one.statement.first_day > on for one in self._suspensions(ratification, towards=towards))

    def _end(self, pair: Pair, used: tuple[VerifiedStatement, VerifiedStatement]) -> VerifiedStatement | None:
        ended = [
            *self._suspensions(used[0], towards=pair[1]),
            *self._suspensions(used[1], towards=pair[0]),
        ]
        return min(ended, key=lambda one: one.order, default=None)

    def _why_not(self, pair: Pair, on: date) -> NotBindingError:
        """The first thing that is missing, from the side that has done least."""
        ratified = {state: self.ratified_by(state) for state in pair}
        lacking = [state for state in pair if not ratified[state]]
        if lacking:
            return self._unratified(pair, lacking)
        if all(one.statement.version not in {two.statement.version for two in ratified[pair[1]]}
               for one in ratified[pair[0]]):  # fmt: skip
            shown = " and ".join(f"{state} {ratified[state][-1].statement.version.shown()}" for state in pair)
            return self._refusal(
                NotBinding.VERSIONS_DIFFER,
                pair,
                f"they have ratified different versions ({shown}). Both must ratify the same hash.",
            )
        later = self.history(pair)
        if later:
            return self._refusal(
                NotBinding.NOT_YET,
                pair,
                f"version {later[0].version.shown()} binds them from {later[0].since} on, which is after {on}. "
                "For earlier days determine by hand.",
                first_day=later[0].since,
            )
        ended = [one for state in pair for one in self._of(state) if one.statement.kind is StatementKind.SUSPENSION]
        if ended:
            return self._suspended(pair, min(ended, key=lambda one: one.order))
        return self._refusal(
            NotBinding.VERSIONS_DIFFER,
            pair,
            "each has left for the version that the other came from. Both must ratify one version from a later day.",
        )

    def _unratified(self, pair: Pair, lacking: Sequence[StateCode]) -> NotBindingError:
        doubts = [
            f" A ratification by {one.statement.party} is here and does not count: {one.why_not}"
            for one in self.not_counted
            if one.statement.party in lacking and one.statement.kind is StatementKind.RATIFICATION
        ]
        if len(lacking) == len(pair):
            reason, what = NotBinding.UNSIGNED, "neither has ratified any version of it"
        else:
            (ready,) = (state for state in pair if state not in lacking)
            reason, what = NotBinding.ONE_SIDED, f"{ready} has ratified, {lacking[0]} has not"
        waiting = " and ".join(lacking)
        return self._refusal(
            reason,
            pair,
            f"{what}. Give this node the ratification of {waiting}, signed by two officials.{''.join(doubts)}",
        )

    def _suspended(self, pair: Pair, ended: VerifiedStatement) -> NotBindingError:
        said = ended.statement
        return self._refusal(
            NotBinding.SUSPENDED,
            pair,
            f"{said.party} has suspended version {said.version.shown()} from {said.first_day} on (signed by "
            f"{' and '.join(ended.signers)}). Until {said.party} ratifies anew, determine by hand.",
        )

    def _refusal(self, reason: NotBinding, pair: Pair, why: str, *, first_day: date | None = None) -> NotBindingError:
        return NotBindingError(
            f"Agreement '{self.agreement_id}' does not bind {pair[0]} and {pair[1]}: {why}",
            reason=reason,
            states=pair,
            first_day=first_day,
        )


def _furthest(reached: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The pair that is furthest on both sides; None where there is none, or where the two sides cross."""
    if not reached:
        return None
    furthest = max(i for i, _ in reached), max(j for _, j in reached)
    return furthest if furthest in reached else None
