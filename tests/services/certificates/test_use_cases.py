"""Issuing, revoking and reading certificates, and the two services in front of them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import grpc
import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.agreements.errors import (
    CaseStateError,
    CertificateRefusedError,
    IdempotencyConflictError,
    InputError,
    NotFoundError,
)
from portability.api.certificates.v1 import certificates_pb2 as pb
from portability.api.certificates.v1 import certificates_pb2_grpc as rpc
from portability.api.coverage.v1 import messages_pb2 as coverage
from portability.services.access import Caller, Role, acting_as
from portability.services.certificates.code import decode_code
from portability.services.certificates.model import Career, CertificateKind
from portability.services.certificates.ports import Kept
from portability.services.certificates.refusals import RefusedBecause
from portability.services.certificates.sd_jwt import decode_sd_jwt
from portability.services.certificates.servicer import CertificateServicer, MyCertificateServicer
from portability.services.certificates.use_cases import IssueCertificate, RevokeCertificate
from portability.services.certificates.verifying import verify_certificate
from tests.services.certificates.certificate_world import INPS, LIVED, NOW, PENSION, POSTED, ROSA, URL, Directory
from tests.services.certificates.desk import ANNA, HERS, OTHER_WORKER, OTHERS, WORKER, Desk


def check(desk: Desk, text: str, status: str = "") -> Any:
    return verify_certificate(text, issuers=Directory([desk.institution]), at=desk.clock.now(), status=status)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        (CertificateKind.COVERAGE, {"coverage": POSTED}),
        (CertificateKind.CAREER, {}),
        (CertificateKind.ENTITLEMENT, {}),
    ],
)
async def test_what_is_issued_verifies_until_it_is_revoked(desk: Desk, kind: CertificateKind, more: Any) -> None:
    kept = await desk.issue(kind, **more)
    status = await desk.use_cases.status_list(1)
    for text in (kept.issued.credential, kept.issued.code):
        assert check(desk, text, status).shown.kind is kind
    revoked = await desk.use_cases.revoke(
        RevokeCertificate(time_ordered_id(), kept.issued.certificate.certificate_id), caller=ANNA
    )
    assert revoked.revoked_at == NOW
    for text in (kept.issued.credential, kept.issued.code):
        # The list from before is believed for the hour that it is of, and not longer.
        assert check(desk, text, status).status_at == NOW
        with pytest.raises(CertificateRefusedError) as error:
            check(desk, text, await desk.use_cases.status_list(1))
        assert error.value.reason == RefusedBecause.REVOKED
    desk.clock.advance(timedelta(hours=1))
    with pytest.raises(CertificateRefusedError) as error:
        check(desk, kept.issued.code, status)
    assert error.value.reason == RefusedBecause.STATUS_UNKNOWN


async def test_the_content_comes_from_the_case_and_the_life_from_the_content(desk: Desk) -> None:
    career = (await desk.issue(CertificateKind.CAREER)).issued.certificate
    right = (await desk.issue(CertificateKind.ENTITLEMENT)).issued.certificate
    posted = (await desk.issue(CertificateKind.COVERAGE, coverage=POSTED)).issued.certificate
    assert (career.career, right.entitlement, posted.coverage) == (LIVED, PENSION, POSTED)
    assert career.expires_at == right.expires_at == NOW + timedelta(days=365)
    assert posted.expires_at == datetime(2027, 10, 1, tzinfo=UTC)
    assert posted.holder == ROSA and posted.issuer == INPS
    assert len({career.number, right.number, posted.number}) == 3
    assert posted.status.uri == f"{URL}/certificates/status/1"
    assert len({one.status.index for one in (career, right, posted)}) == 3


async def test_a_coverage_that_is_over_is_confirmed_for_a_year(desk: Desk) -> None:
    over = replace(POSTED, start=date(2024, 1, 1), end=date(2025, 1, 1))
    kept = await desk.issue(CertificateKind.COVERAGE, coverage=over)
    assert kept.issued.certificate.expires_at == NOW + timedelta(days=365)
    assert check(desk, kept.issued.code).shown.coverage.end == over.end


async def test_the_same_request_gives_the_same_certificate(desk: Desk) -> None:
    command = IssueCertificate(request_id=time_ordered_id(), case_id=HERS, kind=CertificateKind.CAREER)
    first = await desk.use_cases.issue(command, caller=ANNA)
    assert await desk.use_cases.issue(command, caller=ANNA) == first
    with pytest.raises(IdempotencyConflictError):
        await desk.use_cases.issue(replace(command, kind=CertificateKind.ENTITLEMENT), caller=ANNA)


async def test_what_the_case_does_not_know_is_not_confirmed(desk: Desk) -> None:
    desk.facts.right = None
    with pytest.raises(CaseStateError, match="granted nothing"):
        await desk.issue(CertificateKind.ENTITLEMENT)
    desk.facts.career = Career(LIVED.as_of, ())
    with pytest.raises(CaseStateError, match="no country"):
        await desk.issue(CertificateKind.CAREER)
    with pytest.raises(InputError) as error:
        await desk.issue(CertificateKind.COVERAGE)
    assert error.value.field == "coverage"
    desk.facts.holder = None
    with pytest.raises(InputError) as error:
        await desk.issue(CertificateKind.COVERAGE, coverage=POSTED)
    assert error.value.field == "holder"
    assert (await desk.issue(CertificateKind.COVERAGE, coverage=POSTED, holder=ROSA)).issued.certificate.holder == ROSA


async def test_without_an_address_nothing_is_issued(desk: Desk) -> None:
    nowhere = replace(desk.use_cases, address="")
    with pytest.raises(CaseStateError, match="PORTABILITY_PUBLIC_ADDRESS"):
        await nowhere.issue(
            IssueCertificate(request_id=time_ordered_id(), case_id=HERS, kind=CertificateKind.CAREER), caller=ANNA
        )


async def test_a_case_that_is_hidden_or_not_there_has_no_certificates(desk: Desk) -> None:
    kept = await desk.issue()
    await desk.protected.protect([HERS])
    for wrong in (HERS, time_ordered_id()):
        with pytest.raises(NotFoundError):
            await desk.issue(case_id=wrong)
        with pytest.raises(NotFoundError):
            await desk.use_cases.of_case(wrong, caller=ANNA)
    with pytest.raises(NotFoundError):
        await desk.use_cases.revoke(
            RevokeCertificate(time_ordered_id(), kept.issued.certificate.certificate_id), caller=ANNA
        )
    assert list(await desk.use_cases.of_case(HERS, caller=replace(ANNA, role=Role.CLEARED_CASEWORKER))) == [kept]


async def test_who_issues_and_who_revokes_is_kept_as_a_look(desk: Desk) -> None:
    kept = await desk.issue(CertificateKind.COVERAGE, coverage=POSTED)
    await desk.use_cases.revoke(
        RevokeCertificate(time_ordered_id(), kept.issued.certificate.certificate_id), caller=replace(ANNA, name="bo")
    )
    looks = await desk.looks.of([HERS])
    assert sorted((one.by, one.purpose) for one in looks) == [
        ("anna", "applicable-legislation"),
        ("bo", "applicable-legislation"),
    ]
    assert kept.issued.issued_by == "anna"


async def test_a_worker_reads_her_own_and_no_other(desk: Desk) -> None:
    hers, other = await desk.issue(), await desk.issue(case_id=OTHERS)
    assert list(await desk.use_cases.mine(WORKER)) == [hers]
    assert list(await desk.use_cases.mine(OTHER_WORKER)) == [other]
    assert await desk.use_cases.one_of_mine(WORKER, hers.issued.certificate.certificate_id) == hers
    for wrong in (other.issued.certificate.certificate_id, time_ordered_id()):
        with pytest.raises(NotFoundError):
            await desk.use_cases.one_of_mine(WORKER, wrong)


async def test_of_a_protected_person_no_certificate_tells_employer_or_place(desk: Desk) -> None:
    before = await desk.issue(CertificateKind.COVERAGE, coverage=POSTED)
    statement = await desk.issue()
    assert not await desk.use_cases.leaves_out(WORKER)
    await desk.protected.protect([HERS])
    assert await desk.use_cases.leaves_out(WORKER)
    # What was issued before is given out no more; what tells neither stays.
    assert list(await desk.use_cases.mine(WORKER)) == [statement]
    with pytest.raises(NotFoundError):
        await desk.use_cases.one_of_mine(WORKER, before.issued.certificate.certificate_id)
    vera = replace(ANNA, role=Role.CLEARED_CASEWORKER)
    command = IssueCertificate(
        request_id=time_ordered_id(), case_id=HERS, kind=CertificateKind.COVERAGE, coverage=POSTED
    )
    kept = await desk.use_cases.issue(command, caller=vera)
    coverage = kept.issued.certificate.coverage
    assert coverage is not None
    assert [(one.name, one.employer_id, one.country) for one in coverage.employers] == [("-", "-", "IT")]
    assert {(one.locality, one.street, one.postal_code, one.company) for one in coverage.workplaces} == {
        ("-", "", "", "")
    }
    assert {one.country for one in coverage.workplaces} == {one.country for one in POSTED.workplaces}
    told = kept.issued.credential + str(decode_sd_jwt(kept.issued.credential).token.payload)
    told += str(decode_code(kept.issued.code).claims)
    named = [one.name for one in POSTED.employers] + [one.locality for one in POSTED.workplaces]
    assert [name for name in named if name in told] == []
    assert kept in await desk.use_cases.mine(WORKER)


async def printed(kept: Kept, language: str) -> bytes:
    return f"%PDF {kept.issued.certificate.number} {language}".encode()


@pytest.fixture
async def stubs(desk: Desk) -> AsyncIterator[Any]:
    """Both services in one process; the caller is set around each call."""

    class AsCaller(grpc.aio.ServerInterceptor):  # type: ignore[misc]
        caller = ANNA

        async def intercept_service(self, continuation: Any, details: Any) -> Any:
            handler = await continuation(details)

            async def called(request: Any, context: Any) -> Any:
                with acting_as(self.caller):
                    try:
                        return await handler.unary_unary(request, context)
                    except NotFoundError as error:
                        await context.abort(grpc.StatusCode.NOT_FOUND, error.message)

            return grpc.unary_unary_rpc_method_handler(
                called, handler.request_deserializer, handler.response_serializer
            )

    gate = AsCaller()
    server = grpc.aio.server(interceptors=(gate,))
    rpc.add_CertificateServiceServicer_to_server(CertificateServicer(desk.use_cases), server)
    rpc.add_MyCertificateServiceServicer_to_server(MyCertificateServicer(desk.use_cases, printed), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield gate, rpc.CertificateServiceStub(channel), rpc.MyCertificateServiceStub(channel)
    await server.stop(None)


async def test_a_caseworker_issues_lists_and_revokes_and_the_worker_downloads(desk: Desk, stubs: Any) -> None:
    gate, staff, mine = stubs
    request = pb.IssueCertificateRequest(
        request_id=str(time_ordered_id()),
        case_id=str(HERS),
        kind=pb.CERTIFICATE_KIND_COVERAGE,
        holder=pb.CertificateHolder(
            family_name="Conti", given_names="Rosa Maria", number=ROSA.number,
            birth_date={"year": 1961, "month": 4, "day": 2},
        ),
        coverage=pb.CoverageContent(
            agreement_id="eu-883-2004",
            legislation_state="IT",
            status=coverage.CERTIFICATE_STATUS_POSTED_EMPLOYED,
            first_day={"year": 2026, "month": 10, "day": 1},
            last_day={"year": 2027, "month": 9, "day": 30},
            employers=[pb.CertificateEmployer(employer_id="IT-1", name="Trasporti Conti S.r.l.", country="IT")],
            workplaces=[pb.CertificateWorkplace(country="DE", locality="Hamburg")],
        ),
    )  # fmt: skip
    answer = await staff.IssueCertificate(request)
    shown = check(desk, answer.credential).shown
    assert (shown.person_number, shown.coverage.start, shown.coverage.end) == (ROSA.number, POSTED.start, POSTED.end)
    assert check(desk, answer.code).shown.family_name == "Conti"
    (listed,) = (await staff.ListCertificates(pb.ListCertificatesRequest(case_id=str(HERS)))).certificates
    assert listed == answer.certificate and listed.issued_by == "anna"

    gate.caller = Caller("it-inps", Role.WORKER, "pages", WORKER)
    (own,) = (await mine.ListMyCertificates(pb.ListMyCertificatesRequest())).certificates
    assert (own.number, own.issued_by) == (listed.number, "")
    forms = {
        pb.CERTIFICATE_FORM_PDF: (f"%PDF {own.number} ar".encode(), "application/pdf"),
        pb.CERTIFICATE_FORM_CREDENTIAL: (answer.credential.encode(), "application/dc+sd-jwt"),
        pb.CERTIFICATE_FORM_CODE: (answer.code.encode(), "text/plain"),
    }
    for form, expected in forms.items():
        asked = pb.GetMyCertificateRequest(certificate_id=own.certificate_id, form=form, language="ar")
        got = await mine.GetMyCertificate(asked)
        assert (got.content, got.media_type) == expected

    gate.caller = Caller("it-inps", Role.WORKER, "pages", OTHER_WORKER)
    assert not (await mine.ListMyCertificates(pb.ListMyCertificatesRequest())).certificates
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await mine.GetMyCertificate(pb.GetMyCertificateRequest(certificate_id=own.certificate_id, form=1))
    assert error.value.code() is grpc.StatusCode.NOT_FOUND

    gate.caller = ANNA
    revoking = pb.RevokeCertificateRequest(request_id=str(time_ordered_id()), certificate_id=own.certificate_id)
    revoked = await staff.RevokeCertificate(revoking)
    assert revoked.certificate.revoked_at.ToDatetime(UTC) == NOW
