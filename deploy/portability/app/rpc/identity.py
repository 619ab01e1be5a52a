"""Finds out who calls: the institution, role and name in the client certificate, and a worker's session token.

A certificate says `spiffe://portability/<institution>/<role>/<name>`. A node trusts one authority, its own; peers get
their certificate from the node that they call. What a caller may do, and whether it may call at all, the access policy
decides.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol
from uuid import UUID

from portability.agreements.errors import DeniedError, InputError
from portability.services.access import Caller, Company, Role

__all__ = [
    "INSTITUTION",
    "NAME",
    "CallConnection",
    "CallerFinder",
    "CompanyResolver",
    "NoSessions",
    "SessionResolver",
    "caller_uri",
    "check_caller_parts",
    "role_named",
]

INSTITUTION = r"[a-z]{2}-[a-z0-9-]{1,40}"
NAME = r"[a-z0-9][a-z0-9._-]{0,63}"
_URI = re.compile(rf"spiffe://portability/({INSTITUTION})/({'|'.join(Role)})/({NAME})")
_TOKEN = re.compile(r"Bearer ([A-Za-z0-9._~+/=-]{16,512})")


class SessionResolver(Protocol):
    """Turns a worker's session token into the worker."""

    async def resolve_session(self, token: str) -> UUID:
        """Return the worker's id; raise DeniedError(authenticated=False) for an unknown or ended session."""


class CompanyResolver(Protocol):
    """Tells who acts in a session beside or instead of the worker."""

    async def company_of(self, token: str) -> Company | None:
        """Return who does; None where she is alone."""


class CallConnection(Protocol):
    """What gRPC's context tells of a call's origin."""

    def peer_identities(self) -> Iterable[bytes] | None:
        """Return the subject alternative names of the client certificate."""

    def peer_identity_key(self) -> str | None:
        """Return which property of the certificate those are."""

    def invocation_metadata(self) -> Iterable[tuple[str, str | bytes]] | None:
        """Return the call's metadata."""


class NoSessions:
    """For a node without a worker's channel: every session token is refused."""

    async def resolve_session(self, token: str) -> UUID:
        """Raise DeniedError always."""
        raise DeniedError("This node has no worker sessions.", authenticated=False)


class CallerFinder:
    """Identifies the caller of one RPC; what the caller may do, also as one of another institution, the policy says."""

    def __init__(self, sessions: SessionResolver, companies: CompanyResolver | None = None) -> None:
        self._sessions = sessions
        self._companies = companies

    async def find(self, connection: "CallConnection") -> Caller:
        """Return who calls; raise DeniedError where certificate or token do not hold.

        TLS has verified the chain of the connection's certificate already; here its one name is read. Asked for
        by these two methods because `auth_context()` copies the whole certificate on each call.
        """
        names = tuple(connection.peer_identities() or ())
        named_by_san = connection.peer_identity_key() == "x509_subject_alternative_name"
        caller = _caller_of(names[0]) if named_by_san and len(names) == 1 else None
        if caller is None:
            raise DeniedError(
                "No identity: the client certificate needs one URI spiffe://portability/<institution>/<role>/<name>.",
                authenticated=False,
            )
        token = _bearer_token(connection.invocation_metadata() or ())
        if token is None:
            return caller
        if caller.role is not Role.WORKER:
            raise DeniedError(f"A session token is for a worker's channel, not for the role '{caller.role}'.")
        worker_id = await self._sessions.resolve_session(token)
        company = await self._companies.company_of(token) if self._companies else None
        return Caller(caller.institution, Role.WORKER, caller.name, worker_id, company)


def caller_uri(institution: str, role: Role, name: str) -> str:
    """Return the URI that a certificate of this caller carries (SPIFFE ID, path institution/role/name)."""
    return f"spiffe://portability/{institution}/{role}/{name}"


def check_caller_parts(institution: str, name: str) -> None:
    """Raise InputError where institution or name cannot stand in a caller's identity."""
    if not re.fullmatch(INSTITUTION, institution):
        raise InputError(
            f"Institution '{institution}' is not an id such as 'de-drv' (country, dash, name).",
            field="institution",
        )
    if not re.fullmatch(NAME, name):
        raise InputError(
            f"Caller name '{name}' needs 1 to 64 of a-z, 0-9, '.', '-', '_', the first a letter or digit.",
            field="name",
        )


def role_named(name: str) -> Role:
    """Return the role of that name; raise InputError where there is none."""
    try:
        return Role(name)
    except ValueError as error:
        raise InputError(f"There is no role '{name}': choose one of {', '.join(Role)}.", field="role") from error


@lru_cache(maxsize=1024)
def _caller_of(spiffe_id: bytes) -> Caller | None:
    match = _URI.fullmatch(spiffe_id.decode("ascii", errors="replace"))
    return Caller(match[1], Role(match[2]), match[3]) if match else None


def _bearer_token(metadata: Iterable[tuple[str, str | bytes]]) -> str | None:
    values = [value for key, value in metadata if key == "authorization"]
    if not values:
        return None
    match = _TOKEN.fullmatch(values[0]) if len(values) == 1 and isinstance(values[0], str) else None
    if match is None:
        raise DeniedError("Send one 'authorization: Bearer <session token>'.", authenticated=False)
    return match[1]
