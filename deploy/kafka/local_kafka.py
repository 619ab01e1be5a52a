"""Apache Kafka 4 (KRaft, one process) on this machine, for tests and local use: no Docker, no download of our own.

    python deploy/kafka/local_kafka.py            start on 127.0.0.1:9092 and stay until Ctrl-C
    python deploy/kafka/local_kafka.py --port 0   choose a free port
    python deploy/kafka/local_kafka.py --secured FOLDER   as in production: mTLS with the certificates there, and ACLs

Maven resolves the broker once into `.cache/kafka`; the SHA-256 sums of its files are kept there and compared at each
start.
Needs Java 17 and Maven; `missing()` says which of them is not there.
"""

import argparse
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["PROPERTIES", "KafkaBroker", "begin_broker", "free_port", "missing", "start_broker", "wait_until_up"]

HERE = Path(__file__).resolve().parent
POM = HERE / "pom.xml"
CACHE = HERE.parents[1] / ".cache" / "kafka" / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
CLUSTER_ID = "cG9ydGFiaWxpdHktdGVzdA"  # any 22 characters of base64; one-process clusters never meet
START_SECONDS = 60.0

PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
message.max.bytes=2097152
auto.create.topics.enable=false
unclean.leader.election.enable=false
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""

# What differs on one machine from production.properties, which stands before it in the broker's settings.
SECURED = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=SSL://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=SSL://127.0.0.1:{port}
log.dirs={data}
ssl.keystore.location={certificates}/broker.pem
ssl.truststore.location={certificates}/authority.crt
default.replication.factor=1
min.insync.replicas=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
"""
ADMINISTRATOR = """
security.protocol=SSL
ssl.keystore.type=PEM
ssl.keystore.location={certificates}/administrator.pem
ssl.truststore.type=PEM
ssl.truststore.location={certificates}/authority.crt
"""
TOOLS = {
    "kafka-acls.sh": "org.apache.kafka.tools.AclCommand",
    "kafka-configs.sh": "kafka.admin.ConfigCommand",
    "kafka-topics.sh": "org.apache.kafka.tools.TopicCommand",
}


@dataclass(slots=True)
class KafkaBroker:
    """A running broker; `stop` ends it and removes its data. `administrator` is a client file for Kafka's own tools."""

    bootstrap: str
    version: str
    process: subprocess.Popen[bytes]
    data: Path
    administrator: Path

    @property
    def log(self) -> Path:
        """What the broker says."""
        return self.data / "broker.log"

    def run_tool(self, command: Sequence[str]) -> str:
        """Run one of Kafka's own tools ("kafka-acls.sh", ...), return what it prints; RuntimeError where it fails."""
        tool, *arguments = command
        return _run([*_java(_libraries()), TOOLS[tool], *arguments])

    @property
    def line(self) -> str:
        """The one line that logs carry: which broker, which version."""
        return f"broker: Apache Kafka {self.version}"

    def stop(self) -> None:
        """End the process, by force after ten seconds, and remove what it wrote."""
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.data, ignore_errors=True)


def missing() -> list[str]:
    """What this machine lacks to run Apache Kafka: "java", "mvn", or nothing."""
    needed = ["java"] if (CACHE / "SHA256SUMS").exists() else ["java", "mvn"]
    return [name for name in needed if shutil.which(name) is None]


def start_broker(*, port: int = 0, secured: Path | None = None) -> KafkaBroker:
    """Start a broker on 127.0.0.1 and wait until it answers; RuntimeError, with the log's end, where it does not.

    `secured` is a folder of certificates.py: the broker then runs with production.properties.
    """
    port, controller = port or free_port(), free_port()
    data = Path(tempfile.mkdtemp(prefix="local-kafka-"))
    settings, administrator = data / "server.properties", data / "administrator.properties"
    names = {"port": port, "controller": controller, "data": data / "log", "certificates": secured}
    if secured is None:
        settings.write_text(PROPERTIES.format(**names))
        administrator.touch()
    else:
        settings.write_text((HERE / "production.properties").read_text() + SECURED.format(**names))
        administrator.write_text(ADMINISTRATOR.format(**names))
    broker = begin_broker(data, port=port, settings=settings, administrator=administrator)
    wait_until_up(broker)
    return broker


def begin_broker(
    data: Path, *, port: int, settings: Path, administrator: Path, heap_megabytes: int = 512
) -> KafkaBroker:
    """Start a process that writes into the folder `data`, and do not wait for it."""
    libraries = _libraries()
    java = _java(libraries, heap_megabytes)
    _run([*java, "kafka.tools.StorageTool", "format", "-t", CLUSTER_ID, "-c", str(settings)])
    with (data / "broker.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
            [*java, "kafka.Kafka", str(settings)], stdout=log, stderr=log, cwd=data
        )
    return KafkaBroker(f"127.0.0.1:{port}", _version(libraries), process, data, administrator)


def _java(libraries: Path, heap_megabytes: int = 512) -> list[str]:
    return ["java", f"-Xmx{heap_megabytes}m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
            "-Dorg.apache.logging.log4j.level=WARN", "-cp", f"{libraries}/*"]  # fmt: skip


def _libraries() -> Path:
    """The folder of checked jars; resolved by Maven where they are not there yet."""
    sums = CACHE / "SHA256SUMS"
    folder = CACHE / "libs"
    if not sums.exists():
        if missing():
            raise RuntimeError(f"Apache Kafka needs {' and '.join(missing())}: install a Java 17 runtime and Maven.")
        print("resolving Apache Kafka with Maven (once)", file=sys.stderr, flush=True)
        partial = CACHE / f"libs.{os.getpid()}"
        _run(["mvn", "-q", "-B", "-f", str(POM), "dependency:copy-dependencies",
              "-DincludeScope=runtime", f"-DoutputDirectory={partial}"])  # fmt: skip
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        sums.write_text(_sums(folder))
    if sums.read_text() != _sums(folder):
        raise RuntimeError(f"The files in {folder} differ from {sums}: remove {CACHE} and start again.")
    return folder


def _sums(folder: Path) -> str:
    jars = sorted(folder.glob("*.jar"))
    return "".join(f"{hashlib.sha256(jar.read_bytes()).hexdigest()}  {jar.name}\n" for jar in jars)


def _version(libraries: Path) -> str:
    jar = next(libraries.glob("kafka_2.13-*.jar"))
    return jar.stem.removeprefix("kafka_2.13-")


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments, no shell
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed ({done.returncode}): {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def wait_until_up(broker: KafkaBroker) -> None:
    """Wait until the broker listens; RuntimeError, with the log's end, where it does not within a minute."""
    port = int(broker.bootstrap.rpartition(":")[2])
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and broker.process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    end = broker.log.read_bytes()[-2000:].decode(errors="replace")
    broker.stop()
    raise RuntimeError(f"The broker did not start within {START_SECONDS:.0f} s: {end}")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=9092, help="0 chooses a free one")
    parser.add_argument("--secured", type=Path, metavar="FOLDER", help="certificates.py has written into it")
    wanted = parser.parse_args()
    broker = start_broker(port=wanted.port, secured=wanted.secured and wanted.secured.resolve())
    print(broker.line)
    if wanted.secured:
        print(f"administrator's client settings: {broker.administrator}")
    print(f"listening on {broker.bootstrap}; Ctrl-C ends it", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        broker.process.wait()
    except KeyboardInterrupt:
        print("stopping")
    finally:
        broker.stop()


if __name__ == "__main__":
    main()
