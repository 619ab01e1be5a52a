"""Why a message of another institution is set aside is shown in lists, logs and to its sender: it quotes no record."""

from google.protobuf.message import Message

from portability.adapters.clock.fake import counting_ids
from portability.agreements.errors import PortabilityError
from portability.services.cases.effects import apply_message
from portability.services.cases.mapping.kinds import CATALOGUE
from portability.services.cases.messages import MESSAGE_TYPES, ArrivedMessage, CaseMessage
from tests.demo.planting import is_in, planted_requests
from tests.services.cases.world import Node, World


class UndoneError(Exception):
    """Raised where a record was taken, so that the good one can follow."""


async def test_no_reason_quotes_what_it_is_about() -> None:
    world = World(counting_ids())
    await world.fill_registers()
    reasons: list[str] = []
    kinds: set[str] = set()

    async def deliver(messages: list[tuple[str, CaseMessage]] | None = None) -> None:
        for sender, message in world.waiting():
            recipient = world.nodes[message.recipient]
            if message.type not in kinds or message.type == "record.statement":
                kinds.add(message.type)
                for place, record in planted_requests(CATALOGUE[message.type].FromString(message.record)):
                    reasons.append(await reason_for(record, message, sender, recipient) + f" [{place}]")
            await recipient.receive(message, sender=sender)

    world.deliver = deliver  # type: ignore[method-assign]
    case_id = await world.lodge()
    await world.deliver()
    await world.answer_all(case_id)
    await world.decide_all(case_id)
    await world.send_summary(case_id)
    assert kinds == MESSAGE_TYPES
    assert [node.set_aside for node in world.nodes.values()] == [[], [], []]
    assert len([one for one in reasons if not one.startswith(" ")]) > 500
    assert sorted({one for one in reasons if is_in(one)}) == []


async def reason_for(record: Message, message: CaseMessage, sender: str, recipient: Node) -> str:
    arrived = ArrivedMessage(
        message.message_id,
        sender,
        message.case_id,
        message.type,
        message.schema_version,
        record.SerializeToString(),
        recipient.clock.now(),
    )
    try:
        async with recipient.transaction() as work:
            await apply_message(arrived, work=work, me=recipient.me, clock=recipient.clock, new_id=recipient.new_id)
            raise UndoneError
    except PortabilityError as error:
        return error.message
    except UndoneError:
        return ""
