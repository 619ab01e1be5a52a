"""A file of records through ImportRecords: batches in order, what was set aside in a file beside it, and going on.

The import id is the hash of the file and of its map, so that the same file under the same map is the same import,
however often it is run.
"""

import csv
import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from google.type.date_pb2 import Date

from portability.adapters.spreadsheets.map_file import RecordMap
from portability.adapters.spreadsheets.reading import ASIDE, ReadLine
from portability.adapters.spreadsheets.values import as_text
from portability.api.records.v1 import imports_pb2 as pb
from portability.services.records.mapping.importing import read_batch

__all__ = ["Filling", "Tally", "opening_of", "rejects_writer"]

RECORDS_IN_ONE_REQUEST = 400  # below 64 KiB
ON_THE_WAY = 8
"""Requests sent and not yet answered: enough that the node never waits, few enough that memory stays as it is."""
ANSWER_SECONDS = 120.0

Aside = Callable[[ReadLine, str], None]


@dataclass(slots=True)
class Tally:
    """How many lines became what."""

    lines: int = 0
    accepted: int = 0
    unchanged: int = 0
    held: int = 0  # decided on in an earlier run of the same import
    aside: int = 0


@dataclass(slots=True)
class _Batch:
    first_item: int
    records: list[pb.ImportedRecord] = field(default_factory=list)
    lines: list[tuple[int, ReadLine]] = field(default_factory=list)  # item, or 0 for a line that is no record

    @property
    def last_item(self) -> int:
        return self.first_item + len(self.records) - 1


def opening_of(path: Path, map_path: Path, by: RecordMap) -> pb.ImportOpening:
    """What the import of a file under a map is."""
    digest = hashlib.sha256()
    for each in (map_path, path):
        with each.open("rb") as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    source = digest.digest()
    as_of = Date(year=by.as_of.year, month=by.as_of.month, day=by.as_of.day)
    return pb.ImportOpening(import_id=str(UUID(bytes=source[:16])), source_sha256=source, as_of=as_of)


class Filling:
    """Lines of a file on their way into the register. `aside` is called for each line that is not kept, in order."""

    def __init__(self, lines: Iterable[ReadLine], *, by: RecordMap, aside: Aside, progress: Callable[[Tally], None]):
        self._lines = lines
        self._map = by
        self._aside = aside
        self._progress = progress
        self.tally = Tally()

    def check(self, *, today: date) -> Tally:
        """Read everything as the node would, and send nothing."""
        for batch in self._batches():
            request = pb.ImportRecordsRequest(first_item=batch.first_item, records=batch.records)
            read = read_batch(request, today=today) if batch.records else None
            refused = (
                {one.item: pb.RefusedItem(field=one.field, message=one.message) for one in read.refused} if read else {}
            )
            self.tally.accepted += len(batch.records) - len(refused)
            self._tell(batch, refused)
        return self.tally

    async def send(self, stub: Any, opening: pb.ImportOpening) -> Tally:
        """Send everything that the node does not hold yet."""
        call = stub.ImportRecords()
        await call.write(pb.ImportRecordsRequest(opening=opening))
        held, before = 0, dict[int, pb.RefusedItem]()
        while True:
            answer = await _answer(call)
            held = answer.held_up_to
            before |= {one.item: one for one in answer.refused}
            if answer.ready:
                break
        on_the_way: deque[_Batch] = deque()
        for batch in self._batches():
            if batch.last_item <= held:
                self.tally.held += len(batch.records) - sum(1 for item, _ in batch.lines if item in before)
                self._tell(batch, before)
                continue
            on_the_way.append(batch)
            await call.write(pb.ImportRecordsRequest(first_item=batch.first_item, records=batch.records))
            if len(on_the_way) >= ON_THE_WAY:
                await self._take(call, on_the_way.popleft(), before)
        await call.done_writing()
        while on_the_way:
            await self._take(call, on_the_way.popleft(), before)
        return self.tally

    async def _take(self, call: Any, batch: _Batch, before: dict[int, pb.RefusedItem]) -> None:
        answer = await _answer(call)
        for run in answer.runs:
            if run.outcome == pb.ITEM_OUTCOME_ACCEPTED:
                self.tally.accepted += run.count
            elif run.outcome == pb.ITEM_OUTCOME_UNCHANGED:
                self.tally.unchanged += run.count
            elif run.outcome == pb.ITEM_OUTCOME_HELD:
                items = range(run.first_item, run.first_item + run.count)
                self.tally.held += sum(1 for item in items if item not in before)
        self._tell(batch, before | {one.item: one for one in answer.refused})

    def _tell(self, batch: _Batch, refused: dict[int, pb.RefusedItem]) -> None:
        for item, line in batch.lines:
            if not item:
                self._set_aside(line, line.reason)
            elif item in refused:
                self._set_aside(line, self._in_words(refused[item]))
        self.tally.lines += len(batch.lines)
        self._progress(self.tally)

    def _set_aside(self, line: ReadLine, reason: str) -> None:
        self.tally.aside += 1
        self._aside(line, reason)

    def _in_words(self, refused: pb.RefusedItem) -> str:
        """The node's reason with the column that it is about."""
        column = self._map.columns.get(refused.field.rpartition(".")[2], "")
        return f"Column '{column}': {refused.message}" if column else refused.message

    def _batches(self) -> Iterator[_Batch]:
        # Every record says whose it is, also where lines of one account follow each other: the first may be refused.
        batch = _Batch(1)
        for line in self._lines:
            if line.record is None:
                batch.lines.append((0, line))
            else:
                batch.records.append(line.record)
                batch.lines.append((batch.last_item, line))
            if len(batch.lines) >= RECORDS_IN_ONE_REQUEST:
                yield batch
                batch = _Batch(batch.last_item + 1)
        if batch.lines:
            yield batch


async def _answer(call: Any) -> pb.ImportRecordsResponse:
    import asyncio  # noqa: PLC0415 (small beside what is loaded)

    async with asyncio.timeout(ANSWER_SECONDS):
        answer = await call.read()
    if not isinstance(answer, pb.ImportRecordsResponse):
        await call  # raises what ended the stream
        raise AssertionError("the stream ended in good order before it had answered")
    return answer


@contextmanager
def rejects_writer(path: Path, header: tuple[str, ...], by: RecordMap) -> Iterator[Aside]:
    """Writes lines that were set aside as a file of the same columns, to be corrected and imported again."""
    own = [place for place, name in enumerate(header) if name not in ASIDE]
    with path.open("w", encoding=by.file.encoding, errors="backslashreplace", newline="") as file:
        rows = csv.writer(file, delimiter=by.file.separator)
        rows.writerow([*(header[place] for place in own), *ASIDE])

        def aside(line: ReadLine, reason: str) -> None:
            cells = [as_text(line.cells[place]) if place < len(line.cells) else "" for place in own]
            rows.writerow([*cells, line.number, reason])

        yield aside
