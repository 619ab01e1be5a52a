"""Alembic's entry: one connection to the URL that `migrate` gives, all revisions in one transaction."""

from alembic import context
from psycopg import conninfo
from sqlalchemy import create_engine, pool
from sqlalchemy.engine import URL


def _engine_url() -> URL:
    """A libpq URL or key-value string as SQLAlchemy takes it."""
    parts = conninfo.conninfo_to_dict(context.config.attributes["url"])
    return URL.create("postgresql+psycopg", query={key: str(value) for key, value in parts.items() if value})


def run() -> None:
    engine = create_engine(_engine_url(), poolclass=pool.NullPool)
    with engine.connect() as connection:
        context.configure(connection=connection, transaction_per_migration=False)
        with context.begin_transaction():
            # Two processes of one node may start at once: the second waits for the first.
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(727001)")
            context.run_migrations()


run()
