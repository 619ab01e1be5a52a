"""DeterminationService and AgreementService over gRPC: parse, call the use case, map. Errors become statuses later."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from typing import Any

from portability.agreements.errors import AgreementError, InputError
from portability.api.agreements.v1 import agreements_pb2 as agreements_pb
from portability.api.agreements.v1 import agreements_pb2_grpc
from portability.api.determination.v1 import determination_pb2 as pb
from portability.api.determination.v1 import determination_pb2_grpc
from portability.services.determination.agreement_handlers import run_file, run_loaded, validate_file
from portability.services.determination.files import faults_of
from portability.services.determination.handlers import determine_benefits, explain_again
from portability.services.determination.mapping.agreements import (
    write_agreement,
    write_faults,
    write_reports,
    write_summary,
)
from portability.services.determination.mapping.choices import (
    read_career,
    read_work,
    write_agreements_found,
    write_legislation,
)
from portability.services.determination.mapping.facts import read_query
from portability.services.determination.mapping.results import read_audience, write_determined, write_explained
from portability.services.determination.ports import BindingLaw
from portability.services.determination.selection_handlers import find_agreements
from portability.services.determination.treaties.mapping.api import (
    write_pairs,
    write_standing,
    write_statement,
    write_version,
)
from portability.services.determination.treaties.servicer import TreatyRpcs
from portability.services.determination.treaties.standing import agreement_ids, agreement_state
from portability.services.determination.work_handlers import determine_legislation
from portability.services.mapping.common import read_date

__all__ = ["AgreementServicer", "DeterminationServicer"]

PAGE_SIZE = 50


class DeterminationServicer(determination_pb2_grpc.DeterminationServiceServicer):
    """`law` finds the versions of agreements that bind states, and holds the legislations."""

    def __init__(self, *, law: BindingLaw) -> None:
        self._law = law

    async def Determine(self, request: pb.DetermineRequest, context: Any) -> pb.DetermineResponse:
        query = read_query(request.facts, request.agreement_ids)
        result = await determine_benefits(query, law=self._law)
        return write_determined(result, request.audiences, language=request.language)

    async def Explain(self, request: pb.ExplainRequest, context: Any) -> pb.ExplainResponse:
        audience = read_audience(request.audience, field="audience")
        query = read_query(request.facts, request.agreement_ids)
        again = await explain_again(query, trace_sha256=request.trace_sha256, law=self._law)
        return write_explained(again, audience, language=request.language)

    async def DetermineApplicableLegislation(
        self, request: pb.DetermineApplicableLegislationRequest, context: Any
    ) -> pb.DetermineApplicableLegislationResponse:
        found = await determine_legislation(read_work(request), law=self._law)
        return write_legislation(found, language=request.language)

    async def SelectAgreements(self, request: pb.SelectAgreementsRequest, context: Any) -> pb.SelectAgreementsResponse:
        found = await find_agreements(read_career(request), law=self._law)
        return write_agreements_found(found, language=request.language)


class AgreementServicer(TreatyRpcs, agreements_pb2_grpc.AgreementServiceServicer):
    """Agreements as they stand here, and files to check and try; how versions come to bind is in `TreatyRpcs`."""

    async def ListAgreements(
        self, request: agreements_pb.ListAgreementsRequest, context: Any
    ) -> agreements_pb.ListAgreementsResponse:
        desk, size = self._desk, request.page_size or PAGE_SIZE
        async with desk.unit_of_work() as work:
            known = await agreement_ids(work=work, treaties=desk.treaties)
            after = [one for one in known if one > request.page_token]
            page = [
                await agreement_state(one, on=desk.today, work=work, treaties=desk.treaties) for one in after[:size]
            ]
        return agreements_pb.ListAgreementsResponse(
            agreements=[write_summary(one.agreement, standing=write_standing(one)) for one in page],
            next_page_token=page[-1].agreement.id if len(after) > size else "",
        )

    async def GetAgreement(
        self, request: agreements_pb.GetAgreementRequest, context: Any
    ) -> agreements_pb.GetAgreementResponse:
        desk, on = self._desk, read_date(request, "on", field="on") or self._desk.today
        async with desk.unit_of_work() as work:
            state = await agreement_state(
                request.agreement_id, sha256=request.sha256, on=on, work=work, treaties=desk.treaties
            )
        answer = write_agreement(state.agreement, standing=write_standing(state))
        answer.MergeFrom(
            agreements_pb.GetAgreementResponse(
                version=write_version(state.version) if state.version else None,
                pairs=write_pairs(state.pairs),
                statements=[write_statement(one) for one in state.statements],
                content=state.content,
            )
        )
        return answer

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
                desk = self._desk
                async with desk.unit_of_work() as work:
                    state = await agreement_state(
                        request.agreement_id, on=desk.today, work=work, treaties=desk.treaties
                    )
                reports = await run_loaded(state.agreement, law=desk.treaties.shipped)
            case "file":
                try:
                    reports = await run_file(request.file.text, file=request.file.file, law=self._desk.treaties.shipped)
                except AgreementError as error:
                    faults = faults_of(error, request.file.file)
                    return agreements_pb.TestAgreementResponse(faults=write_faults(faults))
            case _:
                raise InputError("Name an agreement or give a file.", field="examples")
        return agreements_pb.TestAgreementResponse(results=write_reports(reports))
