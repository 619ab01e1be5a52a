"""A web application on an address of its own, within the node's process."""

import contextlib
from collections.abc import Iterator

import uvicorn
from starlette.applications import Starlette

__all__ = ["HttpPart"]


class _QuietServer(uvicorn.Server):
    """The node stops its parts itself: this one leaves the process's signals alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class HttpPart:
    """Serves an application over plain HTTP, behind the institution's own https; ends when cancelled."""

    def __init__(self, app: Starlette, *, listen: str) -> None:
        host, _, port = listen.rpartition(":")
        config = uvicorn.Config(
            app, host=host.strip("[]"), port=int(port), log_config=None, access_log=False, lifespan="off",
            server_header=False,
        )  # fmt: skip
        self._server = _QuietServer(config)

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            await self._server.serve()
        finally:
            self._server.should_exit = True

    @property
    def url(self) -> str:
        """Where it is, once it is served."""
        sockets = [socket for server in self._server.servers for socket in server.sockets]
        host, port = sockets[0].getsockname()[:2]
        return f"http://{host}:{port}/"
