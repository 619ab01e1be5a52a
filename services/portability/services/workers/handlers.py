"""The use cases of a worker: sign in and out, read her own cases, career and decisions.

Every function runs inside its caller's transaction. `worker_id` always comes from a session.
"""

import hmac
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from portability.agreements.errors import DeniedError, InputError, NotFoundError, OverloadError
from portability.services.workers.model import (
    CODE_LIFE,
    CODE_TRIES,
    CODES_PER_CONTACT,
    CODES_PER_ORIGIN,
    PROTECTED_PART,
    SESSION_IDLE,
    SESSION_LIFE,
    TOKEN_BYTES,
    TRIES_PER_ORIGIN,
    AskForCode,
    CodeAsked,
    CodeDelivery,
    Refusal,
    Session,
    SignedIn,
    SignInCode,
    SignInRefused,
    VouchedFor,
    as_typed,
    challenge_for,
    insurance_number,
    keyed_code_hash,
    limit_key,
    parse_contact,
    six_digits,
    text_token,
    token_hash,
)
from portability.services.workers.ports import (
    AttemptLimits,
    Clock,
    CodeSender,
    CodeStore,
    Housekeeping,
    MyCareer,
    MyCases,
    MyDecisions,
    RandomBytes,
    Representatives,
    SessionStore,
    WorkerDirectory,
)
from portability.services.workers.views import CareerInCountry, CareerPeriod, CareerView, CaseView, DecisionView

__all__ = [
    "forget_expired_sign_ins",
    "get_my_career",
    "get_my_case",
    "get_my_decisions",
    "list_my_cases",
    "open_session",
    "page_of",
    "redeem_code",
    "request_sign_in_code",
    "resolve_session",
    "sign_in",
    "sign_out",
    "spend_try",
]


async def request_sign_in_code(
    command: AskForCode,
    *,
    directory: WorkerDirectory,
    representatives: Representatives | None = None,  # none on a channel that serves workers alone
    codes: CodeStore,
    limits: AttemptLimits,
    sender: CodeSender,
    clock: Clock,
    random_bytes: RandomBytes,
    key: bytes,
) -> CodeAsked:
    """Send a one-time code to a contact on file; the answer is the same whether or not there is one.

    Raises InputError for what is no contact at all, OverloadError when too many codes were asked for
    this contact or from this origin.
    """
    # 1. What was typed is a contact.  2. Neither it nor its origin asks too often.  3. A code is kept
    # in any case: one for nobody opens nothing, and nobody outside can tell the two apart.
    # 4. It goes out once, and only to the contact on file.
    now = clock.now()
    # (1) What was typed.
    contact = parse_contact(command.contact)
    # (2) How often.
    await _spend(limits, key, "code-origin", command.origin, at=now)
    await _spend(limits, key, "code-contact", contact.value, at=now)
    # (3) A code, whoever it is for.
    number = insurance_number(command.insurance_number)
    worker = await directory.find(contact, insurance_number=number)
    mandate = None
    if worker is None and representatives is not None:
        mandate = await representatives.find(contact, insurance_number=number, at=now)
    challenge = challenge_for(key, request_id=command.request_id, contact=contact)
    code = six_digits(random_bytes(8))
    challenge_hash = token_hash(challenge)
    fresh = SignInCode(
        challenge_hash=challenge_hash,
        code_hash=keyed_code_hash(key, challenge_hash=challenge_hash, code=code),
        worker_id=worker.worker_id if worker else mandate.worker_id if mandate else None,
        expires_at=now + CODE_LIFE,
        mandate_id=mandate.mandate_id if mandate else None,
    )
    kept = await codes.put(fresh)
    # (4) Once, to the contact on file.
    if fresh.worker_id and kept == fresh:
        language = command.language or (worker.language if worker else "")
        await sender.send(CodeDelivery(contact, code, language, kept.expires_at))
    return CodeAsked(challenge, kept.expires_at)


