"""CertificateService and MyCertificateService over gRPC: parse, call the use case, map."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from portability.agreements.errors import DeniedError
from portability.api.certificates.v1 import certificates_pb2 as pb
from portability.api.certificates.v1 import certificates_pb2_grpc as rpc
from portability.services.access import Caller, Role, current_caller
from portability.services.certificates.mapping import read_issue, read_revoke, write_summary
from portability.services.certificates.ports import Kept
from portability.services.certificates.use_cases import CertificateUseCases
from portability.services.mapping.common import read_uuid

__all__ = ["CertificateServicer", "MyCertificateServicer", "Printer"]

Printer = Callable[[Kept, str], Awaitable[bytes]]
"""A certificate as a page to print, in a language (BCP 47; empty: English)."""


class CertificateServicer(rpc.CertificateServiceServicer):
    """For caseworkers."""

    def __init__(self, use_cases: CertificateUseCases) -> None:
        self._use_cases = use_cases

    async def IssueCertificate(self, request: pb.IssueCertificateRequest, context: Any) -> pb.IssueCertificateResponse:
        kept = await self._use_cases.issue(read_issue(request), caller=current_caller())
        summary = write_summary(kept, for_staff=True)
        return pb.IssueCertificateResponse(
            certificate=summary, credential=kept.issued.credential, code=kept.issued.code
        )

    async def RevokeCertificate(
        self, request: pb.RevokeCertificateRequest, context: Any
    ) -> pb.RevokeCertificateResponse:
        kept = await self._use_cases.revoke(read_revoke(request), caller=current_caller())
        return pb.RevokeCertificateResponse(certificate=write_summary(kept, for_staff=True))

    async def ListCertificates(self, request: pb.ListCertificatesRequest, context: Any) -> pb.ListCertificatesResponse:
        found = await self._use_cases.of_case(read_uuid(request.case_id, field="case_id"), caller=current_caller())
        return pb.ListCertificatesResponse(certificates=[write_summary(one, for_staff=True) for one in found])


class MyCertificateServicer(rpc.MyCertificateServiceServicer):
    """For workers."""

    def __init__(self, use_cases: CertificateUseCases, printed: Printer) -> None:
        self._use_cases = use_cases
        self._printed = printed

    async def ListMyCertificates(
        self, request: pb.ListMyCertificatesRequest, context: Any
    ) -> pb.ListMyCertificatesResponse:
        found = await self._use_cases.mine(_worker_id(current_caller()))
        return pb.ListMyCertificatesResponse(certificates=[write_summary(one, for_staff=False) for one in found])

    async def GetMyCertificate(self, request: pb.GetMyCertificateRequest, context: Any) -> pb.GetMyCertificateResponse:
        certificate_id = read_uuid(request.certificate_id, field="certificate_id")
        kept = await self._use_cases.one_of_mine(_worker_id(current_caller()), certificate_id)
        if request.form == pb.CERTIFICATE_FORM_PDF:
            content, kind = await self._printed(kept, request.language), "application/pdf"
        elif request.form == pb.CERTIFICATE_FORM_CREDENTIAL:
            content, kind = kept.issued.credential.encode(), "application/dc+sd-jwt"
        else:
            content, kind = kept.issued.code.encode(), "text/plain"
        return pb.GetMyCertificateResponse(content=content, media_type=kind)


def _worker_id(caller: Caller) -> UUID:
    # The policy has checked this before; it is checked again because it decides whose data is read.
    if caller.role is not Role.WORKER or caller.worker_id is None:
        raise DeniedError("Only a signed-in worker sees her own certificates.", authenticated=False)
    return caller.worker_id
