"""In which bundles a message went out: what every store must keep to, in memory and in PostgreSQL."""

from dataclasses import replace

from portability.adapters.clock.ids import time_ordered_id
from portability.services.exchange.model.sending import Sealing
from tests.contracts.test_exchange_store import LATER, Store, bundle_of, leaf, message, send, store

__all__ = ["store"]


async def test_a_message_is_found_in_every_bundle_that_it_was_sealed_in(store: Store) -> None:
    first, entries = await send(store, message(), message(), message())
    again = replace(
        bundle_of(entries),
        bundle_id=time_ordered_id(),
        signed_head=b"another head",
        sealed_at=LATER,
        left_out=(entries[0].sealable.stream_seq,),
    )
    async with store() as work:
        await work.bundles.add([again])
    leaves = tuple(leaf(one) for one in entries)
    async with store() as work:
        assert await work.sealings.of(entries[1].sealable.message_id) == [
            Sealing(first.signed_head, first.signature, leaves, 1),
            Sealing(again.signed_head, again.signature, leaves[1:], 0),
        ]
        assert await work.sealings.of(entries[0].sealable.message_id) == [
            Sealing(first.signed_head, first.signature, leaves, 0)
        ]
        assert await work.sealings.of(time_ordered_id()) == []
