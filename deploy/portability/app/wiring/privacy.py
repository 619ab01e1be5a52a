"""The use cases of privacy on the node's database, with the node's keys at rest."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

from portability.adapters.postgres.database import Database
from portability.adapters.postgres.fence import AS_DATA_PROTECTION
from portability.adapters.postgres.privacy_store import PostgresPrivacyWork
from portability.adapters.postgres.treaties_store import treaty_unit_of_work
from portability.agreements.errors import NotBindingError, NotFoundError
from portability.agreements.rules import AgreementFile
from portability.agreements.values import Citation, StateCode
from portability.app.wiring.parts import CaseParts
from portability.services.cases.model import state_of
from portability.services.determination.treaties.in_force import RatifiedLaw
from portability.services.privacy.handlers import PrivacyUseCases
from portability.services.privacy.model import DEFAULT_RETENTION, Retention

__all__ = ["AgreementRetentions", "OnlyTheDefault", "privacy_use_cases", "retention_of"]


class AgreementRetentions:
    """Retentions: what the version of an agreement says that binds the own state and another.

    Where it names no number of years, the node's stated default measures it. Where no version binds, for example since
    its ratification was withdrawn, the default holds as well.
    """

    def __init__(self, law: RatifiedLaw, my_state: StateCode) -> None:
        self._law = law
        self._my_state = my_state

    async def of_agreement(self, agreement_id: str, state: StateCode, *, on: date) -> Retention | None:
        """What it says of how long data are kept."""
        if state == self._my_state:
            return None
        try:
            found = await self._law.version_between(agreement_id, [(self._my_state, state)], on=on)
        except (NotBindingError, NotFoundError):
            return None
        return retention_of(found.agreement.content)


def retention_of(content: AgreementFile) -> Retention | None:
    """What a file says; None where it has no rule."""
    rule = content.retention
    if rule is None:
        return None
    says = f"{content.id}: {rule.says}"
    if rule.years is None:
        says += f"; it names no time, so the node's stated default measures it ({DEFAULT_RETENTION.citation})"
    return Retention(rule.years or DEFAULT_RETENTION.years, Citation.of(rule.cite), says)


class OnlyTheDefault:
    """Retentions where nothing is decided anew: acts that were carried out before are carried out again."""

    async def of_agreement(self, agreement_id: str, state: StateCode, *, on: date) -> Retention | None:
        """None."""
        return None


def privacy_use_cases(database: Database, parts: CaseParts) -> PrivacyUseCases:
    """One transaction each; keys are destroyed after it."""

    @asynccontextmanager
    async def work() -> AsyncIterator[PostgresPrivacyWork]:
        async with database.transaction(acting=AS_DATA_PROTECTION) as connection:
            yield PostgresPrivacyWork(connection, parts.at_rest)

    law = RatifiedLaw(treaty_unit_of_work(database, parts.at_rest), parts.treaties)
    retentions = AgreementRetentions(law, state_of(parts.me))
    return PrivacyUseCases(work, parts.at_rest, retentions, parts.clock, parts.new_id)
