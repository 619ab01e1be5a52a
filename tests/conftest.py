"""Real servers for tests: one embedded PostgreSQL and one Kafka broker a run, each started at first use."""

import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from portability.adapters.postgres.database import migrate
from portability.adapters.postgres.embedded import EmbeddedServer, start_embedded
from tests.brokers import BrokerInUse, start_test_broker

# A change is judged by the same cases on every machine. HYPOTHESIS_PROFILE=default draws new ones, to look for more.
settings.register_profile("same", derandomize=True, database=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

IN_USE = pytest.StashKey[list[str]]()
TEMPLATE = "migrated"
FOR_ONE_PROCESS = 4 * 1024**3
NewDatabase = Callable[[], str]


def pytest_configure(config: pytest.Config) -> None:
    config.stash[IN_USE] = []


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One for each processor and each 4 GiB: each may start a database, a broker and a browser."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with contextlib.suppress(OSError, ValueError):
        memory = min(memory, int(Path("/sys/fs/cgroup/memory.max").read_text()))  # a container has less
    return max(1, min(os.cpu_count() or 1, memory // FOR_ONE_PROCESS, 4))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where several processes run the tests, each tells the one that sums up what it has used."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["in use"] = session.config.stash[IN_USE]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    known = node.config.stash[IN_USE]
    known += [line for line in getattr(node, "workeroutput", {}).get("in use", ()) if line not in known]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash[IN_USE]:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[EmbeddedServer]:
    """An embedded server. Its folder is not pytest's own: that one is closed to the account the server runs as."""
    folder = Path(tempfile.mkdtemp(prefix="portability-pg-"))
    server = start_embedded(folder)
    with psycopg.connect(server.url_for("postgres")) as connection:
        pytestconfig.stash[IN_USE].append(f"database: PostgreSQL {connection.info.parameter_status('server_version')}")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def empty_database(postgres_server: EmbeddedServer) -> NewDatabase:
    """Makes a database without tables and returns its URL."""
    numbers = count(1)
    return lambda: postgres_server.url_for(f"empty_{next(numbers)}")


@pytest.fixture(scope="session")
def new_database(postgres_server: EmbeddedServer) -> NewDatabase:
    """Makes a database with the newest schema and returns its URL; migrated once, then copied."""
    migrate(postgres_server.url_for(TEMPLATE))
    numbers = count(1)

    def make() -> str:
        name = f"test_{next(numbers)}"
        with psycopg.connect(postgres_server.url_for("postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(TEMPLATE))
            )
        return postgres_server.url_for(name)

    return make


@pytest.fixture(scope="session")
def shared_database_url(new_database: NewDatabase) -> str:
    """One migrated database for tests that undo what they do."""
    return new_database()


@pytest.fixture
async def connection(shared_database_url: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """A connection inside a transaction that is undone after the test."""
    async with await psycopg.AsyncConnection.connect(shared_database_url, options="-c timezone=UTC") as opened:
        yield opened
        await opened.rollback()


@pytest.fixture(scope="session")
def kafka_broker(pytestconfig: pytest.Config) -> Iterator[BrokerInUse]:
    """Apache Kafka, or the mock cluster where Java or Maven is missing; the summary says which."""
    broker = start_test_broker()
    pytestconfig.stash[IN_USE].append(broker.line)
    yield broker
    broker.stop()
