"""What may go wrong in one schedule. Each schedule draws which kinds of faults it has, so that none hides another."""

from dataclasses import dataclass
from datetime import timedelta
from random import Random

__all__ = ["JUMPS", "Faults", "draw_faults"]

JUMPS = (timedelta(hours=1), timedelta(days=3650), timedelta(minutes=20))


@dataclass(frozen=True, slots=True)
class Faults:
    """Chances are per call of a port, except where said."""

    seconds: float  # how long the bad times last
    messages: int
    processes: int  # of each node, on one database
    crash: float
    store: float  # a call, or a commit, is answered by a GatewayError
    commit_unknown: float  # per commit: it stands, and the caller hears a GatewayError
    effect: float  # per effect: the fault is not the message's and passes
    poison: float  # per message: its effect fails whenever it is tried
    broker: float  # nothing is appended, and the caller hears so
    ack_lost: float  # appended, and the caller hears a GatewayError
    loss: float  # per record: acknowledged and gone
    repeat: float  # per record
    late: float  # per record: readable seconds or minutes later, behind those that came after it
    garbage: float  # per append: bytes of nobody's
    pause: float  # per batch read: its consumer stands still for seconds, perhaps beyond its lease
    topics_lost: int  # how often a topic vanishes whole
    jumps: int  # how often a clock jumps
    liars: int  # bundles that a node signs though they say what is not so

    @property
    def is_broker_honest(self) -> bool:
        """Whether what the broker has acknowledged is there for good, and all clocks are right.

        Nothing then needs the resend schedule: a message is through soon after the faults are over.
        """
        return not (self.loss or self.late or self.topics_lost or self.jumps)


def draw_faults(dice: Random) -> Faults:
    """Draw the faults of one schedule."""

    def perhaps(most: float) -> float:
        return dice.random() ** 2 * most if dice.random() < 0.5 else 0.0

    def number(most: int) -> int:
        return dice.randint(1, most) if dice.random() < 0.3 else 0

    return Faults(
        seconds=dice.uniform(0.4, 2.4),
        messages=dice.randint(2, 8),
        processes=2 if dice.random() < 0.5 else 1,
        crash=perhaps(0.06),
        store=perhaps(0.06),
        commit_unknown=perhaps(0.2),
        effect=perhaps(0.3),
        poison=perhaps(0.4),
        broker=perhaps(0.3),
        ack_lost=perhaps(0.3),
        loss=perhaps(0.8),
        repeat=perhaps(0.5),
        late=perhaps(0.5),
        garbage=perhaps(0.3),
        pause=perhaps(0.4),
        topics_lost=number(3),
        jumps=number(3),
        liars=number(2),
    )
