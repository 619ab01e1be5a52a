"""What the store of shares must keep to: in memory and in PostgreSQL."""

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.shares import MemoryShares
from portability.adapters.postgres.flows_store import PostgresShelf
from portability.adapters.postgres.shares_store import PostgresShares
from portability.agreements.values import Citation, Money
from portability.services.cases.model import (
    AgreementUsed,
    Determination,
    Explanation,
    NationalAnswer,
    ProposedBenefit,
)
from portability.services.cases.shares.model import Grounds, Share
from portability.services.cases.shares.ports import ShareBook
from portability.services.flows.model import CaseFile, Document, KeptDocument
from tests.at_rest import AT_REST

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CASE = time_ordered_id()
OTHER = time_ordered_id()


class Postgres(PostgresShares):
    """The store, with the cases there that it keeps shares of."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        super().__init__(connection, AT_REST)
        self._shelf = PostgresShelf(connection, AT_REST)

    async def add(self, case_id: UUID, share: Share) -> None:
        said = KeptDocument(Document(case_id, "lodge", "it-inps", ("de-drv",), NOW), "claim.old_age")
        await self._shelf.add(CaseFile(case_id, "old_age_claim", 1, NOW), [said])
        await super().add(case_id, share)


@pytest.fixture(params=["memory", "postgres"])
def book(request: pytest.FixtureRequest) -> ShareBook:
    return MemoryShares() if request.param == "memory" else Postgres(request.getfixturevalue("connection"))


def share() -> Share:
    euros = Money(Fraction(100, 3), "EUR")
    citation = Citation("Regulation (EC) No 883/2004", "Art. 52(1)(b)(ii)")
    return Share(
        Determination(
            determination_id=time_ordered_id(),
            institution="de-drv",
            determined_at=NOW,
            determined_by="clerk",
            risk_materialised_on=date(2026, 3, 1),
            award_on=date(2026, 4, 1),
            benefits=(ProposedBenefit("de-rente", "eu-883-2004", euros, theoretical=euros, ratio=Fraction(1, 3)),),
            citations=(citation,),
            explanation=(Explanation("pro_rata", citation, "Own share", children=(Explanation("a", None, "b"),)),),
            summary=("de-rente: 33.33 EUR",),
            agreements=(AgreementUsed("eu-883-2004", "ab" * 32),),
            review_status="unverified",
            banner="Encoding unverified.",
            trace=b"\x00{}",
        ),
        "DE-1",
        Grounds("DE-1", "clerk", "letter of 3 March"),
        (NationalAnswer("de-other", euros, None, None, "clerk", NOW, "own system"),),
    )


async def test_the_last_share_is_given_whole(book: ShareBook) -> None:
    first, second = share(), share()
    await book.add(CASE, first)
    await book.add(CASE, second)
    await book.add(OTHER, Share(grounds=Grounds("", "clerk", "nobody of that name")))
    assert await book.last(CASE) == second
    assert await book.last(OTHER) == Share(grounds=Grounds("", "clerk", "nobody of that name"))


async def test_of_a_case_in_which_nothing_was_determined_there_is_none(book: ShareBook) -> None:
    assert await book.last(time_ordered_id()) is None
