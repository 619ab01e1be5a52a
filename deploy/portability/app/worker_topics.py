"""The pages of every further topic of the worker's page, each with its use cases."""

from collections.abc import Sequence
from functools import partial

from portability.adapters.postgres.database import Database
from portability.adapters.workers.web import (
    claim_pages,
    correspondence_pages,
    declaration_pages,
    dispute_pages,
    mandate_pages,
    preference_pages,
    projection_pages,
    takeout_pages,
    voice_pages,
)
from portability.adapters.workers.web.app import Topic
from portability.app.wiring.certificates import concerned_countries
from portability.app.wiring.correspondence import correspondence_use_cases
from portability.app.wiring.declarations import declaration_use_cases
from portability.app.wiring.disputes import dispute_use_cases
from portability.app.wiring.mandates import mandate_use_cases
from portability.app.wiring.parts import CaseParts
from portability.app.wiring.preferences import preference_use_cases
from portability.app.wiring.voice import voice_use_cases
from portability.app.wiring.workers import names_for_people, projection_use_cases
from portability.services.workers.claims.handlers import ClaimUseCases
from portability.services.workers.takeout.use_cases import TakeoutUseCases
from portability.services.workers.use_cases import WorkerUseCases

__all__ = ["worker_topics"]


def worker_topics(
    database: Database,
    parts: CaseParts,
    workers: WorkerUseCases,
    takeout: TakeoutUseCases,
    claims: ClaimUseCases,
    *,
    voice_minimum: int,
) -> Sequence[Topic]:
    """In the order of the menu."""
    name_of = names_for_people(parts.directory).institution
    disputes = dispute_use_cases(database, parts)
    return (
        partial(correspondence_pages.routes, correspondence=correspondence_use_cases(database, parts)),
        partial(dispute_pages.routes, workers=workers, disputes=disputes, name_of=name_of),
        partial(claim_pages.routes, claims=claims, name_of=name_of, countries=partial(concerned_countries, parts)),
        partial(declaration_pages.routes, declarations=declaration_use_cases(database, parts), name_of=name_of),
        partial(projection_pages.routes, use_cases=projection_use_cases(database, parts)),
        partial(mandate_pages.routes, mandates=mandate_use_cases(database, parts)),
        partial(takeout_pages.routes, takeout=takeout),
        partial(voice_pages.routes, voice=voice_use_cases(database, parts, minimum=voice_minimum)),
        partial(preference_pages.routes, preferences=preference_use_cases(database, parts, workers)),
    )
