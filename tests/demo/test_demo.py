"""The whole way, as people run it: one claim, three countries, every decision, every signed receipt."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from portability.adapters.postgres.embedded import EmbeddedServer
from tests.brokers import BrokerInUse

PORTABILITY = Path(sys.executable).parent / "portability"


def run_demo(*arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [str(PORTABILITY), "demo", *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env={**os.environ, **environment},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert done.stderr == ""
    return done.stdout


def check(told: str) -> None:
    # Each pair of the story is bound by one version, at each node, and the determinations name it.
    assert "every node holds" in told
    for agreement, one, other, names in (
        ("eu-883-2004", "DE", "IT", "Italy and Germany"),
        ("ca-it", "CA", "IT", "Italy and Canada"),
        ("ca-de", "CA", "DE", "Germany and Canada"),
    ):
        begins = re.search(rf"{agreement} binds {one} and {other} since 2025-07-01 \(version (\w{{12}})\)", told)
        assert begins
        assert re.search(rf"{agreement}, version {begins[1]}\w{{52}}, binds {names} since", told)
    # 794 of 1449 weeks count in Italy: 1184.60 x 794/1449 = 649.116..., plus 9.70 for the displaced voluntary weeks.
    assert "€1,184.60 × 794/1,449 = €649.12.  [883/2004 Art. 52(1)(b)(ii)]" in told
    # 13.2145 points x (1 + 11 x 0.005) = 13.9413; x 42.52 = 592.784...
    assert re.search(r"13\.9413 personal points × 1 × €42\.52 .*= €592\.78\.  \[SGB VI § 64\]", told)
    # 167 months are 13 whole years: 740.09 x 13/40 = 240.529...
    assert re.search(r"ca-oas +240\.53 CAD +2026-12-01 +amelie-tremblay", told)
    messages = re.findall(r"^ \d\d:\d\d:\d\d\.\d+ .*$", told, re.MULTILINE)
    assert len(messages) == 16, "two claims, six statements, six decisions, two summaries"
    assert all(" opened " in line for line in messages), "each holds its recipient's signed receipt that it was read"
    assert "Elena signs in by one-time code" in told


def test_one_claim_becomes_three_decisions_with_nothing_installed() -> None:
    check(run_demo())


def test_the_same_on_a_served_postgresql(postgres_server: EmbeddedServer) -> None:
    served = postgres_server.url_for("postgres")
    for _ in range(2):  # the second finds nothing of the first, whose keys are gone
        check(run_demo(PORTABILITY_DATABASE_URL=served))
    with psycopg.connect(served) as connection:
        left = connection.execute("SELECT datname FROM pg_database WHERE datname LIKE 'portability_%'").fetchall()
    assert left == []


@pytest.mark.kafka
def test_the_same_over_kafka(kafka_broker: BrokerInUse, empty_database: Callable[[], str]) -> None:
    check(run_demo("--kafka", kafka_broker.bootstrap))
