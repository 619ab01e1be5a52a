"""No table is forgotten by erasures: each is emptied, goes with one that is, or stays for a reason that is said."""

from collections.abc import Sequence
from typing import Any

from portability.adapters.postgres.person_tables import ERASED, OF_NOBODY, STAYS
from tests.services.privacy.privacy_world import PrivacyWorld

# By which columns a row is somebody's. Of a fence the policy itself says so.
PERSONAL = {"worker_id", "case_id", "scope"}
CASCADES = """
SELECT conrelid::regclass::text, confrelid::regclass::text FROM pg_constraint WHERE contype = 'f' AND confdeltype = 'c'
"""
FENCED = "SELECT relname FROM pg_class WHERE relrowsecurity AND relnamespace = 'public'::regnamespace"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
COLUMNS = "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'"


async def rows(world: PrivacyWorld, query: str) -> Sequence[Any]:
    async with world.database.transaction() as connection:
        return await (await connection.execute(query.encode())).fetchall()


async def test_every_table_is_erased_or_stays_for_a_reason(world: PrivacyWorld) -> None:
    tables = {name for (name,) in await rows(world, TABLES)}
    erased = {table for table, _ in ERASED}
    # What goes with a table that goes, goes too.
    on_delete = [(table, of) for table, of in await rows(world, CASCADES)]
    while more := {table for table, of in on_delete if of in erased} - erased:
        erased |= more
    assert tables - erased - STAYS.keys() - OF_NOBODY == set(), "say of each what an erasure does: person_tables.py"
    assert (erased | STAYS.keys() | OF_NOBODY) - tables == set(), "these are no tables any more"
    for one, other in ((erased, STAYS.keys()), (erased, OF_NOBODY), (STAYS.keys(), OF_NOBODY)):
        assert one & other == set()
    assert all(len(reason) > 20 for reason in STAYS.values())


async def test_no_table_that_is_fenced_or_names_a_person_is_called_nobodys(world: PrivacyWorld) -> None:
    fenced = {name for (name,) in await rows(world, FENCED)}
    assert len(fenced) > 20
    named = {table for table, column in await rows(world, COLUMNS) if column in PERSONAL}
    assert (fenced | named) & OF_NOBODY == set()
    columns = {(table, column) for table, column in await rows(world, COLUMNS)}
    assert set(ERASED) <= columns
