"""How far an agreement has come: its versions, who has signed which, and which pairs of states are bound on a day."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from portability.agreements.errors import NotBindingError, NotFoundError
from portability.agreements.loading import Agreement
from portability.agreements.values import StateCode
from portability.services.determination.files import in_full
from portability.services.determination.treaties.binding import Pair, TreatyBook
from portability.services.determination.treaties.in_force import Treaties, examine
from portability.services.determination.treaties.model import (
    Binding,
    ExaminedStatement,
    PublishedVersion,
    StatementKind,
    VerifiedStatement,
)
from portability.services.determination.treaties.ports import TreatyWork

__all__ = [
    "AgreementState",
    "PairState",
    "VersionState",
    "agreement_ids",
    "agreement_state",
    "pairs_of",
    "standing_of",
    "versions_of",
]


@dataclass(frozen=True, slots=True)
class PairState:
    """Whether two states are bound on a day; `refused` says why not."""

    pair: Pair
    binding: Binding | None
    refused: NotBindingError | None = None


@dataclass(frozen=True, slots=True)
class VersionState:
    """A published version, and the states that have ratified it."""

    version: PublishedVersion
    ratified_by: tuple[StateCode, ...]


@dataclass(frozen=True, slots=True)
class AgreementState:
    """One version of an agreement with all that was signed about the agreement.

    `version` is None, and `content` empty, where it ships with the package and is not published here.
    """

    agreement: Agreement
    version: VersionState | None
    content: bytes
    pairs: tuple[PairState, ...]
    statements: tuple[ExaminedStatement, ...]

    @property
    def binds_somebody(self) -> bool:
        return any(one.binding and one.binding.version.sha256 == self.agreement.sha256 for one in self.pairs)


async def agreement_ids(*, work: TreatyWork, treaties: Treaties) -> list[str]:
    """Every agreement that is published here or ships with the package."""
    published = await work.versions.of_agreement("")
    return sorted({one.agreement_id for one in published} | set(await treaties.shipped_agreements()))


async def agreement_state(
    agreement_id: str, *, sha256: str = "", on: date, work: TreatyWork, treaties: Treaties
) -> AgreementState:
    """A version by its hash, or the newest published here, or else the file of the package. Raises NotFoundError."""
    published = await work.versions.of_agreement(agreement_id)
    examined = await _examined(agreement_id, work=work, treaties=treaties)
    book = TreatyBook.of(agreement_id, examined)
    parties = {state for one in published for state in one.parties}
    shipped = await treaties.shipped_agreements()
    version = _chosen(agreement_id, sha256, published, shipped)
    if version is None:
        return AgreementState(shipped[agreement_id], None, b"", (), tuple(examined))
    alone = await treaties.reader.read_alone(version.sha256, agreement_id=agreement_id, versions=work.versions)
    return AgreementState(
        in_full(alone, treaties.shipped),
        _version_state(version, examined),
        await work.versions.content(version.sha256) or b"",
        pairs_of(book, parties, on=on),
        tuple(examined),
    )


async def versions_of(agreement_id: str, *, work: TreatyWork, treaties: Treaties) -> list[VersionState]:
    """The versions that are published here, in the order of publication; raises NotFoundError for an unknown id."""
    published = await work.versions.of_agreement(agreement_id)
    if not published and agreement_id not in (shipped := await treaties.shipped_agreements()):
        raise _unknown(agreement_id, shipped)
    examined = await _examined(agreement_id, work=work, treaties=treaties)
    return [_version_state(version, examined) for version in published]


async def standing_of(
    verified: VerifiedStatement, *, work: TreatyWork, treaties: Treaties
) -> tuple[ExaminedStatement, tuple[PairState, ...]]:
    """A statement as it is kept, and how its state stands with each other signatory on the statement's first day."""
    said = verified.statement
    examined = await _examined(said.agreement_id, work=work, treaties=treaties)
    book = TreatyBook.of(said.agreement_id, examined)
    kept = next(one for one in examined if one.verified == verified)
    return kept, pairs_of(book, book.signatories() | {said.party}, on=said.first_day, of=said.party)


def pairs_of(book: TreatyBook, parties: Iterable[StateCode], *, on: date, of: StateCode = "") -> tuple[PairState, ...]:
    """Pairs of parties of which at least one has ratified; `of` names one state, whose pairs alone are given."""
    known, signed = sorted(parties), book.signatories()
    pairs = [(one, other) for index, one in enumerate(known) for other in known[index + 1 :]]
    return tuple(_pair_state(book, pair, on=on) for pair in pairs if signed & set(pair) and (not of or of in pair))


def _pair_state(book: TreatyBook, pair: Pair, *, on: date) -> PairState:
    try:
        return PairState(pair, book.binding_version(pair, on=on))
    except NotBindingError as error:
        return PairState(pair, None, error)


async def _examined(agreement_id: str, *, work: TreatyWork, treaties: Treaties) -> list[ExaminedStatement]:
    return await examine(agreement_id, None, work=work, authorities=treaties.authorities)


def _version_state(version: PublishedVersion, examined: Iterable[ExaminedStatement]) -> VersionState:
    ratified = {
        one.statement.party
        for one in examined
        if one.verified is not None
        and one.statement.kind is StatementKind.RATIFICATION
        and one.statement.version.sha256 == version.sha256
    }
    return VersionState(version, tuple(sorted(ratified)))


def _chosen(
    agreement_id: str, sha256: str, published: Sequence[PublishedVersion], shipped: Mapping[str, Agreement]
) -> PublishedVersion | None:
    if not sha256 and published:
        return published[-1]
    for version in published:
        if version.sha256 == sha256:
            return version
    file = shipped.get(agreement_id)
    if file is None and not published:
        raise _unknown(agreement_id, shipped)
    if file is None or sha256 not in ("", file.sha256):
        raise NotFoundError(f"There is no version {sha256[:12]} of '{agreement_id}' here: list its versions.")
    return None


def _unknown(agreement_id: str, shipped: Mapping[str, Agreement]) -> NotFoundError:
    known = ", ".join(sorted(shipped))
    return NotFoundError(f"There is no agreement of that id. Known: {known}.")
