"""She chooses where news goes, in which language, and when not; another address is hers once a code says so."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID
from zoneinfo import available_timezones

from portability.agreements.errors import InputError, OverloadError
from portability.services.workers.model import (
    CODE_LIFE,
    CODE_TRIES,
    CODES_PER_CONTACT,
    CodeDelivery,
    Contact,
    Refusal,
    SignInCode,
    SignInRefused,
    address_challenge,
    as_typed,
    keyed_code_hash,
    limit_key,
    parse_contact,
    six_digits,
    token_hash,
)
from portability.services.workers.ports import Clock, CodeSender, RandomBytes
from portability.services.workers.preferences.model import Chosen, Preferences, chosen
from portability.services.workers.preferences.ports import PreferenceBook, PreferenceWork, UnitOfWork
from portability.services.workers.words import languages

__all__ = ["PreferenceUseCases", "choose"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreferenceUseCases:
    """`key` is the one of signing in."""

    unit_of_work: UnitOfWork
    sender: CodeSender
    clock: Clock
    random_bytes: RandomBytes
    key: bytes

    async def of(self, worker_id: UUID) -> Preferences:
        """What is chosen now."""
        async with self.unit_of_work() as work:
            return await work.preferences.of(worker_id)

    async def choose(self, worker_id: UUID, what: Chosen) -> Preferences:
        """Change what is given. Raises InputError by its field."""
        async with self.unit_of_work() as work:
            return await choose(worker_id, what, preferences=work.preferences)

    async def ask_for_address_code(self, worker_id: UUID, request_id: UUID, address: str) -> datetime:
        """Send a code to an address; until when it works. The same request sends one code.

        Raises InputError where it is no address or the one on file, OverloadError where she or it had too many codes.
        """
        contact = parse_contact(address)
        code = six_digits(self.random_bytes(8))
        async with self.unit_of_work() as work:
            on_file = await work.preferences.of(worker_id)
            if contact == on_file.contact:
                raise InputError("This is the contact by which you sign in: choose that one.", field="address")
            await self._spend("code-worker", str(worker_id), work)
            await self._spend("code-contact", contact.value, work)
            challenge = self._challenge_hash(worker_id, request_id, contact)
            fresh = SignInCode(
                challenge_hash=challenge,
                code_hash=keyed_code_hash(self.key, challenge_hash=challenge, code=code),
                worker_id=None,  # like a code for nobody: it signs nobody in, whoever reads it
                expires_at=self.clock.now() + CODE_LIFE,
            )
            kept = await work.codes.put(fresh)
        if kept == fresh:
            await self.sender.send(CodeDelivery(contact, code, on_file.language, fresh.expires_at))
        return kept.expires_at

    async def confirm_address(
        self, worker_id: UUID, request_id: UUID, address: str, code: str
    ) -> Preferences | SignInRefused:
        """Send news there from now on, where the code is right; a refusal is a value, because its try has to be kept.

        Only she can confirm what she asked for: the challenge is made of her, the request and the address.
        """
        contact = parse_contact(address)
        challenge = self._challenge_hash(worker_id, request_id, contact)
        async with self.unit_of_work() as work:
            kept = await work.codes.take_try(challenge, at=self.clock.now(), most=CODE_TRIES)
            if kept is None:
                return SignInRefused(Refusal.CODE_OVER, tries_left=0)
            typed = "".join(as_typed(code).split())
            if not hmac.compare_digest(kept.code_hash, keyed_code_hash(self.key, challenge_hash=challenge, code=typed)):
                return SignInRefused(Refusal.WRONG_CODE, tries_left=CODE_TRIES - kept.tries)
            await work.codes.use(challenge, at=self.clock.now())
            before = await work.preferences.of(worker_id)
            after = replace(before, address=contact, wanted=True)
            await work.preferences.keep(after)
            if before.address != contact and not before.is_protected:
                await work.news.moved(worker_id, at=self.clock.now())
            return after

    def _challenge_hash(self, worker_id: UUID, request_id: UUID, contact: Contact) -> bytes:
        return token_hash(address_challenge(self.key, worker_id=worker_id, request_id=request_id, contact=contact))

    async def _spend(self, what: str, value: str, work: PreferenceWork) -> None:
        key = limit_key(self.key, what, value)
        if not await work.limits.spend(key, limit=CODES_PER_CONTACT, at=self.clock.now()):
            raise OverloadError("Too many codes were asked for. Wait an hour and try again.")


async def choose(worker_id: UUID, what: Chosen, *, preferences: PreferenceBook) -> Preferences:
    """Change what is given and keep it. Raises InputError by its field."""
    if what.language is not None and what.language not in languages():
        raise InputError(
            f"The language is none of the pages: choose one of {', '.join(languages())}.", field="language"
        )
    if what.zone and what.zone not in available_timezones():
        raise InputError("The time zone is not known: give its IANA name, for example Africa/Tunis.", field="time_zone")
    after = chosen(await preferences.of(worker_id), what)
    await preferences.keep(after)
    return after
