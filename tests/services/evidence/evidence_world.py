"""Two institutions that exchange messages of a case, their logs witnessed by each other, and evidence cut from them."""

from dataclasses import dataclass, field
from datetime import timedelta

from exchange_world import CASE, NO_WAIT, World, make_keys, message_to
from keepers import Keepers

from portability.adapters.memory.log_store import MemoryWitnessStore
from portability.app.evidence.exporting import export_evidence
from portability.services.exchange.business_status import status_messages
from portability.services.exchange.model.statuses import BusinessStatus
from portability.services.exchange.node import inbox_topic
from portability.services.exchange.outgoing import post
from portability.services.log.ports import Offer
from portability.services.log.running import NodeLog, log_once
from portability.services.log.witness import cosign_checkpoint, newest_of
from portability.services.log.witnessing import WitnessRound
from portability.services.registry.mapping.roots import encode_chain

__all__ = ["BERLIN", "CASE", "ROME", "EvidenceWorld", "MemoryWitness", "resend_one"]

BERLIN, ROME = "de-drv", "it-inps"


@dataclass
class MemoryWitness:
    """One institution as the witness of another; the port `Witness`."""

    world: World
    institution: str
    log_of: str
    kept: MemoryWitnessStore = field(default_factory=MemoryWitnessStore)

    async def add_checkpoint(self, offer: Offer) -> str | int:
        return await cosign_checkpoint(
            offer,
            log_of=self.log_of,
            me=self.institution,
            unit_of_work=self.kept.transaction,
            directory=self.world.trust,
            keys=self.world.keys[self.institution],
            clock=self.world.clock,
        )

    async def newest(self, origin: str) -> bytes | None:
        return await newest_of(origin, unit_of_work=self.kept.transaction)


class EvidenceWorld:
    """Berlin and Rome after Berlin has sent messages of a case and Rome has answered one."""

    def __init__(self) -> None:
        self.world = World(make_keys())
        self.keepers = Keepers()
        self.chain = self.keepers.chain(self.world.directory)
        self.nodes = {name: self.world.node(name) for name in (BERLIN, ROME)}
        self.witness = MemoryWitness(self.world, ROME, BERLIN)

    async def exchange(self, messages: int = 2) -> None:
        berlin, rome = self.nodes[BERLIN], self.nodes[ROME]
        for number in range(1, messages + 1):
            await berlin.submit(message_to(ROME, number, agreement_id="eu-883-2004", agreement_sha256="ab" * 32))
        await self.deliver()
        await self.report(BusinessStatus.REJECTED, "The period ends before it starts.")
        await rome.submit(message_to(BERLIN, 100, type="record.statement", in_reply_to=message_to(ROME, 1).message_id))
        await self.deliver()

    async def report(self, status: BusinessStatus, *reasons: str, number: int = 1) -> None:
        """Rome says what it has made of a message of Berlin."""
        rome, at = self.nodes[ROME], self.world.clock.now()
        async with rome.store.transaction() as work:
            found = await work.inbox.find(BERLIN, message_to(ROME, number).message_id)
            assert found is not None
            said = status_messages([(found.message, status, reasons)], new_id=self.world.new_id, at=at)
            await post(said, outbox=work.outbox, me=ROME, at=at)

    async def deliver(self) -> None:
        for _ in range(3):
            for node in self.nodes.values():
                self.world.clock.advance(timedelta(seconds=1))
                await node.relay()
            for node in self.nodes.values():
                await node.consume()

    async def log(self, name: str = BERLIN, *, witnessed: bool = True) -> None:
        """Sequence, sign, and have it cosigned."""
        store, trust = self.nodes[name].store, self.world.trust
        witnesses = [self.witness] if witnessed else []
        asked = WitnessRound(name, witnesses, store.log.transaction, trust, self.nodes[name].heard)
        log = NodeLog(name, store.log.transaction, self.world.keys[name], self.world.clock, asked)
        signed = await log_once(log)
        assert signed is not None
        await asked.gather(signed)

    async def evidence(self, name: str = BERLIN, *, with_records: bool = False, case_id=CASE) -> bytes:
        store = self.nodes[name].store
        return await export_evidence(
            case_id,
            me=name,
            directory=encode_chain(self.chain),
            exchange=store.transaction,
            log=store.log.transaction,
            with_records=with_records,
        )


async def resend_one(world: EvidenceWorld) -> None:
    """Berlin sends message 7, its bundle is lost, another one brings it, and Rome refuses what it says."""
    berlin, rome = world.nodes[BERLIN], world.nodes[ROME]
    await berlin.submit(message_to(ROME, 7))
    await berlin.relay()
    topic = inbox_topic(ROME)
    lost = await world.world.stream.read(topic, after={0: -1}, limit=1000, wait=NO_WAIT)
    async with rome.store.transaction() as work:
        await work.offsets.save(topic, 0, lost[-1].offset)
    world.world.clock.advance(timedelta(minutes=2))
    await world.deliver()
    await world.report(BusinessStatus.REJECTED, "No such period.", number=7)
    await world.deliver()
