"""What is kept about a worker and no call of hers gives: her file, and what she said of closed cases."""

from collections.abc import Sequence
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents
from portability.adapters.postgres.voices_store import PostgresVoices
from portability.api.takeout.v1 import takeout_pb2 as pb
from portability.api.voice.v1.voice_pb2 import Score
from portability.services.mapping.common import write_instant
from portability.services.workers.model import WorkerOnFile

__all__ = ["on_file", "said_of"]


async def on_file(connection: Connection, at_rest: AtRest, worker_id: UUID) -> pb.OnFile:
    """Contact and numbers; empty where she is on file no more."""
    found = await connection.execute(
        "SELECT worker_id, document FROM workers WHERE worker_id = %s", (worker_id,), binary=True
    )
    for worker in await open_documents(at_rest, WorkerOnFile, await found.fetchall()):
        if worker is not None:
            return pb.OnFile(contact=worker.contact.value, insurance_numbers=worker.insurance_numbers)
    return pb.OnFile()


async def said_of(connection: Connection, at_rest: AtRest, case_ids: Sequence[UUID]) -> pb.VoicesKept:
    """What she said of cases of hers that are closed."""
    return pb.VoicesKept(
        voices=[
            pb.VoiceKept(
                case_id=str(voice.case_id),
                given_at=write_instant(voice.given_at),
                score=Score.Value(f"SCORE_{voice.score.name}") if voice.score else Score.SCORE_UNSPECIFIED,
                words=voice.words,
            )
            for voice in await PostgresVoices(connection, at_rest).of_cases(case_ids)
        ]
    )
