"""Says what this machine has for a node, what is missing, and the next step; it changes nothing but a probe file.

Each check is a function that returns one Finding; a check that is required and fails makes `portability doctor`
exit with 1. An embedded PostgreSQL is really started (in a temporary folder) and a configured server really asked.
"""

import asyncio
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from portability.agreements.errors import PortabilityError
from portability.app.settings import Settings

__all__ = ["Finding", "examine"]

PROBE_SECONDS = 10.0
DATABASE_SECONDS = 60.0
LEAST_FREE_BYTES = 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; `next_step` is empty where nothing is to be done."""

    name: str
    ok: bool
    what: str
    next_step: str = ""
    required: bool = True


async def examine(settings: Settings) -> Sequence[Finding]:
    """Run every check, each within a minute, and return what they found in order."""
    return [await check(settings) for check in CHECKS]


async def check_python(settings: Settings) -> Finding:
    """Python 3.11 or newer."""
    ok = sys.version_info >= (3, 11)
    return Finding("Python", ok, platform.python_version(), "" if ok else "Install Python 3.11 or newer.")


async def check_protobuf(settings: Settings) -> Finding:
    """The compiled protobuf; the one in pure Python is slow and has had faults with deep nesting."""
    from google.protobuf.internal import api_implementation  # noqa: PLC0415 (heavy)

    kind = str(api_implementation.Type())
    ok = kind == "upb"
    step = "" if ok else "Unset PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION and install protobuf from its wheel."
    return Finding("Protobuf", ok, f"implementation {kind}", step)


async def check_cryptography(settings: Settings) -> Finding:
    """ML-DSA-65 and ML-KEM-768 + X25519, which sign and seal every bundle."""
    from cryptography.exceptions import UnsupportedAlgorithm  # noqa: PLC0415 (heavy)

    step = "Install cryptography 50 or newer from its wheel (it brings its own OpenSSL)."
    try:
        from cryptography.hazmat.primitives.asymmetric import mldsa  # noqa: PLC0415 (heavy)
        from cryptography.hazmat.primitives.hpke import KEM  # noqa: PLC0415 (heavy)

        mldsa.MLDSA65PrivateKey.generate()
        KEM.MLKEM768_X25519  # noqa: B018 (an older cryptography has no such member)
    except (ImportError, AttributeError, UnsupportedAlgorithm) as error:
        return Finding("Cryptography", False, f"no hybrid signatures or sealing ({type(error).__name__})", step)
    return Finding("Cryptography", True, "Ed25519, ML-DSA-65, ML-KEM-768 + X25519")


async def check_data_folder(settings: Settings) -> Finding:
    """The data folder can be written and its disk has a gigabyte free."""
    folder = settings.data_folder.absolute()
    step = "Set PORTABILITY_DATA_FOLDER to a folder that this user can write."
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing) as probe:
            probe.write(b"probe")
    except OSError as error:
        return Finding("Data folder", False, f"{existing}: {error.strerror}", step)
    free = shutil.disk_usage(existing).free
    if free < LEAST_FREE_BYTES:
        return Finding("Data folder", False, f"{folder}: {free // 1024**2} MiB free", "Free 1 GiB or more.")
    return Finding("Data folder", True, f"{folder}, {free // 1024**3} GiB free")


async def check_database(settings: Settings) -> Finding:
    """The configured PostgreSQL answers and is 15 or newer; without one, an embedded server starts and stops."""
    url = settings.database_url.get_secret_value()
    try:
        async with asyncio.timeout(DATABASE_SECONDS):
            version = await _server_version(url) if url else await asyncio.to_thread(_embedded_version)
    except (PortabilityError, OSError, TimeoutError) as error:
        step = (
            "Check PORTABILITY_DATABASE_URL, and that the server runs and lets this user in."
            if url
            else "Set PORTABILITY_DATABASE_URL to a PostgreSQL 15 or newer, or read the message above."
        )
        return Finding("PostgreSQL", False, _reason(error), step)
    served = "served" if url else "embedded, starts in a temporary folder"
    ok = version >= 150000
    return Finding("PostgreSQL", ok, f"{version // 10000}, {served}", "" if ok else "Use PostgreSQL 15 or newer.")


async def check_kafka(settings: Settings) -> Finding:
    """The configured brokers answer; without brokers the event stream is in PostgreSQL."""
    if not settings.kafka:
        return Finding("Kafka", True, "not configured: the event stream is in PostgreSQL", required=False)
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415 (heavy)
    from aiokafka.errors import KafkaError  # noqa: PLC0415 (heavy)

    from portability.adapters.kafka.tls import KafkaTls  # noqa: PLC0415 (the same)

    step = "Check PORTABILITY_KAFKA*, and that the brokers run: `python deploy/kafka/local_kafka.py` starts one here."
    try:
        files = settings.kafka_files
        context = KafkaTls(*files).context() if files else None
    except PortabilityError as error:
        return Finding("Kafka", False, _reason(error), step)
    client = AIOKafkaAdminClient(
        bootstrap_servers=settings.kafka,
        request_timeout_ms=5000,
        security_protocol="SSL" if context else "PLAINTEXT",
        ssl_context=context,
    )
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await client.start()
            brokers = (await client.describe_cluster())["brokers"]
    except (KafkaError, TimeoutError, OSError) as error:
        return Finding("Kafka", False, f"{settings.kafka}: {_reason(error)}", step)
    finally:
        await client.close()
    return Finding("Kafka", True, f"{settings.kafka}: {len(brokers)} broker(s)")


async def check_java(settings: Settings) -> Finding:
    """Java 17 or newer and Maven: only to run Apache Kafka on this machine."""
    missing = [tool for tool in ("java", "mvn") if shutil.which(tool) is None]
    if missing:
        step = "To run Apache Kafka here, install Java 17 and Maven; tests use librdkafka's mock cluster without."
        return Finding("Java, Maven", False, f"{' and '.join(missing)} not found", step, required=False)
    version = await asyncio.to_thread(_first_line, ["java", "-version"])
    return Finding("Java, Maven", True, version, required=False)


async def check_agreements(settings: Settings) -> Finding:
    """Every treaty and legislation file that comes with the package loads."""
    from portability.agreements.packaged import agreements, legislations  # noqa: PLC0415 (heavy)

    try:
        treaties = len(await asyncio.to_thread(agreements))
        laws = len(await asyncio.to_thread(legislations))
    except PortabilityError as error:
        return Finding("Agreements", False, _reason(error), "Run `portability agreements check`.")
    step = "" if treaties else "The package has no treaty files: install it from its wheel."
    return Finding("Agreements", treaties > 0, f"{treaties} agreements and {laws} national laws load", step)


async def check_clock(settings: Settings) -> Finding:
    """The machine's clock is kept by NTP; certificates and deadlines depend on it."""
    asked = ["timedatectl", "show", "--property=NTPSynchronized", "--value"]
    answer = await asyncio.to_thread(_first_line, asked) if shutil.which("timedatectl") else ""
    step = "" if answer == "yes" else "Run an NTP client: certificates, deadlines and receipts depend on the time."
    said = answer if answer in {"yes", "no"} else "cannot tell"
    return Finding("Clock", answer == "yes", f"synchronised: {said}", step, required=False)


