"""Workers on file, one-time codes, sessions and counted attempts in PostgreSQL, within the caller's transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from psycopg import sql

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.agreements.errors import GatewayError, IdempotencyConflictError, NotFoundError
from portability.services.workers.model import (
    PROTECTED_PART,
    Contact,
    Limit,
    Session,
    SignInCode,
    WorkerOnFile,
)

__all__ = [
    "PostgresAttempts",
    "PostgresCodes",
    "PostgresSessions",
    "PostgresSignInHousekeeping",
    "PostgresWaysIn",
    "PostgresWorkerCases",
    "PostgresWorkers",
    "hold_worker",
]


async def hold_worker(connection: Connection, worker_id: UUID) -> None:
    """Let nobody else change her file until the transaction ends. Raises NotFoundError where she is not on file.

    What she sends may outlive her file, so no foreign key stands in the way of keeping it for who was just erased.
    """
    held = await connection.execute("SELECT 1 FROM workers WHERE worker_id = %s FOR NO KEY UPDATE", (worker_id,))
    if held.rowcount != 1:
        raise NotFoundError("You are not on file here any more.")


class PostgresWorkers:
    """WorkerDirectory and WorkerRegister. A worker is found by keyed hashes, of her contact and of her numbers."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def keep(self, worker: WorkerOnFile) -> None:
        """Put a worker on file, or replace what is on file."""
        (document,) = await seal_documents(self._at_rest, [(worker.worker_id, worker)])
        await self._connection.execute(
            """
            INSERT INTO workers (worker_id, contact, insurance_numbers, document) VALUES (%s, %s, %b, %s)
            ON CONFLICT (worker_id) DO UPDATE SET
                contact = excluded.contact,
                insurance_numbers = excluded.insurance_numbers,
                document = excluded.document
            """,
            (
                worker.worker_id,
                self._hidden_contact(worker.contact),
                [self._hidden_number(number) for number in worker.insurance_numbers],
                document,
            ),
        )

    async def find(self, contact: Contact, *, insurance_number: str = "") -> WorkerOnFile | None:
        """The one worker with this contact (and number); None for none and for several."""
        found = await self._connection.execute(
            """
            SELECT worker_id, document FROM workers
            WHERE contact = %s AND (%s = '' OR %s = ANY (insurance_numbers))
            LIMIT 2
            """,
            (self._hidden_contact(contact), insurance_number, self._hidden_number(insurance_number)),
            binary=True,
        )
        workers = await open_documents(self._at_rest, WorkerOnFile, await found.fetchall())
        return workers[0] if len(workers) == 1 else None

    async def by_id(self, worker_id: UUID) -> WorkerOnFile | None:
        """The worker of an id."""
        return await self.on_file(worker_id, for_change=False)

    async def with_numbers(self, numbers: Sequence[str]) -> Sequence[WorkerOnFile]:
        """Who has one of these numbers; each is held until the transaction ends, in one order for everybody."""
        hidden = sorted({self._hidden_number(number) for number in numbers})
        for number in hidden:
            key = int.from_bytes(number[:8], "big", signed=True)
            await self._connection.execute("SELECT pg_advisory_xact_lock(%s)", (key,))
        found = await self._connection.execute(
            "SELECT worker_id, document FROM workers WHERE insurance_numbers && %b::bytea[] ORDER BY worker_id",
            (hidden,),
            binary=True,
        )
        opened = await open_documents(self._at_rest, WorkerOnFile, await found.fetchall())
        return [one for one in opened if one is not None]

    async def on_file(self, worker_id: UUID, *, for_change: bool) -> WorkerOnFile | None:
        """The worker, held until the transaction ends if for change; None where she is not on file, or no longer."""
        held = "FOR UPDATE" if for_change else ""
        found = await self._connection.execute(
            f"SELECT worker_id, document FROM workers WHERE worker_id = %s {held}".encode(),  # noqa: S608 (our words)
            (worker_id,),
            binary=True,
        )
        workers = await open_documents(self._at_rest, WorkerOnFile, await found.fetchall())
        return workers[0] if workers else None

    def _hidden_contact(self, contact: Contact) -> bytes:
        return self._at_rest.hidden("contact", contact.kind.value, contact.value)

    def _hidden_number(self, number: str) -> bytes:
        return self._at_rest.hidden("number", number)


