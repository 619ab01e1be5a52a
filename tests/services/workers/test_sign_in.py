"""One-time codes and sessions: what opens, what does not, and that nobody learns whom the institution knows."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portability.adapters.memory.workers import MemoryHousekeeping
from portability.agreements.errors import DeniedError, InputError, OverloadError
from portability.services.workers.handlers import forget_expired_sign_ins
from portability.services.workers.model import (
    AskForCode,
    Contact,
    ContactKind,
    Refusal,
    SignedIn,
    SignInRefused,
    WorkerOnFile,
    insurance_number,
    keyed_code_hash,
    parse_contact,
    six_digits,
    token_hash,
)

REQUEST = "0190aaaa-0000-7000-8000-000000000001"


def ask(contact: str, request_id: str = REQUEST, **more: str) -> AskForCode:
    return AskForCode(request_id=request_id, contact=contact, **more)


async def sign_in(desk: Any, challenge: str, code: str, origin: str = "192.0.2.1") -> SignedIn | SignInRefused:
    result: SignedIn | SignInRefused = await desk.use_cases.sign_in(challenge=challenge, code=code, origin=origin)
    return result


async def challenge_and_code(desk: Any, contact: str = "+39 333 1234567", **more: str) -> tuple[str, str]:
    asked = await desk.use_cases.request_sign_in_code(ask(contact, **more))
    return asked.challenge, desk.sender.sent[-1].code


def other_than(code: str) -> str:
    return str((int(code) + 1) % 1_000_000).zfill(6)


async def test_the_right_code_opens_a_session_of_that_worker(desk: Any, samples: Any) -> None:
    challenge, code = await challenge_and_code(desk)
    result = await sign_in(desk, challenge, code)
    assert isinstance(result, SignedIn)
    assert result.worker_id == samples.WORKER
    assert await desk.use_cases.resolve_session(result.token) == samples.WORKER


async def test_the_code_goes_to_the_contact_on_file_in_the_language_asked_for(desk: Any) -> None:
    await desk.use_cases.request_sign_in_code(ask("0039 (333) 123-45 67", language="it"))
    (delivery,) = desk.sender.sent
    assert delivery.contact == Contact(ContactKind.PHONE, "+393331234567")
    assert delivery.language == "it"
    assert len(delivery.code) == 6


async def test_spaces_and_arabic_digits_in_a_code_are_read(desk: Any) -> None:
    challenge, code = await challenge_and_code(desk)
    arabic = "".join(chr(0x0660 + int(digit)) for digit in code)
    assert isinstance(await sign_in(desk, challenge, f" {arabic[:3]} {arabic[3:]} "), SignedIn)


async def test_a_wrong_code_is_refused_and_says_how_many_tries_are_left(desk: Any) -> None:
    challenge, code = await challenge_and_code(desk)
    assert await sign_in(desk, challenge, other_than(code)) == SignInRefused(Refusal.WRONG_CODE, tries_left=4)
    assert isinstance(await sign_in(desk, challenge, code), SignedIn)


async def test_after_five_wrong_tries_even_the_right_code_opens_nothing(desk: Any) -> None:
    challenge, code = await challenge_and_code(desk)
    for left in (4, 3, 2, 1, 0):
        refused = await sign_in(desk, challenge, other_than(code))
        assert refused == SignInRefused(Refusal.WRONG_CODE, tries_left=left)
    assert await sign_in(desk, challenge, code) == SignInRefused(Refusal.CODE_OVER, tries_left=0)


async def test_a_code_is_good_until_just_before_ten_minutes(desk: Any) -> None:
    challenge, code = await challenge_and_code(desk)
    desk.clock.forward(timedelta(minutes=10) - timedelta(microseconds=1))
    assert isinstance(await sign_in(desk, challenge, code), SignedIn)


async def test_a_code_is_over_after_ten_minutes(desk: Any) -> None:
    challenge, code = await challenge_and_code(desk)
    desk.clock.forward(timedelta(minutes=10))
    assert await sign_in(desk, challenge, code) == SignInRefused(Refusal.CODE_OVER, tries_left=0)


async def test_a_used_code_opens_nothing_again(desk: Any) -> None:
    challenge, code = await challenge_and_code(desk)
    assert isinstance(await sign_in(desk, challenge, code), SignedIn)
    assert await sign_in(desk, challenge, code) == SignInRefused(Refusal.CODE_OVER, tries_left=0)


async def test_a_code_of_another_attempt_opens_nothing(desk: Any) -> None:
    first, _ = await challenge_and_code(desk)
    second, code_of_second = await challenge_and_code(desk, request_id="0190aaaa-0000-7000-8000-000000000002")
    assert first != second
    assert await sign_in(desk, first, code_of_second) == SignInRefused(Refusal.WRONG_CODE, tries_left=4)


async def test_an_unknown_contact_gets_the_same_answer_and_the_same_refusals(desk: Any) -> None:
    known = await desk.use_cases.request_sign_in_code(ask("+39 333 1234567"))
    unknown = await desk.use_cases.request_sign_in_code(ask("+39 333 7654321"))
    assert len(desk.sender.sent) == 1
    assert unknown.expires_at == known.expires_at
    assert len(unknown.challenge) == len(known.challenge)
    wrong = other_than(desk.sender.sent[0].code)
    for _ in range(6):
        assert await sign_in(desk, unknown.challenge, wrong) == await sign_in(desk, known.challenge, wrong)


async def test_even_the_right_digits_open_nothing_for_an_unknown_contact(desk: Any, samples: Any) -> None:
    asked = await desk.use_cases.request_sign_in_code(ask("+39 333 7654321"))
    (kept,) = desk.work.codes.kept.values()
    known_hash = keyed_code_hash(samples.KEY, challenge_hash=kept.challenge_hash, code="000123")
    desk.work.codes.kept[kept.challenge_hash] = replace(kept, code_hash=known_hash)
    refused = await sign_in(desk, asked.challenge, "000123")
    assert refused == SignInRefused(Refusal.WRONG_CODE, tries_left=4)


async def test_the_same_request_sends_no_second_code_and_gives_the_same_answer(desk: Any) -> None:
    first = await desk.use_cases.request_sign_in_code(ask("+39 333 1234567"))
    desk.clock.forward(timedelta(minutes=2))
    again = await desk.use_cases.request_sign_in_code(ask("+39 333 1234567"))
    assert again == first
    assert len(desk.sender.sent) == 1


async def test_two_people_with_one_phone_need_an_insurance_number(desk: Any, samples: Any) -> None:
    phone = parse_contact("+39 06 5550101")
    await desk.work.directory.keep(WorkerOnFile(samples.WORKER, phone, ("XX0000000001",)))
    await desk.work.directory.keep(WorkerOnFile(samples.OTHER, phone, ("XX0000000002",)))
    await desk.use_cases.request_sign_in_code(ask("+39 06 5550101"))
    assert desk.sender.sent == []
    challenge, code = await challenge_and_code(
        desk,
        "+39 06 5550101",
        request_id="0190aaaa-0000-7000-8000-000000000003",
        insurance_number="xx 0000-000 002",
    )
    result = await sign_in(desk, challenge, code)
    assert isinstance(result, SignedIn)
    assert result.worker_id == samples.OTHER


async def test_a_phone_with_somebody_elses_number_gets_no_code(desk: Any) -> None:
    await desk.use_cases.request_sign_in_code(ask("+39 333 1234567", insurance_number="XX0000000009"))
    assert desk.sender.sent == []


async def test_the_sixth_code_in_an_hour_for_one_contact_is_refused(desk: Any) -> None:
    for number in range(5):
        await desk.use_cases.request_sign_in_code(ask("+39 333 1234567", f"request-{number}"))
    with pytest.raises(OverloadError):
        await desk.use_cases.request_sign_in_code(ask("+39 333 1234567", "request-5"))
    desk.clock.forward(timedelta(hours=1))
    await desk.use_cases.request_sign_in_code(ask("+39 333 1234567", "request-6"))
    assert len(desk.sender.sent) == 6


async def test_an_unknown_contact_is_limited_in_the_same_way(desk: Any) -> None:
    for number in range(5):
        await desk.use_cases.request_sign_in_code(ask("nobody@example.org", f"request-{number}"))
    with pytest.raises(OverloadError):
        await desk.use_cases.request_sign_in_code(ask("nobody@example.org", "request-5"))


async def test_one_address_cannot_ask_for_codes_of_many_people(desk: Any) -> None:
    for number in range(30):
        await desk.use_cases.request_sign_in_code(
            ask(f"someone{number}@example.org", f"request-{number}", origin="192.0.2.7")
        )
    with pytest.raises(OverloadError):
        await desk.use_cases.request_sign_in_code(ask("one-more@example.org", "last", origin="192.0.2.7"))
    await desk.use_cases.request_sign_in_code(ask("one-more@example.org", "last", origin="192.0.2.8"))


async def test_one_address_cannot_try_codes_without_end(desk: Any) -> None:
    for _ in range(60):
        await sign_in(desk, "made-up", "000000", origin="192.0.2.7")
    with pytest.raises(OverloadError):
        await sign_in(desk, "made-up", "000000", origin="192.0.2.7")


async def test_neither_code_nor_token_nor_contact_is_kept_in_clear(desk: Any) -> None:
    challenge, code = await challenge_and_code(desk)
    result = await sign_in(desk, challenge, code)
    assert isinstance(result, SignedIn)
    kept = repr((desk.work.codes.kept, desk.work.sessions.kept, desk.work.limits.counts))
    for secret in (code, challenge, result.token, "3331234567"):
        assert secret not in kept


async def test_a_session_ends_after_thirty_idle_minutes(desk: Any) -> None:
    result = await sign_in(desk, *await challenge_and_code(desk))
    assert isinstance(result, SignedIn)
    for _ in range(3):
        desk.clock.forward(timedelta(minutes=30))
        await desk.use_cases.resolve_session(result.token)
    desk.clock.forward(timedelta(minutes=30, microseconds=1))
    with pytest.raises(DeniedError) as denied:
        await desk.use_cases.resolve_session(result.token)
    assert not denied.value.authenticated


async def test_a_session_in_use_ends_after_eight_hours(desk: Any) -> None:
    result = await sign_in(desk, *await challenge_and_code(desk))
    assert isinstance(result, SignedIn)
    for _ in range(16):
        desk.clock.forward(timedelta(minutes=30))
        await desk.use_cases.resolve_session(result.token)
    desk.clock.forward(timedelta(minutes=1))
    with pytest.raises(DeniedError):
        await desk.use_cases.resolve_session(result.token)


async def test_a_session_of_a_protected_person_is_open_for_five_idle_minutes_and_eighty_in_use(
    desk: Any, samples: Any
) -> None:
    desk.work.sessions.protected.add(samples.WORKER)
    result = await sign_in(desk, *await challenge_and_code(desk))
    assert isinstance(result, SignedIn)
    assert result.idle_until == desk.clock.now() + timedelta(minutes=5)
    for _ in range(16):  # 16 x 5 = 80
        desk.clock.forward(timedelta(minutes=5))
        await desk.use_cases.resolve_session(result.token)
    desk.clock.forward(timedelta(microseconds=1))
    with pytest.raises(DeniedError):
        await desk.use_cases.resolve_session(result.token)


async def test_signing_out_ends_the_session_at_once(desk: Any) -> None:
    result = await sign_in(desk, *await challenge_and_code(desk))
    assert isinstance(result, SignedIn)
    await desk.use_cases.sign_out(result.token)
    with pytest.raises(DeniedError):
        await desk.use_cases.resolve_session(result.token)
    await desk.use_cases.sign_out(result.token)


async def test_a_made_up_token_is_no_session(desk: Any) -> None:
    with pytest.raises(DeniedError):
        await desk.use_cases.resolve_session("x" * 43)


async def test_housekeeping_forgets_what_is_over_and_keeps_what_is_not(desk: Any) -> None:
    old = await sign_in(desk, *await challenge_and_code(desk))
    desk.clock.forward(timedelta(hours=1))
    fresh = await sign_in(desk, *await challenge_and_code(desk, request_id="another"))
    assert isinstance(old, SignedIn)
    assert isinstance(fresh, SignedIn)
    housekeeping = MemoryHousekeeping(desk.work.codes, desk.work.sessions, desk.work.limits)
    # The code and the session of an hour ago; the counts of that hour have begun anew.
    assert await forget_expired_sign_ins(housekeeping=housekeeping, clock=desk.clock) == 2
    assert set(desk.work.sessions.kept) == {token_hash(fresh.token)}


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("+39 333 123 45 67", "+393331234567"),
        ("0039-333/1234567", "+393331234567"),
        ("＋３９ ３３３ １２３４５６７", "+393331234567"),
        ("+٢١٦ ٢٠ ١٢٣ ٤٥٦", "+21620123456"),
        ("\u202a+39 333 1234567\u202c", "+393331234567"),  # copied from the contacts of a phone
        ("\u2068+٩١ ٩٨٧٦٥ ٤٣٢١٠\u2069", "+919876543210"),
        ("+९१ ९८७६५ ४३२१०", "+919876543210"),
        (" Rosa.Esposito@Example.ORG ", "rosa.esposito@example.org"),
    ],
)
def test_contacts_are_read_in_the_forms_people_write(typed: str, kept: str) -> None:
    assert parse_contact(typed).value == kept


@pytest.mark.parametrize(
    "typed",
    [
        *("", "333 1234567", "+0 333 1234567", "+39", "+39 12345678901234", "+39 333 123456x", "call me"),
        *("@", "a@", "a@b c", "a@@b", "x" * 65 + "@example.org", "a\n@example.org"),
    ],
)
def test_what_is_no_contact_is_refused_by_field(typed: str) -> None:
    with pytest.raises(InputError) as refused:
        parse_contact(typed)
    assert refused.value.field == "contact"


def test_insurance_numbers_compare_without_spaces_and_case() -> None:
    assert insurance_number(" 65 110485 e 021 ") == "65110485E021"


def test_codes_keep_their_leading_zeros_and_need_enough_randomness() -> None:
    assert six_digits((42).to_bytes(8, "big")) == "000042"
    with pytest.raises(ValueError, match="8 random bytes"):
        six_digits(b"1234567")


def test_the_hash_of_a_code_depends_on_key_and_attempt() -> None:
    first = keyed_code_hash(b"k" * 32, challenge_hash=b"a", code="123456")
    assert first != keyed_code_hash(b"l" * 32, challenge_hash=b"a", code="123456")
    assert first != keyed_code_hash(b"k" * 32, challenge_hash=b"b", code="123456")
    with pytest.raises(ValueError, match="32 bytes"):
        keyed_code_hash(b"short", challenge_hash=b"a", code="123456")
