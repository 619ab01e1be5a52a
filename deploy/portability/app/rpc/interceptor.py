"""The one interceptor that every call passes: who, may they, how long, is the request valid, what went wrong.

One instead of seven: a handler is wrapped once and each call pays for one function more, not for seven.
"""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import grpc
import protovalidate
from google.protobuf.message import DecodeError, Message
from google.rpc import status_pb2  # type: ignore[import-untyped]  # no py.typed in the wheel
from grpc import StatusCode

from portability.agreements.errors import InputError, OverloadError, PortabilityError
from portability.app.rpc import status as statuses
from portability.app.rpc.allowance import CallAllowance, CallRates
from portability.app.rpc.crowd import MOST_PARTS, is_crowded
from portability.app.rpc.identity import CallerFinder
from portability.app.rpc.texts import field_with_nul
from portability.services.access import AccessPolicy, Caller, acting_as

__all__ = ["CallGate", "CallLimits", "CallObserver", "CallRecord"]

DETAILS_KEY = "grpc-status-details-bin"
SMALL_BYTES = 4 * 1024
"""Up to here, a request is told all of its violations."""
LARGE_BYTES = 64 * 1024
"""From here on, the parts of a request are counted before it is read."""
ADMITTED_SECONDS = 1.0
"""How long a stream may go on after its caller has lost the right to it."""

