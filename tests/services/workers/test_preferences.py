"""She chooses where news goes; another address is hers once a code that went there says so, and signs nobody in."""

from collections.abc import AsyncIterator
from datetime import time, timedelta
from typing import Any
from uuid import UUID

import grpc
import pytest
from google.type.timeofday_pb2 import TimeOfDay

from portability.adapters.memory.notices import MemoryChoices
from portability.adapters.memory.preferences import MemoryPreferences, MemoryPreferenceWork
from portability.agreements.errors import InputError, OverloadError
from portability.api.workers.v1 import preferences_pb2 as pb
from portability.api.workers.v1 import preferences_pb2_grpc
from portability.services.workers.model import Refusal, SignInRefused, address_challenge, parse_contact
from portability.services.workers.preferences.handlers import PreferenceUseCases
from portability.services.workers.preferences.model import Chosen, NewsWay
from portability.services.workers.preferences.servicer import PreferenceServicer
from tests.services.workers.door import served, session_of
from tests.services.workers.samples import KEY, OTHER, PHONE, WORKER, CountingBytes

REQUEST = UUID("0190aaaa-0000-7000-8000-000000000001")
MAIL = "rosa@example.org"


@pytest.fixture
def preferences(desk: Any) -> PreferenceUseCases:
    book = MemoryPreferences(desk.work.directory, MemoryChoices())
    work = MemoryPreferenceWork(book, desk.work.codes, desk.work.limits)
    desk.told_of_address = work.told
    return PreferenceUseCases(
        unit_of_work=work.unit_of_work,
        sender=desk.sender,
        clock=desk.clock,
        random_bytes=CountingBytes(),
        key=KEY,
    )


async def confirmed(preferences: PreferenceUseCases, desk: Any) -> Any:
    await preferences.ask_for_address_code(WORKER, REQUEST, MAIL)
    return await preferences.confirm_address(WORKER, REQUEST, MAIL, desk.sender.sent[-1].code)


async def test_news_goes_to_an_address_once_its_code_came_back(desk: Any, preferences: PreferenceUseCases) -> None:
    await preferences.ask_for_address_code(WORKER, REQUEST, " Rosa@Example.org ")
    (sent,) = desk.sender.sent
    assert sent.contact == parse_contact(MAIL)
    assert (await preferences.of(WORKER)).way is NewsWay.CONTACT
    after = await preferences.confirm_address(WORKER, REQUEST, MAIL, f" {sent.code[:3]} {sent.code[3:]} ")
    assert not isinstance(after, SignInRefused)
    assert (after.way, after.address, after.contact) == (NewsWay.ADDRESS, parse_contact(MAIL), parse_contact(PHONE))
    assert await preferences.of(WORKER) == after


async def test_a_new_address_is_told_once_and_never_before_it_is_confirmed(
    desk: Any, preferences: PreferenceUseCases
) -> None:
    await preferences.ask_for_address_code(WORKER, REQUEST, MAIL)
    wrong = f"{(int(desk.sender.sent[-1].code) + 1) % 10**6:06}"
    await preferences.confirm_address(WORKER, REQUEST, MAIL, wrong)
    assert desk.told_of_address == []
    await preferences.confirm_address(WORKER, REQUEST, MAIL, desk.sender.sent[-1].code)
    assert desk.told_of_address == [(WORKER, desk.clock.now())]
    again = UUID(int=77)
    await preferences.ask_for_address_code(WORKER, again, MAIL)
    await preferences.confirm_address(WORKER, again, MAIL, desk.sender.sent[-1].code)
    assert len(desk.told_of_address) == 1  # the same address is no change


async def test_a_code_for_an_address_signs_nobody_in(desk: Any, preferences: PreferenceUseCases) -> None:
    await preferences.ask_for_address_code(WORKER, REQUEST, MAIL)
    challenge = address_challenge(KEY, worker_id=WORKER, request_id=REQUEST, contact=parse_contact(MAIL))
    signed_in = await desk.use_cases.sign_in(challenge=challenge, code=desk.sender.sent[-1].code, origin="")
    assert isinstance(signed_in, SignInRefused)
    await confirmed(preferences, desk)
    asked = len(desk.sender.sent)
    await desk.use_cases.request_sign_in_code(desk.ask(MAIL))
    assert len(desk.sender.sent) == asked  # nobody is known by it


