"""What a determination in a case on a flow rests on: the case's documents, our own account of her, amounts given."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from portability.agreements.careers import CareerRecord, InsuranceAccount
from portability.agreements.errors import InputError, NotFoundError
from portability.services.access import Caller
from portability.services.cases.answers import find_person
from portability.services.cases.commands import Determine, GivenAmounts
from portability.services.cases.deciding import unsatisfied_states
from portability.services.cases.determining import Known, made_of, question_of
from portability.services.cases.model import (
    Case,
    Identification,
    InstitutionId,
    NationalAnswer,
    Person,
    state_of,
)
from portability.services.cases.ports import NewId
from portability.services.cases.shares.model import ClaimOnFlow, DetermineShare, Grounds, Share
from portability.services.cases.shares.ports import ShareWork
from portability.services.cases.staff import require_caseworker
from portability.services.matching import MatchOutcome

__all__ = ["Found", "account_of", "careers_of", "determined", "grounds_of", "said_by", "searched", "stated_so_far"]


@dataclass(frozen=True, slots=True)
class Found:
    """Which own account is hers; `candidates` are those that a person has to look at."""

    outcome: MatchOutcome
    account: InsuranceAccount | None
    candidates: tuple[str, ...] = ()


async def determined(
    command: DetermineShare,
    claim: ClaimOnFlow,
    *,
    me: InstitutionId,
    caller: Caller,
    work: ShareWork,
    at: datetime,
    new_id: NewId,
) -> Share:
    """The share that the rules give; raises InputError where a fact is missing that the claim does not tell."""
    answers = tuple(_given(one, by=caller.name, at=at) for one in command.answers)
    case = _with(claim.case, _living_in(command.residence_state, claim.case.claim.person), answers)
    grounds = await grounds_of(case.case_id, command.account_id, command.reason, caller=caller, work=work)
    found = await account_of(case.claim.person, grounds, work=work)
    if found.account is None and found.candidates:
        raise InputError(
            f"{len(found.candidates)} own accounts may be hers, and none is so beyond doubt: name hers.",
            field="account_id",
        )
    known = Known(await careers_of(claim, work=work), await work.reviews.reliance(case.case_id), found.account)
    asked = Determine(command.request_id, case.case_id, command.risk_materialised_on, command.award_on)
    question = await question_of(case, asked, known=known, me=me, directory=work.directory)
    answer = await work.determiner.determine(question)
    made = made_of(answer, question=question, by=caller.name, determination_id=new_id(), at=at)
    last = await work.shares.last(case.case_id)
    before = last.search if last else None
    return Share(
        determination=made,
        account_id=found.account.account_id if found.account else "",
        grounds=grounds,
        answers=answers,
        rests_on=await stated_so_far(claim, me=me, work=work),
        search=searched(found, grounds, before, at=at) if found.account else before,
    )


async def stated_so_far(claim: ClaimOnFlow, *, me: InstitutionId, work: ShareWork) -> str:
    """SHA-256 of what a determination counts of what is stated: it changes with every period that comes, or goes."""
    left_out = sorted((await work.reviews.reliance(claim.case.case_id)).left_out)
    unmet = sorted(unsatisfied_states(claim.case, mine=state_of(me)))
    counted = (await careers_of(claim, work=work), left_out, unmet)
    return hashlib.sha256(repr(counted).encode()).hexdigest()


async def grounds_of(case_id: UUID, account_id: str, reason: str, *, caller: Caller, work: ShareWork) -> Grounds | None:
    """What a person says of own records now, else what was said last; NotFoundError where she names no own account.

    A reason without an account undoes what was named before: it is searched for anew.
    """
    if account_id:
        if await work.accounts.get(account_id) is None:
            raise NotFoundError("There is no own account of that id: find it in the register first.")
        return said_by(caller, account_id, reason, what="say whose account it is")
    if reason:
        return said_by(caller, "", reason, what="say that the account named before is not hers")
    before = await work.shares.last(case_id)
    return before.grounds if before else None


def said_by(caller: Caller, account_id: str, reason: str, *, what: str) -> Grounds:
    """What a named person says of own records; raises where nobody is named, or she does not say how she knows."""
    require_caseworker(caller, what=what)
    if not reason.strip():
        raise InputError("Say how you know: the reason is kept with your name.", field="reason")
    return Grounds(account_id, caller.name, reason)


async def account_of(person: Person, grounds: Grounds | None, *, work: ShareWork) -> Found:
    """The account that a caseworker has named, else the one that the search finds."""
    if grounds is not None and grounds.account_id:
        return Found(MatchOutcome.FOUND, await work.accounts.get(grounds.account_id))
    match = await find_person(person, people=work.accounts)
    if match.outcome is MatchOutcome.FOUND:
        return Found(match.outcome, await work.accounts.get(match.accounts[0].account_id))
    return Found(match.outcome, None, tuple(one.account_id for one in match.accounts))


def searched(found: Found, grounds: Grounds | None, before: Identification | None, *, at: datetime) -> Identification:
    """How looking for her account ended: beyond doubt, by a named person, or with what a person has to look at."""
    since = before.searched_at if before else at
    if found.account is None:
        return Identification(found.outcome.value, since, found.candidates)
    account_id = found.account.account_id
    if before is not None and before.account_id == account_id:
        return before
    search = Identification(found.outcome.value, since, account_id=account_id)
    if grounds is None or not grounds.account_id:
        return search
    outcome = before.outcome if before else MatchOutcome.NONE.value
    return replace(search, outcome=outcome, linked_by=grounds.said_by, linked_at=at, reason=grounds.reason)


async def careers_of(claim: ClaimOnFlow, *, work: ShareWork) -> tuple[CareerRecord, ...]:
    """What each country states; of one that takes no part, what a caseworker has entered, or that nobody was asked."""
    stated = {one.state for one in claim.careers}
    entered = [one for one in await work.careers.of_case(claim.case.case_id) if one.state not in stated]
    return (*claim.careers, *entered)


def _given(amounts: GivenAmounts, *, by: str, at: datetime) -> NationalAnswer:
    return NationalAnswer(
        scheme=amounts.scheme,
        independent=amounts.independent,
        theoretical=amounts.theoretical,
        flat_rate=amounts.flat_rate,
        answered_by=by,
        answered_at=at,
        note=amounts.note,
    )


def _with(case: Case, person: Person, answers: tuple[NationalAnswer, ...]) -> Case:
    return replace(case, claim=replace(case.claim, person=person), national_answers=answers)


def _living_in(told: str, person: Person) -> Person:
    """The person with her state of residence, which a claim for another pension may leave open."""
    if not person.residence_state and not told:
        raise InputError("The claim does not tell where she lives: give the state.", field="residence_state")
    if person.residence_state and told not in {"", person.residence_state}:
        raise InputError(
            f"The claim says that she lives in {person.residence_state}: have the contact institution supplement it.",
            field="residence_state",
        )
    return replace(person, residence_state=person.residence_state or told)
