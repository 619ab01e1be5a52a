"""One node's database: a pool of connections, transactions on it, and the schema brought up to date."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg import AsyncConnection, conninfo
from psycopg.pq import PipelineStatus
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from portability.adapters.postgres.fence import APP_ROLE, grant_app_role, narrow_to_caller
from portability.agreements.errors import GatewayError
from portability.services.access import running_caller

__all__ = ["Connection", "Database", "in_one_go", "migrate"]

Connection = AsyncConnection[tuple[Any, ...]]
OPEN_SECONDS = 15.0
STATEMENT_MILLISECONDS = 30_000  # no statement of ours takes a second; one that does hangs on a lock
IDLE_MILLISECONDS = 30_000  # a process that stands still inside a transaction loses it, and its locks, to the others
GIVEN_UP = (PoolTimeout, psycopg.OperationalError, psycopg.errors.IdleInTransactionSessionTimeout)


class Database:
    """A pool on one database. Open it with `open`, close it with `close`."""

    def __init__(self, pool: AsyncConnectionPool[Connection], *, fenced: bool = False) -> None:
        self._pool = pool
        self._fenced = fenced

    @classmethod
    async def open(cls, url: str, *, pool_size: int = 8, fenced: bool = False) -> Self:
        """Connect to `url`; GatewayError, naming the host and the next step, where nothing answers.

        `fenced`: as the role that row-level security binds, which a migrated database has.
        """
        role = f" -c role={APP_ROLE}" if fenced else ""
        pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            url,
            min_size=1,
            max_size=pool_size,
            timeout=OPEN_SECONDS,
            open=False,
            kwargs={
                "autocommit": True,  # transactions are opened by `transaction` alone
                "options": f"-c statement_timeout={STATEMENT_MILLISECONDS} -c timezone=UTC "
                f"-c idle_in_transaction_session_timeout={IDLE_MILLISECONDS} -c portability.role=node{role}",
            },
        )
        try:
            await pool.open(wait=True, timeout=OPEN_SECONDS)
        except (PoolTimeout, psycopg.OperationalError) as exc:
            await pool.close()
            raise GatewayError(
                f"No PostgreSQL answers at {_where(url)}: start it, or correct PORTABILITY_DATABASE_URL (leave it "
                "unset for the embedded one).",
                retryable=True,
            ) from exc
        return cls(pool, fenced=fenced)

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self, *, acting: str = "") -> AsyncIterator[Connection]:
        """One transaction: commits on normal exit, undoes everything on an error.

        In a fenced database it sees what the caller of the running RPC may see; outside of an RPC, and with `acting`
        "node", what the node itself does. `acting` names another of the roles that the policies know.
        A lost connection or a pool without a free one raises GatewayError(retryable=True).
        """
        async with self.session() as connection, connection.transaction():
            if self._fenced:
                await _narrow(connection, acting)
            yield connection

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Connection]:
        """A connection on which each statement is a transaction: for LISTEN, and for what is one statement.

        Nothing narrows what it may see to the caller of the running RPC. Errors are those of `transaction`.
        """
        try:
            async with self._pool.connection() as connection:
                yield connection
        except GIVEN_UP as exc:
            raise GatewayError("The database is not reachable or gave up on a statement.", retryable=True) from exc


@asynccontextmanager
async def in_one_go(connection: Connection) -> AsyncIterator[None]:
    """Send what is executed inside without waiting for its answers, which are here at the end; inside another such
    stretch, at the end of that one. Nobody may look at a row or a count before.
    """
    if connection.pgconn.pipeline_status is not PipelineStatus.OFF:
        yield
        return
    async with connection.pipeline():
        yield


def migrate(url: str) -> None:
    """Bring the schema to the newest revision; GatewayError where the database cannot be reached.

    Blocking: call it before the event loop does work, or in a thread.
    """
    from alembic import command  # noqa: PLC0415 - heavy, and needed once at start
    from alembic.config import Config  # noqa: PLC0415 - heavy too
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415 - heavy too

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    try:
        command.upgrade(config, "head")
        with psycopg.connect(url) as connection:
            # Two processes of one node may start at once, and two of one server: one after the other.
            connection.execute("SELECT pg_advisory_xact_lock(727001)")
            grant_app_role(connection)
    except (OperationalError, psycopg.OperationalError) as exc:
        raise GatewayError(f"The schema at {_where(url)} cannot be brought up to date.", retryable=True) from exc


async def _narrow(connection: Connection, acting: str) -> None:
    caller = running_caller()
    if acting and acting != "node":
        await connection.execute("SELECT set_config('portability.role', %s, true)", (acting,))
    elif caller is not None and not acting:
        await narrow_to_caller(connection, caller)


def _where(url: str) -> str:
    """Host, port and database of a URL, without its password."""
    try:
        parts = conninfo.conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return "the address given (it is not a PostgreSQL URL)"
    return f"{parts.get('host', 'localhost')}:{parts.get('port', '5432')}/{parts.get('dbname', '')}"
