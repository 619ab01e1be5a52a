"""What workers said of closed cases in PostgreSQL, within the caller's transaction, sealed by the key of the case."""

from collections.abc import Sequence
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents, seal_documents
from portability.services.workers.voice.model import Figure, Group, Voice

__all__ = ["PostgresFigures", "PostgresVoices"]


class PostgresVoices:
    """VoiceBook and Words."""

    def __init__(self, connection: Connection, at_rest: AtRest) -> None:
        self._connection = connection
        self._at_rest = at_rest

    async def put(self, voice: Voice) -> None:
        """Keep what was said of a case, or that it is counted."""
        (document,) = await seal_documents(self._at_rest, [(voice.case_id, voice)])
        await self._connection.execute(
            """
            INSERT INTO voices (case_id, agreements, flow, waits, has_words, document)
            VALUES (%s, %s, %s, %s, %s, %s)
            ON CONFLICT (case_id) DO UPDATE SET waits = excluded.waits, document = excluded.document
            """,
            (
                voice.case_id,
                list(voice.group.agreements),
                voice.group.flow,
                voice.score is not None,
                bool(voice.words),
                document,
            ),
        )

    async def of_cases(self, case_ids: Sequence[UUID]) -> Sequence[Voice]:
        """What was said of these cases."""
        return await self._read(
            "SELECT case_id, document FROM voices WHERE case_id = ANY(%s) ORDER BY case_id", (list(case_ids),)
        )

    async def waiting(self, group: Group) -> Sequence[Voice]:
        """Those whose score is not counted yet; an erased one is not among them."""
        return await self._read(
            "SELECT case_id, document FROM voices WHERE waits AND agreements = %s AND flow = %s ORDER BY case_id",
            (list(group.agreements), group.flow),
        )

    async def page(self, *, size: int, after: UUID | None) -> Sequence[Voice]:
        """Voices with words."""
        return await self._read(
            "SELECT case_id, document FROM voices WHERE has_words AND case_id > %s ORDER BY case_id LIMIT %s",
            (after or UUID(int=0), size),
        )

    async def _read(self, query: str, given: tuple[object, ...]) -> list[Voice]:
        found = await self._connection.execute(query.encode(), given, binary=True)
        opened = await open_documents(self._at_rest, Voice, await found.fetchall())
        return [one for one in opened if one is not None]


class PostgresFigures:
    """Figures. A row is locked while its group is held; one without answers is not published."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def hold(self, group: Group) -> Figure:
        """The figure of a group; nobody else counts or answers in it until the transaction ends."""
        key = (list(group.agreements), group.flow)
        await self._connection.execute(
            "INSERT INTO voice_figures (agreements, flow, answers) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (*key, list(Figure(group).answers)),
        )
        found = await self._connection.execute(
            "SELECT answers FROM voice_figures WHERE agreements = %s AND flow = %s FOR UPDATE", key
        )
        row = await found.fetchone()
        return Figure(group, tuple(row[0])) if row else Figure(group)

    async def put(self, figure: Figure) -> None:
        """Keep the figure of a group that is held."""
        await self._connection.execute(
            "UPDATE voice_figures SET answers = %s WHERE agreements = %s AND flow = %s",
            (list(figure.answers), list(figure.group.agreements), figure.group.flow),
        )

    async def published(self) -> Sequence[Figure]:
        """Every figure that has answers."""
        found = await self._connection.execute(
            "SELECT agreements, flow, answers FROM voice_figures WHERE 0 < ANY (answers) ORDER BY agreements, flow"
        )
        return [Figure(Group(tuple(row[0]), row[1]), tuple(row[2])) for row in await found.fetchall()]