class PostgresWorkerCases:
    """WorkerCases."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def link(self, worker_id: UUID, case_id: UUID) -> None:
        """Say that a case is this worker's; IdempotencyConflictError where it is another's already."""
        linked = await self._connection.execute(
            """
            INSERT INTO worker_cases AS kept (case_id, worker_id) VALUES (%s, %s)
            ON CONFLICT (case_id) DO UPDATE SET worker_id = excluded.worker_id
            WHERE kept.worker_id = excluded.worker_id
            """,
            (case_id, worker_id),
        )
        if linked.rowcount != 1:
            raise IdempotencyConflictError(f"Case {case_id} is another worker's already.")

    async def case_ids_of(self, worker_id: UUID) -> Sequence[UUID]:
        """Her cases, in the order of their ids."""
        found = await self._connection.execute(
            "SELECT case_id FROM worker_cases WHERE worker_id = %s ORDER BY case_id", (worker_id,)
        )
        return [row[0] for row in await found.fetchall()]

    async def owner_of(self, case_id: UUID) -> UUID | None:
        """Whose a case is; None where nobody has said so."""
        found = await self._connection.execute("SELECT worker_id FROM worker_cases WHERE case_id = %s", (case_id,))
        row = await found.fetchone()
        return row[0] if row else None


class PostgresCodes:
    """CodeStore."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, code: SignInCode) -> SignInCode:
        """Keep a code; where its challenge is kept already, give that one."""
        # The empty update makes one statement of "insert or read", so that nothing can come between the two.
        kept = await self._connection.execute(
            """
            INSERT INTO worker_sign_in_codes (challenge_hash, code_hash, worker_id, expires_at, tries, mandate_id)
            VALUES (%s, %s, %s, %s, %s, %s)
            ON CONFLICT (challenge_hash) DO UPDATE SET challenge_hash = excluded.challenge_hash
            RETURNING challenge_hash, code_hash, worker_id, expires_at, tries, mandate_id
            """,
            (code.challenge_hash, code.code_hash, code.worker_id, code.expires_at, code.tries, code.mandate_id),
        )
        row = await kept.fetchone()
        if row is None:
            raise GatewayError("PostgreSQL gave no row for a code that it has just kept.", retryable=True)
        return SignInCode(*row)

    async def take_try(self, challenge_hash: bytes, *, at: datetime, most: int) -> SignInCode | None:
        """Count one try in one statement, so that the row's lock lets tries in one after the other."""
        taken = await self._connection.execute(
            """
            UPDATE worker_sign_in_codes SET tries = tries + 1
            WHERE challenge_hash = %s AND used_at IS NULL AND expires_at > %s AND tries < %s
            RETURNING challenge_hash, code_hash, worker_id, expires_at, tries, mandate_id
            """,
            (challenge_hash, at, most),
        )
        row = await taken.fetchone()
        return SignInCode(*row) if row else None

    async def use(self, challenge_hash: bytes, *, at: datetime) -> None:
        """Mark a code as used."""
        await self._connection.execute(
            "UPDATE worker_sign_in_codes SET used_at = %s WHERE challenge_hash = %s", (at, challenge_hash)
        )


