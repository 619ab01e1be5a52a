"""Values of ratification: versions of agreements, what authorities sign about them, which states are bound. Plain data.

A version is the exact bytes of a file. A state says two things of one: that it is bound by it from a day on
(ratification), and that it is not from a day on (suspension). Both are statements that two officials of the state's
authority have signed; what binds follows from the statements alone, in whatever order they arrive.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from portability.agreements.loading import Agreement
from portability.agreements.values import StateCode

__all__ = [
    "Binding",
    "ExaminedStatement",
    "KeptStatement",
    "NotBinding",
    "PublishedVersion",
    "SignedStatement",
    "Statement",
    "StatementKind",
    "StatementSignature",
    "VerifiedStatement",
    "VersionId",
    "VersionInForce",
]


@dataclass(frozen=True, slots=True, order=True)
class VersionId:
    """Which version: the hash of its bytes, and of the file that it incorporates (empty: it incorporates none)."""

    sha256: str
    incorporated: str = ""

    def shown(self) -> str:
        """For people: the beginning of the hash, which they compare with the whole one elsewhere."""
        return f"{self.sha256[:12]} with {self.incorporated[:12]}" if self.incorporated else self.sha256[:12]


@dataclass(frozen=True, slots=True)
class PublishedVersion:
    """One version as this node holds it, without its bytes; never edited, only superseded."""

    agreement_id: str
    sha256: str  # hexadecimal, of the exact bytes
    parties: tuple[StateCode, ...]
    file: str
    published_at: datetime
    published_by: str  # "de-drv/karl"


class StatementKind(StrEnum):
    RATIFICATION = "ratification"
    SUSPENSION = "suspension"


@dataclass(frozen=True, slots=True)
class Statement:
    """What a state says of one version.

    A ratification binds the state from `first_day` on, towards each party that has ratified the same version. A
    suspension ends that from `first_day` on, for every ratification signed before it, `towards` the states named
    (empty: towards all).
    """

    kind: StatementKind
    party: StateCode
    agreement_id: str
    version: VersionId
    first_day: date
    towards: tuple[StateCode, ...] = ()


@dataclass(frozen=True, slots=True)
class StatementSignature:
    """One official's hybrid signature, with the instant that it covers."""

    signer_id: str
    key_id: str
    signed_at: datetime
    ed25519: bytes
    mldsa65: bytes


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement as bytes, with the signatures over them."""

    statement: bytes
    signatures: tuple[StatementSignature, ...]


@dataclass(frozen=True, slots=True)
class KeptStatement:
    """A signed statement as this node holds it."""

    signed: SignedStatement
    received_at: datetime
    received_by: str  # "de-drv/karl"


@dataclass(frozen=True, slots=True)
class VerifiedStatement:
    """A statement whose signatures stand: what it says, when the first and the last official signed, and who they are.

    Which of two statements is older is told by their first signatures: one official can always sign an old statement
    again by herself, and must not make it newer by that. That it is not dated back is told by the last one.
    """

    statement: Statement
    first_signed_at: datetime
    signed_at: datetime
    signers: tuple[str, ...]  # names of the officials, in the order of signing
    digest: str  # hexadecimal SHA-256 of the signed bytes: the same for everybody

    @property
    def order(self) -> tuple[date, datetime, str]:
        """Which of a state's statements goes before which: by day, then by its first signature."""
        return self.statement.first_day, self.first_signed_at, self.digest


@dataclass(frozen=True, slots=True)
class ExaminedStatement:
    """A kept statement, verified anew; `verified` is None where it does not count, and `why_not` says why."""

    kept: KeptStatement
    statement: Statement
    verified: VerifiedStatement | None
    why_not: str = ""


class NotBinding(StrEnum):
    """Why no version of an agreement binds two states on a day."""

    NOT_PUBLISHED = "not_published"
    NO_OTHER_STATE = "no_other_state"
    NOT_A_PARTY = "not_a_party"
    UNSIGNED = "unsigned"
    ONE_SIDED = "one_sided"
    VERSIONS_DIFFER = "versions_differ"
    NOT_YET = "not_yet"
    SUSPENDED = "suspended"
    ALTERED = "altered"
    SEVERAL_VERSIONS = "several_versions"


@dataclass(frozen=True, slots=True)
class Binding:
    """A version that binds a pair of states from a day on, until another day or without a known end."""

    pair: tuple[StateCode, StateCode]
    version: VersionId
    since: date  # the later of the two days
    ratifications: tuple[VerifiedStatement, VerifiedStatement]
    suspended_by: VerifiedStatement | None = None  # then nothing is determined under it from its day on


@dataclass(frozen=True, slots=True)
class VersionInForce:
    """The agreement to apply, read from the bytes of the version, and between whom it binds.

    `bindings` is empty for a trial on files, which no state has ratified.
    """

    agreement: Agreement
    bindings: tuple[Binding, ...] = field(default=())

    @property
    def is_trial(self) -> bool:
        return not self.bindings
