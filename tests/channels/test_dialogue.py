"""By USSD and SMS she signs in and reads what stands on her pages; what is wrong is refused, named and explained."""

from dataclasses import replace
from datetime import time, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portability.services.case_mark import case_mark
from portability.services.notices.model import Choice, Kind, Notice
from portability.services.text_budget import USSD, Coding, coding_of, fits, for_phones
from portability.services.workers.model import WorkerOnFile, parse_contact
from portability.services.workers.texting.model import Channel, Incoming, Refused, is_weak_pin
from portability.services.workers.voice.handlers import SayHowItWent
from portability.services.workers.voice.model import Group, MyCase, Score
from portability.services.workers.words import languages, words_for
from tests.channels.conftest import TextDesk
from tests.services.workers import samples

CLOSED_CASE = UUID("01890000-0000-7000-8000-0000000000cc")


async def test_she_signs_in_by_code_and_reads_where_her_case_is_and_who_holds_it(desk: TextDesk) -> None:
    phone = desk.phone()
    start = await phone.types("*123#")
    assert start == (
        "My social security. Sign in:\n1 Send me a code by SMS\n2 I have a PIN\n3 Others use this phone too\n4 Language"
    )
    await phone.types("1")
    (delivery,) = desk.sender.sent
    assert delivery.contact.value == "+393331234567"
    menu = await phone.types(delivery.code)
    assert menu == (
        "What do you want to see?\n1 My cases\n2 My decisions\n3 My career\n4 Settings\n"
        "5 My messages\n6 How it went\n0 Sign out"
    )

    assert "1 IT-2026-0417 Old-age pension (Late)" in await phone.types("1")
    case = await phone.types("1")
    assert case.startswith("Case IT-2026-0417\nINPS must check which record is yours.\n1 Who has it now\n")
    await phone.chooses("Who has it now")
    told = await phone.reads_on()
    assert "Service Canada is looking up the time you were insured there. Since: 2 September 2026." in told
    assert "This is late. We expected it by 1 November 2026." in told
    assert "The law says: by 10 December 2026." in told
    await phone.types("0")
    await phone.chooses("What happens next")
    assert "In each country a person decides. No computer decides alone." in await phone.reads_on()
    await phone.types("0")
    await phone.chooses("What you can do")
    assert "You can ask INPS why it is late. Say the number IT-2026-0417." in await phone.reads_on()
    assert all("IT-2026-0999" not in answer.text for answer in phone.seen)


