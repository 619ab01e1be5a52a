"""The use cases of privacy on the node's database, with the node's keys at rest."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from portability.adapters.postgres.database import Database
from portability.adapters.postgres.fence import AS_DATA_PROTECTION
from portability.adapters.postgres.privacy_store import PostgresPrivacyWork
from portability.app.wiring.cases import CaseParts
from portability.services.privacy.handlers import PrivacyUseCases
from portability.services.privacy.model import Retention

__all__ = ["AgreementsSayNothing", "privacy_use_cases"]


class AgreementsSayNothing:
    """Retentions. Not modelled: a rule in agreement files on how long data are kept; none of the files has one."""

    def of_agreement(self, agreement_id: str) -> Retention | None:
        """None, so that the node's stated default holds."""
        return None


def privacy_use_cases(database: Database, parts: CaseParts) -> PrivacyUseCases:
    """One transaction each; keys are destroyed after it."""

    @asynccontextmanager
    async def work() -> AsyncIterator[PostgresPrivacyWork]:
        async with database.transaction(acting=AS_DATA_PROTECTION) as connection:
            yield PostgresPrivacyWork(connection, parts.at_rest)

    return PrivacyUseCases(work, parts.at_rest, AgreementsSayNothing(), parts.clock, parts.new_id)
