"""What the stores of certificates must keep to: in memory and in PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.memory.certificates import MemoryCertificates
from portability.adapters.postgres.certificates_store import PostgresCertificates, PostgresOffers, PostgresStatuses
from portability.services.certificates.model import StatusPlace
from portability.services.certificates.ports import Issued, Kept, Offer
from tests.at_rest import AT_REST
from tests.services.certificates.certificate_world import IN_KIND, LIST, LIVED, NOW, PENSION, POSTED, certificate

CONTENTS = [{"coverage": POSTED}, {"career": LIVED}, {"entitlement": PENSION}, {"entitlement": IN_KIND}]


class Postgres:
    """The three stores on one connection, as one."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        kept, statuses, offers = (
            PostgresCertificates(connection, AT_REST),
            PostgresStatuses(connection),
            PostgresOffers(connection),
        )
        self.add, self.get, self.of_cases = kept.add, kept.get, kept.of_cases
        self.take, self.revoke, self.revoked = statuses.take, statuses.revoke, statuses.revoked
        self.put, self.use_up, self.forget_over = offers.put, offers.use_up, offers.forget_over


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Any:
    return MemoryCertificates() if request.param == "memory" else Postgres(request.getfixturevalue("connection"))


def issued(index: int, *, case_id: UUID, **content: Any) -> Issued:
    one = replace(
        certificate(**content), certificate_id=time_ordered_id(), case_id=case_id, status=StatusPlace(LIST, index)
    )
    return Issued(one, "a.b.c~", "PBC1:ABC", "anna")


@pytest.mark.parametrize("content", CONTENTS)
async def test_a_certificate_is_kept_whole(store: Any, content: Any) -> None:
    one = issued(7, case_id=time_ordered_id(), **content)
    assert await store.take(1, 7)
    await store.add(one, status_list=1)
    assert await store.get(one.certificate.certificate_id) == Kept(one, None)


async def test_a_certificate_goes_with_the_key_of_its_case_and_its_revocation_stays(
    connection: psycopg.AsyncConnection[Any],
) -> None:
    store = Postgres(connection)
    one = issued(7, case_id=time_ordered_id(), career=LIVED)
    await store.take(1, 7)
    await store.add(one, status_list=1)
    await store.revoke(one.certificate.certificate_id, at=NOW)
    await AT_REST.destroy([one.certificate.case_id], made_before=datetime.max.replace(tzinfo=UTC))
    assert await store.get(one.certificate.certificate_id) is None
    assert list(await store.of_cases([one.certificate.case_id])) == []
    assert list(await store.revoked(1)) == [7]


async def test_certificates_of_cases_come_the_newest_first(store: Any) -> None:
    case_id, other = time_ordered_id(), time_ordered_id()
    made = [issued(index, case_id=case_id, career=LIVED) for index in range(3)]
    strange = issued(3, case_id=other, career=LIVED)
    for one in (*made, strange):
        await store.take(1, one.certificate.status.index)
        await store.add(one, status_list=1)
    assert [kept.issued for kept in await store.of_cases([case_id])] == made[::-1]
    assert list(await store.of_cases([])) == []


async def test_a_place_is_taken_once(store: Any) -> None:
    assert [await store.take(1, 5), await store.take(1, 5), await store.take(2, 5)] == [True, False, True]


async def test_what_is_revoked_stays_revoked_since_the_first_time(store: Any) -> None:
    case_id = time_ordered_id()
    first, second = (issued(index, case_id=case_id, career=LIVED) for index in (9, 4))
    for one in (first, second):
        await store.take(1, one.certificate.status.index)
        await store.add(one, status_list=1)
    for one, later in ((first, 0), (second, 1), (first, 2)):
        await store.revoke(one.certificate.certificate_id, at=NOW + timedelta(hours=later))
    assert list(await store.revoked(1)) == [4, 9]
    assert list(await store.revoked(2)) == []
    assert (await store.get(first.certificate.certificate_id)).revoked_at == NOW
    await store.revoke(time_ordered_id(), at=NOW)
    assert await store.get(time_ordered_id()) is None


async def test_an_offer_is_used_up_once_and_in_its_time(store: Any) -> None:
    offer = Offer(time_ordered_id(), NOW + timedelta(minutes=10))
    key = b"k" * 32
    await store.put("code", key, offer)
    assert await store.use_up("token", key, at=NOW) is None
    assert await store.use_up("code", key, at=NOW) == offer
    assert await store.use_up("code", key, at=NOW) is None
    await store.put("code", key, offer)
    assert await store.use_up("code", key, at=NOW + timedelta(minutes=10)) is None
    await store.put("code", key, offer)
    assert await store.forget_over(at=NOW) == 0
    assert await store.forget_over(at=NOW + timedelta(minutes=10)) == 1
