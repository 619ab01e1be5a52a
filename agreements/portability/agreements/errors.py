"""The error tree of the whole system.

    PortabilityError                 code, message for people, citation where law is involved
    ├── AgreementError               the treaty file is wrong               → start-up or publication fails
    │   ├── AgreementSyntaxError     file, line, column, what was expected
    │   ├── AgreementFileError       all faults of one file, by place
    │   └── ConflictingRulesError    both entries, both citations
    ├── DeterminationError           the law gives no answer                → FAILED_PRECONDITION
    │   ├── NoRuleInForceError       date, branch, first date covered
    │   ├── UnmodelledProvisionError the citation
    │   └── NotBindingError          the two states, why no version binds them
    ├── InputError                   what a caller sent is wrong            → INVALID_ARGUMENT
    │   └── RefusedContentError      no later try makes it right
    ├── NotFoundError                nothing of that id for this caller     → NOT_FOUND
    ├── DeniedError                  not allowed for this caller            → PERMISSION_DENIED / UNAUTHENTICATED
    ├── IdempotencyConflictError     same key, other content                → ALREADY_EXISTS
    ├── OverloadError                a limit that protects the node         → RESOURCE_EXHAUSTED
    ├── VerificationError            any failed signature, chain, proof, hash
    │   └── CertificateRefusedError  why a certificate is not to be relied on
    ├── CaseStateError               current state, allowed next actions    → FAILED_PRECONDITION
    │   └── ErasureRefusedError      what keeps the data, and until when
    └── GatewayError                 raised only in adapters; retryable or not → UNAVAILABLE / INTERNAL

Messages say thing, value, expectation and next step; they never carry personal data.
"""

from datetime import date
from typing import ClassVar

__all__ = [
    "AgreementError",
    "AgreementFileError",
    "AgreementSyntaxError",
    "CaseStateError",
    "CertificateRefusedError",
    "ConflictingRulesError",
    "DeniedError",
    "DeterminationError",
    "ErasureRefusedError",
    "GatewayError",
    "IdempotencyConflictError",
    "InputError",
    "NoRuleInForceError",
    "NotBindingError",
    "NotFoundError",
    "OverloadError",
    "PortabilityError",
    "RefusedContentError",
    "UnmodelledProvisionError",
    "VerificationError",
]


class PortabilityError(Exception):
    """Base of every error that this system raises on purpose.

    `code` is stable and goes to logs and clients; `message` is for people; `citation` names the
    article where law is involved and is empty otherwise.
    """

    code: ClassVar[str] = "PORTABILITY_ERROR"

    def __init__(self, message: str, *, citation: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.citation = citation


class AgreementError(PortabilityError):
    """A treaty or legislation file is wrong; start-up or publication fails."""

    code = "AGREEMENT_INVALID"


class AgreementSyntaxError(AgreementError):
    """One place in a file is not what the format expects.

    `str(error)` reads `file:line:column: thing: what was expected`.
    """

    code = "AGREEMENT_SYNTAX"

    def __init__(self, *, file: str, line: int, column: int, expectation: str) -> None:
        super().__init__(f"{file}:{line}:{column}: {expectation}")
        self.file, self.line, self.column, self.expectation = file, line, column, expectation


class AgreementFileError(AgreementError):
    """All that is wrong with one file; `errors` is sorted by place, `str()` gives one line each."""

    code = "AGREEMENT_FILE_INVALID"

    def __init__(self, errors: list[AgreementSyntaxError]) -> None:
        self.errors = tuple(sorted(errors, key=lambda error: (error.file, error.line, error.column)))
        super().__init__("\n".join(str(error) for error in self.errors))


class ConflictingRulesError(AgreementError):
    """Two rules of one kind are in force for the same branch on the same date.

    `place` is the file, line and column of the second; None where the rules were asked for by date.
    """

    code = "CONFLICTING_RULES"

    def __init__(self, message: str, *, citation: str = "", place: tuple[str, int, int] | None = None) -> None:
        super().__init__(message, citation=citation)
        self.place = place


class DeterminationError(PortabilityError):
    """The law as encoded gives no answer."""

    code = "NO_DETERMINATION"


class NoRuleInForceError(DeterminationError):
    """No rule of the kind asked for is in force; `first_day` is the first date covered, if any."""

    code = "NO_RULE_IN_FORCE"

    def __init__(self, message: str, *, first_day: date | None = None, citation: str = "") -> None:
        super().__init__(message, citation=citation)
        self.first_day = first_day


class UnmodelledProvisionError(DeterminationError):
    """The case turns on a provision that the file lists under `not_modelled`."""

    code = "PROVISION_NOT_MODELLED"


class NotBindingError(DeterminationError):
    """No version of the agreement binds these two states on the day asked for.

    `reason` is stable ("one_sided"); `first_day` is the first day on which a version binds them, where one will.
    """

    code = "AGREEMENT_NOT_BINDING"

    def __init__(
        self, message: str, *, reason: str, states: tuple[str, str] | None = None, first_day: date | None = None
    ) -> None:
        super().__init__(message)
        self.reason, self.states, self.first_day = reason, states, first_day


class InputError(PortabilityError):
    """What a caller sent is wrong; `field` is the path of the offending field."""

    code = "INVALID_INPUT"

    def __init__(self, message: str, *, field: str = "", citation: str = "") -> None:
        super().__init__(message, citation=citation)
        self.field = field


class RefusedContentError(InputError):
    """What a message says cannot be, and no later try and nothing that is mended here makes it right.

    What arrives so is rejected to its sender; nobody here has anything to decide about it.
    """

    code = "CONTENT_REFUSED"


class NotFoundError(PortabilityError):
    """There is nothing of that id that this caller may see."""

    code = "NOT_FOUND"


class DeniedError(PortabilityError):
    """This caller may not do this; `authenticated` is False where nobody has signed in."""

    code = "DENIED"

    def __init__(self, message: str, *, authenticated: bool = True) -> None:
        super().__init__(message)
        self.authenticated = authenticated


class IdempotencyConflictError(PortabilityError):
    """The same idempotency key came with other content: an error and an alarm."""

    code = "IDEMPOTENCY_CONFLICT"


class OverloadError(PortabilityError):
    """A limit that protects the node was reached; `limit` names it. The caller should wait and try again."""

    code = "OVERLOADED"

    def __init__(self, message: str, *, limit: str = "") -> None:
        super().__init__(message)
        self.limit = limit


class VerificationError(PortabilityError):
    """A signature, chain, proof or hash does not verify."""

    code = "VERIFICATION_FAILED"


class CertificateRefusedError(VerificationError):
    """A certificate is not to be relied on; `reason` is stable ("revoked"), and the words for people are elsewhere."""

    code = "CERTIFICATE_REFUSED"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class CaseStateError(PortabilityError):
    """The case does not allow this action now; `allowed_actions` are those that it does."""

    code = "CASE_STATE"

    def __init__(self, message: str, *, state: str, allowed_actions: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.state, self.allowed_actions = state, allowed_actions


class ErasureRefusedError(CaseStateError):
    """The data may not be erased yet: the message says what keeps them and until when."""

    code = "ERASURE_REFUSED"


class GatewayError(PortabilityError):
    """An adapter could not reach the thing it adapts; raised only in adapters."""

    code = "GATEWAY"

    def __init__(self, message: str, *, retryable: bool) -> None:
        super().__init__(message)
        self.retryable = retryable
