"""Publication, ratification and suspension over gRPC: parse, call the use case, map."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from dataclasses import dataclass
from datetime import date
from typing import Any

from portability.api.agreements.v1 import agreements_pb2 as pb
from portability.services.access import current_caller
from portability.services.determination.treaties.handlers import (
    TakeInStatement,
    checked_version,
    compare_versions,
    publish_version,
    take_in_statement,
)
from portability.services.determination.treaties.in_force import Treaties
from portability.services.determination.treaties.mapping.api import (
    read_choice,
    read_publish,
    read_ratify,
    read_suspend,
    write_difference,
    write_pairs,
    write_statement,
    write_version,
)
from portability.services.determination.treaties.model import ExaminedStatement
from portability.services.determination.treaties.ports import Clock, UnitOfWork
from portability.services.determination.treaties.standing import PairState, standing_of, versions_of

__all__ = ["TreatyDesk", "TreatyRpcs"]


@dataclass(frozen=True, slots=True)
class TreatyDesk:
    """What the RPCs of agreements need: transactions, the officials of states, the files that shipped, a clock."""

    unit_of_work: UnitOfWork
    treaties: Treaties
    clock: Clock

    @property
    def today(self) -> date:
        return self.clock.now().date()


class TreatyRpcs:
    """The RPCs of AgreementService through which versions come to bind states; for administrators."""

    def __init__(self, desk: TreatyDesk) -> None:
        self._desk = desk

    async def PublishAgreement(self, request: pb.PublishAgreementRequest, context: Any) -> pb.PublishAgreementResponse:
        command, desk = read_publish(request), self._desk
        checked = await checked_version(
            command, caller=current_caller(), law=desk.treaties.shipped, reader=desk.treaties.reader, clock=desk.clock
        )
        async with desk.unit_of_work() as work:
            kept = await publish_version(command, checked, work=work)
            found = await versions_of(kept.agreement_id, work=work, treaties=desk.treaties)
        (version,) = (one for one in found if one.version.sha256 == kept.sha256)
        return pb.PublishAgreementResponse(version=write_version(version))

    async def RatifyAgreement(self, request: pb.RatifyAgreementRequest, context: Any) -> pb.RatifyAgreementResponse:
        statement, pairs = await self._take_in(read_ratify(request))
        return pb.RatifyAgreementResponse(statement=write_statement(statement), pairs=write_pairs(pairs))

    async def SuspendAgreement(self, request: pb.SuspendAgreementRequest, context: Any) -> pb.SuspendAgreementResponse:
        statement, pairs = await self._take_in(read_suspend(request))
        return pb.SuspendAgreementResponse(statement=write_statement(statement), pairs=write_pairs(pairs))

    async def ListAgreementVersions(
        self, request: pb.ListAgreementVersionsRequest, context: Any
    ) -> pb.ListAgreementVersionsResponse:
        async with self._desk.unit_of_work() as work:
            found = await versions_of(request.agreement_id, work=work, treaties=self._desk.treaties)
        return pb.ListAgreementVersionsResponse(versions=[write_version(one) for one in found])

    async def DiffAgreements(self, request: pb.DiffAgreementsRequest, context: Any) -> pb.DiffAgreementsResponse:
        async with self._desk.unit_of_work() as work:
            found = await compare_versions(
                read_choice(request.old), read_choice(request.new), work=work, treaties=self._desk.treaties
            )
        return write_difference(found)

    async def _take_in(self, command: TakeInStatement) -> tuple[ExaminedStatement, tuple[PairState, ...]]:
        """The statement as it is kept, and what it means for each pair of its state from its first day on."""
        desk = self._desk
        async with desk.unit_of_work() as work:
            verified = await take_in_statement(
                command,
                caller=current_caller(),
                work=work,
                authorities=desk.treaties.authorities,
                reader=desk.treaties.reader,
                clock=desk.clock,
            )
            return await standing_of(verified, work=work, treaties=desk.treaties)
