"""From the bytes of a published version to the agreement that they state, read once for each hash."""

import asyncio
import hashlib
from dataclasses import replace

from portability.agreements.errors import NotBindingError
from portability.agreements.incorporation import with_incorporated
from portability.agreements.loading import Agreement, load_agreement
from portability.services.determination.treaties.model import NotBinding, VersionId
from portability.services.determination.treaties.ports import VersionStore

__all__ = ["VersionReader"]


class VersionReader:
    """Keeps what it has read under the hash of the bytes, which is checked before they are read."""

    def __init__(self) -> None:
        self._read: dict[str, Agreement] = {}

    async def read(self, version: VersionId, *, agreement_id: str, versions: VersionStore) -> Agreement:
        """The agreement with what it incorporates. Raises NotBindingError where the bytes are not those of the hash."""
        agreement = await self.read_alone(version.sha256, agreement_id=agreement_id, versions=versions)
        taken = agreement.content.incorporates
        if taken is None:
            return agreement
        other = await self.read_alone(version.incorporated, agreement_id=taken.agreement, versions=versions)
        return with_incorporated(agreement, {taken.agreement: other})

    async def read_alone(self, sha256: str, *, agreement_id: str, versions: VersionStore) -> Agreement:
        """The agreement as its own file states it."""
        known = self._read.get(sha256)
        if known is None:
            content = await versions.content(sha256)
            if content is None or hashlib.sha256(content).hexdigest() != sha256:
                raise NotBindingError(
                    f"Version {sha256[:12]} of '{agreement_id}' is not here as it was signed: its bytes are missing or "
                    "have another hash. Restore the database of this node from a backup.",
                    reason=NotBinding.ALTERED,
                )
            # In a thread: the largest file takes a second.
            known = self.keep(await asyncio.to_thread(load_agreement, content.decode(), f"{agreement_id}.yaml"))
        return known

    def keep(self, agreement: Agreement) -> Agreement:
        """Keep what was read from bytes of that hash, under a file name that is the same on every node."""
        self._read[agreement.sha256] = kept = replace(agreement, file=f"{agreement.id}.yaml")
        return kept
