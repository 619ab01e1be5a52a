"""Refusals of erasure."""

from portability.agreements.errors import CaseStateError

__all__ = ["ErasureRefusedError"]


class ErasureRefusedError(CaseStateError):
    """The data may not be erased yet: the message says what keeps them and until when."""

    code = "ERASURE_REFUSED"
