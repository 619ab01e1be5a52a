"""Row-level security with the application layer switched off: statements on bare connections, as each role.

FENCE_READS says how many random reads are tried (2,000 unless it is set).
"""

import os
from random import Random

import psycopg
import pytest
from psycopg import sql

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.fence import APP_ROLE
from portability.services.access import Caller, Role, acting_as
from portability.services.looking import Look
from tests.services.privacy.privacy_world import ME, PrivacyWorld, Subject

READS = int(os.environ.get("FENCE_READS", "2000"))
BY_CASE = ("flow_cases", "flow_documents", "case_identifiers", "inbox")
ROLES = ("caseworker", "system", "cleared-caseworker", "worker", "administrator", "peer", "", "nonsense")


async def fenced(world: PrivacyWorld) -> Database:
    async with world.database.transaction() as connection:
        url = connection.info.dsn
    return await Database.open(url, pool_size=2, fenced=True)


def may_see(role: str, worker: Subject, protected: set[object], *, scope: object, of: Subject) -> bool:
    if role == "cleared-caseworker":
        return True
    if role in {"caseworker", "system"}:
        return scope not in protected
    return role == "worker" and of is worker and scope == of.case_id


async def test_no_random_read_gets_a_row_beyond_the_fence(world: PrivacyWorld) -> None:
    random = Random(20261121)  # noqa: S311 - the same reads each time
    subjects = await world.fill(60)
    async with world.work() as work:
        now = world.clock.now()
        await work.looks.add(
            [Look(time_ordered_id(), one.case_id, now, "anna", Role.CASEWORKER, "pension-claim") for one in subjects]
        )
        hidden = [(await work.people.scopes_of(one.case_id)).all for one in random.sample(subjects, 20)]
        await work.protected.protect([scope for scopes in hidden for scope in scopes])
    protected: set[object] = {scope for scopes in hidden for scope in scopes}
    owner = {one.case_id: one for one in subjects}
    database = await fenced(world)
    beyond, seen = [], 0
    async with database.session() as connection:
        assert (await (await connection.execute("SELECT current_user")).fetchone()) == (APP_ROLE,)
        for _ in range(READS):
            role, worker, target = random.choice(ROLES), random.choice(subjects), random.choice(subjects)
            await connection.execute(
                "SELECT set_config('portability.role', %s, false), set_config('portability.worker', %s, false)",
                (role, str(worker.worker_id) if random.random() < 0.9 else ""),
            )
            table = random.choice((*BY_CASE, "looks", "accounts"))
            column = "case_id" if table in BY_CASE else "scope"
            # At times one row is asked for, at times all of a table; of an account the scope is not the case's.
            where = sql.SQL(" WHERE {} = %s").format(sql.Identifier(column))
            statement = sql.SQL("SELECT {} FROM {}").format(sql.Identifier(column), sql.Identifier(table))
            if table == "accounts" or random.random() < 0.2:
                rows = await (await connection.execute(statement, binary=True)).fetchall()
            else:
                rows = await (await connection.execute(statement + where, (target.case_id,), binary=True)).fetchall()
            for (scope,) in rows:
                seen += 1
                of = owner.get(scope, target)
                if not may_see(role, worker, protected, scope=scope, of=of):
                    beyond.append((role, table))
    await database.close()
    assert beyond == []
    assert seen > READS // 10


async def test_each_role_sees_what_is_inside_the_fence(world: PrivacyWorld) -> None:
    one, other, hidden = await world.fill(3)
    async with world.work() as work:
        await work.protected.protect([hidden.case_id])
    database = await fenced(world)
    expected = {
        Caller(ME, Role.CASEWORKER, "anna"): {one.case_id, other.case_id},
        Caller(ME, Role.SYSTEM, "pensions"): {one.case_id, other.case_id},
        Caller(ME, Role.CLEARED_CASEWORKER, "vera"): {one.case_id, other.case_id, hidden.case_id},
        Caller(ME, Role.WORKER, "page", hidden.worker_id): {hidden.case_id},
        Caller(ME, Role.ADMINISTRATOR, "karl"): set(),
        Caller("it-inps", Role.PEER, "node"): set(),
    }
    for caller, cases in expected.items():
        with acting_as(caller):
            async with database.transaction() as connection:
                found = await connection.execute("SELECT case_id FROM flow_cases")
                assert {row[0] for row in await found.fetchall()} == cases, caller
    # What one transaction was narrowed to, the next one is not; and the node itself sees its work.
    async with database.transaction() as connection:
        found = await connection.execute("SELECT count(*) FROM flow_cases")
        assert await found.fetchone() == (3,)
    await database.close()


async def test_nobody_writes_beyond_the_fence_or_takes_it_down(world: PrivacyWorld) -> None:
    (hidden,) = await world.fill(1)
    async with world.work() as work:
        await work.protected.protect([hidden.case_id])
    database = await fenced(world)
    with acting_as(Caller(ME, Role.CASEWORKER, "anna")):
        async with database.transaction() as connection:
            changed = await connection.execute("UPDATE flow_cases SET open = true")
            assert changed.rowcount == 0
            assert (await connection.execute("DELETE FROM flow_cases")).rowcount == 0
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with database.transaction() as connection:
                await connection.execute(
                    "INSERT INTO case_careers (case_id, state, known_at, document) VALUES (%s, 'DE', now(), 'x')",
                    (hidden.case_id,),
                )
        for statement in ("ALTER TABLE flow_cases DISABLE ROW LEVEL SECURITY", "DROP POLICY fence ON flow_cases"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                async with database.transaction() as connection:
                    await connection.execute(statement.encode())
    await database.close()
