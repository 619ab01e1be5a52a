"""Public keys as the directory gives them."""

from datetime import datetime

from portability.services.values import value

__all__ = ["PublicKeys"]


@value
class PublicKeys:
    """Public key material of one key id, and when it may be used: [not_before, not_after)."""

    key_id: str
    not_before: datetime
    not_after: datetime
    ed25519: bytes = b""  # 32 bytes; empty for an encryption key
    mldsa65: bytes = b""  # 1952 bytes; empty for an encryption key
    kem: bytes = b""  # 1216 bytes, X-Wing order of ML-KEM-768 and X25519; empty for a signing key
