"""MyDeclarationService and DeclarationDeskService over gRPC: parse, call the use case, map."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from collections.abc import Callable
from datetime import tzinfo
from typing import Any

from portability.api.declarations.v1 import declarations_pb2 as pb
from portability.api.declarations.v1 import declarations_pb2_grpc
from portability.services.access import current_caller
from portability.services.mapping.common import read_uuid
from portability.services.workers.declarations.desk import DeclarationDesk
from portability.services.workers.declarations.handlers import DeclarationUseCases, DeclarationView
from portability.services.workers.declarations.mapping import (
    read_add,
    read_declare,
    read_settle,
    write_desk,
    write_document,
    write_mine,
)
from portability.services.workers.servicer import signed_in_worker
from portability.services.workers.words import words_for

__all__ = ["DeclarationDeskServicer", "MyDeclarationServicer"]

PAGE = 50


class MyDeclarationServicer(declarations_pb2_grpc.MyDeclarationServiceServicer):
    """`zone` is where the institution is: the day of an instant is that of its calendar."""

    def __init__(self, use_cases: DeclarationUseCases, *, name_of: Callable[[str], str], zone: tzinfo) -> None:
        self._use_cases = use_cases
        self._name_of = name_of
        self._zone = zone

    async def DeclarePeriod(self, request: pb.DeclarePeriodRequest, context: Any) -> pb.DeclarePeriodResponse:
        caller = current_caller()
        command = read_declare(request, worker_id=signed_in_worker(caller), by=caller.accompanied_by)
        view = await self._use_cases.declare(command)
        return pb.DeclarePeriodResponse(declaration=self._mine(view, request.language))

    async def AddDocument(self, request: pb.AddDocumentRequest, context: Any) -> pb.AddDocumentResponse:
        caller = current_caller()
        command = read_add(request, worker_id=signed_in_worker(caller), by=caller.accompanied_by)
        view = await self._use_cases.add_document(command, request.content)
        return pb.AddDocumentResponse(declaration=self._mine(view, request.language))

    async def WithdrawDeclaration(
        self, request: pb.WithdrawDeclarationRequest, context: Any
    ) -> pb.WithdrawDeclarationResponse:
        declaration_id = read_uuid(request.declaration_id, field="declaration_id")
        await self._use_cases.withdraw(signed_in_worker(current_caller()), declaration_id)
        return pb.WithdrawDeclarationResponse()

    async def ListMyDeclarations(
        self, request: pb.ListMyDeclarationsRequest, context: Any
    ) -> pb.ListMyDeclarationsResponse:
        views = await self._use_cases.list_mine(signed_in_worker(current_caller()))
        return pb.ListMyDeclarationsResponse(declarations=[self._mine(view, request.language) for view in views])

    async def GetMyDocument(self, request: pb.GetMyDocumentRequest, context: Any) -> pb.GetMyDocumentResponse:
        document_id = read_uuid(request.document_id, field="document_id")
        document, content = await self._use_cases.document_of_mine(signed_in_worker(current_caller()), document_id)
        return pb.GetMyDocumentResponse(document=write_document(document), content=content)

    def _mine(self, view: DeclarationView, language: str) -> pb.Declaration:
        words = words_for([language], zone=self._zone)
        return write_mine(view, words=words, me=self._use_cases.me, name_of=self._name_of)


class DeclarationDeskServicer(declarations_pb2_grpc.DeclarationDeskServiceServicer):
    """Who calls is a named person for the write; the desk checks it again."""

    def __init__(self, desk: DeclarationDesk, *, name_of: Callable[[str], str]) -> None:
        self._desk = desk
        self._name_of = name_of

    async def ListDeclarations(self, request: pb.ListDeclarationsRequest, context: Any) -> pb.ListDeclarationsResponse:
        after = read_uuid(request.page_token, field="page_token") if request.page_token else None
        views, token = await self._desk.page(size=request.page_size or PAGE, after=after, caller=current_caller())
        written = [write_desk(view, name_of=self._name_of) for view in views]
        return pb.ListDeclarationsResponse(declarations=written, next_page_token=str(token) if token else "")

    async def GetDeclaration(self, request: pb.GetDeclarationRequest, context: Any) -> pb.GetDeclarationResponse:
        view = await self._desk.get(read_uuid(request.declaration_id, field="declaration_id"), caller=current_caller())
        return pb.GetDeclarationResponse(declaration=write_desk(view, name_of=self._name_of))

    async def GetDeclaredDocument(
        self, request: pb.GetDeclaredDocumentRequest, context: Any
    ) -> pb.GetDeclaredDocumentResponse:
        document, content = await self._desk.document(
            read_uuid(request.declaration_id, field="declaration_id"),
            read_uuid(request.document_id, field="document_id"),
            caller=current_caller(),
        )
        return pb.GetDeclaredDocumentResponse(document=write_document(document), content=content)

    async def SettleDeclaration(
        self, request: pb.SettleDeclarationRequest, context: Any
    ) -> pb.SettleDeclarationResponse:
        view = await self._desk.settle(read_settle(request), caller=current_caller())
        return pb.SettleDeclarationResponse(declaration=write_desk(view, name_of=self._name_of))