async def sign_in(
    *,
    challenge: str,
    code: str,
    origin: str,
    codes: CodeStore,
    sessions: SessionStore,
    limits: AttemptLimits,
    clock: Clock,
    random_bytes: RandomBytes,
    key: bytes,
) -> SignedIn | SignInRefused:
    """Open a session with a one-time code; a refusal is a value, because its try has to be kept.

    Raises OverloadError when this origin has tried too often.
    """
    redeemed = await _redeem(
        challenge=challenge, code=code, origin=origin, codes=codes, limits=limits, clock=clock, key=key
    )
    if isinstance(redeemed, SignInRefused):
        return redeemed
    worker_id, mandate_id = redeemed
    token = text_token(random_bytes(TOKEN_BYTES))
    return await open_session(worker_id, token, sessions=sessions, clock=clock, mandate_id=mandate_id)


async def redeem_code(
    *, challenge: str, code: str, origin: str, codes: CodeStore, limits: AttemptLimits, clock: Clock, key: bytes
) -> UUID | SignInRefused:
    """The worker whose code it is, and the code is used; a representative's is refused.

    Raises OverloadError when this origin has tried too often.
    """
    redeemed = await _redeem(
        challenge=challenge, code=code, origin=origin, codes=codes, limits=limits, clock=clock, key=key
    )
    if isinstance(redeemed, SignInRefused):
        return redeemed
    worker_id, mandate_id = redeemed
    return SignInRefused(Refusal.CODE_OVER, tries_left=0) if mandate_id else worker_id


async def _redeem(
    *, challenge: str, code: str, origin: str, codes: CodeStore, limits: AttemptLimits, clock: Clock, key: bytes
) -> tuple[UUID, UUID | None] | SignInRefused:
    """The worker whose code it is, and the mandate where a representative signs in; the code is used."""
    now = clock.now()
    await spend_try(limits, key, origin, at=now)
    challenge_hash = token_hash(challenge)
    kept = await codes.take_try(challenge_hash, at=now, most=CODE_TRIES)
    if kept is None:
        return SignInRefused(Refusal.CODE_OVER, tries_left=0)
    typed = "".join(as_typed(code).split())
    right = hmac.compare_digest(kept.code_hash, keyed_code_hash(key, challenge_hash=challenge_hash, code=typed))
    if not right or kept.worker_id is None:
        return SignInRefused(Refusal.WRONG_CODE, tries_left=CODE_TRIES - kept.tries)
    await codes.use(challenge_hash, at=now)
    return kept.worker_id, kept.mandate_id


async def sign_in_vouched(
    vouched: VouchedFor,
    *,
    origin: str,
    directory: WorkerDirectory,
    sessions: SessionStore,
    limits: AttemptLimits,
    clock: Clock,
    random_bytes: RandomBytes,
    key: bytes,
) -> SignedIn | SignInRefused:
    """Open a session for whom a provider of identities vouches, where contact and number are both those on file.

    One of the two alone is not enough: two countries may give the same number, and a phone changes hands.
    Raises OverloadError when this origin has tried too often.
    """
    await spend_try(limits, key, origin, at=clock.now())
    for contact in vouched.contacts if vouched.insurance_number else ():
        worker = await directory.find(contact, insurance_number=vouched.insurance_number)
        if worker is not None:
            return await open_session(
                worker.worker_id, text_token(random_bytes(TOKEN_BYTES)), sessions=sessions, clock=clock
            )
    return SignInRefused(Refusal.NOT_ON_FILE, tries_left=0)


async def open_session(
    worker_id: UUID, token: str, *, sessions: SessionStore, clock: Clock, mandate_id: UUID | None = None
) -> SignedIn:
    """A new session of a worker who has shown that it is she, or of who has her mandate."""
    now = clock.now()
    hashed = token_hash(token)
    await sessions.put(Session(hashed, worker_id, now, now, mandate_id))
    opened = await sessions.touch(hashed, at=now, idle=SESSION_IDLE, life=SESSION_LIFE)
    part = PROTECTED_PART if opened is not None and opened.is_protected else 1
    return SignedIn(token, worker_id, idle_until=now + SESSION_IDLE / part)


async def spend_try(limits: AttemptLimits, key: bytes, origin: str, *, at: datetime) -> None:
    """Count a try to sign in. Raises OverloadError when this origin has tried too often."""
    await _spend(limits, key, "try-origin", origin, at=at)


