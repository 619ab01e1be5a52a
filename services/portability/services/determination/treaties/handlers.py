"""Use cases of ratification: publish a version, take in a signed statement, say how far each pair of states is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portability.agreements.difference import difference
from portability.agreements.difference_model import Difference
from portability.agreements.errors import InputError, NotFoundError
from portability.agreements.loading import Agreement
from portability.services.access import Caller
from portability.services.determination.agreement_handlers import refuse_large
from portability.services.determination.files import in_full, load_file, run_examples
from portability.services.determination.model import CaseStatus
from portability.services.determination.ports import LawLibrary
from portability.services.determination.treaties.in_force import Treaties
from portability.services.determination.treaties.model import (
    KeptStatement,
    PublishedVersion,
    SignedStatement,
    Statement,
    StatementKind,
    VerifiedStatement,
)
from portability.services.determination.treaties.ports import Authorities, Clock, TreatyWork, VersionStore
from portability.services.determination.treaties.reading import VersionReader
from portability.services.determination.treaties.signing import verify_arrival, verify_statement
from portability.services.idempotency import once
from portability.services.log_entry import LogEntry, LogEntryKind

__all__ = ["LawText", "PublishVersion", "TakeInStatement", "checked_version", "compare_versions", "publish_version",
           "take_in_statement"]  # fmt: skip

SHOWN_FAILURES = 5


@dataclass(frozen=True, slots=True)
class LawText:
    """A file of the caller's."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class PublishVersion:
    """An administrator publishes the exact text of a file."""

    request_id: UUID
    file: str
    text: str


@dataclass(frozen=True, slots=True)
class TakeInStatement:
    """An administrator hands in what a state, her own or another, has signed."""

    request_id: UUID
    kind: StatementKind
    signed: SignedStatement


async def checked_version(
    command: PublishVersion, *, caller: Caller, law: LawLibrary, reader: VersionReader, clock: Clock
) -> PublishedVersion:
    """The version that a file is, read strictly and with every example run; nothing is stored yet.

    Raises AgreementError with every fault and its place, InputError where it is no agreement or an example fails.
    """
    refuse_large(command.text)
    # In a thread: the largest file takes a second, and other calls must not wait for it.
    content = await asyncio.to_thread(load_file, command.text, command.file)
    if not isinstance(content, Agreement):
        raise InputError(f"{command.file} is no agreement: only agreements are ratified.", field="file.text")
    reports = await asyncio.to_thread(run_examples, content, law)
    failed = [one.case.id for one in reports if one.status is CaseStatus.FAILED]
    if failed:
        raise InputError(
            f"Of the examples of {command.file}, {len(failed)} of {len(reports)} fail "
            f"({', '.join(failed[:SHOWN_FAILURES])}): run `portability agreements test` on it, and mend the rule or "
            "the example.",
            field="file.text",
        )
    reader.keep(content)
    return PublishedVersion(
        agreement_id=content.id,
        sha256=content.sha256,
        parties=content.content.parties,
        file=command.file,
        published_at=clock.now(),
        published_by=f"{caller.institution}/{caller.name}",
    )


async def publish_version(command: PublishVersion, version: PublishedVersion, *, work: TreatyWork) -> PublishedVersion:
    """Keep a checked version; the one that is there already where these very bytes were published before."""

    async def run() -> str:
        await work.versions.add(version, command.text.encode())
        await work.log.append([_entry(LogEntryKind.AGREEMENT_VERSION, version.sha256, at=version.published_at)])
        return version.sha256

    sha256 = await once(command, log=work.commands, run=run)
    return next(one for one in await work.versions.of_agreement(version.agreement_id) if one.sha256 == sha256)


