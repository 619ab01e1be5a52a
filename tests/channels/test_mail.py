"""Codes and notices by e-mail, to a real mail server: over TLS or not at all, to her and nobody else, never twice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr, ValidationError

from portability.adapters.postgres.database import Database
from portability.adapters.postgres.workers_store import PostgresWorkerCases, PostgresWorkers
from portability.adapters.workers.code_delivery import OutboxFileGateway
from portability.adapters.workers.mail import CodesByMail, SmtpMail
from portability.adapters.workers.text.settings import SmtpOut, read_gateways
from portability.agreements.errors import GatewayError, InputError
from portability.app.wiring.notices import NoticeByContact
from portability.services.flows.model import case_reference
from portability.services.notices.model import Channel, Kind
from portability.services.workers.model import CodeDelivery, WorkerOnFile, parse_contact
from portability.services.workers.words import languages, words_for
from tests.at_rest import AT_REST
from tests.channels.mail_server import PASSWORD, USERNAME, MailServer, mail_server

NOW = datetime(2026, 11, 21, 11, 0, tzinfo=UTC)
CASE = UUID("01890000-0000-7000-8000-0000003f29a7")
ROSA = "rosa.esposito@example.org"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[MailServer]:
    async with mail_server(tmp_path) as found:
        yield found


def mail(server: MailServer, **changes: Any) -> SmtpMail:
    return SmtpMail(settings(server, **changes), now=lambda: NOW, new_id=lambda: UUID(int=7))


def settings(server: MailServer, **changes: Any) -> SmtpOut:
    given = {
        "host": "localhost",
        "port": server.port,
        "authority": server.authority,
        "username": USERNAME,
        "password": SecretStr(PASSWORD),
        "sender": "no-answer@inps.example",
        "name": "INPS",
    }
    return SmtpOut(**(given | changes))


async def test_an_e_mail_goes_out_over_tls_as_itself(server: MailServer) -> None:
    await mail(server).send(ROSA, "Novità", "Una risposta è in ritardo.\n.\nEntri e veda.\n", language="it")
    (envelope,) = server.came
    assert server.encrypted == [True]
    assert (envelope.mail_from, envelope.rcpt_tos) == ("no-answer@inps.example", [ROSA])
    (message,) = server.messages()
    assert (message["From"], message["To"], message["Subject"]) == ("INPS <no-answer@inps.example>", ROSA, "Novità")
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == f"<{UUID(int=7)}@inps.example>"
    assert (message["Auto-Submitted"], message["Content-Language"]) == ("auto-generated", "it")
    assert message.get_content().replace("\r\n", "\n") == "Una risposta è in ritardo.\n.\nEntri e veda.\n"
    assert (envelope.content or b"").isascii()
    assert max(map(len, (envelope.content or b"").splitlines())) <= 78


@pytest.mark.parametrize("language", languages())
async def test_a_code_stands_in_the_text_and_not_in_the_subject(
    server: MailServer, tmp_path: Path, language: str
) -> None:
    outbox = tmp_path / "codes.jsonl"
    codes = CodesByMail(mail(server), OutboxFileGateway(outbox))
    await codes.deliver(CodeDelivery(parse_contact(ROSA), "483921", language, NOW + timedelta(minutes=10)))
    (message,) = server.messages()
    assert "483921" in message.get_content()
    assert "483921" not in str(message["Subject"])
    assert str(message["Subject"]) == words_for([language]).text("mail.code")
    assert not outbox.exists()
    await codes.deliver(CodeDelivery(parse_contact("+39 333 1234567"), "111111", language, NOW))
    assert len(server.came) == 1
    assert "111111" in outbox.read_text(encoding="utf-8")


@pytest.mark.parametrize("language", languages())
def test_a_notice_by_e_mail_says_nothing_of_her(language: str) -> None:
    words = words_for([language])
    whole = [words.text(key) for key in ("mail.news", "mail.why", "notice.read", *(f"notice.{kind}" for kind in Kind))]
    assert not any(sign in text for text in whole for sign in "{0123456789@")


@pytest.mark.parametrize(
    "address",
    [
        "rosa@example.org\r\nBcc: all@example.org",
        "rosa@example.org\nSubject: other",
        "rosa@example.org>\r\nRCPT TO:<other@example.org",
        "rosa@example.org> NOTIFY=SUCCESS",
        "rosa,other@example.org",
        "rosa@example.org,other@example.org",
        "<rosa@example.org>",
        '"rosa other"@example.org',
        "rosa@[127.0.0.1]",
        "rosa@example..org",
        "rosa;other@example.org",
        "rosa@example.org\x00",
        "@example.org",
        "rosa@",
        "",
    ],
)
async def test_an_address_that_says_more_than_an_address_reaches_no_server(server: MailServer, address: str) -> None:
    with pytest.raises(GatewayError) as refused:
        await mail(server).send(address, "News", "Text", language="en")
    assert not refused.value.retryable
    assert server.came == []


async def test_a_subject_cannot_become_another_header(server: MailServer) -> None:
    with pytest.raises(ValueError, match=r"linefeed|newline"):
        await mail(server).send(ROSA, "News\r\nBcc: all@example.org", "Text", language="en")
    assert server.came == []


async def test_an_address_in_another_script_goes_where_the_server_takes_it(server: MailServer) -> None:
    await mail(server).send("रोज़ा@example.org", "News", "Text", language="hi")
    assert server.came[0].rcpt_tos == ["रोज़ा@example.org"]
    assert "SMTPUTF8" in server.came[0].mail_options


@pytest.mark.parametrize("address", [None, "rosa.at.work@example.org"])
async def test_a_notice_goes_to_the_address_that_she_chose_in_her_language(
    server: MailServer, new_database: Callable[[], str], tmp_path: Path, address: str | None
) -> None:
    database = await Database.open(new_database(), pool_size=2)
    chosen = parse_contact(address) if address else None
    async with database.transaction() as connection:
        worker = WorkerOnFile(UUID(int=1), parse_contact(ROSA), ("ROSA1",), "it", chosen)
        await PostgresWorkers(connection, AT_REST).keep(worker)
    sender = NoticeByContact(database, AT_REST, None, mail(server), tmp_path / "notices.jsonl")
    await sender.send(UUID(int=1), Kind.LATE, several=False, case_id=CASE)
    await database.close()
    (envelope,), (message,) = server.came, server.messages()
    assert envelope.rcpt_tos == [address or ROSA]
    words = words_for(["it"])
    assert str(message["Subject"]) == words.text("mail.news")
    assert message.get_content().split() == [
        word for key in ("notice.late", "notice.read", "mail.why") for word in words.text(key).split()
    ]
    assert b"ROSA1" not in (envelope.content or b"")


async def test_that_news_goes_elsewhere_is_told_by_the_contact_on_file_in_its_own_words(
    server: MailServer, new_database: Callable[[], str], tmp_path: Path
) -> None:
    database = await Database.open(new_database(), pool_size=2)
    async with database.transaction() as connection:
        moved = WorkerOnFile(UUID(int=1), parse_contact(ROSA), ("ROSA1",), "en", parse_contact("elsewhere@example.org"))
        await PostgresWorkers(connection, AT_REST).keep(moved)
    sender = NoticeByContact(database, AT_REST, None, mail(server), tmp_path / "notices.jsonl")
    assert await sender.send(UUID(int=1), Kind.MOVED, several=False, case_id=CASE) is Channel.EMAIL
    await database.close()
    (envelope,), (message,) = server.came, server.messages()
    assert envelope.rcpt_tos == [ROSA]
    assert words_for(["en"]).text("notice.moved") in message.get_content()


async def test_that_she_signs_in_by_another_contact_is_told_by_the_one_before_and_it_is_forgotten_then(
    server: MailServer, new_database: Callable[[], str], tmp_path: Path
) -> None:
    database = await Database.open(new_database(), pool_size=2)
    changed = WorkerOnFile(
        UUID(int=1),
        parse_contact("+39 333 7654321"),
        ("ROSA1",),
        "en",
        parse_contact("elsewhere@example.org"),
        former=parse_contact(ROSA),
    )
    async with database.transaction() as connection:
        await PostgresWorkers(connection, AT_REST).keep(changed)
    sender = NoticeByContact(database, AT_REST, None, mail(server), tmp_path / "notices.jsonl")
    assert await sender.send(UUID(int=1), Kind.CONTACT, several=False, case_id=CASE) is Channel.EMAIL
    async with database.transaction() as connection:
        kept = await PostgresWorkers(connection, AT_REST).on_file(UUID(int=1), for_change=False)
    await database.close()
    (envelope,), (message,) = server.came, server.messages()
    assert envelope.rcpt_tos == [ROSA]
    words, told = words_for(["en"]), message.get_content()
    assert words.text("notice.contact") in told
    assert words.text("notice.read") not in told
    assert kept == replace(changed, former=None)


async def test_which_of_several_cases_it_is_stands_in_it_by_a_mark_that_her_page_shows_too(
    server: MailServer, new_database: Callable[[], str], tmp_path: Path
) -> None:
    database = await Database.open(new_database(), pool_size=2)
    async with database.transaction() as connection:
        await PostgresWorkers(connection, AT_REST).keep(WorkerOnFile(UUID(int=1), parse_contact(ROSA)))
        await PostgresWorkerCases(connection).link(UUID(int=1), CASE)
    sender = NoticeByContact(database, AT_REST, None, mail(server), tmp_path / "notices.jsonl")
    await sender.send(UUID(int=1), Kind.LATE, several=False, case_id=CASE)  # the only one: no mark is needed
    async with database.transaction() as connection:
        await PostgresWorkerCases(connection).link(UUID(int=1), UUID(int=8))
    await sender.send(UUID(int=1), Kind.LATE, several=False, case_id=CASE)
    await sender.send(UUID(int=1), Kind.LATE, several=True, case_id=None)
    await database.close()
    told = [message.get_content() for message in server.messages()]
    mark = f"({case_reference(CASE, 'it-inps')[-4:]})"
    assert [mark in one for one in told] == [False, True, False]
    assert not [one for one in told if "IT-" in one]


# --- What certainly did not go may go later; all else never again.


def away(server: MailServer) -> SmtpMail:
    return mail(server, port=1)


def wrong_password(server: MailServer) -> SmtpMail:
    return mail(server, password=SecretStr("another"))


def unknown_authority(server: MailServer) -> SmtpMail:
    return mail(server, authority=None)


@pytest.mark.parametrize("gateway", [away, wrong_password, unknown_authority])
async def test_a_server_that_cannot_be_used_takes_nothing(
    server: MailServer, gateway: Callable[[MailServer], SmtpMail]
) -> None:
    with pytest.raises(GatewayError) as refused:
        await gateway(server).send(ROSA, "News", "Text", language="en")
    assert refused.value.retryable
    assert ROSA not in str(refused.value)
    assert server.came == []


async def test_a_server_under_another_name_is_not_trusted(tmp_path: Path) -> None:
    async with mail_server(tmp_path, name="elsewhere.example") as server:
        with pytest.raises(GatewayError) as refused:
            await mail(server).send(ROSA, "News", "Text", language="en")
    assert refused.value.retryable
    assert server.came == []


async def test_a_server_without_tls_gets_neither_password_nor_text(tmp_path: Path) -> None:
    async with mail_server(tmp_path, starttls=False) as server:
        with pytest.raises(GatewayError) as refused:
            await mail(server).send(ROSA, "News", "Text", language="en")
        assert refused.value.retryable
        assert server.came == []
        # On this machine an institution may speak plainly to its own relay, by saying so.
        await mail(server, security="none", username="", password=SecretStr("")).send(
            ROSA, "News", "Text", language="en"
        )
        assert len(server.came) == 1


@pytest.mark.parametrize(
    ("command", "answer", "retryable"),
    [
        ("MAIL", "451 try later", True),
        ("MAIL", "550 not you", False),
        ("RCPT", "450 greylisted", True),
        ("RCPT", "550 no such person", False),
        ("DATA", "452 no space", True),
        ("DATA", "554 spam", False),
    ],
)
async def test_the_answer_of_the_server_says_whether_it_may_go_later(
    server: MailServer, command: str, answer: str, *, retryable: bool
) -> None:
    server.answers[command] = answer
    with pytest.raises(GatewayError) as refused:
        await mail(server).send(ROSA, "News", "Text", language="en")
    assert refused.value.retryable is retryable
    assert answer[:3] in str(refused.value)
    assert ROSA not in str(refused.value)


async def test_what_the_server_may_have_taken_is_not_sent_again(server: MailServer) -> None:
    server.hangs_up = True
    with pytest.raises(GatewayError) as refused:
        await mail(server).send(ROSA, "News", "Text", language="en")
    assert not refused.value.retryable
    assert len(server.came) == 1


async def test_many_at_once_go_out_each_to_its_own(server: MailServer) -> None:
    gateway = mail(server)
    addresses = [f"worker{number}@example.org" for number in range(20)]
    await asyncio.gather(*(gateway.send(one, "News", "Text", language="en") for one in addresses))
    assert sorted(envelope.rcpt_tos[0] for envelope in server.came) == sorted(addresses)


@pytest.mark.parametrize(
    "wrong",
    [
        {"security": "none"},
        {"security": "none", "host": "mail.example.org", "username": "", "password": ""},
        {"username": ""},
        {"password": ""},
        {"sender": "INPS <no-answer@inps.example>"},
        {"sender": "no-answer@inps.example\r\nBcc: a@b.example"},
        {"name": "INPS\r\nBcc: a@b.example"},
        {"port": 0},
    ],
)
def test_unsafe_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(MailServer(port=25), **wrong)


def test_the_file_of_gateways_describes_the_server_and_shows_no_secret_where_it_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "gateways.yaml"
    email = "{host: mail.inps.example, username: u, password: hush, sender: a@inps.example}"
    good = f"secret: sixteen-characters\nemail: {email}\n"
    file.write_text(good)
    described = read_gateways(file).email
    assert described is not None
    assert (described.port, described.security) == (587, "starttls")
    file.write_text(good.replace("a@inps.example", "nobody"))
    with pytest.raises(InputError, match=r"email\.sender") as refused:
        read_gateways(file)
    assert "hush" not in str(refused.value)