async def resolve_session(token: str, *, sessions: SessionStore, clock: Clock) -> UUID:
    """The worker whose session this is; each use keeps it open for another 30 minutes, 8 hours at most.

    Of a protected person it is 5 and 80 minutes.

    Raises DeniedError(authenticated=False) where the token is unknown or its session has ended.
    """
    session = await sessions.touch(token_hash(token), at=clock.now(), idle=SESSION_IDLE, life=SESSION_LIFE)
    if session is None:
        raise DeniedError("The session has ended: sign in again.", authenticated=False)
    return session.worker_id


async def sign_out(token: str, *, sessions: SessionStore) -> None:
    """End a session; an unknown one has ended already."""
    await sessions.end(token_hash(token))


async def forget_expired_sign_ins(*, housekeeping: Housekeeping, clock: Clock) -> int:
    """Delete codes, sessions and counts of attempts that are over; how many went. To be run every hour or so."""
    return await housekeeping.forget_expired(at=clock.now(), idle=SESSION_IDLE, life=SESSION_LIFE)


async def list_my_cases(worker_id: UUID, *, cases: MyCases) -> tuple[CaseView, ...]:
    """Her cases, the newest first."""
    mine = [case for case in await cases.cases_of(worker_id) if case.worker_id == worker_id]
    return tuple(sorted(mine, key=lambda case: (case.lodged_on, case.case_id), reverse=True))


async def get_my_case(worker_id: UUID, case_id: UUID, *, cases: MyCases) -> CaseView:
    """One of her cases. Raises NotFoundError for another worker's as for none: neither is told apart."""
    case = await cases.case_of(worker_id, case_id)
    if case is None or case.worker_id != worker_id:
        raise NotFoundError(f"You have no case {case_id}.")
    return case


async def get_my_career(worker_id: UUID, *, career: MyCareer) -> CareerView:
    """What is known of her time in each country, countries in the order of the first day there."""
    view = await career.career_of(worker_id)
    if view.worker_id != worker_id:
        raise NotFoundError("There is no career on file for you.")
    in_order = [replace(country, periods=tuple(sorted(country.periods, key=_first_day))) for country in view.countries]
    return replace(view, countries=tuple(sorted(in_order, key=_first_day_there)))


async def get_my_decisions(
    worker_id: UUID, *, case_id: UUID | None, cases: MyCases, decisions: MyDecisions
) -> tuple[DecisionView, ...]:
    """Her decisions, the newest first; NotFoundError where `case_id` is not a case of hers."""
    if case_id is not None:
        await get_my_case(worker_id, case_id, cases=cases)
    mine = [
        decision
        for decision in await decisions.decisions_of(worker_id)
        if decision.worker_id == worker_id and case_id in (None, decision.case_id)
    ]
    return tuple(sorted(mine, key=lambda decision: (decision.decided_on, decision.decision_id), reverse=True))


def page_of(cases: Sequence[CaseView], *, size: int, token: str) -> tuple[tuple[CaseView, ...], str]:
    """`size` cases after the one that the token names, and the token of the next page ("" after the last).

    Raises InputError for a token that names none of them.
    """
    ids = [str(case.case_id) for case in cases]
    if token and token not in ids:
        raise InputError("The page token is not from an earlier answer: start without one.", field="page_token")
    start = ids.index(token) + 1 if token else 0
    page = tuple(cases[start : start + size])
    more = start + size < len(cases)
    return page, str(page[-1].case_id) if page and more else ""


_LIMITS = {"code-contact": CODES_PER_CONTACT, "code-origin": CODES_PER_ORIGIN, "try-origin": TRIES_PER_ORIGIN}


def _first_day(period: CareerPeriod) -> tuple[date, str]:
    # A period whose days are not known (987/2009 Art. 12(6)) comes last.
    return period.period.start or date.max, period.period.period_id


def _first_day_there(country: CareerInCountry) -> tuple[date, str]:
    days = [_first_day(period)[0] for period in country.periods] + [time.start for time in country.declared]
    return min(days, default=date.max), country.state


async def _spend(limits: AttemptLimits, key: bytes, what: str, value: str, *, at: datetime) -> None:
    if not value:  # a channel of the institution itself, which knows its readers' addresses and limits them
        return
    limit = _LIMITS[what]
    if not await limits.spend(limit_key(key, what, value), limit=limit, at=at):
        minutes = int(limit.window.total_seconds() // 60)
        raise OverloadError(f"Too many attempts to sign in. Wait {minutes} minutes and try again.")
