"""Keys in a device behind PKCS#11: the Ed25519 halves of signing and log keys, which never leave it.

PKCS#11 v3.0: CKM_EC_EDWARDS_KEY_PAIR_GEN and CKM_EDDSA. Devices of today hold no ML-DSA, so the post-quantum halves
stay in files; a thief needs both. Encryption keys stay in files whole: they last a week, and X-Wing needs its halves
together.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Protocol

from portability.agreements.errors import GatewayError

__all__ = ["KeyDevice", "Pkcs11Device"]

ED25519_OID: Final = "1.3.101.112"  # RFC 8410, section 3
PUBLIC_BYTES: Final = 32


class KeyDevice(Protocol):
    """Holds Ed25519 keys under labels and gives no private one out. All raise GatewayError."""

    def generate(self, label: str) -> bytes:
        """Draw a key in the device and return its public half (32 bytes); a label that is taken is refused."""

    def sign(self, label: str, message: bytes) -> bytes:
        """Return the signature (64 bytes) over `message` as it is. May be called from several threads."""

    def destroy(self, label: str) -> None:
        """Delete the key from the device."""


class Pkcs11Device:
    """One token of a PKCS#11 module, logged in for as long as this lives."""

    def __init__(self, session: Any, token: str) -> None:
        self._session = session
        self._token = token
        self._private: dict[str, Any] = {}
        # A session of PKCS#11 does one thing at a time; relay and consumer sign from threads.
        self._one_at_a_time = threading.Lock()

    @classmethod
    def open(cls, module: Path, *, token: str, pin: str) -> "Pkcs11Device":
        """Load the module and log in to the token of that label. Raises GatewayError, never with the PIN in it."""
        try:
            import pkcs11  # noqa: PLC0415 (only for nodes with a device)
        except ImportError as exc:
            raise GatewayError(
                "A key device is set, and python-pkcs11 is not installed: pip install 'portability[hsm]'.",
                retryable=False,
            ) from exc
        try:
            found = pkcs11.lib(str(module)).get_token(token_label=token)
            try:
                session = found.open(user_pin=pin, rw=True)
            except pkcs11.UserAlreadyLoggedIn:
                # A login is the process's, not the session's: another part of this process has given the PIN.
                session = found.open(rw=True)
        except (pkcs11.PKCS11Error, RuntimeError, OSError) as exc:
            raise GatewayError(
                f"Token '{token}' cannot be opened with {module} ({type(exc).__name__}): check module, label and PIN.",
                retryable=False,
            ) from exc
        return cls(session, token)

    def close(self) -> None:
        """Log out."""
        with self._one_at_a_time:
            self._session.close()

    def generate(self, label: str) -> bytes:
        """Draw a key that is sensitive and cannot be extracted."""
        import pkcs11  # noqa: PLC0415 (open has loaded it)
        from pkcs11.util.ec import encode_named_curve_parameters  # noqa: PLC0415 (the same)

        with self._one_at_a_time, _told(self._token):
            if any(True for _ in self._objects(label)):
                raise GatewayError(f"Token '{self._token}' has a key '{label}' already.", retryable=False)
            curve = {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(ED25519_OID)}
            parameters = self._session.create_domain_parameters(pkcs11.KeyType.EC_EDWARDS, curve, local=True)
            public, private = parameters.generate_keypair(
                mechanism=pkcs11.Mechanism.EC_EDWARDS_KEY_PAIR_GEN,
                store=True,
                label=label,
                private_template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
            )
            self._private[label] = private
            # Some modules give the point bare, others as an OCTET STRING around it: its end is the point.
            return bytes(public[pkcs11.Attribute.EC_POINT])[-PUBLIC_BYTES:]

    def sign(self, label: str, message: bytes) -> bytes:
        """Sign inside the device."""
        import pkcs11  # noqa: PLC0415 (open has loaded it)

        with self._one_at_a_time, _told(self._token):
            if label not in self._private:
                self._private[label] = self._session.get_key(
                    object_class=pkcs11.ObjectClass.PRIVATE_KEY, key_type=pkcs11.KeyType.EC_EDWARDS, label=label
                )
            return bytes(self._private[label].sign(message, mechanism=pkcs11.Mechanism.EDDSA))

    def destroy(self, label: str) -> None:
        """Delete both halves."""
        with self._one_at_a_time, _told(self._token):
            self._private.pop(label, None)
            for one in list(self._objects(label)):
                one.destroy()

    def _objects(self, label: str) -> Any:
        import pkcs11  # noqa: PLC0415 (open has loaded it)

        return self._session.get_objects({pkcs11.Attribute.LABEL: label})


@contextmanager
def _told(token: str) -> Iterator[None]:
    """Turns what the device says into an error of ours."""
    import pkcs11  # noqa: PLC0415 (open has loaded it)

    try:
        yield
    except pkcs11.NoSuchKey as exc:
        raise GatewayError(f"Token '{token}' does not hold the key that a key file names.", retryable=False) from exc
    except pkcs11.PKCS11Error as exc:
        # A device that was pulled out or is busy comes back: messages wait for it.
        raise GatewayError(f"Token '{token}' does not answer ({type(exc).__name__}).", retryable=True) from exc
