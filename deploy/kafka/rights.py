"""The inboxes of a Kafka cluster and who may do what with them, as commands of Apache Kafka's own tools.

    python deploy/kafka/rights.py broker.example.org:9093 administrator.properties de-drv it-inps | sh -e

Every institution may write to every inbox; only its owner reads it. The topic of an institution's own events is its
own: its node writes it, its systems read it. Nobody makes, changes or deletes anything, joins a group or uses a
transaction. Who sent a message is said by its signature and not by the principal that wrote it. All commands may be
run again; for an institution that leaves, run what `--leave` prints.
"""

import argparse
import shlex
from collections.abc import Sequence

__all__ = ["commands", "farewell"]

INBOX = "portability.exchange.v1."
EVENTS = "portability.events.v1."
MAX_RECORD_BYTES = 2_097_152
"""Equal to message.max.bytes of production.properties and to the adapter's MAX_RECORD_BYTES: a full bundle is 1 MiB."""
RETENTION_MILLISECONDS = 30 * 24 * 3600 * 1000
QUOTA = "producer_byte_rate=20971520,consumer_byte_rate=41943040,request_percentage=100"
"""For each institution on each broker: a flood of one slows that one down. 20 MiB a second are 20 full bundles."""

BOTH = ("--operation", "Read", "--operation", "Write")

Command = Sequence[str]


def commands(
    bootstrap: str, config: str, institutions: Sequence[str], *, partitions: int = 4, replication: int = 3
) -> list[Command]:
    """What makes the inboxes and rights of `institutions`, in order; `config` is the administrator's client file."""
    to = ["--bootstrap-server", bootstrap, "--command-config", config]
    topic = [
        *("--partitions", str(partitions), "--replication-factor", str(replication)),
        *("--config", f"max.message.bytes={MAX_RECORD_BYTES}"),
        *("--config", f"min.insync.replicas={max(replication - 1, 1)}"),
        *("--config", f"retention.ms={RETENTION_MILLISECONDS}"),
    ]
    made: list[Command] = [
        ["kafka-topics.sh", *to, "--create", "--if-not-exists", "--topic", INBOX + owner, *topic]
        for owner in institutions
    ]
    reads = [
        ["kafka-acls.sh", *to, "--add", *_principals([owner]), "--operation", "Read", "--topic", INBOX + owner]
        for owner in institutions
    ]
    writes = ["--operation", "Write", "--topic", INBOX, "--resource-pattern-type", "prefixed"]
    quota = ["--alter", "--entity-type", "users", "--entity-default", "--add-config", QUOTA]
    return [
        *made,
        *reads,
        ["kafka-acls.sh", *to, "--add", *_principals(institutions), *writes],
        ["kafka-configs.sh", *to, *quota],
        *(
            ["kafka-topics.sh", *to, "--create", "--if-not-exists", "--topic", EVENTS + owner, *topic]
            for owner in institutions
        ),
        *(
            ["kafka-acls.sh", *to, "--add", *_principals([owner]), *BOTH, "--topic", EVENTS + owner]
            for owner in institutions
        ),
    ]


def farewell(bootstrap: str, config: str, institutions: Sequence[str]) -> list[Command]:
    """What takes all rights from `institutions`, at once and also in open connections; their inboxes stay."""
    to = ["--bootstrap-server", bootstrap, "--command-config", config]
    writes = ["--topic", INBOX, "--resource-pattern-type", "prefixed"]
    return [
        ["kafka-acls.sh", *to, "--remove", "--force", *_principals([one]), *what]
        for one in institutions
        for what in (
            ["--operation", "Write", *writes],
            ["--operation", "Read", "--topic", INBOX + one],
            [*BOTH, "--topic", EVENTS + one],
        )
    ]


def _principals(institutions: Sequence[str]) -> list[str]:
    return [part for one in institutions for part in ("--allow-principal", f"User:{one}")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bootstrap", help="host:port of a broker")
    parser.add_argument("config", help="client settings of the administrator: security.protocol=SSL and her PEM files")
    parser.add_argument("institutions", nargs="+")
    parser.add_argument("--partitions", type=int, default=4, help="so many processes can share an inbox")
    parser.add_argument("--replication", type=int, default=3)
    parser.add_argument("--leave", action="store_true", help="print what takes the rights away instead")
    wanted = parser.parse_args()
    if wanted.leave:
        printed = farewell(wanted.bootstrap, wanted.config, wanted.institutions)
    else:
        printed = commands(
            wanted.bootstrap,
            wanted.config,
            wanted.institutions,
            partitions=wanted.partitions,
            replication=wanted.replication,
        )
    print("\n".join(shlex.join(command) for command in printed))


if __name__ == "__main__":
    main()
