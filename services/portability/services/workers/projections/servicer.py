"""ProjectionService over gRPC: parse, call the use case, map. Errors become statuses in the RPC layer."""
# ruff: noqa: N802 (the methods have the names of the RPCs)

from datetime import tzinfo
from typing import Any

from portability.agreements.errors import InputError
from portability.api.workers.v1 import projections_pb2 as pb
from portability.api.workers.v1 import projections_pb2_grpc
from portability.services.access import current_caller
from portability.services.workers.mapping import (
    date_message,
    frequency_message,
    institution_message,
    money_message,
    why_messages,
)
from portability.services.workers.projections.model import Projected, Projection, Scenario, WhatIf
from portability.services.workers.projections.story import benefit_phrase, told_why, unknown_phrase
from portability.services.workers.projections.use_cases import ProjectionUseCases
from portability.services.workers.servicer import signed_in_worker
from portability.services.workers.words import Words, words_for

__all__ = ["ProjectionServicer"]


class ProjectionServicer(projections_pb2_grpc.ProjectionServiceServicer):
    """`zone` is where the institution is."""

    def __init__(self, use_cases: ProjectionUseCases, *, zone: tzinfo) -> None:
        self._use_cases = use_cases
        self._zone = zone

    async def Project(self, request: pb.ProjectRequest, context: Any) -> pb.ProjectResponse:
        worker_id = signed_in_worker(current_caller())
        made = await self._use_cases.project(worker_id, _scenario(request))
        words = words_for([request.language], zone=self._zone)
        return pb.ProjectResponse(
            projections=[_projection(one, words=words) for one in made],
            not_binding=words.text("if.not_binding"),
        )


def _scenario(request: pb.ProjectRequest) -> Scenario:
    name = pb.WhatIf.Name(request.what_if).removeprefix("WHAT_IF_").lower()
    if name not in list(WhatIf):
        raise InputError("Say what is to be looked at: today, later or moved.", field="what_if")
    return Scenario(WhatIf(name), request.years, request.state)


def _projection(made: Projection, *, words: Words) -> pb.Projection:
    return pb.Projection(
        case_id=str(made.case_id),
        institution=institution_message(made.institution),
        award_on=date_message(made.award_on),
        known=made.is_known,
        benefits=[_benefit(one, words=words) for one in made.benefits],
        why=why_messages(told_why(made), words=words),
        text="" if made.is_known else words.say(unknown_phrase(made)),
    )


def _benefit(benefit: Projected, *, words: Words) -> pb.ProjectedBenefit:
    return pb.ProjectedBenefit(
        scheme=benefit.scheme,
        amount=money_message(benefit.amount) if benefit.amount else None,
        frequency=frequency_message(benefit.frequency),
        text=words.say(benefit_phrase(benefit)),
    )
