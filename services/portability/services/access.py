"""Who is calling and what that caller may do; a leaf module that every service and the RPC layer share.

The RPC layer finds out who calls and calls `acting_as`; servicers read `current_caller()`. Which RPC is open
to whom stands in `policies/`, as Cedar text. Whose data it is ("a worker sees only her own") is decided in the
handlers, which get the caller or her id as a parameter.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from portability.agreements.errors import DeniedError

__all__ = ["AccessPolicy", "Caller", "Company", "Role", "acting_as", "current_caller", "running_caller"]


class Role(StrEnum):
    """What a caller is at an institution; it stands in the caller's certificate."""

    CASEWORKER = "caseworker"
    CLEARED_CASEWORKER = "cleared-caseworker"  # sees protected persons as well
    SYSTEM = "system"
    ADMINISTRATOR = "administrator"
    PEER = "peer"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Company:
    """Who acts for a worker, or sits beside her (`herself`), by name, and whether that one may act or only read."""

    name: str
    herself: bool
    may_act: bool


@dataclass(frozen=True, slots=True)
class Caller:
    """One authenticated caller.

    `institution` is the caller's own (for a peer another than the node's), `name` the person or system the
    certificate was issued to. `worker_id` is set where role is WORKER and a session token was good; it is
    None while a worker is still signing in.
    """

    institution: str
    role: Role
    name: str
    worker_id: UUID | None = None
    company: Company | None = None

    @property
    def herself(self) -> bool:
        """Whether a worker calls herself, alone or with a helper beside her."""
        return self.company is None or self.company.herself

    @property
    def may_act(self) -> bool:
        """Whether who calls may do what a worker does, beyond reading."""
        return self.company is None or self.company.may_act

    @property
    def accompanied_by(self) -> str:
        """Name of who acts for a worker or helps her; empty where she is alone."""
        return self.company.name if self.company else ""

    @property
    def is_caseworker(self) -> bool:
        """A person who works on cases and decides."""
        return self.role in {Role.CASEWORKER, Role.CLEARED_CASEWORKER}

    @property
    def is_cleared(self) -> bool:
        """Whether protected persons are shown to this caller."""
        return self.role is Role.CLEARED_CASEWORKER


class AccessPolicy(Protocol):
    """Decides whether a caller may use an RPC, before its handler runs."""

    def check(self, caller: Caller | None, rpc: str) -> None:
        """Return where `rpc` ("/package.Service/Method") is open to the caller; raise DeniedError elsewhere."""


_CALLER: ContextVar[Caller | None] = ContextVar("portability_caller", default=None)


def current_caller() -> Caller:
    """Return the caller of the RPC that runs now; raise DeniedError(authenticated=False) outside of one."""
    caller = _CALLER.get()
    if caller is None:
        raise DeniedError("Nobody is signed in: connect with a client certificate.", authenticated=False)
    return caller


def running_caller() -> Caller | None:
    """Return the caller of the RPC that runs now; None where the node works for itself."""
    return _CALLER.get()


class acting_as:  # noqa: N801 (reads as the verb it is: `with acting_as(caller):`)
    """Make `caller` the current caller for what runs inside; the RPC layer and tests use it."""

    __slots__ = ("_caller", "_token")

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def __enter__(self) -> None:
        self._token = _CALLER.set(self._caller)

    def __exit__(self, *error: object) -> None:
        _CALLER.reset(self._token)