class PostgresSessions:
    """SessionStore."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def put(self, session: Session) -> None:
        """Keep a session, or under which mandate it runs from now on."""
        await self._connection.execute(
            """
            INSERT INTO worker_sessions (token_hash, worker_id, created_at, last_seen_at, mandate_id)
            VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (token_hash) DO UPDATE SET mandate_id = excluded.mandate_id
            """,
            (session.token_hash, session.worker_id, session.created_at, session.last_seen_at, session.mandate_id),
        )

    async def touch(self, token_hash: bytes, *, at: datetime, idle: timedelta, life: timedelta) -> Session | None:
        """The live session with its last use set to `at`; None otherwise."""
        touched = await self._connection.execute(
            """
            WITH found AS (
                SELECT token_hash AS hash, EXISTS (
                    SELECT FROM worker_cases JOIN protected_scopes ON scope = case_id
                    WHERE worker_cases.worker_id = worker_sessions.worker_id) AS is_protected
                FROM worker_sessions WHERE token_hash = %(hash)s)
            UPDATE worker_sessions SET last_seen_at = greatest(last_seen_at, %(at)s)
            FROM found WHERE token_hash = hash
            AND last_seen_at >= %(at)s - %(idle)s / CASE WHEN is_protected THEN %(part)s ELSE 1 END
            AND created_at >= %(at)s - %(life)s / CASE WHEN is_protected THEN %(part)s ELSE 1 END
            AND (mandate_id IS NULL OR EXISTS (
                SELECT FROM mandates WHERE mandates.mandate_id = worker_sessions.mandate_id
                AND starts_at <= %(at)s AND ends_at > %(at)s AND revoked_at IS NULL))
            RETURNING token_hash, worker_id, created_at, last_seen_at, mandate_id, is_protected
            """,
            {"at": at, "hash": token_hash, "idle": idle, "life": life, "part": PROTECTED_PART},
        )
        row = await touched.fetchone()
        return Session(*row) if row else None

    async def end(self, token_hash: bytes) -> None:
        """Forget a session."""
        await self._connection.execute("DELETE FROM worker_sessions WHERE token_hash = %s", (token_hash,))


class PostgresWaysIn:
    """WaysIn."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def close(self, worker_id: UUID) -> None:
        """End her sessions; codes that are on their way open nothing."""
        for table in ("worker_sessions", "worker_sign_in_codes"):
            statement = sql.SQL("DELETE FROM {} WHERE worker_id = %s AND mandate_id IS NULL")
            await self._connection.execute(statement.format(sql.Identifier(table)), (worker_id,))


class PostgresAttempts:
    """AttemptLimits, in fixed windows."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def spend(self, key: bytes, *, limit: Limit, at: datetime) -> bool:
        """Count one attempt; False, uncounted, where the limit of the running window is reached."""
        counted = await self._connection.execute(
            """
            INSERT INTO worker_sign_in_attempts AS kept (key, ends_at, spent)
            VALUES (%(key)s, %(ends_at)s, 1)
            ON CONFLICT (key) DO UPDATE SET
                spent = CASE WHEN kept.ends_at <= %(at)s THEN 1 ELSE kept.spent + 1 END,
                ends_at = CASE WHEN kept.ends_at <= %(at)s THEN excluded.ends_at ELSE kept.ends_at END
            WHERE kept.ends_at <= %(at)s OR kept.spent < %(most)s
            """,
            {"key": key, "ends_at": at + limit.window, "at": at, "most": limit.most},
        )
        return counted.rowcount == 1


class PostgresSignInHousekeeping:
    """Housekeeping of the three tables of signing in."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def forget_expired(self, *, at: datetime, idle: timedelta, life: timedelta) -> int:
        """Delete what is over at `at`; how many rows went."""
        codes = await self._connection.execute("DELETE FROM worker_sign_in_codes WHERE expires_at <= %s", (at,))
        sessions = await self._connection.execute(
            "DELETE FROM worker_sessions WHERE last_seen_at < %s OR created_at < %s", (at - idle, at - life)
        )
        attempts = await self._connection.execute("DELETE FROM worker_sign_in_attempts WHERE ends_at <= %s", (at,))
        return codes.rowcount + sessions.rowcount + attempts.rowcount
