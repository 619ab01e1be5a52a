"""The role by which a node works on its database: not the owner of the tables, so that row-level security binds it."""

from uuid import UUID

from psycopg import AsyncConnection, Connection, sql

from portability.services.access import Caller, Role

__all__ = ["APP_ROLE", "AS_DATA_PROTECTION", "grant_app_role", "narrow_to_caller", "narrow_to_worker"]

APP_ROLE = "portability_app"
AS_DATA_PROTECTION = "data-protection"

ROLE = sql.SQL(
    """
DO $$ BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {name}) THEN
        CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;  -- another node of the server was faster
END $$
"""
).format(name=sql.Literal(APP_ROLE), role=sql.Identifier(APP_ROLE))
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}",
    "GRANT {role} TO CURRENT_USER",
)


def grant_app_role(connection: Connection[tuple[object, ...]]) -> None:
    """Make the role where the server has none, and let it work on every table as they now are; by the owner."""
    connection.execute(ROLE)
    for grant in GRANTS:
        connection.execute(sql.SQL(grant).format(role=sql.Identifier(APP_ROLE)))


async def narrow_to_caller(connection: AsyncConnection[tuple[object, ...]], caller: Caller) -> None:
    """For the rest of the transaction, see what the caller may see.

    A worker who has not signed in reads nothing by this fence: signing in is the node's own work.
    """
    role = "node" if caller.role is Role.WORKER and caller.worker_id is None else caller.role.value
    await _set(connection, role, str(caller.worker_id or ""))


async def narrow_to_worker(connection: AsyncConnection[tuple[object, ...]], worker_id: UUID) -> None:
    """For the rest of the transaction, see what is this worker's."""
    await _set(connection, Role.WORKER.value, str(worker_id))


async def _set(connection: AsyncConnection[tuple[object, ...]], role: str, worker: str) -> None:
    await connection.execute(
        "SELECT set_config('portability.role', %s, true), set_config('portability.worker', %s, true)", (role, worker)
    )
