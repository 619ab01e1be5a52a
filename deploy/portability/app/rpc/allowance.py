"""How many calls a second one caller gets: a token bucket for each, so that a flood of one slows that one down.

Refused calls count too, whatever they were refused for: a caller cannot try for nothing.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic

from portability.agreements.errors import OverloadError
from portability.services.access import Caller, Role

__all__ = ["CallAllowance", "CallRates"]

BURST_SECONDS = 2.0
"""A caller who was quiet may make this many seconds' worth of calls at once."""
MOST_CALLERS = 4096
"""Whoever called longest ago is forgotten first, and has a full bucket by then or is one of thousands."""


@dataclass(frozen=True, slots=True)
class CallRates:
    """Calls a second for each caller: the institution's own systems work through batches, all others do not."""

    system: float = 5000.0
    others: float = 100.0

    def of(self, role: Role) -> float:
        """The rate of one caller in that role."""
        return self.system if role is Role.SYSTEM else self.others


class CallAllowance:
    """Who may call now; `now` is a clock that only runs forward, in seconds."""

    def __init__(self, rates: CallRates, *, now: Callable[[], float] = monotonic) -> None:
        self._rates = rates
        self._now = now
        self._buckets: OrderedDict[tuple[str, Role, str], tuple[float, float]] = OrderedDict()

    def take(self, caller: Caller) -> None:
        """Take one call from the caller's bucket; raise OverloadError where it is empty."""
        rate = self._rates.of(caller.role)
        key, now = (caller.institution, caller.role, caller.name), self._now()
        left, at = self._buckets.pop(key, (rate * BURST_SECONDS, now))
        left = min(left + (now - at) * rate, rate * BURST_SECONDS)
        self._buckets[key] = (left - 1.0 if left >= 1.0 else left, now)
        if len(self._buckets) > MOST_CALLERS:
            self._buckets.popitem(last=False)
        if left < 1.0:
            raise OverloadError(f"More than {rate:g} calls a second: send fewer, or many messages in one call.")
