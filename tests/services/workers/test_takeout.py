"""A takeout grows while it is sent, is noted before it begins, and holds every answer that a worker's calls give."""

import io
import tracemalloc
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from portability.adapters.clock.fake import ManualClock
from portability.agreements.errors import DeniedError, OverloadError
from portability.api.takeout.v1 import takeout_pb2 as pb
from portability.app.wiring.takeout import LISTED
from portability.services.access import Caller, Company, Role, acting_as
from portability.services.workers.story import seen_phrases
from portability.services.workers.takeout.ports import KeptFile, Reader
from portability.services.workers.takeout.servicer import TakeoutServicer
from portability.services.workers.takeout.use_cases import PART_BYTES, TakeoutUseCases
from portability.services.workers.views import Institution, SeenBy
from portability.services.workers.words import languages, words_for
from tests.attacks.test_worker_matrix import GROUP_OF, METHODS

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
ROSA = UUID(int=1)
MIB = 1024 * 1024


@dataclass
class Kept:
    """A page that packs well, and a paper that does not."""

    papers: int = 1

    async def files(self, reader: Reader) -> AsyncIterator[KeptFile]:
        yield KeptFile("index.html", b"<p>hers</p>" * 1000)
        for number in range(self.papers):
            yield KeptFile(f"papers/{number + 1}.pdf", bytes(3 * MIB), is_packed=True)


@dataclass
class Noted:
    kept: list[tuple[Reader, datetime]] = field(default_factory=list)

    async def note(self, reader: Reader, *, at: datetime) -> None:
        self.kept.append((reader, at))


def use_cases(papers: int = 1) -> tuple[TakeoutUseCases, Noted]:
    noted = Noted()
    return TakeoutUseCases(kept=Kept(papers), log=noted, clock=ManualClock(NOW)), noted


async def test_the_parts_are_one_whole_file_that_any_reader_opens() -> None:
    takeout, noted = use_cases()
    parts = [part async for part in takeout.everything(Reader(ROSA))]
    assert max(len(part) for part in parts) <= PART_BYTES
    with zipfile.ZipFile(io.BytesIO(b"".join(parts))) as archive:
        assert archive.testzip() is None
        assert archive.read("index.html") == b"<p>hers</p>" * 1000
        infos = archive.infolist()
    assert [one.compress_type for one in infos] == [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED]
    assert [one.date_time for one in infos] == [(2026, 11, 20, 9, 0, 0)] * 2
    assert noted.kept == [(Reader(ROSA), NOW)]


async def test_memory_does_not_grow_with_what_is_kept() -> None:
    """Forty papers of 3 MiB are 120 MiB; one of them is held, in a few copies."""
    takeout, _ = use_cases(papers=40)
    tracemalloc.start()
    sent = 0
    async for part in takeout.everything(Reader(ROSA)):
        sent += len(part)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert sent > 120 * MIB
    assert most < 20 * MIB


async def test_one_at_a_time_and_a_place_is_free_again_when_a_reader_has_gone() -> None:
    takeout, noted = use_cases()
    first: Any = takeout.everything(Reader(ROSA))
    await anext(first)
    with pytest.raises(OverloadError):
        await anext(aiter(takeout.everything(Reader(ROSA))))
    await first.aclose()
    assert [part async for part in takeout.everything(Reader(ROSA))]
    assert len(noted.kept) == 2


async def test_a_representative_takes_nothing() -> None:
    takeout, noted = use_cases()
    servicer = TakeoutServicer(takeout)
    union = Company("Union", herself=False, may_act=True)
    for caller in (
        Caller("it-inps", Role.WORKER, "page", ROSA, union),
        Caller("it-inps", Role.WORKER, "page"),
        Caller("it-inps", Role.CASEWORKER, "anna"),
    ):
        with acting_as(caller), pytest.raises(DeniedError):
            await anext(aiter(servicer.DownloadEverything(pb.DownloadEverythingRequest(), None)))
    cousin = Company("Cousin Luca", herself=True, may_act=True)
    with acting_as(Caller("it-inps", Role.WORKER, "page", ROSA, cousin)):
        request = pb.DownloadEverythingRequest(language="it")
        assert [one.part async for one in servicer.DownloadEverything(request, None)]
    assert [one for one, _ in noted.kept] == [Reader(ROSA, "it", cousin)]


def test_every_call_of_hers_that_only_asks_who_she_is_stands_in_the_takeout() -> None:
    """What is new to her calls is new to what she takes."""
    read = {
        name.rpartition("/")[2]
        for name, method in METHODS.items()
        if GROUP_OF[name] in {"see what is mine", "keep for myself"}
        and not {one.name for one in method.input_type.fields} - {"language", "case_id", "page_size", "page_token"}
        and name.rpartition("/")[2].startswith(("List", "Get"))
    }
    assert read - {"GetMyCase", "GetMyMatter"} == set(LISTED)


@pytest.mark.parametrize("language", languages())
def test_her_own_taking_is_told_to_her_in_the_log(language: str) -> None:
    words = words_for([language])
    look = SeenBy(NOW, Institution("it-inps", "INPS", "IT"), Role.WORKER, "data-protection")
    who, why = seen_phrases(look)
    assert words.say(who) == words.text("seen.you")
    assert words.say(why)
