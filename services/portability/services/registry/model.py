"""Values of the registry: the directory of institutions, authorities, keys and agreements. Plain data, no I/O."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from portability.agreements.errors import NotFoundError
from portability.agreements.values import Branch, StateCode

__all__ = [
    "AgreementVersion",
    "Authority",
    "AuthoritySigner",
    "Competence",
    "Directory",
    "Institution",
    "KeyPurpose",
    "PublicKey",
]


class KeyPurpose(StrEnum):
    """What a key of an institution is for."""

    SIGNING = "signing"
    ENCRYPTION = "encryption"
    LOG = "log"  # checkpoints of its own log, and of the logs that it witnesses


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public halves of a hybrid key and their window [not_before, not_after)."""

    key_id: str
    purpose: KeyPurpose
    not_before: datetime
    not_after: datetime
    classical: bytes  # 32 bytes: Ed25519 or X25519 by purpose
    post_quantum: bytes  # ML-DSA-65 (1952 bytes), ML-KEM-768 (1184) or ML-DSA-44 (1312) by purpose
    revoked: bool = False
    revoked_from_log_size: int = 0  # of a revoked key: what its institution's log holds before this still counts

    def counts_at(self, position: int) -> bool:
        """Whether what stands at `position` of the institution's own log counts, as far as revocation goes."""
        return not self.revoked or position < self.revoked_from_log_size


@dataclass(frozen=True, slots=True)
class Competence:
    """A branch that an institution is competent for, on the days [start, end)."""

    branch: Branch
    start: date
    end: date | None = None  # None: without end

    def holds_on(self, day: date) -> bool:
        """Whether the institution is competent on `day`."""
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Institution:
    """One institution of the directory."""

    institution_id: str  # "de-drv"
    name: str
    country: StateCode
    competences: tuple[Competence, ...] = ()
    keys: tuple[PublicKey, ...] = ()


@dataclass(frozen=True, slots=True)
class AgreementVersion:
    """One version of an agreement file, by its hash, as announced; whether it binds is said by ratifications alone."""

    agreement_id: str
    sha256: bytes  # 32 bytes
    parties: tuple[StateCode, ...]
    listed_at: datetime


@dataclass(frozen=True, slots=True)
class AuthoritySigner:
    """An official who signs for an authority, with keys that only this person uses."""

    signer_id: str  # "anna-vogel"
    name: str
    keys: tuple[PublicKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority that ratifies and suspends agreements for a state; two of its officials sign each statement."""

    state: StateCode
    name: str
    signers: tuple[AuthoritySigner, ...] = ()


@dataclass(frozen=True, slots=True)
class Directory:
    """Everything that the directory role signs, at one version."""

    version: int  # 1, 2, 3 …
    issued_at: datetime
    expires_at: datetime
    institutions: tuple[Institution, ...] = ()
    agreements: tuple[AgreementVersion, ...] = ()
    authorities: tuple[Authority, ...] = ()

    def institution(self, institution_id: str) -> Institution:
        """Return an institution by id. Raises NotFoundError."""
        for institution in self.institutions:
            if institution.institution_id == institution_id:
                return institution
        raise NotFoundError(f"Institution '{institution_id}' is not in directory {self.version}.")

    def authority(self, state: StateCode) -> Authority:
        """Return the authority that binds a state. Raises NotFoundError."""
        for authority in self.authorities:
            if authority.state == state:
                return authority
        raise NotFoundError(f"Directory {self.version} names no authority that ratifies agreements for {state}.")

    def why_not_competent(self, institution_id: str, branch: Branch, on: date) -> str:
        """Return why an institution is not competent for a branch on a day; empty where it is."""
        found = next((one for one in self.institutions if one.institution_id == institution_id), None)
        if found is None:
            return f"Directory {self.version} does not name {institution_id}."
        windows = [one for one in found.competences if one.branch is branch]
        if any(one.holds_on(on) for one in windows):
            return ""
        said = ", ".join(f"from {one.start} to {one.end or 'now'}" for one in windows) or "at no time"
        return f"Directory {self.version} names {institution_id} for {branch} {said}, and not on {on}."

    def competent(self, country: StateCode, branch: Branch, on: date) -> tuple[Institution, ...]:
        """Return the institutions of a state that are competent for a branch on a day, in directory order."""
        return tuple(
            institution
            for institution in self.institutions
            if institution.country == country
            and any(one.branch is branch and one.holds_on(on) for one in institution.competences)
        )
