"""Keys of every kind change a thousand times under traffic (T55): nothing fails, no retired key gets in."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from portability.adapters.keys.directory_file import DirectoryFile
from portability.adapters.keys.material import KeySeeds, draw_key, public_key
from portability.adapters.keys.node_keys import NodeKeys
from portability.adapters.keys.ring import FileKeyRing
from portability.services.exchange.bundle import seal_bundle
from portability.services.exchange.model.statuses import ReceiptStatus
from portability.services.exchange.node import inbox_topic
from portability.services.registry.handlers import Registry, accept_directory
from portability.services.registry.model import Directory, Institution, KeyPurpose, PublicKey
from tests.services.exchange.exchange_world import NOON, TestNode, World, draw_ring, message_to, sealable
from tests.services.registry.keepers import Keepers

ONE, OTHER = "de-drv", "it-inps"
WORLDS, ROTATIONS = 20, 50  # a thousand in all; stores in memory are fast while they are small
STEP = timedelta(minutes=40)
FAR = timedelta(days=400)
KINDS = ("signing", "signing", "revoked", "encryption", "encryption", "encryption", "directory", "root")
KEPT = 4  # past keys of a purpose that stay in the directory
DESTROYED_AFTER = 2  # epochs after which the private part of an encryption key is gone


@dataclass
class Holder:
    """The keys of one institution: the private ones that it still has, and the public ones, oldest first."""

    name: str
    private: list[KeySeeds] = field(default_factory=list)
    public: list[PublicKey] = field(default_factory=list)

    def draw(self, purpose: KeyPurpose, at: datetime, *, revoke: bool = False) -> KeySeeds:
        """A new key from `at` on in the place of the present one, which ends or is revoked; return that one."""
        old = [one for one in self.private if one.purpose is purpose][-1]
        place = next(place for place, key in enumerate(self.public) if key.key_id == public_key(old).key_id)
        change = {"revoked": True} if revoke else {"not_after": at}
        self.public[place] = replace(self.public[place], **change)
        self.add(purpose, at)
        mine = [key for key in self.public if key.purpose is purpose]
        self.public = [key for key in self.public if key.purpose is not purpose or key in mine[-KEPT:]]
        return old

    def add(self, purpose: KeyPurpose, at: datetime) -> None:
        self.private.append(draw_key(purpose, not_before=at, not_after=at + FAR))
        self.public.append(public_key(self.private[-1]))


class RotatingWorld(World):
    """Two nodes that share a directory, which its keepers sign anew for each rotation."""

    def __init__(self, folder: Path) -> None:
        super().__init__({ONE: draw_ring(), OTHER: draw_ring()})
        self.keepers = Keepers()
        self.registry = Registry(self.keepers.anchor, DirectoryFile(folder / "kept"), self.clock)
        self.holders = {name: Holder(name) for name in (ONE, OTHER)}
        for holder in self.holders.values():
            for purpose in (KeyPurpose.SIGNING, KeyPurpose.ENCRYPTION):
                holder.add(purpose, NOON - timedelta(hours=1))
        self.node_keys = {name: NodeKeys(FileKeyRing([]), lambda: self.directory, me=name) for name in self.holders}
        self.keys = self.node_keys  # type: ignore[assignment]  # the port is the same
        self.epochs: dict[str, list[KeySeeds]] = {ONE: [], OTHER: []}
        self.version = self.attacks = self.caught = 0

    async def publish(self) -> None:
        """The keepers sign the next directory; both nodes take it and read their keys again."""
        self.version += 1
        institutions = tuple(
            Institution(one.name, one.name, one.name[:2].upper(), keys=tuple(one.public))
            for one in self.holders.values()
        )
        directory = Directory(self.version, NOON - timedelta(hours=1), NOON + timedelta(days=90), institutions)
        await accept_directory(self.keepers.chain(directory), self.registry)
        self.directory = self.registry.in_force.current()
        for name, holder in self.holders.items():
            self.node_keys[name].replace(FileKeyRing(holder.private))

    async def rotate(self, kind: str, name: str, *, number: int) -> None:
        """One key of `name`, or of the keepers, changes; then a thief of the old one tries it."""
        other = OTHER if name == ONE else ONE
        self.clock.advance(timedelta(seconds=2))
        match kind:
            case "signing" | "revoked":
                await self._rotate_signing(name, other, revoke=kind == "revoked", number=number)
            case "encryption":
                await self._rotate_encryption(name, other, number=number)
            case _:
                self.keepers.rotate(root=kind == "root", directory=kind == "directory")
                await self.publish()

    async def _rotate_signing(self, name: str, other: str, *, revoke: bool, number: int) -> None:
        now = self.clock.now()
        old = self.holders[name].draw(KeyPurpose.SIGNING, now, revoke=revoke)
        self.holders[name].private.remove(old)
        await self.publish()
        # An ended key is dated after its end; a revoked one before it, when it was still good.
        second = timedelta(seconds=1)
        await self._forge(old, name, other, at=now - second if revoke else now + second, number=number)
        self.attacks += 1
        self.caught += revoke  # the bundle that is on the stream

    async def _rotate_encryption(self, name: str, other: str, *, number: int) -> None:
        epochs = self.epochs[name]
        epochs.append(self.holders[name].draw(KeyPurpose.ENCRYPTION, self.clock.now()))
        await self.publish()
        if len(epochs) > DESTROYED_AFTER:
            destroyed = epochs.pop(0)
            self.holders[name].private.remove(destroyed)
            await self.publish()
            await self._seal_to_destroyed(public_key(destroyed), other, name, number=number)
            self.attacks += 1

    async def _forge(self, thief: KeySeeds, sender: str, recipient: str, *, at: datetime, number: int) -> None:
        """Somebody with a retired key of `sender` puts a bundle into the recipient's inbox, dated `at`."""
        bundle = seal_bundle(
            [sealable(message_to(recipient, number), me=sender, at=at)],
            bundle_id=self.new_id(),
            me=sender,
            recipient=recipient,
            keys=FileKeyRing([thief]),
            trust=self.trust,
            at=at,
        )
        await self.stream.append(inbox_topic(recipient), [(sender.encode(), bundle.value)])

    async def _seal_to_destroyed(self, gone: PublicKey, sender: str, recipient: str, *, number: int) -> None:
        """A bundle that was recorded long ago, sealed to a key whose private part is destroyed, comes again."""
        now = self.clock.now()
        theirs = Institution(recipient, recipient, "XX", keys=(replace(gone, not_after=now + FAR),))
        directory = self.directory
        mine = directory.institution(sender)
        self.directory = replace(directory, institutions=(mine, theirs))
        bundle = seal_bundle(
            [sealable(message_to(recipient, number), me=sender, at=self.clock.now())],
            bundle_id=self.new_id(),
            me=sender,
            recipient=recipient,
            keys=self.node_keys[sender],
            trust=self.trust,
            at=self.clock.now(),
        )
        self.directory = directory
        await self.stream.append(inbox_topic(recipient), [(sender.encode(), bundle.value)])


