"""How long a case is kept is said by the version of its agreement; where it names no time, the default measures it."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.postgres.flows_store import PostgresShelf, PostgresStandings
from portability.agreements import packaged
from portability.agreements.errors import ErasureRefusedError, NotBindingError
from portability.agreements.rules.file import DataRetention
from portability.agreements.values import Citation
from portability.app.wiring.privacy import AgreementRetentions, retention_of
from portability.services.access import Caller, Role
from portability.services.determination.treaties.model import NotBinding
from portability.services.flows.model import CaseFile, Document, KeptDocument, Party
from portability.services.flows.ports import Standing
from portability.services.privacy.commands import Erase
from portability.services.privacy.model import DEFAULT_RETENTION, Retention

from .privacy_world import CLOSED, ME, PrivacyWorld

ON = date(2025, 1, 7)


@pytest.mark.parametrize(("agreement_id", "article"), [("au-hu", "Art. 24(f)"), ("at-au", "new Art. 18a(1)(g)")])
def test_a_provision_without_a_time_is_cited_and_measured_by_the_default(agreement_id: str, article: str) -> None:
    found = retention_of(packaged.agreement(agreement_id).content)
    assert found is not None
    assert found.years == DEFAULT_RETENTION.years
    assert article in str(found.citation)
    assert "names no time" in found.says


def test_a_provision_with_a_time_is_the_time() -> None:
    content = packaged.agreement("au-hu").content
    rule = DataRetention(cite="AU-HU Art. 24(f)", says="kept for three years", years=3)
    found = retention_of(content.model_copy(update={"retention": rule}))
    assert found == Retention(3, Citation("AU-HU", "Art. 24(f)"), "au-hu: kept for three years")


def test_most_files_say_nothing() -> None:
    assert retention_of(packaged.agreement("eu-883-2004").content) is None


@dataclass
class Law:
    """Which version binds; everything that was asked for."""

    answer: Any
    asked: list[Any] = field(default_factory=list)

    async def version_between(self, agreement_id: str, pairs: Any, *, on: date) -> Any:
        self.asked.append((agreement_id, pairs, on))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def test_the_version_that_binds_both_states_on_the_date_of_the_claim_is_asked() -> None:
    law = Law(SimpleNamespace(agreement=packaged.agreement("au-hu")))
    retentions = AgreementRetentions(law, "HU")  # type: ignore[arg-type]  # of a law it needs one question
    found = await retentions.of_agreement("au-hu", "AU", on=ON)
    assert found is not None
    assert law.asked == [("au-hu", [("HU", "AU")], ON)]
    assert await retentions.of_agreement("au-hu", "HU", on=ON) is None  # its own part of the case
    law.answer = NotBindingError("Suspended.", reason=NotBinding.NOT_PUBLISHED)
    assert await retentions.of_agreement("au-hu", "AU", on=ON) is None


class ThreeYears:
    async def of_agreement(self, agreement_id: str, state: str, *, on: date) -> Retention | None:
        assert (agreement_id, state, on) == ("au-hu", "AU", ON)
        return Retention(3, Citation("AU-HU", "Art. 24(f)"), "au-hu: kept for three years")


async def test_a_case_is_kept_while_it_is_open_and_then_as_long_as_its_agreement_says(
    world: PrivacyWorld,
) -> None:
    case_id = time_ordered_id()
    parties = (Party(ME, "contact_institution"), Party("au-services", "institution", "au-hu"))
    opened = Document(
        time_ordered_id(), "lodge", ME, ("au-services",), datetime(2025, 1, 7, 9, tzinfo=UTC), parties=parties
    )
    closed = Document(time_ordered_id(), "close", ME, ("au-services",), CLOSED)
    async with world.database.transaction() as connection:
        said = [KeptDocument(opened, "claim.old_age", b"of her"), KeptDocument(closed, "case.close", b"")]
        await PostgresShelf(connection, world.at_rest).add(CaseFile(case_id, "old_age_claim", 1, CLOSED), said)
        await PostgresStandings(connection).put(Standing(case_id, True, (), None))
    use_cases = replace(world.use_cases, retentions=ThreeYears())
    karl = Caller(ME, Role.ADMINISTRATOR, "karl")
    world.clock.set(datetime(2029, 3, 10, 9, tzinfo=UTC))
    with pytest.raises(ErasureRefusedError, match="is open: its data are needed to decide it"):
        await use_cases.erase(Erase(time_ordered_id(), case_id), caller=karl)
    async with world.database.transaction() as connection:
        await PostgresStandings(connection).put(Standing(case_id, False, (), None))
    world.clock.set(datetime(2029, 3, 9, 9, tzinfo=UTC))
    with pytest.raises(ErasureRefusedError, match="kept until 2029-03-10"):
        await use_cases.erase(Erase(time_ordered_id(), case_id), caller=karl)
    world.clock.set(datetime(2029, 3, 10, 9, tzinfo=UTC))
    assert (await use_cases.erase(Erase(time_ordered_id(), case_id), caller=karl)).basis == "AU-HU Art. 24(f)"
    async with world.database.transaction() as connection:
        assert await PostgresShelf(connection, world.at_rest).get(case_id, for_change=False) is None
