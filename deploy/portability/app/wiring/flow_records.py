"""What institutions state of a person's time in a case on a flow: kept as the careers of the case, and checked."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.records_store import PostgresCareers
from portability.agreements.careers import AnswerStatus, CareerRecord
from portability.app.wiring.parts import CaseParts
from portability.app.wiring.reviews import JudgedRecords, said_in
from portability.services.flows.model import KeptDocument
from portability.services.records.mapping.stated import speaks_of_records

__all__ = ["FlowRecords"]


class FlowRecords:
    """StatedRecords, in the transaction of the case."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        self._careers = PostgresCareers(connection, parts.at_rest)
        self._reviews = JudgedRecords(connection, parts)

    async def keep(
        self, case_id: UUID, said: Sequence[KeptDocument], *, new: Sequence[KeptDocument], at: datetime
    ) -> None:
        """Keep what has changed; of what was taken back, that its institution has not answered."""
        if not any(speaks_of_records(one.type) for one in said):
            return
        known = {one.state: one for one in await self._careers.of_case(case_id)}
        now = {one.state: one for one in said_in(said).careers}
        taken_back = [
            CareerRecord(one.state, one.institution, AnswerStatus.ASKED_NO_ANSWER, asked_on=one.asked_on)
            for one in known.values()
            if one.state not in now and not one.entered_by and one.status is not AnswerStatus.NOT_ASKED
        ]
        # A document that a caseworker entered counts until the institution itself has answered.
        changed = [
            one
            for one in (*now.values(), *taken_back)
            if known.get(one.state) != one
            and not (one.answered_on is None and one.state in known and known[one.state].entered_by)
        ]
        for career in changed:
            await self._careers.put(case_id, career, at=at)
        # The same periods may rest on another account now: what is new is checked though no period has changed.
        if changed or any(speaks_of_records(one.type) or one.document.target for one in new):
            await self._reviews.judge(case_id, at=at)