async def check_own_forbids(settings: Settings) -> Finding:
    """What the institution itself forbids at its node can be used."""
    from portability.adapters.access.cedar import CedarPolicy  # noqa: PLC0415 (heavy)
    from portability.adapters.access.own_forbids import only_forbids  # noqa: PLC0415 (heavy)

    path = settings.own_forbids
    if not path.exists():
        return Finding("Own policies", True, f"none in {path}", required=False)
    try:
        own = only_forbids(await asyncio.to_thread(path.read_text, encoding="utf-8"))
        CedarPolicy.shipped(settings.institution or "xx-any", more_policies=own)
    except (PortabilityError, OSError) as error:
        return Finding("Own policies", False, f"{path}: {_reason(error)}", "Mend the file: it may only forbid.")
    return Finding("Own policies", True, f"{path} can be used")


async def check_node(settings: Settings) -> Finding:
    """Which institution `portability serve` would serve, and whether it has a signed directory."""
    if not settings.institution:
        step = "Only for `portability serve`: set PORTABILITY_INSTITUTION. `portability demo` needs nothing."
        return Finding("Node", False, "PORTABILITY_INSTITUTION is not set", step, required=False)
    if not settings.directory_path.exists():
        step = "Put the signed directory there, or set PORTABILITY_DIRECTORY_FILE."
        return Finding("Node", False, f"{settings.institution}: no {settings.directory_path}", step)
    return Finding("Node", True, f"{settings.institution}, directory {settings.directory_path}")


CHECKS: tuple[Callable[[Settings], Awaitable[Finding]], ...] = (
    check_python,
    check_protobuf,
    check_cryptography,
    check_data_folder,
    check_database,
    check_kafka,
    check_java,
    check_agreements,
    check_clock,
    check_own_forbids,
    check_node,
)


async def _server_version(url: str) -> int:
    import psycopg  # noqa: PLC0415 (heavy)

    try:
        async with await psycopg.AsyncConnection.connect(url, connect_timeout=int(PROBE_SECONDS)) as connection:
            return connection.info.server_version
    except psycopg.Error as error:
        # Its text may quote the URL with the password.
        raise OSError(f"no connection ({type(error).__name__})") from error


def _embedded_version() -> int:
    from portability.adapters.postgres.embedded import start_embedded  # noqa: PLC0415 (heavy)

    with tempfile.TemporaryDirectory() as folder:
        server = start_embedded(Path(folder))
        try:
            return asyncio.run(_server_version(server.url_for("doctor")))
        finally:
            server.stop()


def _first_line(command: Sequence[str]) -> str:
    try:
        finished = subprocess.run(  # noqa: S603 (fixed commands of this file)
            command,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return _reason(error)
    return (finished.stdout or finished.stderr).strip().partition("\n")[0]


def _reason(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__