async def take_in_statement(
    command: TakeInStatement,
    *,
    caller: Caller,
    work: TreatyWork,
    authorities: Authorities,
    reader: VersionReader,
    clock: Clock,
) -> VerifiedStatement:
    """Verify a signed statement and keep it; the same one again changes nothing.

    Raises VerificationError where it does not verify, NotFoundError where the version that it names is not published
    here, InputError where it is of the other kind.
    """
    # 1. Two officials of the state's authority have signed, and not in the future.  2. It is of the kind asked for.
    # 3. It names a version whose bytes are here, of which the state is a party, with what that incorporates.
    # (1) signatures
    verified = verify_arrival(verify_statement(command.signed, authorities=authorities), now=clock.now())
    statement = verified.statement
    # (2) kind
    if statement.kind is not command.kind:
        raise InputError(f"This is a {statement.kind}, not a {command.kind}: hand it in as what it is.", field="signed")
    # (3) version
    await _require_version(statement, versions=work.versions, reader=reader)
    kept = KeptStatement(command.signed, clock.now(), f"{caller.institution}/{caller.name}")

    async def run() -> str:
        await work.statements.add(kept, agreement_id=statement.agreement_id, digest=verified.digest)
        await work.log.append([_entry(LogEntryKind.AGREEMENT_STATEMENT, verified.digest, at=kept.received_at)])
        return verified.digest

    await once(command, log=work.commands, run=run)
    return verified


def _entry(kind: LogEntryKind, sha256: str, *, at: datetime) -> LogEntry:
    """The log knows versions and statements by the hash that is their name on every node."""
    return LogEntry(kind, bytes.fromhex(sha256), at)


async def _require_version(statement: Statement, *, versions: VersionStore, reader: VersionReader) -> None:
    version = _published(statement.agreement_id, statement.version.sha256,
                         await versions.of_agreement(statement.agreement_id))  # fmt: skip
    for state in (statement.party, *statement.towards):
        if state not in version.parties:
            raise InputError(
                f"{state} is no party of '{version.agreement_id}' ({', '.join(version.parties)}).", field="signed"
            )
    agreement = await reader.read_alone(version.sha256, agreement_id=version.agreement_id, versions=versions)
    taken, named = agreement.content.incorporates, statement.version.incorporated
    if taken is None and named:
        raise InputError(f"'{version.agreement_id}' incorporates nothing: sign it alone.", field="signed")
    if taken is not None:
        if not named:
            raise InputError(
                f"'{version.agreement_id}' incorporates '{taken.agreement}' ({taken.cite}): sign the hash of that file "
                "too, or its rules could change without you.",
                field="signed",
            )
        _published(taken.agreement, named, await versions.of_agreement(taken.agreement))


def _published(agreement_id: str, sha256: str, known: Sequence[PublishedVersion]) -> PublishedVersion:
    for version in known:
        if version.sha256 == sha256:
            return version
    there = ", ".join(one.sha256[:12] for one in known) or "none"
    raise NotFoundError(
        f"No version of '{agreement_id}' with the hash {sha256} is published on this node (published: {there}). "
        "Compare the hash with the file: one byte changed makes another version. Publish the file that was signed."
    )


async def compare_versions(
    old: str | LawText, new: str | LawText, *, work: TreatyWork, treaties: Treaties
) -> Difference:
    """What differs between two versions, each named by its hash or given as a file.

    Raises NotFoundError for a hash that is not here, AgreementError for a file with a fault.
    """
    was, now = [await _version_or_file(one, work=work, treaties=treaties) for one in (old, new)]
    return await asyncio.to_thread(difference, was, now, treaties.shipped.legislations())


async def _version_or_file(chosen: str | LawText, *, work: TreatyWork, treaties: Treaties) -> Agreement:
    if isinstance(chosen, LawText):
        refuse_large(chosen.text)
        content = await asyncio.to_thread(load_file, chosen.text, chosen.file)
        if not isinstance(content, Agreement):
            raise InputError(f"{chosen.file} is no agreement: two versions of one are compared.", field="file")
        return in_full(content, treaties.shipped)
    for version in await work.versions.of_agreement(""):
        if version.sha256 == chosen:
            found = await treaties.reader.read_alone(chosen, agreement_id=version.agreement_id, versions=work.versions)
            return in_full(found, treaties.shipped)
    for agreement in (await treaties.shipped_agreements()).values():
        if agreement.sha256 == chosen:
            return agreement
    raise NotFoundError(f"There is no version {chosen[:12]} here: list the versions of its agreement.")
