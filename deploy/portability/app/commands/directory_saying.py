"""What a root, a directory or a freshness statement says, in lines for the people who sign it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from portability.agreements.errors import VerificationError

if TYPE_CHECKING:
    from datetime import datetime

    from portability.services.registry.model import Directory, PublicKey
    from portability.services.registry.roots import Freshness, RoleKeys, Root

__all__ = ["Kind", "kind_of"]


@dataclass(frozen=True, slots=True)
class Kind:
    """What bytes are: the name for people, the context of their signatures, and what they say."""

    name: str
    context: bytes
    lines: tuple[str, ...]


def kind_of(content: bytes) -> Kind:
    """Read signed content, of which no two kinds have a form in common. Raises VerificationError for anything else."""
    from portability.services.registry import signing  # noqa: PLC0415 (heavy)
    from portability.services.registry.mapping.directory import decode_directory  # noqa: PLC0415 (heavy)
    from portability.services.registry.mapping.roots import decode_freshness, decode_root  # noqa: PLC0415 (heavy)

    try:
        return Kind("root", signing.ROOT_CONTEXT, _root_lines(decode_root(content)))
    except VerificationError:
        pass
    try:
        return Kind("freshness", signing.FRESHNESS_CONTEXT, _freshness_lines(decode_freshness(content)))
    except VerificationError:
        return Kind("directory", signing.DIRECTORY_CONTEXT, _directory_lines(decode_directory(content)))


def _root_lines(root: "Root") -> tuple[str, ...]:
    return (
        f"version {root.version}, {_span(root.issued_at, root.expires_at)}",
        *_role_lines("root", root.root),
        *_role_lines("directory", root.directory),
        *(() if root.freshness is None else _role_lines("freshness", root.freshness)),
    )


def _role_lines(name: str, role: "RoleKeys") -> list[str]:
    return [
        f"{name} role: {role.threshold} of {len(role.keys)} must sign",
        *(f"  {key.key_id}" for key in role.keys),
    ]


def _freshness_lines(freshness: "Freshness") -> tuple[str, ...]:
    return (
        f"directory {freshness.directory_version} is the newest, {_span(freshness.issued_at, freshness.expires_at)}",
        f"its SHA-256 is {freshness.directory_sha256.hex()}",
    )


def _directory_lines(directory: "Directory") -> tuple[str, ...]:
    lines = [f"version {directory.version}, {_span(directory.issued_at, directory.expires_at)}"]
    for institution in directory.institutions:
        lines.append(f"institution {institution.institution_id} ({institution.name}, {institution.country})")
        lines += [
            f"  competent: {one.branch.value} from {one.start}{f' until before {one.end}' if one.end else ''}"
            for one in institution.competences
        ]
        lines += [f"  key {_key(key)}" for key in institution.keys]
    lines += [f"agreement {one.agreement_id} SHA-256 {one.sha256.hex()}" for one in directory.agreements]
    for authority in directory.authorities:
        lines.append(f"authority of {authority.state} ({authority.name})")
        lines += [f"  {her.signer_id} ({her.name}) key {_key(key)}" for her in authority.signers for key in her.keys]
    return tuple(lines)


def _key(key: "PublicKey") -> str:
    revoked = f", REVOKED from log size {key.revoked_from_log_size}" if key.revoked else ""
    return f"{key.key_id} {key.purpose}, {_span(key.not_before, key.not_after)}{revoked}"


def _span(start: "datetime", end: "datetime") -> str:
    return f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
