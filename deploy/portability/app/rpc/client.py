"""A channel to a node on which no call waits for ever; the stubs are the generated ones."""

from collections.abc import Callable
from typing import Any

import grpc

from portability.app.rpc.credentials import CallerFiles

__all__ = ["CALL_SECONDS", "STREAM_SECONDS", "DeadlineChannel", "open_channel"]

CALL_SECONDS = 30.0
STREAM_SECONDS = 3600.0
MESSAGE_BYTES = 4 * 1024 * 1024


def open_channel(
    target: str, files: CallerFiles, *, call_seconds: float = CALL_SECONDS, token: str = ""
) -> "DeadlineChannel":
    """Open an mTLS channel to `target` (host:port); `token` is a worker's session token, empty for none.

    Close it, or use it in `async with`. A certificate renewed later needs a new channel.
    """
    options = [
        ("grpc.max_receive_message_length", MESSAGE_BYTES),
        ("grpc.max_send_message_length", MESSAGE_BYTES),
        ("grpc.keepalive_time_ms", 60_000),
    ]
    channel = grpc.aio.secure_channel(target, files.channel_credentials(), options=options)
    metadata = (("authorization", f"Bearer {token}"),) if token else ()
    return DeadlineChannel(channel, call_seconds=call_seconds, metadata=metadata)


class DeadlineChannel(grpc.aio.Channel):
    """A channel whose calls carry a deadline, and a session where there is one, unless the call names its own.

    Done here and not by gRPC's service configuration, whose timeout fires more than a second early, nor by an
    interceptor, which costs a task for each call.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        *,
        call_seconds: float = CALL_SECONDS,
        stream_seconds: float = STREAM_SECONDS,
        metadata: tuple[tuple[str, str], ...] = (),
    ) -> None:
        self._channel = channel
        self._call_seconds = call_seconds
        self._stream_seconds = stream_seconds
        self._metadata = metadata

    def unary_unary(self, *args: Any, **kwargs: Any) -> Any:
        """Return the call with `call_seconds` as its default timeout."""
        return self._with_defaults(self._channel.unary_unary(*args, **kwargs), self._call_seconds)

    def unary_stream(self, *args: Any, **kwargs: Any) -> Any:
        """Return the call with `stream_seconds` as its default timeout."""
        return self._with_defaults(self._channel.unary_stream(*args, **kwargs), self._stream_seconds)

    def stream_unary(self, *args: Any, **kwargs: Any) -> Any:
        """Return the call with `stream_seconds` as its default timeout."""
        return self._with_defaults(self._channel.stream_unary(*args, **kwargs), self._stream_seconds)

    def stream_stream(self, *args: Any, **kwargs: Any) -> Any:
        """Return the call with `stream_seconds` as its default timeout."""
        return self._with_defaults(self._channel.stream_stream(*args, **kwargs), self._stream_seconds)

    async def close(self, grace: float | None = None) -> None:
        """Close the connection; running calls get `grace` seconds."""
        await self._channel.close(grace)

    def get_state(self, try_to_connect: bool = False) -> grpc.ChannelConnectivity:  # noqa: FBT001, FBT002 (gRPC's)
        """Return the state of the connection."""
        return self._channel.get_state(try_to_connect)

    async def wait_for_state_change(self, last_observed_state: grpc.ChannelConnectivity) -> None:
        """Return once the state is another."""
        await self._channel.wait_for_state_change(last_observed_state)

    async def channel_ready(self) -> None:
        """Return once the connection stands."""
        await self._channel.channel_ready()

    async def __aenter__(self) -> "DeadlineChannel":
        await self._channel.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> None:
        await self._channel.__aexit__(*error)

    def _with_defaults(self, method: Callable[..., Any], seconds: float) -> Callable[..., Any]:
        own = self._metadata

        def call(*args: Any, timeout: float | None = None, metadata: Any = (), **kwargs: Any) -> Any:
            chosen = seconds if timeout is None else timeout
            return method(*args, timeout=chosen, metadata=(*own, *(metadata or ())), **kwargs)

        return call
