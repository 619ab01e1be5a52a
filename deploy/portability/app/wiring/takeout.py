"""All that is kept about a worker at this node: her own calls answered to her once more, and what no call gives.

A topic that is new to the worker's calls gets its line in `LISTED`; tests/services/workers/test_takeout.py names those
that have none.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message

from portability.adapters.postgres.database import Database
from portability.adapters.postgres.fence import narrow_to_worker
from portability.adapters.postgres.looks import PostgresLooks
from portability.adapters.postgres.takeout_store import on_file, said_of
from portability.adapters.postgres.workers_store import PostgresWorkerCases
from portability.adapters.workers.web.takeout_print import Read, printed_takeout
from portability.api.certificates.v1 import certificates_pb2 as certificates_pb
from portability.api.claims.v1 import claims_pb2 as claims_pb
from portability.api.declarations.v1 import declarations_pb2 as declarations_pb
from portability.api.disputes.v1 import disputes_pb2 as disputes_pb
from portability.api.mandates.v1 import mandates_pb2 as mandates_pb
from portability.api.voice.v1 import voice_pb2 as voice_pb
from portability.api.workers.v1 import correspondence_pb2 as correspondence_pb
from portability.api.workers.v1 import matters_pb2 as matters_pb
from portability.api.workers.v1 import preferences_pb2 as preferences_pb
from portability.api.workers.v1 import workers_pb2 as workers_pb
from portability.app.wiring.certificates import certificate_printer
from portability.app.wiring.correspondence import correspondence_use_cases
from portability.app.wiring.declarations import declaration_use_cases
from portability.app.wiring.disputes import dispute_use_cases
from portability.app.wiring.mandates import mandate_use_cases
from portability.app.wiring.parts import CaseParts
from portability.app.wiring.preferences import preference_use_cases
from portability.app.wiring.voice import voice_use_cases
from portability.app.wiring.workers import matter_unit_of_work, names_for_people
from portability.services.access import Caller, Role, acting_as
from portability.services.certificates.servicer import MyCertificateServicer
from portability.services.certificates.use_cases import CertificateUseCases
from portability.services.looking import Look
from portability.services.purposes import DATA_PROTECTION
from portability.services.workers.claims.handlers import ClaimUseCases
from portability.services.workers.claims.servicer import MyClaimServicer
from portability.services.workers.correspondence.servicer import CorrespondenceServicer
from portability.services.workers.declarations.servicer import MyDeclarationServicer
from portability.services.workers.disputes.servicer import MyDisputeServicer
from portability.services.workers.mandates.servicer import MandateServicer
from portability.services.workers.matters.servicer import MatterServicer
from portability.services.workers.matters.use_cases import MatterUseCases
from portability.services.workers.preferences.servicer import PreferenceServicer
from portability.services.workers.servicer import WorkerServicer
from portability.services.workers.takeout.ports import KeptFile, Reader
from portability.services.workers.takeout.use_cases import TakeoutUseCases
from portability.services.workers.use_cases import WorkerUseCases
from portability.services.workers.voice.servicer import MyVoiceServicer
from portability.services.workers.words import words_for

__all__ = ["LISTED", "NodeTakeout", "takeout_use_cases"]

CHANNEL: Final = "takeout"  # as which her own calls are made once more
_ENDINGS: Final = {"application/pdf": "pdf", "application/dc+sd-jwt": "txt"}
Call = Callable[[Any, Any], Awaitable[Message]]

LISTED: Final[Mapping[str, tuple[str, str, Any]]] = MappingProxyType(
    {
        "ListMyCases": ("cases", "workers", workers_pb.ListMyCasesRequest),
        "GetMyCareer": ("career", "workers", workers_pb.GetMyCareerRequest),
        "GetMyDecisions": ("decisions", "workers", workers_pb.GetMyDecisionsRequest),
        "ListMyMatters": ("matters", "matters", matters_pb.ListMyMattersRequest),
        "ListMyMessages": ("messages", "correspondence", correspondence_pb.ListMyMessagesRequest),
        "ListMyDisputes": ("disputes", "disputes", disputes_pb.ListMyDisputesRequest),
        "ListMyClaims": ("claims", "claims", claims_pb.ListMyClaimsRequest),
        "ListMyDeclarations": ("declared", "declarations", declarations_pb.ListMyDeclarationsRequest),
        "ListMyMandates": ("people", "mandates", mandates_pb.ListMyMandatesRequest),
        "ListMyQuestions": ("questions", "voice", voice_pb.ListMyQuestionsRequest),
        "GetMyPreferences": ("preferences", "preferences", preferences_pb.GetMyPreferencesRequest),
        "ListMyCertificates": ("certificates", "certificates", certificates_pb.ListMyCertificatesRequest),
    }
)
"""Calls that need nothing but who she is: the file in which the answer stands, whose call it is, and the request."""


@dataclass(frozen=True, slots=True)
class _Calls:
    """Her own calls, as her channel makes them."""

    workers: WorkerServicer
    matters: MatterServicer
    correspondence: CorrespondenceServicer
    disputes: MyDisputeServicer
    declarations: MyDeclarationServicer
    claims: MyClaimServicer
    mandates: MandateServicer
    voice: MyVoiceServicer
    preferences: PreferenceServicer
    certificates: MyCertificateServicer


class NodeTakeout:
    """WhatIsKept and TakeoutLog on the node's database."""

    def __init__(self, database: Database, parts: CaseParts, calls: _Calls, read: Read) -> None:
        self._database = database
        self._parts = parts
        self._calls = calls
        self._read = read

    async def note(self, reader: Reader, *, at: datetime) -> None:
        """A look at each of her cases: hers, or by the name of who sits beside her."""
        by = reader.company.name if reader.company else ""
        async with self._database.transaction(acting="node") as connection:
            case_ids = await PostgresWorkerCases(connection).case_ids_of(reader.worker_id)
            new_id = self._parts.new_id
            looks = [Look(new_id(), one, at, by, Role.WORKER, DATA_PROTECTION.code) for one in case_ids]
            await PostgresLooks(connection, self._parts.at_rest).add(looks)

    async def files(self, reader: Reader) -> AsyncIterator[KeptFile]:
        """The page to read, each answer as JSON, certificates, papers."""
        words = words_for([reader.language])
        yield KeptFile("index.html", await printed_takeout(self._read, reader.worker_id, words))
        for rpc in LISTED:
            async for file in self._listed(reader, rpc, words.language):
                yield file
        async for file in self._beside(reader):
            yield file

    async def _listed(self, reader: Reader, rpc: str, language: str) -> AsyncIterator[KeptFile]:
        """The answer of a call, page by page, and what it only names."""
        name, service, asking = LISTED[rpc]
        call, fields = getattr(getattr(self._calls, service), rpc), asking.DESCRIPTOR.fields_by_name
        token, number = "", 0
        while token or not number:
            given = {"language": language, "page_token": token}
            answer: Any = await self._answer(
                reader, call, asking(**{key: value for key, value in given.items() if key in fields})
            )
            token, number = getattr(answer, "next_page_token", ""), number + 1
            yield _json(name if number == 1 else f"{name}-{number}", answer)
            async for file in self._each(reader, name, answer, language):
                yield file

    async def _each(self, reader: Reader, name: str, answer: Any, language: str) -> AsyncIterator[KeptFile]:
        """What a list only names: cases and matters with who looked, certificates, papers."""
        calls = self._calls
        if name == "cases":
            for one in answer.cases:
                case = workers_pb.GetMyCaseRequest(case_id=one.case_id, language=language)
                yield _json(f"cases/{one.case_id}", await self._answer(reader, calls.workers.GetMyCase, case))
        elif name == "matters":
            for one in answer.matters:
                matter = matters_pb.GetMyMatterRequest(case_id=one.case_id, language=language)
                yield _json(f"matters/{one.case_id}", await self._answer(reader, calls.matters.GetMyMatter, matter))
        elif name == "declared":
            for paper in (one for each in answer.declarations for one in each.documents):
                asked = declarations_pb.GetMyDocumentRequest(document_id=paper.document_id)
                got: Any = await self._answer(reader, calls.declarations.GetMyDocument, asked)
                ending = {1: "pdf", 2: "jpg", 3: "png"}[paper.kind]
                yield KeptFile(f"papers/{paper.document_id}.{ending}", got.content, is_packed=True)
        elif name == "certificates":
            for one in answer.certificates:
                async for file in self._certificate(reader, one, language):
                    yield file

    async def _certificate(self, reader: Reader, one: Any, language: str) -> AsyncIterator[KeptFile]:
        for form in (certificates_pb.CERTIFICATE_FORM_PDF, certificates_pb.CERTIFICATE_FORM_CREDENTIAL):
            asked = certificates_pb.GetMyCertificateRequest(
                certificate_id=one.certificate_id, form=form, language=language
            )
            got: Any = await self._answer(reader, self._calls.certificates.GetMyCertificate, asked)
            yield KeptFile(f"certificates/{one.number}.{_ENDINGS[got.media_type]}", got.content, is_packed=True)

    async def _beside(self, reader: Reader) -> AsyncIterator[KeptFile]:
        """What no call of hers gives."""
        worker_id = reader.worker_id
        async with self._database.transaction() as connection:
            await narrow_to_worker(connection, worker_id)
            known = await on_file(connection, self._parts.at_rest, worker_id)
            case_ids = await PostgresWorkerCases(connection).case_ids_of(worker_id)
            said = await said_of(connection, self._parts.at_rest, case_ids)
        yield _json("voice", said)
        yield _json("on_file", known)

    async def _answer(self, reader: Reader, call: Call, request: Message) -> Message:
        """As her own channel would be answered: the same checks, and what is hidden from her channels stays hidden."""
        caller = Caller(self._parts.me, Role.WORKER, CHANNEL, reader.worker_id, reader.company)
        with acting_as(caller):
            return await call(request, None)


