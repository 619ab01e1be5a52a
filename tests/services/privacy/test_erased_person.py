"""A caseworker erases somebody on file, with a case or without: all but what is kept for a reason, which is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.claims_store import PostgresClaims
from portability.adapters.postgres.declarations_store import PostgresDeclarations, PostgresPapers
from portability.adapters.postgres.flows_store import PostgresShelf
from portability.adapters.postgres.mandates_store import PostgresMandates
from portability.adapters.postgres.notices_store import PostgresChoices, PostgresNotices
from portability.adapters.postgres.texting_store import PostgresPins
from portability.adapters.postgres.workers_store import PostgresCodes, PostgresSessions, PostgresWorkers
from portability.agreements.errors import DeniedError, ErasureRefusedError, InputError, NotFoundError
from portability.app.wiring.happenings import NodeHappenings
from portability.services.access import Caller, Role
from portability.services.looking import Look
from portability.services.notices.model import Choice, Kind, Notice
from portability.services.privacy.commands import Erase, ErasePerson, Hold, ReleaseHold
from portability.services.privacy.model import ItemKind
from portability.services.workers.claims.model import Answer as ClaimAnswer
from portability.services.workers.claims.model import SentClaim
from portability.services.workers.mandates.model import Mandate
from portability.services.workers.model import Session, SignInCode, WorkerOnFile, parse_contact
from tests.contracts.test_claim_store import WANTED
from tests.services.privacy.privacy_world import CLOSED, LONG_AFTER, ME, PrivacyWorld, at_rest_with, subject
from tests.services.privacy.test_erased_declarations import declared
from tests.services.privacy.test_erasure import KARL, key_rows, restore, restore_keys
from tests.services.workers.papers import PDF

ANNA = Caller(ME, Role.CASEWORKER, "anna")
VERA = Caller(ME, Role.CLEARED_CASEWORKER, "vera")
NUMBER = "65100358R023"
NOBODY = "Nobody is on file here by what you gave"


def erase(worker_id: UUID | None, **changes: Any) -> ErasePerson:
    return replace(ErasePerson(time_ordered_id(), worker_id), **changes)


def claim(worker_id: UUID, **changes: Any) -> SentClaim:
    made = SentClaim(time_ordered_id(), worker_id, WANTED, CLOSED.date(), CLOSED, CLOSED.date())
    return replace(made, **changes)


async def without_a_case(world: PrivacyWorld, *, number: str = NUMBER) -> UUID:
    """Somebody on file, and all that her page can hold of her; nothing of it waits."""
    worker_id, mandate_id, text_id = time_ordered_id(), time_ordered_id(), time_ordered_id()
    at, contact = CLOSED, parse_contact(f"n{number}@example.org")
    told = declared(replace(subject(0), worker_id=worker_id, case_id=time_ordered_id()))
    async with world.database.transaction() as connection:
        await PostgresWorkers(connection, world.at_rest).keep(WorkerOnFile(worker_id, contact, (number,)))
        mandate = Mandate(mandate_id, worker_id, "Union", None, True, at, at, LONG_AFTER)
        await PostgresMandates(connection, world.at_rest).put(mandate)
        key = world.at_rest.hidden("test", number)
        await PostgresSessions(connection).put(Session(key, worker_id, at, at))
        await PostgresCodes(connection).put(SignInCode(key, key, worker_id, at + timedelta(minutes=10)))
        await PostgresPins(connection).put(worker_id, key)
        await PostgresChoices(connection).keep(worker_id, Choice(wanted=False))
        notices = PostgresNotices(connection)
        await notices.add(worker_id, [Notice(key, Kind.MOVED, at, at)])
        assert await notices.take(text_id, at=at) is not None
        await PostgresClaims(connection, world.at_rest).put(claim(worker_id, withdrawn_at=at))
        await PostgresDeclarations(connection, world.at_rest).put(told)
        await PostgresPapers(connection, world.at_rest).put(time_ordered_id(), told, PDF)
    async with world.work() as work:
        look = Look(time_ordered_id(), worker_id, at, "anna", Role.CASEWORKER, "pension-claim")
        await work.looks.add([look])
    return worker_id


async def tables_of(world: PrivacyWorld, scopes: Sequence[UUID]) -> set[str]:
    """Tables with a row in which one of these ids stands."""
    found = await world.tables()
    return {
        table
        for table, rows in found.items()
        if any(cell in scopes for row in rows for cell in row if isinstance(cell, UUID))
    }


async def with_column(world: PrivacyWorld, column: str) -> set[str]:
    async with world.database.transaction() as connection:
        found = await connection.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = %s",
            (column,),
        )
        return {row[0] for row in await found.fetchall()}


async def test_a_worker_without_a_case_is_erased_whole_and_nobody_else(world: PrivacyWorld) -> None:
    gone = await without_a_case(world)
    stays = await without_a_case(world, number="12345678A901")
    hers = await with_column(world, "worker_id") - {"worker_cases"}  # she has no case
    # Every table that names workers has a row of hers, or this test says nothing of it.
    assert hers <= await tables_of(world, [gone])
    done = await world.use_cases.erase_person(erase(gone), caller=ANNA)
    assert (done.worker_id, done.kept, done.is_off_file) == (gone, (), True)
    assert (done.erasure.erased_by, done.erasure.basis) == ("anna", "Regulation (EU) 2016/679 Art. 17(1)")
    assert len(done.erasure.scopes) == 3  # file, claim, declaration
    assert await tables_of(world, done.erasure.scopes) == set()
    assert hers <= await tables_of(world, [stays])
    with pytest.raises(NotFoundError, match=NOBODY):
        await world.use_cases.erase_person(erase(gone), caller=ANNA)
    # The act is in the log.
    assert [row for row in (await world.tables())["log_staged"] if done.erasure.entry.digest in row]


async def test_the_same_request_gives_the_same_act_and_she_is_found_by_contact_and_number(world: PrivacyWorld) -> None:
    gone = await without_a_case(world)
    contact = f"n{NUMBER}@example.org"
    for wrong in (("other@example.org", NUMBER), (contact, "12345678A901")):
        with pytest.raises(NotFoundError, match=NOBODY):
            command = erase(None, contact=wrong[0], insurance_number=wrong[1])
            await world.use_cases.erase_person(command, caller=ANNA)
    command = erase(None, contact=contact, insurance_number="65 100358 R 023")
    done = await world.use_cases.erase_person(command, caller=ANNA)
    assert done.worker_id == gone
    assert await world.use_cases.erase_person(command, caller=ANNA) == done


async def test_only_a_named_caseworker_erases_a_person_and_says_whom(world: PrivacyWorld) -> None:
    gone = await without_a_case(world)
    for caller in (KARL, Caller(ME, Role.SYSTEM, "pensions"), Caller(ME, Role.CASEWORKER, "")):
        with pytest.raises(DeniedError):
            await world.use_cases.erase_person(erase(gone), caller=caller)
    with pytest.raises(InputError):
        await world.use_cases.erase_person(erase(None), caller=ANNA)


async def test_a_protected_person_is_nobody_to_who_is_not_cleared(world: PrivacyWorld) -> None:
    (one,) = await world.fill(1)
    alone = await without_a_case(world)
    async with world.work() as work:
        await work.protected.protect([one.case_id, alone])
    world.clock.set(LONG_AFTER)
    for worker_id in (one.worker_id, alone, time_ordered_id()):
        with pytest.raises(NotFoundError, match=NOBODY):
            await world.use_cases.erase_person(erase(worker_id), caller=ANNA)
    for worker_id in (one.worker_id, alone):
        assert (await world.use_cases.erase_person(erase(worker_id), caller=VERA)).is_off_file
    assert (await world.tables())["protected_scopes"] == []


async def test_a_claim_has_a_key_of_its_own(world: PrivacyWorld) -> None:
    worker_id = await without_a_case(world)
    other = claim(worker_id, withdrawn_at=CLOSED)
    async with world.database.transaction() as connection:
        book = PostgresClaims(connection, world.at_rest)
        await book.put(other)
        first = (await book.of_worker(worker_id))[-1]
        await world.at_rest.destroy([first.claim_id], made_before=LONG_AFTER)
        assert list(await book.of_worker(worker_id)) == [other]
        assert await book.get(first.claim_id, for_change=False) is None
        assert await PostgresWorkers(connection, world.at_rest).on_file(worker_id, for_change=False) is not None


async def test_what_retention_holds_stays_with_its_reason_and_its_day(world: PrivacyWorld) -> None:
    (one,) = await world.fill(1)
    led = claim(one.worker_id, case_id=one.case_id, opened_at=CLOSED)
    refused = claim(one.worker_id, answer=ClaimAnswer(False, CLOSED, "anna", "Not insured here."))
    free, shown, paper = claim(one.worker_id, withdrawn_at=CLOSED), declared(one), time_ordered_id()
    async with world.database.transaction() as connection:
        for sent in (led, refused, free):
            await PostgresClaims(connection, world.at_rest).put(sent)
        await PostgresDeclarations(connection, world.at_rest).put(shown)
        await PostgresPapers(connection, world.at_rest).put(paper, shown, PDF)
    done = await world.use_cases.erase_person(erase(one.worker_id), caller=ANNA)
    assert done.is_off_file
    assert set(done.erasure.scopes) == {one.worker_id, free.claim_id}
    day = date(2036, 3, 10)
    assert {(kept.kind, kept.scope, kept.until) for kept in done.kept} == {
        (ItemKind.CASE, one.case_id, day),
        (ItemKind.CLAIM, led.claim_id, day),
        (ItemKind.CLAIM, refused.claim_id, day),
        (ItemKind.DECLARATION, shown.declaration_id, day),
    }
    for kept in done.kept:
        assert "2036-03-10" in kept.reason
        assert "Art. 17(3)(b)" in kept.reason
    async with world.database.transaction() as connection:
        assert await PostgresPapers(connection, world.at_rest).get(paper) == PDF
        with pytest.raises(NotFoundError):  # nothing more is sent by who is erased
            await PostgresClaims(connection, world.at_rest).of_worker(one.worker_id, for_change=True)
    # Before that day all that is left has to stay; on it, by the same id, it goes: the case, and what is kept for it.
    world.clock.set(LONG_AFTER - timedelta(days=1))
    with pytest.raises(ErasureRefusedError, match="2036-03-10"):
        await world.use_cases.erase_person(erase(one.worker_id), caller=ANNA)
    world.clock.set(LONG_AFTER)
    rest = await world.use_cases.erase_person(erase(one.worker_id), caller=ANNA)
    assert rest.kept == ()
    assert await tables_of(world, (*rest.erasure.scopes, one.worker_id)) <= {"inbox", "acts"}


async def test_what_was_kept_for_a_case_goes_with_the_case(world: PrivacyWorld) -> None:
    (one,) = await world.fill(1)
    shown = declared(one)
    async with world.database.transaction() as connection:
        await PostgresDeclarations(connection, world.at_rest).put(shown)
    await world.use_cases.erase_person(erase(one.worker_id), caller=ANNA)
    world.clock.set(LONG_AFTER)
    done = await world.use_cases.erase(Erase(time_ordered_id(), one.case_id), caller=KARL)
    assert done.scopes == (one.case_id, shown.declaration_id)


async def test_what_is_open_keeps_her_file_and_an_order_goes_before_it(world: PrivacyWorld) -> None:
    (one,) = await world.fill(1, closed=False)
    waiting = claim(one.worker_id)
    gone = claim(one.worker_id, withdrawn_at=CLOSED)
    async with world.database.transaction() as connection:
        for sent in (waiting, gone):
            await PostgresClaims(connection, world.at_rest).put(sent)
    done = await world.use_cases.erase_person(erase(one.worker_id), caller=ANNA)
    assert (done.is_off_file, done.erasure.scopes) == (False, (gone.claim_id,))
    assert [(kept.kind, kept.until) for kept in done.kept] == [
        (ItemKind.FILE, None),
        (ItemKind.CASE, None),
        (ItemKind.CLAIM, None),
    ]
    assert "Art. 48(1)" in done.kept[0].reason
    with pytest.raises(ErasureRefusedError, match="is open"):
        await world.use_cases.erase_person(erase(one.worker_id), caller=ANNA)
    # Not even an order goes before a legal hold; and a case that is held is still open.
    hold = await world.use_cases.hold(Hold(time_ordered_id(), one.case_id, "Order 12 C 34/26"), caller=KARL)
    with pytest.raises(ErasureRefusedError, match=r"Her file is needed.*legal hold"):
        await world.use_cases.erase_person(erase(one.worker_id), caller=ANNA)
    ordered = await world.use_cases.erase_person(erase(one.worker_id, ordered_by="Order 9"), caller=ANNA)
    assert set(ordered.erasure.scopes) == {one.worker_id, waiting.claim_id}
    assert [(kept.kind, kept.scope) for kept in ordered.kept] == [(ItemKind.CASE, one.case_id)]
    assert "Order 12" not in ordered.kept[0].reason  # what demands a hold is for administrators to read
    await world.use_cases.release(ReleaseHold(time_ordered_id(), hold.hold_id, "judgment final"), caller=KARL)
    async with world.database.transaction() as connection:
        assert await PostgresShelf(connection, world.at_rest).get(one.case_id, for_change=False) is not None


async def test_what_stays_of_a_protected_person_stays_hidden(world: PrivacyWorld) -> None:
    worker_id = await without_a_case(world)
    refused = claim(worker_id, answer=ClaimAnswer(False, CLOSED, "vera", "Not insured here."))
    async with world.database.transaction() as connection:
        await PostgresClaims(connection, world.at_rest).put(refused)
    async with world.work() as work:
        await work.protected.protect([worker_id])
    done = await world.use_cases.erase_person(erase(worker_id), caller=VERA)
    assert [kept.scope for kept in done.kept] == [refused.claim_id]
    async with world.work() as work:
        assert await work.protected.among([worker_id]) == {worker_id}
    # Nor is anything told to who is on file no more.
    nothing: Any = None
    async with world.database.transaction() as connection:
        happenings = NodeHappenings(connection, nothing, nothing, nothing, nothing, CLOSED)
        assert list(await happenings.workers_after(None, limit=9)) == []
    world.clock.set(LONG_AFTER)
    await world.use_cases.erase_person(erase(worker_id), caller=VERA)
    assert (await world.tables())["protected_scopes"] == []


async def test_a_restored_backup_does_not_bring_her_back(world: PrivacyWorld) -> None:
    gone = await without_a_case(world)
    backup, keys_backup = await world.tables(), await key_rows(world)
    done = await world.use_cases.erase_person(erase(gone), caller=ANNA)
    # Beside today's keys nothing opens.
    scope_at = {"workers": 0, "claims_sent": 0, "declared_documents": 1, "mandates": 1}
    sealed: list[Any] = [(row[at], row[-1]) for table, at in scope_at.items() for row in backup[table]]
    assert len(sealed) == 4
    assert set(await world.at_rest.open(sealed)) == {None}
    # With a backup of the keys she would be back, until the list of erasures is carried out as the node starts.
    await restore(world, backup)
    await restore_keys(world, keys_backup)
    world.at_rest = await at_rest_with(world.keys, world.clock)
    assert None not in await world.at_rest.open(sealed)
    again = PrivacyWorld(world.database, world.keys, world.at_rest, world.clock)
    assert await again.use_cases.replay() == len(done.erasure.scopes)
    assert set(await again.at_rest.open(sealed)) == {None}
    assert await tables_of(again, done.erasure.scopes) == set()