async def test_she_reads_the_amount_why_it_is_so_and_who_looked(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    await phone.types("1", "1")
    await phone.chooses("Deutsche Rentenversicherung, 5 Nov 2026")
    told = await phone.reads_on()
    assert "You get €476.72 each month from 1 October 2026. Before tax and other deductions." in told
    assert "You can have it looked at again until 5 December 2026." in told
    await phone.chooses("Why this amount")
    why = await phone.reads_on()
    assert "You completed 118 of 300 months in Germany, so your share is €476.72 a month." in why
    assert "(Regulation (EC) No 883/2004 Art. 52(1)(b)(ii))" in why
    await phone.types("0", "0")
    await phone.chooses("Who looked at your case")
    assert "10 Nov 2026: A computer program of INPS. Why: to work on your pension claim." in await phone.reads_on()


async def test_she_reads_her_career_country_by_country(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    await phone.types("3")
    await phone.chooses("Germany")
    told = await phone.reads_on()
    assert "1 Apr 1985 to 31 Jan 1995. 118 months." in told
    await phone.types("0")
    await phone.chooses("Tunisia")
    assert "Not asked yet." in await phone.reads_on()


@pytest.mark.parametrize("language", languages())
async def test_every_screen_fits_in_every_language(desk: TextDesk, language: str) -> None:
    """The phone of the tests takes nothing that is too long; here it goes everywhere, on both channels."""
    await desk.register(language=language)
    await told(desk, *Kind)
    for channel in Channel:
        desk.work.mine[samples.WORKER] = [closed(CLOSED_CASE)]
        phone = await desk.signed_in(channel)
        menu = phone.last.text
        assert for_phones(words_for([language]).text("text.menu")) in menu
        for way in (
            "1",
            "11",
            "111",
            "112",
            "113",
            "114",
            "115",
            "2",
            "21",
            "211",
            "3",
            "31",
            "32",
            "4",
            "41",
            "42",
            "44",
            "445",
            "5",
            "6",
            "61",
        ):
            for step in way:
                await slowly(desk, phone, step)
            while "\n9 " in phone.last.text:
                await slowly(desk, phone, "9")
            while phone.last.text != menu:
                assert phone.last.goes_on, "the way back leads past the menu"
                await slowly(desk, phone, "0")


async def told(desk: TextDesk, *kinds: Kind, case_id: UUID | None = None) -> None:
    """Of each kind, one notice, a minute after the other."""
    for number, kind in enumerate(kinds):
        at = samples.NOW - timedelta(days=1) + timedelta(minutes=number)
        await desk.work.book.add(samples.WORKER, [Notice(bytes([number + 1]) * 32, kind, at, at, case_id)])


def closed(case_id: UUID, *, is_closed: bool = True) -> MyCase:
    return MyCase(case_id, "branch.old_age", Group(("eu-883-2004",), "old_age_claim"), is_closed=is_closed)


async def slowly(desk: TextDesk, phone: Any, text: str) -> None:
    """Nobody who reads types more than 60 inputs in ten minutes."""
    desk.clock.forward(timedelta(seconds=15))
    await phone.types(text)


async def test_arabic_screens_hold_eighty_units_and_the_same_facts(desk: TextDesk) -> None:
    await desk.register(language="ar")
    phone = await desk.signed_in()
    assert coding_of(phone.last.text) is Coding.UCS2
    await phone.types("2", "1")
    told = await phone.reads_on()
    assert "476.72" in told
    assert "Deutsche Rentenversicherung" in told
    assert not set(told) & {"\u200f", "\u200e", "\u061c"}


async def test_a_dropped_line_goes_on_where_it_was_for_five_minutes(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    page = await phone.types("1", "1", "1", "9")
    desk.clock.forward(timedelta(minutes=5))
    assert await phone.types("*123#") == page
    desk.clock.forward(timedelta(minutes=5, seconds=1))
    again = await phone.types("*123#")
    assert again.startswith("You were signed out to protect you. Please sign in again.")
    assert phone.last.refused is Refused.SESSION_OVER


async def test_digits_of_any_script_choose(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    assert "IT-2026-0417" in await phone.types("١")
    await phone.types("0")
    assert "IT-2026-0417" in await phone.types(" १ ")


async def test_the_same_facts_by_sms_in_three_messages_at_most(desk: TextDesk) -> None:
    phone = await desk.signed_in(Channel.SMS)
    await phone.types("1", "1", "1")
    assert "The law says: by 10 December 2026." in await phone.reads_on()


async def test_she_says_whether_she_is_told_of_news(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    assert "3 Stop telling me of news\n4 Hours without news" in await phone.types("4")
    assert "3 Tell me of news\n0 Back" in await phone.types("3")
    assert await desk.work.choices.of(samples.WORKER) == Choice(wanted=False)
    await phone.types("3")
    assert await desk.work.choices.of(samples.WORKER) == Choice()


async def test_telling_her_again_goes_to_the_address_that_she_showed_to_be_hers(desk: TextDesk) -> None:
    address = parse_contact("rosa@example.org")
    await desk.work.directory.keep(replace(desk.work.directory.on_file(samples.WORKER), address=address))
    phone = await desk.signed_in()
    await phone.types("4", "3", "3")
    assert desk.work.directory.on_file(samples.WORKER).address == address


async def test_she_says_when_no_news_is_to_come(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    await phone.types("4")
    told = (await phone.chooses("Hours without news")).splitlines()
    assert told[0] == "No news: 8:00 pm to 8:00 am."
    assert told[1:] == ["1 8:00 pm to 8:00 am", "2 10:00 pm to 6:00 am", "3 10:00 pm to 10:00 am",
                        "4 News at any hour", "5 Which city has your time?", "0 Back"]  # fmt: skip
    await phone.types("2")
    assert await desk.work.choices.of(samples.WORKER) == Choice(quiet_from=time(22), quiet_until=time(6))
    await phone.types("4", "4", "4")
    assert phone.last.text.startswith("News at any hour\n1 8:00 pm")


async def test_she_says_by_which_clock_no_news_is_to_come(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    await phone.types("4", "4", "5")
    await phone.chooses("Tunis")
    assert desk.work.directory.on_file(samples.WORKER).zone == "Africa/Tunis"
    assert (await phone.types("4")).startswith("No news: 8:00 pm to 8:00 am.\nTunis\n1 ")


async def test_a_language_chosen_when_signed_in_is_kept_for_texts_to_come(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    await phone.types("4", "2")
    await phone.chooses(for_phones("Português"))
    assert desk.work.directory.on_file(samples.WORKER).language == "pt"


async def test_a_language_chosen_by_whoever_holds_the_phone_is_not_hers(desk: TextDesk) -> None:
    phone = desk.phone()
    await phone.types("*123#", "4")
    await phone.chooses(for_phones("Português"))
    assert "Sign in" not in phone.last.text
    assert desk.work.directory.on_file(samples.WORKER).language == ""


# --- What she was told, and what she is asked


async def test_she_reads_her_last_notices_the_newest_first(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    assert await phone.types("5") == "There are no messages yet.\n0 Back"
    await phone.types("0")
    await told(desk, Kind.DONE, Kind.DONE, Kind.DECIDED, case_id=samples.CASE)
    await desk.work.book.add(samples.OTHER, [Notice(b"o" * 32, Kind.LATE, samples.NOW, samples.NOW)])
    mark = case_mark(samples.CASE)
    assert (await phone.types("5")).splitlines() == [
        "My messages",
        f"19 Nov 2026: There is a decision for you. ({mark})",
        f"19 Nov 2026: One step is done for you. ({mark})",  # two of one day are one line
        "0 Back",
    ]


@pytest.mark.parametrize("channel", Channel)
async def test_she_says_how_a_closed_case_went_once(desk: TextDesk, channel: Channel) -> None:
    desk.work.mine[samples.WORKER] = [closed(CLOSED_CASE), closed(samples.CASE, is_closed=False)]
    phone = await desk.signed_in(channel)
    await phone.chooses("How it went")
    assert phone.last.text.splitlines() == ["How did it go?", "1 Old-age pension", "0 Back"]
    asked = await phone.types("1")
    assert "How did this case go for you?" in asked
    await phone.chooses("Well")
    assert "Thank you. We have your answer." in phone.last.text
    (voice,) = await desk.work.voice.book.of_cases([CLOSED_CASE])
    assert (voice.score, voice.words) == (Score.GOOD, "")
    await phone.types("0")
    assert (await phone.chooses("How it went")) == "You have told us. Thank you.\n0 Back"


@pytest.mark.parametrize(("number", "score"), list(enumerate(reversed(Score), start=1)))
async def test_each_number_is_the_answer_that_stands_beside_it(desk: TextDesk, number: int, score: Score) -> None:
    desk.work.mine[samples.WORKER] = [closed(CLOSED_CASE)]
    phone = await desk.signed_in(Channel.SMS)
    asked = await phone.types("6", "1")
    assert f"\n{number} {words_for(['en']).text(f'voice.score.{score}')}\n" in asked
    await phone.types(str(number))
    (voice,) = await desk.work.voice.book.of_cases([CLOSED_CASE])
    assert voice.score is score


async def test_nothing_is_asked_before_a_case_is_closed_or_of_a_case_of_another(desk: TextDesk) -> None:
    desk.work.mine[samples.WORKER] = [closed(samples.CASE, is_closed=False)]
    desk.work.mine[samples.OTHER] = [closed(CLOSED_CASE)]
    phone = await desk.signed_in()
    assert await phone.types("6") == "None of your cases is closed yet. Come back when one is.\n0 Back"
    await desk.work.conversations.keep(replace(only_session(desk), place=f"voice_case:{CLOSED_CASE}"))
    assert "How did this case go" not in await phone.types("1")
    assert await desk.work.voice.book.of_cases([CLOSED_CASE]) == []


async def test_a_case_that_she_answered_on_her_page_meanwhile_is_not_asked_again(desk: TextDesk) -> None:
    desk.work.mine[samples.WORKER] = [closed(CLOSED_CASE)]
    phone = await desk.signed_in()
    await phone.types("6", "1")
    await desk.dialogue.voice.say(SayHowItWent(UUID(int=1), samples.WORKER, CLOSED_CASE, Score.BAD))
    await phone.types("1")
    (voice,) = await desk.work.voice.book.of_cases([CLOSED_CASE])
    assert voice.score is Score.BAD


def only_session(desk: TextDesk) -> Any:
    (session,) = desk.work.conversations.kept.values()
    return session


# --- Refused


async def test_what_is_said_above_a_screen_hides_nothing_of_it(desk: TextDesk) -> None:
    await desk.register(language="ar")
    phone = await desk.signed_in()
    plain = await phone.types("4")
    settings = await phone.reads_on()
    assert "\n9 " in plain
    said = for_phones(words_for(["ar"]).text("text.not_understood"))
    assert (await phone.types("7")).startswith(said)
    await phone.types("9")
    assert await phone.reads_on() == settings
    await phone.types("7")
    assert await phone.types("*123#") == plain  # the line dropped


async def test_a_wrong_code_is_refused_and_a_used_one_opens_nothing_again(desk: TextDesk) -> None:
    phone = desk.phone()
    await phone.types("hello", "1")
    code = desk.sender.sent[-1].code
    wrong = str((int(code) + 1) % 1_000_000).zfill(6)
    assert "The code is not right. Try again." in await phone.types(wrong)
    assert phone.last.refused is Refused.CODE
    await phone.types(code)
    await phone.types("0")  # signed out
    await phone.types("*123#", "3", "XX0000000001")  # a second code is sent
    assert desk.sender.sent[-1].code != code
    assert "The code is not right." in await phone.types(code)


async def test_after_five_wrong_codes_the_right_one_is_over(desk: TextDesk) -> None:
    phone = desk.phone()
    await phone.types("*123#", "1")
    code = desk.sender.sent[-1].code
    wrong = str((int(code) + 1) % 1_000_000).zfill(6)
    await phone.types(wrong, wrong, wrong, wrong, wrong)
    assert "This code no longer works. Ask for a new one." in phone.last.text
    assert "My cases" not in await phone.types(code)


async def test_an_unknown_phone_is_shown_the_same_and_gets_nothing(desk: TextDesk) -> None:
    known, unknown = desk.phone(), desk.phone("+39 333 7654321")
    for text in ("*123#", "1", "000000", "0", "2", "483921", "0", "4", "1"):
        assert await known.types(text) == await unknown.types(text)
    assert [sent.contact.value for sent in desk.sender.sent] == ["+393331234567"]


async def test_another_phone_or_channel_does_not_get_into_a_conversation(desk: TextDesk) -> None:
    await desk.signed_in()
    for other in (desk.phone("+39 333 7654321"), desk.phone(channel=Channel.SMS)):
        assert "Sign in" in await other.types("1")
        assert "My cases" not in await other.types("1")


async def test_a_session_that_was_ended_elsewhere_is_over_here(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    desk.work.sessions.kept.clear()
    assert "You were signed out to protect you." in await phone.types("1")


async def test_signing_out_ends_the_conversation(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    assert await phone.types("0") == "You are signed out."
    assert not phone.last.goes_on
    assert desk.work.sessions.kept == {}
    assert "Sign in" in await phone.types("*123#")


async def test_a_flood_is_told_so_once_and_then_meets_silence(desk: TextDesk) -> None:
    phone = desk.phone()
    await phone.types(*["x"] * 60)
    assert "too many attempts" in await phone.types("x")
    assert phone.last.refused is Refused.FLOOD
    assert await phone.types("x", "x") == ""
    desk.clock.forward(timedelta(minutes=10))
    assert "Sign in" in await phone.types("*123#")


async def test_a_phone_asks_for_five_codes_an_hour(desk: TextDesk) -> None:
    phone = desk.phone()
    for _ in range(5):
        await phone.types("*123#", "1", "0")
    assert "too many attempts" in await phone.types("1")
    assert phone.last.refused is Refused.TOO_MANY_CODES
    assert len(desk.sender.sent) == 5


@pytest.mark.parametrize("number", ["", "Rosa.Esposito@example.org", "123", "+39333' OR 1=1 --", "INFO"])
async def test_what_is_no_phone_number_is_not_answered(desk: TextDesk, number: str) -> None:
    answer = await desk.dialogue.answer(Incoming(Channel.SMS, number, "1"))
    assert (answer.text, answer.goes_on, answer.refused) == ("", False, Refused.NO_NUMBER)


async def test_a_hostile_name_steers_no_screen(desk: TextDesk) -> None:
    hostile = replace(samples.DRV, name="\u202eEvil\x00\x1b[2J\n1 Pay here\u2066 DRV")
    desk.work.views.decisions[0] = samples.decision(institution=hostile)
    phone = await desk.signed_in()
    shown = await phone.types("2")
    assert "1 Evil[2J 1 Pay here DRV, 5 Nov 2026" in shown.replace("\n", " ")
    assert not set(shown) & set("\u202e\x00\x1b\u2066")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(max_size=200) | st.sampled_from("0123459"), max_size=12))
async def test_whatever_is_typed_is_answered_within_a_screen(texts: list[str]) -> None:
    made = TextDesk()
    await made.register()
    phone = await made.signed_in()
    await phone.types(*texts)
    assert all(fits(answer.text, USSD) for answer in phone.seen)


# --- The PIN


async def choose_pin(phone: Any, pin: str) -> None:
    await phone.types("4", "1", pin, pin)


async def test_she_chooses_a_pin_and_signs_in_with_it_the_next_time(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    await phone.types("4", "1", "482915")
    assert "Your PIN is set." in await phone.types("482915")
    await phone.types("0", "0", "*123#", "2")
    assert "My cases" in await phone.types("482915")
    assert len(desk.sender.sent) == 1
    assert "482915" not in repr((desk.work.pins.kept, desk.work.conversations.kept))


async def test_two_different_pins_are_not_kept(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    await phone.types("4", "1", "482915")
    assert "They were not the same." in await phone.types("482916")
    assert desk.work.pins.kept == {}


@pytest.mark.parametrize("pin", ["123456", "111111", "121212", "987654", "331234", "48291", "4829155", "abcdef", ""])
async def test_a_pin_that_others_try_first_is_refused(desk: TextDesk, pin: str) -> None:
    phone = await desk.signed_in()
    await phone.types("4", "1", pin)
    assert desk.work.pins.kept == {}
    if pin:
        assert phone.last.refused is Refused.PIN_WEAK


async def test_five_wrong_pins_lock_it_until_a_code_was_used(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    await choose_pin(phone, "482915")
    await phone.types("0", "0", "*123#", "2", *["222333"] * 5)
    assert "This PIN does not work." in await phone.types("482915")
    assert phone.last.refused is Refused.PIN
    await phone.types("0", "1")
    await phone.types(desk.sender.sent[-1].code)
    await choose_pin(phone, "593826")
    await phone.types("0", "0", "*123#", "2")
    assert "My cases" in await phone.types("593826")


async def test_a_pin_of_another_phone_opens_nothing_and_none_is_taken_by_sms(desk: TextDesk) -> None:
    phone = await desk.signed_in()
    await choose_pin(phone, "482915")
    other = desk.phone("+39 333 7654321")
    await other.types("*123#", "2")
    assert "This PIN does not work." in await other.types("482915")
    by_sms = desk.phone(channel=Channel.SMS)
    assert "PIN" not in await by_sms.types("hello")
    assert "PIN" not in (await desk.signed_in(Channel.SMS)).last.text


async def test_who_shares_a_phone_says_her_insurance_number(desk: TextDesk) -> None:
    contact = parse_contact(samples.PHONE)
    await desk.work.directory.keep(WorkerOnFile(samples.OTHER, contact, ("XX0000000002",)))
    phone = desk.phone()
    await phone.types("*123#", "1")
    assert desk.sender.sent == []
    await phone.types("0", "3", "xx 0000-000 002")
    await phone.types(desk.sender.sent[-1].code, "1")
    assert "IT-2026-0999" in phone.last.text
    assert "IT-2026-0417" not in phone.last.text


@pytest.mark.parametrize(("pin", "weak"), [("112233", False), ("121212", True), ("654321", True), ("432109", True)])
def test_which_pins_are_weak(pin: str, *, weak: bool) -> None:
    assert is_weak_pin(pin, number="+393331234567") is weak
