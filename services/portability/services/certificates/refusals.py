"""Why a certificate is refused, as a reason that can be told in any language."""

from enum import StrEnum

__all__ = ["RefusedBecause"]


class RefusedBecause(StrEnum):
    """One reason each; the words for people are in the catalogues."""

    UNREADABLE = "unreadable"  # cut off, mistyped, or no certificate at all
    UNKNOWN_ISSUER = "unknown_issuer"  # the directory does not list the institution that it names
    OTHER_ISSUER = "other_issuer"  # signed by a key that is not of the institution that it names, or is revoked
    FORGED = "forged"  # the signature does not stand: changed after it was issued
    EXPIRED = "expired"
    NOT_YET = "not_yet"  # dated in the future
    REVOKED = "revoked"
    STATUS_UNKNOWN = "status_unknown"  # the status list given is of another issuer, expired or too short
    NOT_BY_HOLDER = "not_by_holder"  # shown without the proof of its holder, or with the proof of another showing
