"""The verified directory as ratification trusts it."""

from collections.abc import Callable

from portability.agreements.errors import GatewayError, NotFoundError, VerificationError
from portability.agreements.values import StateCode
from portability.services.determination.treaties.ports import Clock, OfficialKey
from portability.services.registry.model import AuthoritySigner, Directory

__all__ = ["DirectoryAuthorities"]


class DirectoryAuthorities:
    """Looks officials up in the directory in force; the port `Authorities` of ratification."""

    def __init__(self, current: Callable[[], Directory], *, clock: Clock) -> None:
        self._current = current
        self._clock = clock

    def official_key(self, party: StateCode, signer_id: str, key_id: str) -> OfficialKey:
        """Return a key with its window; whether the window fits is for the caller to judge.

        An expired directory is no doubt about one statement but about all: GatewayError, until there is a newer one.
        """
        signer = self._signer(party, signer_id)
        for key in signer.keys:
            if key.key_id == key_id:
                if key.revoked:
                    raise VerificationError(
                        f"Key '{key_id}' of {signer_id} is revoked: nothing signed with it counts. {party} signs anew."
                    )
                return OfficialKey(signer.name, key.classical, key.post_quantum, key.not_before, key.not_after)
        raise VerificationError(f"Key '{key_id}' of {signer_id} is not in the directory: have it entered there.")

    def _signer(self, party: StateCode, signer_id: str) -> AuthoritySigner:
        directory = self._current()
        if self._clock.now() >= directory.expires_at:
            raise GatewayError(f"Directory {directory.version} has expired: fetch a newer one.", retryable=True)
        try:
            authority = directory.authority(party)
        except NotFoundError as exc:
            raise VerificationError(exc.message) from exc
        for signer in authority.signers:
            if signer.signer_id == signer_id:
                return signer
        raise VerificationError(
            f"'{signer_id}' is no official of {party}'s authority ({authority.name}) in directory {directory.version}."
        )
