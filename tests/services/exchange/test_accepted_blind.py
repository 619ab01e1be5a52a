"""A message that has its effect though something in it is not checked: both ends see that, and why."""

from exchange_world import TestNode, World, message_to

from portability.services.exchange.model.messages import ReceivedMessage
from portability.services.exchange.model.statuses import BusinessStatus, Unchecked
from portability.services.exchange.opening import tell_opened
from portability.services.exchange.ports.work import ExchangeWork

DOUBT = Unchecked("TOTALS_DIFFER", "The totals sent are not those of the periods.")


class Trusting:
    """Takes everything as it comes, and says so of the second message."""

    async def apply(self, message: ReceivedMessage, work: ExchangeWork) -> Unchecked | None:
        return DOUBT if message.record.endswith(b"2") else None


async def carry(*nodes: TestNode) -> None:
    for node in nodes:
        await node.relay()
    for node in nodes:
        await node.consume()


async def test_what_is_accepted_blind_is_told_apart_at_both_ends(world: World) -> None:
    berlin, rome = world.node("de-drv"), world.node("it-inps")
    rome.ledger = Trusting()
    for number in (1, 2, 3):
        await berlin.submit(message_to("it-inps", number))
    await carry(berlin)
    await carry(rome)
    await carry(rome, berlin)
    seen = [BusinessStatus.ACCEPTED, BusinessStatus.ACCEPTED_BLIND, BusinessStatus.ACCEPTED]
    for node in (berlin, rome):
        timeline = await node.timeline()
        assert [one.business for one in timeline] == seen
        assert [one.reasons for one in timeline] == [(), (DOUBT.code, DOUBT.reason), ()]
    # It is in its case like any other, so reading the case reads it.
    async with rome.store.transaction() as work:
        case_id = message_to("it-inps", 1).case_id
        assert await tell_opened(case_id, work=work, me="it-inps", new_id=world.new_id, at=world.clock.now()) == 3
