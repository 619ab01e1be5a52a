"""The verified directory as the exchange trusts it."""

from collections.abc import Callable, Sequence
from datetime import datetime

from portability.agreements.errors import NotFoundError, VerificationError
from portability.services.exchange.model.keys import PublicKeys
from portability.services.exchange.model.messages import InstitutionId
from portability.services.exchange.ports.world import Clock
from portability.services.registry.model import Directory, KeyPurpose, PublicKey

__all__ = ["DirectoryTrust"]


class DirectoryTrust:
    """Looks keys up in the directory in force; the port `TrustDirectory` of the exchange.

    `current` gives the directory that the registry has verified last.
    """

    def __init__(self, current: Callable[[], Directory], *, clock: Clock) -> None:
        self._current = current
        self._clock = clock
        self._listed: tuple[Directory | None, frozenset[InstitutionId]] = None, frozenset()  # asked for each message

    def version(self) -> int:
        """Return the version in force. Raises VerificationError once it has expired."""
        return self._directory().version

    def signing_keys(self, institution: InstitutionId, key_id: str) -> PublicKeys:
        """Return a signing key with its window; whether the window fits is for the caller to judge."""
        for key in self._keys(institution, KeyPurpose.SIGNING):
            if key.key_id == key_id:
                return PublicKeys(
                    key_id, key.not_before, key.not_after, ed25519=key.classical, mldsa65=key.post_quantum
                )
        raise VerificationError(f"Signing key '{key_id}' of '{institution}' is not in the directory, or is revoked.")

    def encryption_key(self, institution: InstitutionId, at: datetime) -> PublicKeys:
        """Return the newest encryption key whose window holds `at`."""
        usable = [key for key in self._keys(institution, KeyPurpose.ENCRYPTION) if key.not_before <= at < key.not_after]
        if not usable:
            raise VerificationError(f"'{institution}' has no encryption key in the directory at {at:%Y-%m-%d %H:%M}.")
        newest = max(usable, key=lambda key: (key.not_before, key.key_id))
        return PublicKeys(
            newest.key_id, newest.not_before, newest.not_after, kem=newest.post_quantum + newest.classical
        )

    def log_keys(self, institution: InstitutionId) -> Sequence[PublicKey]:
        """Return the log keys of an institution that are not revoked; the port `LogDirectory` of the log."""
        return self._keys(institution, KeyPurpose.LOG)

    def knows(self, institution: InstitutionId) -> bool:
        """Say whether the directory in force lists the institution; the port `Recipients`."""
        directory = self._directory()
        if self._listed[0] is not directory:
            self._listed = directory, frozenset(one.institution_id for one in directory.institutions)
        return institution in self._listed[1]

    def _keys(self, institution: InstitutionId, purpose: KeyPurpose) -> list[PublicKey]:
        try:
            keys = self._directory().institution(institution).keys
        except NotFoundError as exc:
            raise VerificationError(f"'{institution}' is not in the directory.") from exc
        return [key for key in keys if key.purpose is purpose and not key.revoked]

    def _directory(self) -> Directory:
        directory = self._current()
        if self._clock.now() >= directory.expires_at:
            raise VerificationError(f"Directory {directory.version} has expired: fetch a newer one.")
        return directory
