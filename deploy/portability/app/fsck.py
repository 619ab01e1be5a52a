"""`portability fsck`: the log rebuilt from its rows, and stored bundles compared with their own signed roots.

Bundles and messages are read through cursors of the server: no more than a few hundred of them are here at once.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from psycopg import AsyncServerCursor

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.documents import open_documents
from portability.adapters.postgres.log_audit import PostgresLedger
from portability.adapters.postgres.log_store import PostgresLogWork
from portability.adapters.postgres.notices_store import PostgresNotices
from portability.adapters.postgres.privacy_store import erasures_with_digests
from portability.agreements.errors import PortabilityError, VerificationError
from portability.app.offline import NodeState, open_state
from portability.app.settings import Settings
from portability.services.exchange.mapping import wire
from portability.services.log.auditing import audit
from portability.services.log_entry import SALT_BYTES, LogEntryKind, commitment, entry_of
from portability.services.merkle import leaf_hash, root_of
from portability.services.notices.handlers import IN_HAND
from portability.services.workers.declarations.model import Declaration

__all__ = ["examine_database"]

SENT = (
    "SELECT 'sent_bundles ' || bundle_id, signed_head, ARRAY(SELECT header FROM outbox WHERE outbox.recipient = "
    "bundle.recipient AND stream_seq BETWEEN bundle.first_seq AND consignment.last_seq "
    "AND NOT stream_seq = ANY(left_out) ORDER BY stream_seq) "
    "FROM sent_bundles AS bundle JOIN consignments AS consignment USING (recipient, first_seq)"
)
RECEIVED = "SELECT 'inbox_bundles ' || sender || ' ' || bundle_id, signed_head, leaf_hashes FROM inbox_bundles"
MESSAGES = (
    "SELECT 'inbox ' || sender || ' ' || message_id, header, leaf_hash, leaf_hashes[item + 1] "
    "FROM inbox JOIN inbox_bundles USING (sender, bundle_id)"
)


SEALED = (
    "SELECT 'acts ' || act_id, scope, content, digest FROM acts "
    "UNION ALL SELECT 'looks ' || look_id, scope, content, digest FROM looks"
)
PAPERS = (
    "SELECT 'declared_documents ' || document_id, document_id, declaration_id, content, document "
    "FROM declared_documents AS paper JOIN declarations USING (declaration_id)"
)
ENTERED = (
    "SELECT 1 FROM log_entries WHERE kind = %(kind)s AND digest = %(digest)s "
    "UNION ALL SELECT 1 FROM log_staged WHERE kind = %(kind)s AND digest = %(digest)s"
)
TOLD_EVERY = 10_000
ROWS_AT_ONCE = 500
NEVER = datetime(2000, 1, 1, tzinfo=UTC)


async def examine_database(
    settings: Settings, tell: Callable[[str], object], *, progress: Callable[[str], object] = lambda done: None
) -> int:
    """Tell each fault, with its row, as it is found; return how many there are. `progress` is told how far it is."""
    faults = 0
    async with open_state(settings) as state, state.database.transaction() as connection:
        await connection.execute("SET LOCAL statement_timeout = 0")  # reading all there is takes its time
        work = PostgresLogWork(connection)
        head = await work.entries.lock()
        tell(f"The log of {state.me} has {head.size} entries.")
        for title, found in (
            ("log", _log(state, connection, work, lambda read: progress(f"{read} of {head.size} entries"))),
            ("directory", _directory(state, connection)),
            ("bundles", _bundles(connection, progress)),
            ("acts and looks", _sealed(state, connection, progress)),
            ("papers", _papers(state, connection, progress)),
        ):
            tell(f"Reading the {title}.")
            async for fault in found:
                faults += 1
                tell(f"wrong  {fault}")
        for sender, void in await _voids(connection):
            tell(f"Numbers of {sender} under which nothing will come, for it has erased what stood there: {void}.")
        untold = await PostgresNotices(connection).untold(since=NEVER, before=state.clock.now() - IN_HAND)
        if untold.lost or untold.refused:  # what is sent at most once is sometimes not sent: no row is wrong
            tell(f"Notices that reached nobody, as far as is known: {untold.lost} lost, {untold.refused} refused.")
    tell(f"{faults} rows are wrong: see docs/operations.md, 'Examining it'." if faults else "Nothing is wrong.")
    return faults


def _log(
    state: NodeState, connection: Connection, work: PostgresLogWork, read: Callable[[int], object]
) -> AsyncIterator[str]:
    return audit(state.me, work, PostgresLedger(connection), state.trust, read=read)


async def _stream(connection: Connection, query: str, progress: Callable[[str], object]) -> AsyncIterator[Any]:
    """The rows of a query, a few hundred at a time."""
    async with AsyncServerCursor(connection, "fsck") as cursor:
        cursor.itersize = ROWS_AT_ONCE
        await cursor.execute(query, binary=True)
        read = 0
        async for row in cursor:
            yield row
            read += 1
            if read % TOLD_EVERY == 0:
                progress(f"{read} rows of {row[0].partition(' ')[0]}")


async def _bundles(connection: Connection, progress: Callable[[str], object]) -> AsyncIterator[str]:
    """Headers lead to the roots that were signed."""
    async for row, head, headers in _stream(connection, SENT, progress):
        if _root_of_head(head) != root_of([leaf_hash(one) for one in headers]):
            yield f"{row}: the headers in outbox do not give the root that was signed."
    async for row, head, leaves in _stream(connection, RECEIVED, progress):
        if _root_of_head(head) != root_of(leaves):
            yield f"{row}: its leaf hashes do not give the root that was signed."
    async for row, header, leaf, in_bundle in _stream(connection, MESSAGES, progress):
        if leaf_hash(header) != leaf or leaf != in_bundle:
            yield f"{row}: its header is not the one that its bundle holds."


async def _voids(connection: Connection) -> Sequence[tuple[str, int]]:
    """How many numbers of each sender are accounted for as void, and no message has come under them."""
    found = await connection.execute(
        "SELECT sender, count(*) FROM stream_voids AS void WHERE NOT EXISTS (SELECT FROM inbox "
        "WHERE inbox.sender = void.sender AND inbox.stream_seq = void.stream_seq) GROUP BY sender ORDER BY sender"
    )
    return [(row[0], row[1]) async for row in found]


async def _directory(state: NodeState, connection: Connection) -> AsyncIterator[str]:
    """The directory that the node goes by is in its log; of earlier ones only the log is left."""
    entry = entry_of(LogEntryKind.DIRECTORY_VERSION, state.chain.directory.content, at=state.clock.now())
    found = await connection.execute(ENTERED, {"kind": entry.kind.value, "digest": entry.digest})
    if await found.fetchone() is None:
        yield f"directory {state.trust.version()}: the log has no entry of it."


async def _sealed(state: NodeState, connection: Connection, progress: Callable[[str], object]) -> AsyncIterator[str]:
    """Acts and looks open to what the log commits to; what is erased opens no more. Erasures stand in the clear."""
    async for row, scope, content, digest in _stream(connection, SEALED, progress):
        try:
            (opened,) = await state.at_rest.open([(scope, content)])
        except VerificationError:
            yield f"{row}: what is sealed in it was changed."
            continue
        if opened is not None and commitment(opened[:SALT_BYTES], opened[SALT_BYTES:]) != digest:
            yield f"{row}: it is not what the log commits to."
    for erasure, digest in await erasures_with_digests(connection):
        if erasure.entry.digest != digest:
            yield f"erasures {erasure.erasure_id}: it is not what the log commits to."


async def _papers(state: NodeState, connection: Connection, progress: Callable[[str], object]) -> AsyncIterator[str]:
    """Papers that workers sent open, and are those of their declaration; what is erased opens no more."""
    async for row, document_id, worker_id, content, declared in _stream(connection, PAPERS, progress):
        try:
            (opened,) = await state.at_rest.open([(worker_id, content)])
            (told,) = await open_documents(state.at_rest, Declaration, [(worker_id, declared)])
        except VerificationError:
            yield f"{row}: what is sealed in it, or in its declaration, was changed."
            continue
        sizes = {one.document_id: one.size for one in told.documents} if told else {}
        if opened is not None and sizes.get(document_id) != len(opened):
            yield f"{row}: its declaration names no paper of its id and size."


def _root_of_head(signed_head: bytes) -> bytes:
    try:
        return wire.decode_head(signed_head).merkle_root
    except PortabilityError:
        return b""
