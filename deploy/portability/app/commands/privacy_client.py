"""Asks the node on this machine to erase, hold, release, protect or show, under a certificate of the caller's name.

The certificate is issued under this node's own authority: whoever may do this is whoever reads its data folder.
"""

import asyncio
from collections.abc import Awaitable, Iterator
from typing import Any

import grpc

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.agreements.errors import DeniedError
from portability.api.privacy.v1 import privacy_pb2 as pb
from portability.api.privacy.v1 import privacy_pb2_grpc
from portability.app.rpc.client import open_channel
from portability.app.rpc.credentials import NodeTls
from portability.app.settings import load_settings
from portability.services.access import Role

__all__ = ["erase", "erase_person", "hold", "protect", "release", "show"]


def show(case_id: str, name: str) -> Iterator[str]:
    """Lines on how a case stands."""
    found = _call("GetPrivacy", pb.GetPrivacyRequest(case_id=case_id), Role.ADMINISTRATOR, name)
    day = found.kept_until
    until = f"{day.year}-{day.month:02}-{day.day:02}" if found.HasField("kept_until") else "(it is open)"
    rule = f"{found.citation.instrument} {found.citation.article}; {found.rule_says}"
    yield f"kept until  {until}: {found.retention_years} years after it was closed ({rule})"
    yield f"protected   {'yes' if found.is_protected else 'no'}"
    for hold in found.holds:
        yield f"hold        {hold.hold_id}  {hold.set_at.ToJsonString()}  {hold.set_by}  {hold.citation}"
    for other in found.other_case_ids:
        yield f"her case    {other}"
    for look in found.looks:
        seen = "" if look.case_id == case_id else f"  {look.case_id or 'her account or file'}"
        yield f"look        {look.at.ToJsonString()}  {look.role} {look.by}  {look.purpose}{seen}"


def erase(case_id: str, name: str, *, whole_person: bool, ordered_by: str, register_basis: str) -> str:
    """Erase; a line on the act."""
    request = pb.EraseRequest(
        request_id=str(time_ordered_id()),
        case_id=case_id,
        whole_person=whole_person,
        ordered_by=ordered_by,
        register_basis=register_basis,
    )
    done = _call("Erase", request, Role.ADMINISTRATOR, name)
    return f"erased  {done.erasure_id}: {done.scopes} keys and all that they sealed ({done.basis})"


def erase_person(
    name: str, *, worker_id: str, contact: str, number: str, ordered_by: str, cleared: bool
) -> Iterator[str]:
    """Erase somebody on file, by her id or by contact and number; lines on the act and on what had to stay."""
    request = pb.ErasePersonRequest(request_id=str(time_ordered_id()), ordered_by=ordered_by)
    if worker_id:
        request.worker_id = worker_id
    else:
        request.on_file.contact = contact
        request.on_file.insurance_number = number
    done = _call("ErasePerson", request, Role.CLEARED_CASEWORKER if cleared else Role.CASEWORKER, name)
    yield f"erased  {done.erasure_id}: {done.scopes} keys and all that they sealed ({done.basis})"
    yield "She is off file." if done.is_off_file else "She stays on file and signs in as before."
    for one in done.kept:
        yield f"kept    {one.reason}"
    if done.kept:
        yield f"Once that is over, erase what is left by her id: {done.worker_id}"


def hold(case_id: str, citation: str, name: str) -> str:
    """Hold; a line with the hold's id."""
    request = pb.HoldCaseRequest(request_id=str(time_ordered_id()), case_id=case_id, citation=citation)
    return f"held  {_call('HoldCase', request, Role.ADMINISTRATOR, name).hold.hold_id}"


def release(hold_id: str, reason: str, name: str) -> None:
    """End a hold."""
    request = pb.ReleaseHoldRequest(request_id=str(time_ordered_id()), hold_id=hold_id, reason=reason)
    _call("ReleaseHold", request, Role.ADMINISTRATOR, name)


def protect(case_id: str, reason: str, name: str, *, is_protected: bool) -> None:
    """Hide a person from staff that is not cleared, or show her again."""
    request = pb.ProtectPersonRequest(
        request_id=str(time_ordered_id()), case_id=case_id, is_protected=is_protected, reason=reason
    )
    _call("ProtectPerson", request, Role.CLEARED_CASEWORKER, name)


def _call(rpc: str, request: Any, role: Role, name: str) -> Any:
    """The node's answer; DeniedError with its words where it refuses or does not answer."""
    settings = load_settings()
    tls = NodeTls(settings.tls_folder, settings.required_institution(), hosts=settings.hosts, clock=SystemClock())
    target = f"localhost:{settings.listen.rpartition(':')[2]}"

    async def ask() -> Any:
        async with open_channel(target, tls.caller(role, name)) as channel:
            call: Awaitable[Any] = getattr(privacy_pb2_grpc.PrivacyServiceStub(channel), rpc)(request)
            return await call

    try:
        return asyncio.run(ask())
    except grpc.aio.AioRpcError as error:
        raise DeniedError(error.details() or f"The node at {target} does not answer: is it running?") from error
