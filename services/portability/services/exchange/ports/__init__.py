"""What the exchange needs of the world: a stream, a store, keys, a directory, a clock. Protocols only.

The store is made for group commit: everything takes and gives batches, and one `ExchangeWork` is one
transaction. A use case awaits store methods inside the caller's transaction and never commits itself; only the
relay and the consumer open transactions, through a `UnitOfWork`.
"""
