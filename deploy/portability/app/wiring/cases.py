"""What every case needs of the exchange and of the treaties, on the connection of its transaction."""

from uuid import UUID

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.exchange_work import PostgresExchangeWork
from portability.agreements.errors import NotBindingError
from portability.app.wiring.parts import CaseParts
from portability.services.cases.model import InstitutionId, state_of
from portability.services.determination.treaties.in_force import treaty_book
from portability.services.determination.treaties.ports import TreatyWork
from portability.services.exchange.opening import tell_opened

__all__ = ["ReadMessages", "binding_sha256"]


class ReadMessages:
    """Correspondence: what was received of a case is receipted as opened, in the same transaction."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        self._work = PostgresExchangeWork(connection, parts.at_rest)
        self._parts = parts

    async def opened(self, case_id: UUID) -> None:
        """Tell the senders of what was not read before."""
        parts = self._parts
        await tell_opened(case_id, work=self._work, me=parts.me, new_id=parts.new_id, at=parts.clock.now())


async def binding_sha256(agreement_id: str, other: InstitutionId, *, work: TreatyWork, parts: CaseParts) -> str:
    """The hash of the version that binds our state and another's today.

    Empty where none does, since a case that began under one is told to its end.
    """
    pair = state_of(parts.me), state_of(other)
    book = await treaty_book(agreement_id, pair, work=work, authorities=parts.treaties.authorities)
    try:
        return book.binding_version(pair, on=parts.clock.now().date()).version.sha256
    except NotBindingError:
        return ""