def takeout_use_cases(
    database: Database,
    parts: CaseParts,
    workers: WorkerUseCases,
    certificates: CertificateUseCases,
    claims: ClaimUseCases,
    *,
    voice_minimum: int,
) -> TakeoutUseCases:
    """The takeout of one node."""
    names = names_for_people(parts.directory).institution
    matters = MatterUseCases(matter_unit_of_work(database, parts))
    correspondence = correspondence_use_cases(database, parts)
    disputes, declarations = dispute_use_cases(database, parts), declaration_use_cases(database, parts)
    mandates = mandate_use_cases(database, parts)
    calls = _Calls(
        workers=WorkerServicer(workers, zone=UTC),
        matters=MatterServicer(matters, clock=parts.clock, zone=UTC),
        correspondence=CorrespondenceServicer(correspondence, zone=UTC),
        disputes=MyDisputeServicer(disputes, name_of=names, zone=UTC),
        declarations=MyDeclarationServicer(declarations, name_of=names, zone=UTC),
        claims=MyClaimServicer(claims, name_of=names, zone=UTC),
        mandates=MandateServicer(mandates),
        voice=MyVoiceServicer(voice_use_cases(database, parts, minimum=voice_minimum), zone=UTC),
        preferences=PreferenceServicer(preference_use_cases(database, parts, workers)),
        certificates=MyCertificateServicer(certificates, certificate_printer(certificates)),
    )
    read = Read(
        me=parts.me,
        name_of=names,
        clock=parts.clock,
        workers=workers,
        matters=matters,
        correspondence=correspondence,
        disputes=disputes,
        declarations=declarations,
        claims=claims,
        mandates=mandates,
    )
    kept = NodeTakeout(database, parts, calls, read)
    return TakeoutUseCases(kept=kept, log=kept, clock=parts.clock)


def _json(name: str, message: Message) -> KeptFile:
    text = MessageToJson(message, preserving_proto_field_name=True, ensure_ascii=False)
    return KeptFile(f"{name}.json", text.encode())
