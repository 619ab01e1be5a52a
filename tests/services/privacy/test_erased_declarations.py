"""What a worker declared, and her papers, go with her: rows, and what a backup of them holds."""

from dataclasses import replace

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.declarations_store import PostgresDeclarations, PostgresPapers
from portability.services.access import Caller, Role
from portability.services.privacy.commands import Erase
from portability.services.workers.declarations.model import Answer, Declaration
from portability.services.workers.remembered import RememberedDay
from tests.services.privacy.privacy_world import CLOSED, LONG_AFTER, ME, PrivacyWorld, Subject
from tests.services.workers.papers import PDF

KARL = Caller(ME, Role.ADMINISTRATOR, "karl")


@pytest.mark.parametrize("whole_person", [True, False])
async def test_what_she_declared_and_showed_is_erased_with_her_and_not_with_one_case(
    world: PrivacyWorld,
    whole_person: bool,  # noqa: FBT001 (a case of the test)
) -> None:
    gone, stays = await world.fill(2)
    papers = {}
    async with world.database.transaction() as connection:
        for one in (gone, stays):
            told, paper = declared(one), time_ordered_id()
            await PostgresDeclarations(connection, world.at_rest).put(told)
            await PostgresPapers(connection, world.at_rest).put(paper, told, PDF)
            papers[one.worker_id] = paper
    backup = (await world.tables())["declared_documents"]
    world.clock.set(LONG_AFTER)
    basis = "SGB VI § 149" if whole_person else ""
    command = Erase(time_ordered_id(), gone.case_id, whole_person=whole_person, register_basis=basis)
    await world.use_cases.erase(command, caller=KARL)
    async with world.database.transaction() as connection:
        book, kept = PostgresDeclarations(connection, world.at_rest), PostgresPapers(connection, world.at_rest)
        assert len(await book.of_worker(gone.worker_id)) == (0 if whole_person else 1)
        assert await kept.get(papers[gone.worker_id]) == (None if whole_person else PDF)
        assert await kept.get(papers[stays.worker_id]) == PDF
    # A backup of the table beside today's keys stays unreadable for her, and for nobody else.
    sealed = [(row[1], bytes(row[4])) for row in backup]  # type: ignore[call-overload]
    opened = await world.at_rest.open(sealed)  # type: ignore[arg-type]
    readable = {row[0] for row, content in zip(backup, opened, strict=True) if content == PDF}
    expected = set(papers.values()) - ({papers[gone.worker_id]} if whole_person else set())
    assert readable == expected


def declared(one: Subject) -> Declaration:
    told = Declaration(
        time_ordered_id(), one.worker_id, one.case_id, "TN", RememberedDay(1984), RememberedDay(1985), CLOSED
    )
    return replace(told, answer=Answer(False, CLOSED, "anna", "No record."))