@pytest.mark.parametrize("seed", range(WORLDS))
async def test_a_thousand_rotations_under_traffic_lose_nothing_and_let_no_retired_key_in(
    seed: int, tmp_path: Path
) -> None:
    dice = random.Random(seed)  # noqa: S311 - a run that can be repeated
    world = RotatingWorld(tmp_path)
    await world.publish()
    nodes = {name: world.node(name) for name in (ONE, OTHER)}
    sent: list[tuple[str, UUID, UUID]] = []
    for turn in range(ROTATIONS):
        world.clock.advance(STEP)
        for name, node in nodes.items():
            number = len(sent) + 1
            message = message_to(OTHER if name == ONE else ONE, number, case_id=UUID(int=number))
            await node.submit(message)
            sent.append((name, message.message_id, message.case_id))
            await node.relay()
        # With both bundles on the stream, a key changes, and whoever has the old one tries it.
        await world.rotate(dice.choice(KINDS), dice.choice((ONE, OTHER)), number=10_000_000 + turn)
        await settle(list(nodes.values()))
    # What a revocation caught on the stream is sealed again under the new key, with the first repeat.
    for _ in range(3):
        world.clock.advance(timedelta(minutes=10))
        await settle(list(nodes.values()))
    for name, message_id, case_id in sent:
        timeline = await nodes[name].timeline(case_id)
        assert [one.status for one in timeline] == [ReceiptStatus.DELIVERED], message_id
    applied = sorted(one.message_id for node in nodes.values() for one in node.ledger.applied)
    assert applied == sorted(message_id for _, message_id, _ in sent)
    refused = sum([len(await node.quarantined()) for node in nodes.values()])
    assert world.attacks > ROTATIONS / 4
    # A revocation right after another catches the repeat as well.
    assert refused >= world.attacks + world.caught


async def settle(nodes: Sequence[TestNode]) -> None:
    """Take in what is on the stream, and the receipts for it."""
    for _ in range(3):
        for node in nodes:
            await node.relay()
        for node in nodes:
            await node.consume()
    for node in nodes:
        await node.consume()
