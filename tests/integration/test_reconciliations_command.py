"""`portability reconciliations` against a real node: what was lost, what is under one number twice, who was silent."""

import asyncio
import contextlib
import re
from collections.abc import Callable
from datetime import timedelta

from portability.api.exchange.v1 import exchange_pb2_grpc
from portability.app.bootstrap import open_node
from portability.app.node import Node
from portability.app.rpc.client import open_channel
from portability.app.settings import NodeRole
from portability.services.access import Role
from portability.services.exchange.comparison_watch import report_comparisons
from portability.services.exchange.consumer import consume_once
from portability.services.exchange.model.messages import Direction
from portability.services.exchange.model.reconciliations import Wanted
from portability.services.exchange.relay import relay_once
from portability.services.exchange.repair import ask_for_gaps, reconcile
from tests.integration.test_quarantine_command import OTHER, World, a_note, lose_what_waits, world
from tests.integration.witnessed_nodes import settings_of

__all__ = ["world"]


async def test_a_lost_message_is_shown_as_missing_and_then_as_come(world: World) -> None:
    code, told = await world.command("reconciliations", "list")
    assert (code, told) == (0, "Nothing was compared.\n")
    await world.messages.SubmitMessage(a_note(10, case_id=OTHER))
    await relay_once(world.berlin.exchange)
    await lose_what_waits(world.rome)
    await a_day_of_digests(world)

    today = world.rome.exchange.clock.now().date()
    code, told = await world.command("reconciliations", "list", "--open")
    assert code == 0, told
    assert re.search(rf"{today} +de-drv +theirs +1-4 +1 difference +open +4 missing, asked \d\d-\d\d \d\d:\d\d\n", told)
    assert "next      missing: it was asked for and comes by itself" in told
    assert "no digest" not in told
    code, told = await world.command("reconciliations", "list", "--open", "--partner", "it-inps")
    assert (code, told) == (0, "Nothing is open.\n")
    code, told = await world.command("reconciliations", "list", "--partner", "Berlin")
    assert (code, "partner" in told) == (1, True)

    await world.carry()  # Berlin hears what Rome lacks
    await world.carry()  # and sends it again
    code, told = await world.command("reconciliations", "list", "--open")
    assert (code, told) == (0, "Nothing is open.\n")
    code, told = await world.command("reconciliations", "list", "--since", str(today - timedelta(days=1)))
    assert code == 0, told
    assert re.search(r"theirs +1-4 +1 difference +- +4 was missing and has come\n", told)
    assert "next" not in told


async def test_a_second_message_under_a_number_is_shown_as_differing_and_told_of_after_a_day(
    world: World, new_database: Callable[[], str]
) -> None:
    # Whoever holds Berlin's keys numbers from 1 as well: rightly signed, and only a digest shows it.
    settings = settings_of(world.folder, "de-drv", new_database())
    async with open_node(settings, stream=world.berlin.exchange.stream) as forger:
        port = await forger.server.start()
        async with open_channel(f"localhost:{port}", forger.tls.caller(Role.SYSTEM, "pensions")) as channel:
            await exchange_pb2_grpc.ExchangeServiceStub(channel).SubmitMessage(a_note(20, case_id=OTHER))
        await relay_once(forger.exchange)
        await forger.server.stop(grace_seconds=0)
    await consume_once(world.rome.exchange, world.rome.effects)
    await a_day_of_digests(world)

    code, told = await world.command("reconciliations", "list", "--open")
    assert code == 0, told
    assert re.search(r"de-drv +theirs +1-3 +1 difference +open +1 differs: 2 messages are under it\n", told)
    assert "next      differs: nothing is mended by itself. Run `portability fsck`" in told
    assert alarms(world.rome, "difference_stays") == 0
    assert await report_comparisons(world.rome.exchange) == 0
    await change(world.rome, "UPDATE reconciliation_findings SET found_at = found_at - interval '1 day'")
    for _ in range(2):
        await report_comparisons(world.rome.exchange)
        assert alarms(world.rome, "difference_stays") == 1


