"""A claim in PostgreSQL as the flow of its case leaves it there, for tests that need one and not how it came about."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.flows_store import PostgresShelf, PostgresStandings
from portability.adapters.postgres.whose_store import PostgresWhose
from portability.api.cases.v1 import administration_pb2 as administration
from portability.services.cases.mapping.wire import claim_bytes
from portability.services.cases.messages import CLAIM, CaseInstitution, ClaimSent
from portability.services.cases.model import Claim, InstitutionId, state_of
from portability.services.flows.model import CaseFile, Document, KeptDocument, Party
from portability.services.flows.ports import Standing
from portability.services.mapping.common import write_record

__all__ = ["content_of", "keep_claim"]


def content_of(case_id: UUID, claim: Claim, *, me: InstitutionId, at: datetime) -> bytes:
    """Message claim.old_age as the contact institution sends it."""
    contact = CaseInstitution(me, state_of(me), "eu-883-2004", at)
    return claim_bytes(ClaimSent(case_id, me, at, claim, (contact,)))


async def keep_claim(
    connection: Connection,
    at_rest: AtRest,
    case_id: UUID,
    claim: Claim,
    *,
    me: InstitutionId,
    at: datetime,
    closed_at: datetime | None = None,
    others: Mapping[InstitutionId, str] = MappingProxyType({}),
) -> None:
    """Keep a claim lodged here; `others`: who takes part beside us, under which agreement."""
    parties = (Party(me, "contact_institution"), *(Party(one, "institution", under) for one, under in others.items()))
    lodged = Document(time_ordered_id(), "lodge", me, tuple(others), at, parties=parties)
    said = [KeptDocument(lodged, CLAIM, content_of(case_id, claim, me=me, at=at))]
    if closed_at is not None:
        reason = administration.CaseClose(scope=administration.CASE_SCOPE_GLOBAL, reason="All is decided.")
        closed = Document(time_ordered_id(), "close", me, tuple(others), closed_at)
        said.append(KeptDocument(closed, "case.close", write_record(reason)))
    await PostgresShelf(connection, at_rest).add(CaseFile(case_id, "old_age_claim", 1, at), said)
    await PostgresStandings(connection).put(Standing(case_id, closed_at is None, (), None))
    await PostgresWhose(connection, at_rest).put(case_id, hers=claim.person.identifiers, others=())