async def test_a_code_to_sign_in_shows_no_address(desk: Any, preferences: PreferenceUseCases) -> None:
    await desk.use_cases.request_sign_in_code(desk.ask(PHONE))
    refused = await preferences.confirm_address(WORKER, UUID(int=1), PHONE, desk.sender.sent[-1].code)
    assert refused == SignInRefused(Refusal.CODE_OVER, tries_left=0)


async def test_five_wrong_codes_end_it_and_a_code_is_over_in_ten_minutes(
    desk: Any, preferences: PreferenceUseCases
) -> None:
    await preferences.ask_for_address_code(WORKER, REQUEST, MAIL)
    right = desk.sender.sent[-1].code
    wrong = f"{(int(right) + 1) % 10**6:06}"
    left = [await preferences.confirm_address(WORKER, REQUEST, MAIL, wrong) for _ in range(5)]
    assert [one.tries_left for one in left if isinstance(one, SignInRefused)] == [4, 3, 2, 1, 0]
    assert isinstance(await preferences.confirm_address(WORKER, REQUEST, MAIL, right), SignInRefused)
    await preferences.ask_for_address_code(WORKER, UUID(int=7), MAIL)
    desk.clock.forward(timedelta(minutes=10))
    late = await preferences.confirm_address(WORKER, UUID(int=7), MAIL, desk.sender.sent[-1].code)
    assert isinstance(late, SignInRefused)
    assert (await preferences.of(WORKER)).address is None


async def test_another_worker_cannot_confirm_with_the_code_that_she_asked_for(
    desk: Any, preferences: PreferenceUseCases
) -> None:
    await preferences.ask_for_address_code(WORKER, REQUEST, MAIL)
    refused = await preferences.confirm_address(OTHER, REQUEST, MAIL, desk.sender.sent[-1].code)
    assert isinstance(refused, SignInRefused)
    elsewhere = await preferences.confirm_address(WORKER, REQUEST, "ada@example.org", desk.sender.sent[-1].code)
    assert isinstance(elsewhere, SignInRefused)


async def test_a_code_opens_once_and_the_same_request_sends_one(desk: Any, preferences: PreferenceUseCases) -> None:
    for _ in range(3):
        await preferences.ask_for_address_code(WORKER, REQUEST, MAIL)
    (sent,) = desk.sender.sent
    assert not isinstance(await preferences.confirm_address(WORKER, REQUEST, MAIL, sent.code), SignInRefused)
    assert isinstance(await preferences.confirm_address(WORKER, REQUEST, MAIL, sent.code), SignInRefused)


async def test_nobody_floods_others_with_codes(preferences: PreferenceUseCases) -> None:
    for number in range(5):
        await preferences.ask_for_address_code(WORKER, UUID(int=number), f"somebody{number}@example.org")
    with pytest.raises(OverloadError):
        await preferences.ask_for_address_code(WORKER, UUID(int=9), "one-more@example.org")


@pytest.mark.parametrize("address", [PHONE, "06 1234567", "nobody", "a@b\r\nBcc: all@example.org"])
async def test_what_is_no_other_address_is_refused(desk: Any, preferences: PreferenceUseCases, address: str) -> None:
    with pytest.raises(InputError):
        await preferences.ask_for_address_code(WORKER, REQUEST, address)
    assert desk.sender.sent == []


async def test_an_address_that_is_not_used_is_not_kept(desk: Any, preferences: PreferenceUseCases) -> None:
    await confirmed(preferences, desk)
    assert (await preferences.choose(WORKER, Chosen(way=NewsWay.NOWHERE))).address == parse_contact(MAIL)
    assert (await preferences.choose(WORKER, Chosen(way=NewsWay.CONTACT))).address is None
    with pytest.raises(InputError) as refused:
        await preferences.choose(WORKER, Chosen(way=NewsWay.ADDRESS))
    assert refused.value.field == "way"