_Behaviour = Callable[[Any, Any], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class CallLimits:
    """Longest time that a call may take, in seconds.

    A unary call without a deadline, or with a later one, gets `unary_seconds`; a call that streams gets
    `stream_seconds`, after which the client opens it again.
    """

    unary_seconds: float = 30.0
    stream_seconds: float = 3600.0


@dataclass(slots=True)
class CallRecord:
    """What is known of a call, filled in on its way; nothing in it is personal data of a worker.

    `rpc` is "/package.Service/Method", `kind` unary, client_stream, server_stream or bidi_stream, `code` the name
    of a gRPC status code.
    """

    rpc: str
    kind: str
    code: str = "OK"
    seconds: float = 0.0
    caller: Caller | None = None
    reason: str = ""
    error_id: str = ""


class CallObserver(Protocol):
    """Counts and logs calls."""

    def call_started(self, rpc: str, kind: str) -> None:
        """A call has reached the server."""

    def call_finished(self, record: CallRecord) -> None:
        """A call has ended, well or badly."""

    def call_failed_unexpectedly(self, rpc: str, error_id: str, error: Exception) -> None:
        """An error that nobody foresaw ended a call; only its id goes to the client."""


class _Refused(Exception):  # noqa: N818 (a way out of a call, not an error of its own)
    def __init__(self, status: status_pb2.Status, reason: str, error_id: str = "") -> None:
        super().__init__(reason)
        self.status, self.reason, self.error_id = status, reason, error_id


class CallGate(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # generic in the stubs only
    """Lets a call through to its handler or refuses it with one clear status.

    1. The certificate and the session token say who calls.  2. The caller has calls left in this second, and the
    policy opens the RPC to her; while a call streams, it is asked again each second.  3. The request is read and keeps
    the field rules of its proto.  4. The handler runs as that caller, within the time limit.  5. Whatever is raised
    becomes a google.rpc.Status.  6. The call is counted and logged.
    """

    def __init__(
        self,
        *,
        callers: CallerFinder,
        policy: AccessPolicy,
        observer: CallObserver,
        new_id: Callable[[], UUID],
        limits: CallLimits | None = None,
        rates: CallRates | None = None,
    ) -> None:
        self._callers = callers
        self._policy = policy
        self._observer = observer
        self._new_id = new_id
        self._limits = limits or CallLimits()
        self._allowance = CallAllowance(rates or CallRates())
        self._validator = protovalidate.Validator()
        # Large requests are checked beside the loop, one at a time, by a validator of their own.
        self._patient = protovalidate.Validator()
        self._one_large = asyncio.Lock()
        self._wrapped: dict[str, tuple[Any, Any]] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        """Return the handler of the method with the gate before it; None (UNIMPLEMENTED) where there is none."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        rpc = handler_call_details.method
        kept = self._wrapped.get(rpc)
        if kept is None or kept[0] is not handler:
            kept = self._wrapped[rpc] = (handler, self._wrap(rpc, handler))
        return kept[1]

    def _wrap(self, rpc: str, handler: Any) -> Any:
        # gRPC hands over the bytes: nothing of a caller's is parsed before it is known who calls.
        coding = (None, handler.response_serializer)
        checked = partial(
            self._checked, self._validator, handler.request_deserializer, handler.request_deserializer(b"").DESCRIPTOR
        )
        if handler.request_streaming and handler.response_streaming:
            work = self._guarded(rpc, "bidi_stream", _writing(_checking_each(checked, handler.stream_stream)))
            return grpc.stream_stream_rpc_method_handler(work, *coding)
        if handler.response_streaming:
            work = self._guarded(rpc, "server_stream", _writing(_checking(checked, handler.unary_stream)))
            return grpc.unary_stream_rpc_method_handler(work, *coding)
        if handler.request_streaming:
            work = self._guarded(rpc, "client_stream", _checking_each(checked, handler.stream_unary))
            return grpc.stream_unary_rpc_method_handler(work, *coding)
        checked_aside = partial(self._checked, self._patient, *checked.args[1:])
        work = self._guarded(rpc, "unary", self._checking_unary(checked, checked_aside, handler.unary_unary))
        return grpc.unary_unary_rpc_method_handler(work, *coding)

    def _guarded(self, rpc: str, kind: str, work: _Behaviour) -> _Behaviour:
        async def call(request: Any, context: Any) -> Any:
            started = time.perf_counter()
            this = CallRecord(rpc, kind)
            self._observer.call_started(rpc, kind)
            try:
                return await self._answer(this, context, work, request)
            except _Refused as refusal:
                this.reason, this.error_id = refusal.reason, refusal.error_id
                this.code = statuses.status_code(refusal.status).name
                # abort raises, so a half-made response is never sent.
                return await _abort(context, refusal.status)
            except asyncio.CancelledError:
                # gRPC cancels the handler both when the client leaves and when the client's deadline has passed.
                this.code = "DEADLINE_EXCEEDED" if context.time_remaining() == 0 else "CANCELLED"
                raise
            except grpc.aio.AbortError:
                this.code = _name_of(context.code())
                raise
            finally:
                # (6) Counted and logged, however it ended.
                this.seconds = time.perf_counter() - started
                self._observer.call_finished(this)

        return call

    async def _answer(self, record: CallRecord, context: Any, work: _Behaviour, request: Any) -> Any:
        # (5) Whatever is raised becomes a status; only what nobody foresaw is hidden behind an id.
        limit = self._limits.unary_seconds if record.kind == "unary" else self._limits.stream_seconds
        remaining = context.time_remaining()
        try:
            if remaining is not None and remaining <= limit:
                return await self._admit(record, context, work, request)
            async with asyncio.timeout(limit):
                return await self._admit(record, context, work, request)
        except (_Refused, grpc.aio.AbortError):
            raise
        except PortabilityError as error:
            raise _Refused(statuses.to_status(error), error.code) from error
        except TimeoutError as error:
            raise _Refused(statuses.late_status(limit), "DEADLINE_EXCEEDED") from error
        except Exception as error:
            error_id = str(self._new_id())
            self._observer.call_failed_unexpectedly(record.rpc, error_id, error)
            raise _Refused(statuses.internal_status(error_id), "INTERNAL", error_id) from error

    async def _admit(self, record: CallRecord, context: Any, work: _Behaviour, request: Any) -> Any:
        # (1) Who calls.
        record.caller = caller = await self._callers.find(context)
        # (2) May they.
        self._allowance.take(caller)
        self._policy.check(caller, record.rpc)
        # (4) As that caller.
        with acting_as(caller):
            if record.kind == "unary":
                return await work(request, context)
            return await self._while_admitted(caller, record.rpc, work(request, context))

    async def _while_admitted(self, caller: Caller, rpc: str, work: Awaitable[Any]) -> Any:
        # (2) Again each second: a stream may last an hour, and what it was opened for may be over sooner.
        async def watch() -> None:
            while True:
                await asyncio.sleep(ADMITTED_SECONDS)
                self._policy.check(caller, rpc)

        try:
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(watch())
                answer = await work
                watching.cancel()
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from errors
        return answer

    def _checking_unary(
        self, checked: Callable[[bytes], Message], checked_aside: Callable[[bytes], Message], behaviour: Any
    ) -> _Behaviour:
        async def call(received: bytes, context: Any) -> Any:
            if len(received) <= LARGE_BYTES:
                return await behaviour(checked(received), context)
            # Some seconds for some MiB: in a thread, so that everybody else's calls go on.
            async with self._one_large:
                request = await asyncio.to_thread(checked_aside, received)
            return await behaviour(request, context)

        return call

    def _checked(
        self, validator: protovalidate.Validator, parse: Callable[[bytes], Message], kind: Any, received: bytes
    ) -> Message:
        # (3) Is it a message of this RPC, and does it keep its field rules.
        if len(received) > LARGE_BYTES and is_crowded(received, kind):
            raise _Refused(statuses.crowded_request_status(MOST_PARTS), OverloadError.code)
        try:
            request = parse(received)
        except DecodeError as error:
            raise _Refused(statuses.unreadable_request_status(), "INVALID_INPUT") from error
        # The first violation is found at once; finding all of them takes time that grows with their square.
        violations = validator.collect_violations(request, fail_fast=True)
        if violations and len(received) <= SMALL_BYTES:
            violations = validator.collect_violations(request)
        if violations:
            raise _Refused(statuses.invalid_request_status(violations), "INVALID_INPUT")
        if field := field_with_nul(request, received):
            nul = InputError(f"'{field}' has the character U+0000, which no text here may have.", field=field)
            raise _Refused(statuses.to_status(nul), nul.code)
        return request


def _checking(checked: Callable[[bytes], Message], behaviour: Any) -> Any:
    # Not a coroutine, so that a handler that is a generator stays one.
    def call(received: bytes, context: Any) -> Any:
        return behaviour(checked(received), context)

    return call


def _checking_each(checked: Callable[[bytes], Message], behaviour: Any) -> Any:
    async def requests(received: AsyncIterator[bytes]) -> AsyncIterator[Message]:
        async for each in received:
            yield checked(each)

    def call(received: AsyncIterator[bytes], context: Any) -> Any:
        return behaviour(requests(received), context)

    return call


def _writing(behaviour: Any) -> _Behaviour:
    """Run a streaming handler inside the call's own task, where its time limit and its caller hold."""

    async def call(request: Any, context: Any) -> None:
        responses = behaviour(request, context)
        if not inspect.isasyncgen(responses):
            await responses  # a handler that writes by itself, such as Health.Watch
            return
        async with aclosing(responses):
            async for response in responses:
                await context.write(response)

    return call


async def _abort(context: Any, status: status_pb2.Status) -> Any:
    trailer = ((DETAILS_KEY, status.SerializeToString()),)
    return await context.abort(statuses.status_code(status), status.message, trailer)


def _name_of(code: Any) -> str:
    if isinstance(code, StatusCode):
        return code.name
    return next((known.name for known in StatusCode if known.value[0] == code), StatusCode.UNKNOWN.name)
