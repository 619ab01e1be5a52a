"""DeterminationService and AgreementService over gRPC: parse, call the use case, map. Errors become statuses later."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from typing import Any

from portability.agreements import packaged
from portability.agreements.errors import AgreementError, InputError
from portability.api.agreements.v1 import agreements_pb2 as agreements_pb
from portability.api.agreements.v1 import agreements_pb2_grpc
from portability.api.determination.v1 import determination_pb2 as pb
from portability.api.determination.v1 import determination_pb2_grpc
from portability.services.determination.agreement_handlers import (
    get_agreement,
    list_agreements,
    run_file,
    run_loaded,
    validate_file,
)
from portability.services.determination.files import faults_of
from portability.services.determination.handlers import determine_benefits, explain_again
from portability.services.determination.mapping import (
    read_audience,
    read_query,
    write_agreement,
    write_determined,
    write_explained,
    write_faults,
    write_reports,
    write_summary,
)
from portability.services.determination.ports import LawLibrary

__all__ = ["AgreementServicer", "DeterminationServicer"]

PAGE_SIZE = 50


class DeterminationServicer(determination_pb2_grpc.DeterminationServiceServicer):
    """`law` holds the agreements and legislations that may be applied; without another, those of the package."""

    def __init__(self, *, law: LawLibrary = packaged) -> None:
        self._law = law

    async def Determine(self, request: pb.DetermineRequest, context: Any) -> pb.DetermineResponse:
        query = read_query(request.facts, request.agreement_ids)
        return write_determined(await determine_benefits(query, law=self._law), request.audiences)

    async def Explain(self, request: pb.ExplainRequest, context: Any) -> pb.ExplainResponse:
        audience = read_audience(request.audience, field="audience")
        query = read_query(request.facts, request.agreement_ids)
        return write_explained(await explain_again(query, trace_sha256=request.trace_sha256, law=self._law), audience)


class AgreementServicer(agreements_pb2_grpc.AgreementServiceServicer):
    """`law` holds the agreements that are listed, and the legislations that examples are run with."""

    def __init__(self, *, law: LawLibrary = packaged) -> None:
        self._law = law

    async def ListAgreements(
        self, request: agreements_pb.ListAgreementsRequest, context: Any
    ) -> agreements_pb.ListAgreementsResponse:
        size = request.page_size or PAGE_SIZE
        after = [one for one in await list_agreements(law=self._law) if one.id > request.page_token]
        page = after[:size]
        return agreements_pb.ListAgreementsResponse(
            agreements=[write_summary(one) for one in page],
            next_page_token=page[-1].id if len(after) > size else "",
        )

    async def GetAgreement(
        self, request: agreements_pb.GetAgreementRequest, context: Any
    ) -> agreements_pb.GetAgreementResponse:
        return write_agreement(await get_agreement(request.agreement_id, law=self._law))

    async def ValidateAgreement(
        self, request: agreements_pb.ValidateAgreementRequest, context: Any
    ) -> agreements_pb.ValidateAgreementResponse:
        faults = await validate_file(request.file.text, file=request.file.file)
        return agreements_pb.ValidateAgreementResponse(faults=write_faults(faults))

    async def TestAgreement(
        self, request: agreements_pb.TestAgreementRequest, context: Any
    ) -> agreements_pb.TestAgreementResponse:
        match request.WhichOneof("examples"):
            case "agreement_id":
                reports = await run_loaded(request.agreement_id, law=self._law)
            case "file":
                try:
                    reports = await run_file(request.file.text, file=request.file.file, law=self._law)
                except AgreementError as error:
                    faults = faults_of(error, request.file.file)
                    return agreements_pb.TestAgreementResponse(faults=write_faults(faults))
            case _:
                raise InputError("Name an agreement or give a file.", field="examples")
        return agreements_pb.TestAgreementResponse(results=write_reports(reports))