async def test_what_is_not_given_stays_as_it_was(preferences: PreferenceUseCases) -> None:
    await preferences.choose(WORKER, Chosen(way=NewsWay.NOWHERE, quiet_from=time(22, 30, 59)))
    after = await preferences.choose(WORKER, Chosen(language="ar"))
    assert (after.way, after.quiet_from, after.quiet_until) == (NewsWay.NOWHERE, time(22, 30), time(8))
    with pytest.raises(InputError):
        await preferences.choose(WORKER, Chosen(language="xx"))


# --- over gRPC


@pytest.fixture
async def stub(desk: Any, preferences: PreferenceUseCases) -> AsyncIterator[Any]:
    add = preferences_pb2_grpc.add_PreferenceServiceServicer_to_server
    make = preferences_pb2_grpc.PreferenceServiceStub
    async with served(desk, PreferenceServicer(preferences), add=add, stub=make) as found:
        yield found


async def test_she_chooses_over_grpc(stub: Any, desk: Any) -> None:
    session = await session_of(desk, PHONE)
    asked = pb.AskForAddressCodeRequest(request_id=str(REQUEST), address=MAIL)
    assert (await stub.AskForAddressCode(asked, metadata=session)).HasField("expires_at")
    confirm = pb.ConfirmAddressRequest(request_id=str(REQUEST), address=MAIL, code=desk.sender.sent[-1].code)
    confirmed_now = (await stub.ConfirmAddress(confirm, metadata=session)).preferences
    assert (confirmed_now.way, confirmed_now.address) == (pb.NEWS_WAY_ADDRESS, MAIL)
    chosen = pb.ChooseMyPreferencesRequest(
        way=pb.NEWS_WAY_NOWHERE, language="hi", quiet_from=TimeOfDay(hours=23, minutes=15), time_zone="America/Toronto"
    )
    await stub.ChooseMyPreferences(chosen, metadata=session)
    now = (await stub.GetMyPreferences(pb.GetMyPreferencesRequest(), metadata=session)).preferences
    assert now == pb.Preferences(
        way=pb.NEWS_WAY_NOWHERE,
        contact="+393331234567",
        address=MAIL,
        language="hi",
        quiet_from=TimeOfDay(hours=23, minutes=15),
        quiet_until=TimeOfDay(hours=8),
        time_zone="America/Toronto",
    )
    back = pb.ChooseMyPreferencesRequest(time_zone="")  # the institution's again; all else stays
    now.time_zone = ""
    assert (await stub.ChooseMyPreferences(back, metadata=session)).preferences == now


@pytest.mark.parametrize(
    ("call", "request_"),
    [
        ("ChooseMyPreferences", pb.ChooseMyPreferencesRequest(quiet_from=TimeOfDay(hours=24))),
        ("ChooseMyPreferences", pb.ChooseMyPreferencesRequest(time_zone="../etc/localtime")),
        ("ChooseMyPreferences", pb.ChooseMyPreferencesRequest(time_zone="europe/rome")),
        ("ChooseMyPreferences", pb.ChooseMyPreferencesRequest(quiet_until=TimeOfDay(minutes=-1))),
        ("ChooseMyPreferences", pb.ChooseMyPreferencesRequest(way=pb.NEWS_WAY_ADDRESS)),
        ("ChooseMyPreferences", pb.ChooseMyPreferencesRequest(language="tlh")),
        ("AskForAddressCode", pb.AskForAddressCodeRequest(request_id=str(REQUEST), address="nobody")),
        ("ConfirmAddress", pb.ConfirmAddressRequest(request_id=str(REQUEST), address=MAIL, code="000000")),
    ],
)
async def test_what_does_not_fit_is_named_by_its_field(stub: Any, desk: Any, call: str, request_: Any) -> None:
    session = await session_of(desk, PHONE)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await getattr(stub, call)(request_, metadata=session)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
