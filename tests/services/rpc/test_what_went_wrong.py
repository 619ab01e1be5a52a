"""What a caller is told: one clear status with place and reason, and nothing that is not the caller's business."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2 as details
from google.rpc import status_pb2
from grpc_status import rpc_status

from portability.agreements import errors
from portability.api.common.v1.common_pb2 import Money
from portability.app.rpc.status import to_status
from portability.services.access import Role

from .conftest import ERROR_ID, SERVICE, Node, rpc

EUR = Money(currency_code="EUR", amount="480.00")


async def failure(node: Node, request: Money = EUR) -> tuple[grpc.aio.AioRpcError, status_pb2.Status]:
    async with node.channel() as channel:
        call = rpc(channel, "Echo")(request)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
        status = await rpc_status.aio.from_call(call)
        assert status is not None
        return caught.value, status


def detail(status: status_pb2.Status, kind: type[Any]) -> Any:
    found = kind()
    assert any(packed.Unpack(found) for packed in status.details)
    return found


async def test_a_bad_field_is_named_by_its_path(node: Node) -> None:
    error, status = await failure(node, Money(currency_code="euro", amount="480.00"))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    (violation,) = detail(status, details.BadRequest).field_violations
    assert violation.field == "currency_code"
    assert violation.reason == "string.pattern"
    assert violation.description == "does not match regex pattern `^[A-Z]{3}$`"
    assert error.details() == "'currency_code' does not match regex pattern `^[A-Z]{3}$`"
    assert detail(status, details.ErrorInfo).reason == "INVALID_INPUT"
    assert node.echo.calls == 0


async def test_bytes_that_are_no_request_are_refused(node: Node) -> None:
    async with node.channel() as channel:
        call = channel.unary_unary(f"/{SERVICE}/Echo")(b"\x0a\xff\xff not a Money")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "cannot be read" in (caught.value.details() or "")
    assert node.seen.unforeseen == []


async def test_nothing_is_parsed_before_it_is_known_who_calls(node: Node) -> None:
    async with node.channel(node.tls.caller(Role.SYSTEM, "somebody")) as channel:
        call = channel.unary_unary(f"/{SERVICE}/Echo")(b"\x0a\xff\xff not a Money")
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call
    assert caught.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_every_bad_field_is_named(node: Node) -> None:
    _, status = await failure(node, Money(currency_code="euro", amount="much"))
    fields = [violation.field for violation in detail(status, details.BadRequest).field_violations]
    assert fields == ["currency_code", "amount"]


async def test_an_error_of_ours_tells_its_reason_citation_and_next_step(node: Node) -> None:
    def unmodelled(request: Money) -> Money:
        raise errors.UnmodelledProvisionError("Annex VIII is not modelled.", citation="883/2004 Annex VIII")

    node.echo.behave = unmodelled
    error, status = await failure(node)
    assert error.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert error.details() == "Annex VIII is not modelled."
    info = detail(status, details.ErrorInfo)
    assert (info.reason, info.domain) == ("PROVISION_NOT_MODELLED", "portability")
    assert dict(info.metadata) == {"citation": "883/2004 Annex VIII"}


async def test_an_unforeseen_error_gives_an_id_and_no_detail(node: Node) -> None:
    def broken(request: Money) -> Money:
        raise RuntimeError("duplicate key (name)=(Maria Rossi)")

    node.echo.behave = broken
    error, status = await failure(node)
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "Maria" not in f"{error.details()}{status}{error.trailing_metadata()}"
    assert detail(status, details.ErrorInfo).metadata["error_id"] == str(ERROR_ID)
    ((rpc_name, error_id, cause),) = node.seen.unforeseen
    assert (rpc_name, error_id, type(cause)) == (f"/{SERVICE}/Echo", str(ERROR_ID), RuntimeError)


async def test_an_oversized_message_is_refused_before_the_handler(node: Node) -> None:
    async with node.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await rpc(channel, "Echo")(Money(currency_code="EUR", amount="1" * 70_000))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert node.echo.calls == 0


async def test_a_compressed_message_is_refused_so_that_nothing_is_inflated(node: Node) -> None:
    async with node.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await rpc(channel, "Echo")(
                Money(currency_code="EUR", amount="1" * 60_000), compression=grpc.Compression.Gzip
            )
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert node.echo.calls == 0


async def test_a_call_without_a_deadline_ends_within_the_servers_limit(node: Node) -> None:
    node.echo.behave = lambda request: asyncio.sleep(60)
    raw = grpc.aio.secure_channel(node.address, node.tls.caller(Role.CASEWORKER, "anna").channel_credentials())
    async with asyncio.timeout(5), raw:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await raw.unary_unary(f"/{SERVICE}/Echo", request_serializer=Money.SerializeToString)(EUR)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert caught.value.details() == "The call took longer than 0.5 s."


async def test_the_callers_own_shorter_deadline_stops_the_handler(node: Node) -> None:
    stopped = asyncio.Event()

    async def slow() -> Money:
        try:
            await asyncio.sleep(60)
        finally:
            stopped.set()
        return EUR

    node.echo.behave = lambda request: slow()
    async with node.channel(call_seconds=0.1) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await rpc(channel, "Echo")(EUR)
    assert caught.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    assert caught.value.details() == "Deadline Exceeded"  # the client's own words, not the server's
    async with asyncio.timeout(5):
        await stopped.wait()


async def test_a_stream_is_checked_message_by_message(node: Node) -> None:
    async def requests() -> AsyncIterator[Money]:
        yield EUR
        yield Money(currency_code="euro", amount="1")

    async with node.channel() as channel:
        call = channel.stream_stream(
            f"/{SERVICE}/Every",
            request_serializer=Money.SerializeToString,
            response_deserializer=Money.FromString,
        )(requests())
        answers = []
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            async for answer in call:
                answers.append(answer)
    assert answers == [EUR]
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert node.echo.calls == 1


async def test_an_unknown_method_is_unimplemented(node: Node) -> None:
    async with node.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await rpc(channel, "NoSuchMethod")(EUR)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.AgreementError("a"), "INVALID_ARGUMENT"),
        (errors.AgreementSyntaxError(file="a", line=1, column=2, expectation="e"), "INVALID_ARGUMENT"),
        (errors.ConflictingRulesError("a"), "INVALID_ARGUMENT"),
        (errors.DeterminationError("a"), "FAILED_PRECONDITION"),
        (errors.NoRuleInForceError("a", first_day=date(2010, 5, 1)), "FAILED_PRECONDITION"),
        (errors.UnmodelledProvisionError("a"), "FAILED_PRECONDITION"),
        (errors.InputError("a", field="f"), "INVALID_ARGUMENT"),
        (errors.NotFoundError("a"), "NOT_FOUND"),
        (errors.DeniedError("a"), "PERMISSION_DENIED"),
        (errors.DeniedError("a", authenticated=False), "UNAUTHENTICATED"),
        (errors.IdempotencyConflictError("a"), "ALREADY_EXISTS"),
        (errors.OverloadError("a"), "RESOURCE_EXHAUSTED"),
        (errors.VerificationError("a"), "INVALID_ARGUMENT"),
        (errors.CaseStateError("a", state="s", allowed_actions=("x", "y")), "FAILED_PRECONDITION"),
        (errors.GatewayError("a", retryable=True), "UNAVAILABLE"),
        (errors.GatewayError("a", retryable=False), "INTERNAL"),
    ],
)
def test_each_error_of_the_tree_has_its_status(error: errors.PortabilityError, code: str) -> None:
    status = to_status(error)
    assert status.code == getattr(grpc.StatusCode, code).value[0]
    assert detail(status, details.ErrorInfo).reason == error.code


def test_a_refused_action_names_the_actions_that_are_allowed() -> None:
    status = to_status(errors.CaseStateError("Not now.", state="LODGED", allowed_actions=("answer", "withdraw")))
    assert dict(detail(status, details.ErrorInfo).metadata) == {
        "state": "LODGED",
        "allowed_actions": "answer,withdraw",
    }


def test_a_wrong_treaty_file_is_answered_with_its_place() -> None:
    status = to_status(errors.AgreementSyntaxError(file="x.yaml", line=28, column=11, expectation="a date"))
    assert dict(detail(status, details.ErrorInfo).metadata) == {"file": "x.yaml", "line": "28", "column": "11"}


def test_overload_says_when_to_try_again() -> None:
    assert detail(to_status(errors.OverloadError("Full.")), details.RetryInfo).retry_delay.seconds == 1
