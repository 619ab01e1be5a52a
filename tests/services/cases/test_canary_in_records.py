"""Why a message of another institution is set aside is shown in lists, logs and to its sender: it quotes no record."""

from collections.abc import Iterator

from portability.agreements.errors import PortabilityError
from portability.services.cases.mapping.kinds import CATALOGUE
from portability.services.cases.messages import CLAIM, DECISION, STATEMENT, SUMMARY
from tests.demo.planting import is_in, planted_requests
from tests.services.cases.share_world import Sent, ShareWorld


async def test_no_reason_quotes_what_it_is_about(world: ShareWorld) -> None:
    reasons: list[str] = []
    kinds: set[str] = set()

    async def carry() -> None:
        for one in world.waiting():
            if one.message.type not in kinds or one.message.type == STATEMENT:
                kinds.add(one.message.type)
                for place, planted in plantings(one):
                    reasons.append(await reason_for(world, planted) + f" [{place}]")
            await world.receive(one)

    world.deliver = carry  # type: ignore[method-assign]
    case_id = await world.lodge()
    await world.state_all(case_id)
    await world.decide_all(case_id)
    await world.summarise(case_id)
    assert kinds == {CLAIM, STATEMENT, DECISION, SUMMARY}
    told = [one for one in reasons if not one.startswith(" ")]
    assert len(told) > 500
    assert sorted({one for one in reasons if is_in(one)}) == []


def plantings(one: Sent) -> Iterator[tuple[str, Sent]]:
    """A message with what nobody may read in each of its fields, of its envelope and of its content."""
    for place, content in planted_requests(CATALOGUE[one.message.type].FromString(one.content)):
        yield place, one.saying(content.SerializeToString())
    for place, envelope in planted_requests(one.envelope):
        yield f"envelope.{place}", one.carrying(envelope)


async def reason_for(world: ShareWorld, one: Sent) -> str:
    """Why it is set aside, or why what it says cannot be used; what it left is undone."""
    node, case_id = world.nodes[one.message.recipient], one.message.case_id
    before = dict(vars(node.flows.shelf)["_cases"])
    try:
        await world.receive(one)
        await node.view(case_id)
    except PortabilityError as error:
        return error.message
    finally:
        vars(node.flows.shelf)["_cases"] = before
    return ""
