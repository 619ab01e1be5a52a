"""Calling the running node from the command line, with an administrator's certificate of its own authority."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import typer

from portability.agreements.errors import GatewayError, InputError
from portability.services.access import Role

__all__ = ["As", "Node", "call_node", "new_request_id"]

As = Annotated[str, typer.Option("--as", help="Administrator at this node, for example karl: her certificate is used.")]
Node = Annotated[str, typer.Option("--node", help="HOST:PORT of the node; without it, PORTABILITY_LISTEN.")]


def call_node(
    stub: Callable[[Any], Any],
    call: Callable[[Any], Awaitable[Any]],
    *,
    name: str,
    node: str,
    role: Role = Role.ADMINISTRATOR,
) -> Any:
    """Open a channel as `name` in a role and run `call` on the `stub` of a service.

    Raises InputError with what the node refuses, and GatewayError where no node answers.
    """
    import asyncio  # noqa: PLC0415 (heavy)

    import grpc  # noqa: PLC0415 (heavy)

    from portability.adapters.clock.system import SystemClock  # noqa: PLC0415 (heavy)
    from portability.app.rpc.client import open_channel  # noqa: PLC0415 (heavy)
    from portability.app.rpc.credentials import NodeTls  # noqa: PLC0415 (heavy)
    from portability.app.settings import load_settings  # noqa: PLC0415 (heavy)

    settings = load_settings()
    tls = NodeTls(settings.tls_folder, settings.required_institution(), hosts=settings.hosts, clock=SystemClock())
    target = node or f"{settings.hosts[0]}:{settings.listen.rpartition(':')[2]}"

    async def run() -> Any:
        async with open_channel(target, tls.caller(role, name)) as channel:
            return await call(stub(channel))

    try:
        return asyncio.run(run())
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.UNAVAILABLE:
            raise GatewayError(
                f"No node answers at {target} ({error.details()}): start it with `portability serve`.", retryable=True
            ) from error
        raise InputError(error.details() or error.code().name) from error


def new_request_id() -> str:
    """A fresh idempotency key."""
    from portability.adapters.clock.ids import time_ordered_id  # noqa: PLC0415 (heavy)

    return str(time_ordered_id())
