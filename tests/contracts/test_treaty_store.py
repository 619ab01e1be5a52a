"""One suite for every place that keeps versions of agreements and statements: rows are added, and stay as they are."""

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest

from portability.adapters.memory.treaties import MemoryTreatyWork
from portability.adapters.postgres.treaties_store import PostgresTreatyWork
from portability.services.determination.treaties.mapping.statements import encode_statement
from portability.services.determination.treaties.model import (
    KeptStatement,
    PublishedVersion,
    SignedStatement,
    Statement,
    StatementKind,
    StatementSignature,
    VersionId,
)
from portability.services.determination.treaties.ports import TreatyWork
from portability.services.determination.treaties.signing import statement_digest
from tests.at_rest import AT_REST

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
CONTENT = b"format: 1\r\nid: ca-it\n# \xc3\xa8 un'altra riga\n"
SHA = hashlib.sha256(CONTENT).hexdigest()
VERSION = PublishedVersion("ca-it", SHA, ("CA", "IT"), "ca-it.yaml", NOON, "it-inps/giulia")
STATEMENT = Statement(StatementKind.RATIFICATION, "IT", "ca-it", VersionId(SHA), date(2027, 1, 1))
SIGNED = SignedStatement(
    encode_statement(STATEMENT),
    (
        StatementSignature("anna.neri", "sig-1", NOON, b"\1" * 64, b"\2" * 3309),
        StatementSignature("ugo.bruni", "sig-2", NOON + timedelta(milliseconds=5), b"\3" * 64, b"\4" * 3309),
    ),
)
KEPT = KeptStatement(SIGNED, NOON, "it-inps/giulia")


@pytest.fixture(params=["memory", "postgres"])
def work(request: pytest.FixtureRequest) -> TreatyWork:
    if request.param == "memory":
        return MemoryTreatyWork()
    return PostgresTreatyWork(request.getfixturevalue("connection"), AT_REST)


async def put(work: TreatyWork, kept: KeptStatement, agreement_id: str = "ca-it") -> None:
    await work.statements.add(kept, agreement_id=agreement_id, digest=statement_digest(kept.signed))


async def test_a_version_comes_back_byte_by_byte(work: TreatyWork) -> None:
    await work.versions.add(VERSION, CONTENT)
    assert await work.versions.of_agreement("ca-it") == [VERSION]
    assert await work.versions.content(SHA) == CONTENT
    assert await work.versions.content("0" * 64) is None
    assert list(await work.versions.of_agreement("ca-de")) == []


async def test_versions_come_in_the_order_of_publication_and_all_of_them_by_agreement(work: TreatyWork) -> None:
    texts = {name: name.encode() for name in ("second", "first", "other")}
    made = {name: replace(VERSION, sha256=hashlib.sha256(text).hexdigest()) for name, text in texts.items()}
    made["second"] = replace(made["second"], published_at=NOON + timedelta(seconds=1))
    made["other"] = replace(made["other"], agreement_id="ca-de")
    for name, version in made.items():
        await work.versions.add(version, texts[name])
    assert await work.versions.of_agreement("ca-it") == [made["first"], made["second"]]
    assert await work.versions.of_agreement("") == [made["other"], made["first"], made["second"]]


async def test_a_version_published_again_stays_as_it_was_first(work: TreatyWork) -> None:
    await work.versions.add(VERSION, CONTENT)
    again = replace(VERSION, published_at=NOON + timedelta(days=1), published_by="it-inps/mario", file="other.yaml")
    await work.versions.add(again, CONTENT)
    assert await work.versions.of_agreement("ca-it") == [VERSION]


async def test_a_statement_comes_back_as_it_was_signed(work: TreatyWork) -> None:
    await put(work, KEPT)
    assert await work.statements.of_agreement("ca-it") == [KEPT]
    assert list(await work.statements.of_agreement("ca-de")) == []


async def test_statements_come_in_the_order_of_arrival_and_each_once(work: TreatyWork) -> None:
    other = replace(SIGNED, signatures=SIGNED.signatures[::-1])
    later = KeptStatement(other, NOON - timedelta(days=1), "it-inps/giulia")
    await put(work, KEPT)
    await put(work, later)
    await put(work, replace(KEPT, received_at=NOON + timedelta(days=1), received_by="it-inps/mario"))
    assert await work.statements.of_agreement("ca-it") == [KEPT, later]


@pytest.mark.parametrize("table", ["agreement_versions", "agreement_statements"])
@pytest.mark.parametrize(
    "change",
    ["UPDATE {} SET agreement_id = 'ca-de'", "DELETE FROM {}", "TRUNCATE {}"],
    ids=["update", "delete", "empty"],
)
async def test_postgresql_neither_changes_nor_removes_a_row(
    connection: psycopg.AsyncConnection, table: str, change: str
) -> None:
    work = PostgresTreatyWork(connection, AT_REST)
    await work.versions.add(VERSION, CONTENT)
    await put(work, KEPT)
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match=f"{table} is only added to"):
        await connection.execute(change.format(table))


async def test_postgresql_takes_no_bytes_under_another_hash(connection: psycopg.AsyncConnection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        await PostgresTreatyWork(connection, AT_REST).versions.add(VERSION, CONTENT + b" ")


async def test_postgresql_takes_no_statement_under_another_digest(connection: psycopg.AsyncConnection) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        await PostgresTreatyWork(connection, AT_REST).statements.add(KEPT, agreement_id="ca-it", digest="0" * 64)
