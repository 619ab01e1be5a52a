"""Use cases of records: put own accounts, find one by exact identifier, read the career of a case."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from portability.agreements.careers import CareerRecord, InsuranceAccount, PersonIdentifier
from portability.agreements.errors import InputError, NotFoundError
from portability.services.idempotency import CommandLog, once
from portability.services.matching import Match, MatchOutcome, PersonIndex, match_exactly, match_person
from portability.services.persons.likeness import PersonFacts
from portability.services.records.career_view import KnownCareer, known_careers
from portability.services.records.model import (
    ACCOUNTS_IN_ONE_CALL,
    PutRecords,
    check_account,
)
from portability.services.records.ports import CareerBook, CaseFacts, Clock, InsuredRegister

__all__ = ["find_records", "get_career", "left_of", "no_career", "put_records"]


async def put_records(command: PutRecords, *, register: InsuredRegister, commands: CommandLog, clock: Clock) -> int:
    """Put accounts into the own register, all or none; gives how many.

    Raises InputError with the path of the first field that is wrong; nothing is stored then. The same request
    again stores nothing new; raises IdempotencyConflictError where its id came with other content.
    """
    if not command.accounts:
        raise InputError("There is no account to put: give at least one.", field="accounts")
    if len(command.accounts) > ACCOUNTS_IN_ONE_CALL:
        raise InputError(
            f"{len(command.accounts)} accounts are more than {ACCOUNTS_IN_ONE_CALL} in one call: send them in parts.",
            field="accounts",
        )
    today = clock.now().date()
    seen: set[str] = set()
    for index, account in enumerate(command.accounts):
        check_account(account, field=f"accounts[{index}]", today=today)
        if account.account_id in seen:
            raise InputError(
                "The same account stands twice in one call: send it once.",
                field=f"accounts[{index}].account_id",
            )
        seen.add(account.account_id)

    async def run() -> str:
        await register.put(command.accounts)
        return str(len(command.accounts))

    return int(await once(command, log=commands, run=run))


async def find_records(
    *,
    register: InsuredRegister,
    people: PersonIndex,
    person: PersonFacts | None = None,
    identifiers: Sequence[PersonIdentifier] = (),
    birth_date: date | None = None,
    account_id: str = "",
) -> Match:
    """Find own accounts: by all that is known of a person, by exact identifier, or the one account by its own id.

    Only one account with two independent strong keys, or of the exact number and birth date, is found; everything else
    is for a person to look at.
    """
    if person is not None:
        return await match_person(person, people=people)
    if account_id:
        account = await register.get(account_id)
        return Match(MatchOutcome.FOUND, (account,)) if account else Match(MatchOutcome.NONE, ())
    if not identifiers:
        raise InputError("Give an identifier or an account id to search for.", field="identifiers")
    return match_exactly(await register.find(identifiers), birth_date=birth_date)


async def get_career(
    case_id: UUID, *, careers: CareerBook, facts: CaseFacts, at: datetime
) -> tuple[Sequence[CareerRecord], Sequence[KnownCareer]]:
    """What each country had answered in a case by an instant, as it was and in full.

    Raises NotFoundError where nothing is known of the case here.
    """
    history = await careers.history(case_id)
    if not history:
        raise no_career(case_id)
    latest = {career.state: career for since, career in history if since <= at}
    known = known_careers(history, at=at, around=await facts.around(case_id))
    return [latest[state] for state in sorted(latest)], known


def no_career(case_id: UUID) -> NotFoundError:
    """Said of a case that is not here, and in the same words of one that is hidden from who asks."""
    return NotFoundError(f"No career is known for case {case_id}: check the id in the list of cases.")


def left_of(match: Match, shown: Sequence[InsuranceAccount]) -> Match:
    """The match as one who is shown only these accounts sees it."""
    likenesses = [one for account, one in zip(match.accounts, match.likenesses, strict=False) if account in shown]
    return Match(match.outcome if shown else MatchOutcome.NONE, tuple(shown), tuple(likenesses))