async def test_what_is_looked_into_is_settled_and_shown_so(world: World) -> None:
    await world.messages.SubmitMessage(a_note(10, case_id=OTHER))
    await relay_once(world.berlin.exchange)
    await lose_what_waits(world.rome)
    await a_day_of_digests(world)

    async def settle(numbers: str, *, partner: str = "de-drv", reason: str = "They wrote in May.") -> tuple[int, str]:
        return await world.command("reconciliations", "settle", partner, numbers, "--reason", reason)

    code, told = await world.command("reconciliations", "list", "--open")
    assert "next      what is looked into and stays so, an administrator closes: `portability reconciliations" in told
    code, told = await settle("x")
    assert (code, "is no range of numbers" in told) == (2, True)
    code, told = await settle("1-3")
    assert (code, "`portability reconciliations list --open --partner de-drv` shows what is" in told) == (1, True)
    code, told = await settle("4", partner="it-inps")
    assert (code, "Nothing is open with it-inps under 4" in told) == (1, True)
    code, told = await settle("4", reason=" ")
    assert (code, "Say why" in told) == (1, True)
    code, told = await settle("4")
    assert (code, told) == (0, "settled   1 difference with de-drv\n")
    code, told = await world.command("reconciliations", "list", "--open")
    assert (code, told) == (0, "Nothing is open.\n")
    code, told = await world.command("reconciliations", "list")
    assert code == 0, told
    shown = r"1 difference +- +4 missing, asked [-\d]+ [:\d]+, settled [-\d]{10} by karl: They wrote in May\.\n"
    assert re.search(shown, told)
    assert "next" not in told
    await change(world.rome, "UPDATE reconciliation_findings SET found_at = found_at - interval '1 day'")
    await report_comparisons(world.rome.exchange)
    assert alarms(world.rome, "difference_stays") == 0


async def test_a_gap_that_was_given_up_is_shown_so_and_is_not_open(world: World) -> None:
    await world.messages.SubmitMessage(a_note(10, case_id=OTHER))
    await relay_once(world.berlin.exchange)
    await lose_what_waits(world.rome)
    await a_day_of_digests(world)
    await world.messages.SubmitMessage(a_note(11, case_id=OTHER))
    await relay_once(world.berlin.exchange)
    await consume_once(world.rome.exchange, world.rome.effects)
    code, told = await world.command("reconciliations", "list", "--open")
    assert (code, "4 missing" in told) == (0, True)
    code, told = await world.quarantine("give-up", "de-drv", OTHER, "1", "--reason", "It does not come.")
    assert code == 0, told
    code, told = await world.command("reconciliations", "list", "--open")
    assert (code, told) == (0, "Nothing is open.\n")
    code, told = await world.command("reconciliations", "list")
    assert re.search(r"4 missing.*, given up [-\d]{10} by karl: Numbers 1 to 1 .*; It does not come\.\n", told)


async def test_a_partner_that_sends_no_digest_is_told_of_and_shown(world: World) -> None:
    await ask_for_gaps(world.rome.exchange)
    assert await report_comparisons(world.rome.exchange) == 0
    await change(world.rome, "UPDATE silence_watches SET judged_on = judged_on - 10")
    assert await report_comparisons(world.rome.exchange) == 1
    assert alarms(world.rome, "partner_silent") in {8, 9}  # fewer in the hour after midnight
    code, told = await world.command("reconciliations", "list", "--open")
    assert code == 0, told
    assert len(re.findall(r"de-drv +theirs +- +no digest came +open", told)) == alarms(world.rome, "partner_silent")
    assert "next      no digest: ask the partner whether its relay runs" in told
    await a_day_of_digests(world)
    code, told = await world.command("reconciliations", "list", "--open")
    assert (code, told) == (0, "Nothing is open.\n")
    code, told = await world.command("reconciliations", "list")
    assert re.search(r"de-drv +theirs +1-3 +agreed +- +-\n", told)
    assert "no digest came" in told


async def test_a_running_node_tells_of_silence_by_itself_and_forgets_what_is_over_a_year_old(world: World) -> None:
    await ask_for_gaps(world.rome.exchange)
    await report_comparisons(world.rome.exchange)
    await change(world.rome, "UPDATE silence_watches SET judged_on = judged_on - 10")
    await change(
        world.rome,
        "INSERT INTO reconciliations (partner, direction, day, digests) "
        "SELECT 'de-drv', 'sent', current_date - ago, 1 FROM unnest(ARRAY[360, 370]) AS ago",
    )
    world.rome.settings = world.rome.settings.model_copy(update={"role": NodeRole.RELAY})
    running = asyncio.create_task(world.rome.run())
    async with asyncio.timeout(60):
        while not alarms(world.rome, "partner_silent") or await days_sent(world.rome) == 2:  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.05)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert await days_sent(world.rome) == 1


async def days_sent(node: Node) -> int:
    """How many days of digests that went out are in the report; what Rome has sent is too young for a round."""
    async with node.exchange.unit_of_work() as work:
        reports = await work.reconciliation_report.page(Wanted(), after=None, limit=100)
    return sum(one.direction is Direction.SENT for one in reports)


async def a_day_of_digests(world: World) -> None:
    """What Berlin has sent is no longer young; its digests go out, and Rome compares."""
    await change(world.berlin, "UPDATE outbox SET submitted_at = submitted_at - interval '1 hour'")
    assert await reconcile(world.berlin.exchange) == 1
    await relay_once(world.berlin.exchange)
    await consume_once(world.rome.exchange, world.rome.effects)


async def change(node: Node, statement: str) -> None:
    async with node.database.transaction(acting="node") as connection:
        await connection.execute(statement)


def alarms(node: Node, event: str) -> float:
    return node.metrics.registry.get_sample_value("portability_exchange_events_total", {"event": event}) or 0
