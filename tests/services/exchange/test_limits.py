"""A node that is full takes nothing new on, says what it lacks, and goes on with the rest."""

from dataclasses import dataclass

import pytest
from exchange_world import Heard, TestNode, World, message_to

from portability.agreements.errors import OverloadError
from portability.services.exchange.gathering import GatheredSubmits
from portability.services.exchange.limits import Limits
from portability.services.exchange.model.messages import SubmittedMessage

ROME, OTTAWA = "it-inps", "ca-sc"


@dataclass
class Disk:
    """A volume of which the test says how much is free."""

    free: float = 1.0

    def __call__(self) -> float:
        return self.free


async def settle(berlin: TestNode, rome: TestNode) -> None:
    for node in (berlin, rome, rome, berlin):
        await node.relay()
        await node.consume()


async def test_below_a_tenth_of_the_disk_nothing_new_is_taken_on_and_the_rest_goes_on(world: World) -> None:
    berlin, rome, disk = world.node("de-drv"), world.node(ROME), Disk()
    limits = Limits(free_disk=disk)
    first = await berlin.submit(message_to(ROME, 1), limits=limits)
    disk.free = 0.0999
    for recipient in (ROME, OTTAWA):
        with pytest.raises(OverloadError, match=r"10\.0% of the disk .* below 10%: make room") as refused:
            await berlin.submit(message_to(recipient, 2), limits=limits)
        assert refused.value.limit == "disk"
    # What is known is answered, and what was taken on is delivered and receipted.
    assert (await berlin.submit(message_to(ROME, 1), limits=limits)).message_id == first.message_id
    await settle(berlin, rome)
    assert [one.status for one in await berlin.timeline()] == ["delivered"]
    disk.free = 0.1
    assert (await berlin.submit(message_to(ROME, 2), limits=limits)).stream_seq == 2  # by itself


async def test_over_its_bytes_in_flight_a_partner_gets_no_more_until_its_receipts_come(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node(ROME)
    limits = Limits(bytes_in_flight=100_000)
    large = b"x" * 60_000
    for number in (1, 2):
        await berlin.submit(message_to(ROME, number, record=large), limits=limits)
    with pytest.raises(OverloadError, match=r"bytes to 'it-inps' wait for a receipt; 100000 are allowed: .* or raise"):
        await berlin.submit(message_to(ROME, 3), limits=limits)
    await berlin.submit(message_to(OTTAWA, 4), limits=limits)  # another partner is not concerned
    await settle(berlin, rome)
    await berlin.submit(message_to(ROME, 3), limits=limits)


async def test_what_is_refused_is_counted_by_its_limit_and_holds_up_nobody_who_submits_beside_it(world: World) -> None:
    berlin, heard = world.node("de-drv"), Heard()
    submits = GatheredSubmits(
        berlin.store.transaction,
        me="de-drv",
        recipients=world.trust,
        clock=world.clock,
        limits=Limits(backlog=1),
        observer=heard,
    )
    await submits.submit(message_to(ROME, 1))
    assert isinstance(await submits.submit(message_to(OTTAWA, 2)), SubmittedMessage)
    with pytest.raises(OverloadError):
        await submits.submit(message_to(ROME, 3))
    assert heard.faults() == ["submit_refused_backlog"]
