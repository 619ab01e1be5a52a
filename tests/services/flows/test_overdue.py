"""What is overdue, by partner, among ten thousand open cases: by an index, and at a cost that follows the answer."""

import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from portability.adapters.postgres.fence import APP_ROLE
from portability.adapters.postgres.flows_store import OVERDUE, OVERDUE_OF, PostgresCaseLines, PostgresStandings

OPEN_CASES = 10_000
TODAY = date(2026, 11, 21)
MILLISECONDS = 100
TRIES = 5  # the best of them counts, because others use this machine too
FILL = """
INSERT INTO flow_cases (case_id, flow_id, flow_version, known_since, open, look_at)
SELECT gen_random_uuid(), 'record_request', 1, now() - n * interval '1 minute', true, now() + n * interval '1 minute'
FROM generate_series(1, %(cases)s) AS n;
"""
# One partner in a hundred is late, so that an answer is a hundredth of the table.
STEPS = """
INSERT INTO case_steps (case_id, flow_id, step_id, holder, since, due_on, rule_id)
SELECT case_id, flow_id, 'records:' || holder, holder, known_since,
       %(today)s::date + (CASE WHEN number %% 100 = 0 THEN -number / 100 ELSE 30 END)::integer, 'eu.statement'
FROM (SELECT case_id, flow_id, known_since, row_number() OVER () AS number,
             'de-partner' || (row_number() OVER () %% 20) AS holder FROM flow_cases) AS numbered;
"""


@pytest.fixture
async def full(connection: psycopg.AsyncConnection) -> AsyncIterator[psycopg.AsyncConnection]:
    """Ten thousand open cases, seen as a caseworker sees them: through the fence."""
    await connection.execute(FILL, {"cases": OPEN_CASES})
    await connection.execute(STEPS, {"today": TODAY})
    await connection.execute("ANALYZE flow_cases, case_steps")
    await connection.execute(f"SET LOCAL ROLE {APP_ROLE}".encode())
    await connection.execute("SELECT set_config('portability.role', 'caseworker', true)")
    yield connection
    await connection.execute("RESET ROLE")


async def plan(connection: psycopg.AsyncConnection, statement: str, given: dict[str, Any]) -> dict[str, Any]:
    found = await connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}".encode(), given)
    (answer,) = await found.fetchone() or ({},)
    return (json.loads(answer) if isinstance(answer, str) else answer)[0]["Plan"]


def nodes(plan: dict[str, Any]) -> list[dict[str, Any]]:
    return [plan, *(node for part in plan.get("Plans", ()) for node in nodes(part))]


@pytest.mark.parametrize(("statement", "index"), [(OVERDUE, "case_steps_by_day"), (OVERDUE_OF, "case_steps_by_holder")])
async def test_the_list_is_read_from_an_index(full: psycopg.AsyncConnection, statement: str, index: str) -> None:
    given = {"today": TODAY, "limit": 100, "holder": "de-partner0"}
    found = nodes(await plan(full, statement, given))
    assert {node["Index Name"] for node in found if "Index Name" in node and "case_steps" in node["Index Name"]} == {
        index
    }
    assert "Seq Scan" not in {node["Node Type"] for node in found if node.get("Relation Name") == "case_steps"}
    read = sum(node["Actual Rows"] for node in found if node.get("Relation Name") == "case_steps")
    assert read <= given["limit"]


@pytest.mark.parametrize("holder", ["", "de-partner0"])
async def test_ten_thousand_open_cases_answer_in_a_tenth_of_a_second(
    full: psycopg.AsyncConnection, holder: str
) -> None:
    standings = PostgresStandings(full)
    taken = []
    for _ in range(TRIES):
        begun = time.perf_counter()
        found = await standings.overdue(holder=holder, today=TODAY, limit=100)
        taken.append((time.perf_counter() - begun) * 1000)
    assert len(found) == 100
    assert [one.due_on for one in found] == sorted(one.due_on for one in found)
    assert all(one.due_on < TODAY and (not holder or one.holder == holder) for one in found)
    assert min(taken) < MILLISECONDS, taken


async def test_the_clock_finds_its_cases_by_an_index(full: psycopg.AsyncConnection) -> None:
    await full.execute("SELECT set_config('portability.role', 'node', true)")
    soon = datetime.now(UTC) + timedelta(minutes=30)  # noqa: TID251 (the rows are counted from the server's clock)
    statement = "SELECT case_id FROM flow_cases WHERE look_at <= %(soon)s ORDER BY look_at LIMIT 50"
    scans = [node for node in nodes(await plan(full, statement, {"soon": soon})) if "Relation Name" in node]
    assert [scan.get("Index Name") for scan in scans] == ["flow_cases_by_clock"]


async def test_a_page_of_cases_costs_a_page(full: psycopg.AsyncConnection) -> None:
    lines = PostgresCaseLines(full)
    first = await lines.page(size=50, after="", open_only=True)
    taken = []
    for _ in range(TRIES):
        begun = time.perf_counter()
        second = await lines.page(size=50, after=first.next, open_only=True)
        taken.append((time.perf_counter() - begun) * 1000)
    assert {one.case_id for one in first.lines}.isdisjoint(one.case_id for one in second.lines)
    assert min(taken) < MILLISECONDS, taken
