"""Two whole nodes whose keys of every kind are changed again and again, each by the way that its ceremony takes.

New keys are put into the key folder, where the node finds them by itself. The keepers of the directory, two of three,
sign a directory that names them; an administrator hands it to each node. The certificate of the server is made anew
at the next handshake. The private halves of what has ended are destroyed.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.adapters.keys.directory_file import DirectoryFile
from portability.adapters.keys.files import destroy_key, store_seeds
from portability.adapters.keys.material import KeySeeds, draw_key, public_key
from portability.adapters.keys.ring import FileKeyRing
from portability.agreements.errors import VerificationError
from portability.api.registry.v1 import registry_pb2, registry_pb2_grpc
from portability.app.node import Node
from portability.app.rpc.client import open_channel
from portability.app.trust import save_anchor
from portability.services.access import Role
from portability.services.exchange.bundle import seal_bundle
from portability.services.exchange.model.messages import OutgoingMessage
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.outgoing import outbox_message
from portability.services.purposes import COOPERATION
from portability.services.registry.mapping.roots import encode_chain
from portability.services.registry.model import Directory, Institution, KeyPurpose, PublicKey
from tests.services.registry.keepers import Keepers

__all__ = ["NAMES", "ROTATIONS_IN_A_TURN", "RotatingNodes"]

NAMES = ("de-drv", "it-inps")
PURPOSES = (KeyPurpose.ENCRYPTION, KeyPurpose.LOG, KeyPurpose.SIGNING)  # the one that can be seen to be there is last
ROTATIONS_IN_A_TURN = len(NAMES) * (len(PURPOSES) + 1) + 2  # certificates; root and directory role
OVERLAP = timedelta(seconds=1)  # for which an old key goes on beside the new one: the nodes take turns to hear of it
FAR = timedelta(days=400)
NAMED = 6  # keys of a purpose that stay in the directory
OPENED = 3  # encryption keys whose private half is still there


@dataclass
class Holder:
    """The keys of one institution, oldest first."""

    folder: Path
    seeds: list[KeySeeds] = field(default_factory=list)
    public: list[PublicKey] = field(default_factory=list)

    def draw(self, purpose: KeyPurpose, at: datetime) -> None:
        """A new key in the folder; the directory does not name it yet."""
        self.seeds.append(draw_key(purpose, not_before=at, not_after=at + FAR))
        self.public.append(public_key(self.seeds[-1]))
        store_seeds(self.folder, self.seeds[-1])

    def newest(self, purpose: KeyPurpose) -> KeySeeds:
        return [one for one in self.seeds if one.purpose is purpose][-1]

    def end(self, seeds: KeySeeds, at: datetime, *, revoke: bool) -> None:
        """A key is used until `at`, or not for another moment."""
        change = {"revoked": True} if revoke else {"not_after": at}
        key_id = public_key(seeds).key_id
        self.public = [replace(one, **change) if one.key_id == key_id else one for one in self.public]
        for purpose in PURPOSES:
            here = [one for one in self.public if one.purpose is purpose]
            self.public = [one for one in self.public if one not in here[:-NAMED]]

    def destroy(self, seeds: KeySeeds) -> None:
        self.seeds.remove(seeds)
        destroy_key(self.folder, public_key(seeds).key_id)


class RotatingNodes:
    """The keys of both nodes, and the keepers of their directory. The nodes come after `prepare`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._clock = SystemClock()
        self._holders = {name: Holder(folder / name / "keys") for name in NAMES}
        self._keepers = Keepers(now=self._clock.now())
        self._version = 0
        self.nodes: dict[str, Node] = {}
        self.rotations = 0
        self.forged: dict[str, list[UUID]] = {name: [] for name in NAMES}  # ids of messages, by recipient

    async def prepare(self) -> None:
        """The first keys, and the first directory in the folder of each node."""
        for name, holder in self._holders.items():
            for purpose in PURPOSES:
                holder.draw(purpose, self._clock.now() - timedelta(minutes=1))
            save_anchor(self._folder / name / "root.bin", self._keepers.anchor)
        chain = self._keepers.chain(self._directory())
        for name in NAMES:
            await DirectoryFile(self._folder / name / "directory.bin").save(chain)

    async def turn(self, *, revoked: str = "") -> None:
        """Every key changes once. The signing key of the node `revoked` is revoked; the others end a second later."""
        now, old = self._clock.now(), {}
        for name, holder in self._holders.items():
            old[name] = [holder.newest(purpose) for purpose in PURPOSES]
            for purpose in PURPOSES:
                holder.draw(purpose, now)
            await self._has_read(name, public_key(holder.newest(KeyPurpose.SIGNING)).key_id)
        ends = self._clock.now() + OVERLAP
        for name, keys in old.items():
            for seeds in keys:
                self._holders[name].end(seeds, ends, revoke=revoked == name and seeds.purpose is KeyPurpose.SIGNING)
        self._keepers.rotate(root=True, directory=True)
        await self._hand_over()
        for name in NAMES:
            await self._renew_certificate(name)
        await asyncio.sleep((ends - self._clock.now()).total_seconds())
        for name, keys in old.items():
            await self._forge(name, keys[-1])
            self._destroy(self._holders[name])
        self.rotations += ROTATIONS_IN_A_TURN

    def _directory(self) -> Directory:
        self._version += 1
        now = self._clock.now()
        institutions = tuple(
            Institution(name, name.upper(), name[:2].upper(), keys=tuple(holder.public))
            for name, holder in self._holders.items()
        )
        return Directory(self._version, now, now + timedelta(days=30), institutions)

    async def _has_read(self, name: str, key_id: str) -> None:
        """Wait until the node has found the keys in its folder: who names a key before loses what is sealed to it."""
        async with asyncio.timeout(60):
            while True:
                try:
                    self.nodes[name].keys.sign(key_id, b"", context=b"here")
                except VerificationError:
                    await asyncio.sleep(0.05)
                else:
                    return

    async def _hand_over(self) -> None:
        chain = encode_chain(self._keepers.chain(self._directory()))
        for node in self.nodes.values():
            files = node.tls.caller(Role.ADMINISTRATOR, "keeper")
            async with open_channel(f"localhost:{node.port}", files) as channel:
                stub = registry_pb2_grpc.RegistryServiceStub(channel)
                await stub.InstallDirectory(registry_pb2.InstallDirectoryRequest(chain=chain))

    async def _renew_certificate(self, name: str) -> None:
        """As an operator forces it: the files are taken away, and the next handshake finds a new certificate."""
        node = self.nodes[name]
        file = self._folder / name / "tls" / "server.crt"
        before = file.read_bytes()
        file.unlink()
        async with open_channel(f"localhost:{node.port}", node.tls.caller(Role.SYSTEM, "pensions")) as channel:
            stub = registry_pb2_grpc.RegistryServiceStub(channel)
            await stub.GetInstitution(registry_pb2.GetInstitutionRequest(institution_id=name))
        if file.read_bytes() == before:
            raise AssertionError(f"'{name}' goes on with its old certificate")

    async def _forge(self, sender: str, stolen: KeySeeds) -> None:
        """Somebody who has kept a retired signing key puts a bundle of today into the other's inbox."""
        (recipient,) = set(NAMES) - {sender}
        node, now = self.nodes[sender], self._clock.now()
        message = OutgoingMessage(
            message_id=time_ordered_id(),
            idempotency_key="forged",
            recipient=recipient,
            case_id=time_ordered_id(),
            type="record.note",
            schema_version=1,
            record=b"forged",
            purpose=COOPERATION.code,
            legal_basis=str(COOPERATION.citation),
        )
        made = outbox_message(message, me=sender, at=now, stream_seq=10**9, case_seq=1, salt=bytes(32))
        bundle = seal_bundle(
            [made.sealable],
            bundle_id=time_ordered_id(),
            me=sender,
            recipient=recipient,
            keys=FileKeyRing([stolen]),
            trust=node.exchange.trust,
            at=now,
        )
        await node.exchange.stream.append(inbox_topic(recipient), [(sender.encode(), bundle.value)])
        self.forged[recipient].append(message.message_id)

    def _destroy(self, holder: Holder) -> None:
        """The private halves of what has ended; an encryption key is kept for what is on its way to it."""
        for purpose in PURPOSES:
            keep = OPENED if purpose is KeyPurpose.ENCRYPTION else 1
            for seeds in [one for one in holder.seeds if one.purpose is purpose][:-keep]:
                holder.destroy(seeds)
