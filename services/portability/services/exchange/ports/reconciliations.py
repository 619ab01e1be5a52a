"""The report of what comparisons with partners came to, in the store."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.model.reconciliations import (
    Comparison,
    Finding,
    Place,
    Reconciliation,
    Settlement,
    StandingDifferences,
    Wanted,
)
from portability.services.exchange.streams import SequenceRange

__all__ = ["ComparisonAlarms", "ReconciliationReport", "Settlements"]


class ReconciliationReport(Protocol):
    """What comparisons came to, by partner, direction and day."""

    async def note(self, one: Comparison) -> None:
        """Add a comparison to the report of its day; questions of a partner to that of the newest round sent to it.

        A range that was unsettled is so no more once some of it is compared anew.
        """

    async def page(self, wanted: Wanted, *, after: Place | None, limit: int) -> Sequence[Reconciliation]:
        """Return reports, the newest day first, beginning after a place.

        Whether what was missing has come since is looked up now. A day of silence is open until a digest comes.
        """

    async def forget(self, *, before: date) -> int:
        """Delete the reports of the days before one; return how many."""


class ComparisonAlarms(Protocol):
    """What of comparisons somebody has to be told."""

    async def standing(self, *, found_before: datetime) -> Sequence[StandingDifferences]:
        """Return, by partner, the differences found until an instant that are open still; each comes back once.

        One that was settled comes back where it is open again after all.
        """

    async def unheard(self, *, today: date, until: date) -> Sequence[InstitutionId]:
        """Lock and return the senders of which is not known yet whether they were silent up to a day.

        One from which something has come for the first time is expected to send digests from tomorrow on.
        """

    async def silent(
        self, partners: Collection[InstitutionId], *, since: date, until: date
    ) -> Mapping[InstitutionId, int]:
        """Put the days from `since` to `until` without a digest into the report; return how many, by partner.

        Each day comes back once. A digest in the first hour of a day counts for the day before too.
        """


class Settlements(Protocol):
    """What people have settled of what comparisons found.

    A finding is settled while the partner states the same under the same numbers; one that differs, while the same is
    here as well. What is missing is settled too where as many numbers are missing, where in the stream its case has
    its gap, as were given up there; and where all of it that has not come stands in gaps that were refused.
    """

    async def open_among(self, partner: InstitutionId, numbers: SequenceRange) -> Sequence[Finding]:
        """Lock what was found among some numbers, and return what of it is open."""

    async def of_request(self, request_id: UUID) -> tuple[Settlement, int] | None:
        """Return what a request has settled, and how many differences; None where it has settled nothing."""

    async def add(self, one: Settlement) -> int:
        """Settle what is open among the numbers; return how many differences that were."""
