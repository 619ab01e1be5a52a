"""The settings of a node: environment variables PORTABILITY_*, each with a default that works on one machine.

Only here is the environment read. A value that does not fit, or a name that does not exist, stops the start with
one line that says which variable, what is wrong and what would be right.
"""

import difflib
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from portability.agreements.errors import InputError
from portability.app.logging import LogFormat
from portability.app.rpc.identity import INSTITUTION
from portability.services.exchange.receipt_levels import ReceiptTimes

__all__ = ["NodeRole", "Settings", "load_settings", "settings_table"]

PREFIX = "PORTABILITY_"
NOT_OURS = frozenset({"PORTABILITY_SHARED"})
"""Read by the tests only: the folder of law texts and samples beside a checkout."""


class NodeRole(StrEnum):
    """Which part of a node a process runs; state is in PostgreSQL and the event stream, so parts may be many."""

    ALL = "all"
    RPC = "rpc"
    RELAY = "relay"
    CONSUMER = "consumer"


class LogLevel(StrEnum):
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


def _host_and_port(value: str) -> str:
    host, colon, port = value.rpartition(":")
    if not (host and colon and port.isdigit() and int(port) <= 65535):
        raise ValueError("write host:port, for example 127.0.0.1:50051 (port 0 takes a free one)")
    return value


def _optional_host_and_port(value: str) -> str:
    return "" if value in {"", "off"} else _host_and_port(value)


def _institution(value: str) -> str:
    if value and not re.fullmatch(INSTITUTION, value):
        raise ValueError("write the id of the signed directory, for example de-drv")
    return value


def _postgresql_url(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if url and urlsplit(url).scheme not in {"postgresql", "postgres"}:
        raise ValueError("write postgresql://user:password@host:port/database, or nothing for the embedded server")
    return value


def _brokers(value: str) -> str:
    for broker in value.split(",") if value else ():
        _host_and_port(broker.strip())
    return value


def _witnesses(value: str) -> str:
    for one in value.split(",") if value else ():
        name, equals, target = one.strip().partition("=")
        if not equals or not re.fullmatch(INSTITUTION, name):
            raise ValueError("write institution=host:port,..., for example it-inps=node.example:50051")
        _host_and_port(target)
    return value


def _time_zone(value: str) -> str:
    if value not in available_timezones():
        raise ValueError("write a name of the IANA time zone database, for example Europe/Rome")
    return value


HostPort = Annotated[str, AfterValidator(_host_and_port)]
OptionalHostPort = Annotated[str, AfterValidator(_optional_host_and_port)]


class Settings(BaseModel):
    """One node's settings; the description of each field is its documentation (`portability settings`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    institution: Annotated[str, AfterValidator(_institution)] = Field(
        "", description="Institution that this node serves, for example de-drv. Needed by `serve`."
    )
    role: NodeRole = Field(NodeRole.ALL, description="Part that this process runs: all, rpc, relay or consumer.")
    data_folder: Path = Field(
        Path(".portability"), description="Folder for keys, certificates and the embedded PostgreSQL."
    )
    directory_file: Path | None = Field(
        None,
        description="Signed directory of institutions and keys, read also while the node runs; empty: directory.bin.",
    )
    keys_passphrase_file: Path | None = Field(
        None,
        description="File whose first line seals the node's key files; empty: they are protected by mode 0600 only.",
    )
    pkcs11_module: Path | None = Field(
        None, description="PKCS#11 library of a device for the Ed25519 halves of signing and log keys; empty: files."
    )
    pkcs11_token: str = Field("", description="Label of the token in the device.")
    pkcs11_pin_file: Path | None = Field(None, description="File whose first line is the user PIN of the token.")
    database_url: Annotated[SecretStr, AfterValidator(_postgresql_url)] = Field(
        SecretStr(""), description="PostgreSQL 15 or newer; empty: an embedded server in the data folder."
    )
    database_connections: int = Field(8, ge=2, le=200, description="Connections that the node keeps open at most.")
    kafka: Annotated[str, AfterValidator(_brokers)] = Field(
        "", description="Kafka brokers as host:port,host:port; empty: the event stream is in PostgreSQL."
    )
    kafka_authority: Path | None = Field(
        None, description="Certificate (PEM) of the authority of the Kafka brokers; empty: a connection without TLS."
    )
    kafka_certificate: Path | None = Field(None, description="This institution's certificate for Kafka (PEM).")
    kafka_key: Path | None = Field(None, description="Key of that certificate (PEM).")
    kafka_events: bool = Field(
        False,
        description="true: pointers to what changes go to the Kafka topic portability.events.v1.<institution>, for the "
        "institution's own systems.",
    )
    feed_days: int = Field(
        90,
        ge=1,
        description="Days for which pointers to changes are kept for the institution's own systems; with Kafka events, "
        "what is not published yet is kept longer.",
    )
    stream_url: Annotated[SecretStr, AfterValidator(_postgresql_url)] = Field(
        SecretStr(""),
        description="PostgreSQL database of the event stream that all nodes share, where no Kafka is set; empty: the "
        "database 'portability_stream' of the embedded server, or the node's own served database.",
    )
    keys_url: Annotated[SecretStr, AfterValidator(_postgresql_url)] = Field(
        SecretStr(""),
        description="PostgreSQL database of the keys of persons and cases, whose backups are kept for 30 days at most; "
        "empty: the database 'keys_<institution>' of the embedded server, or the node's own served database.",
    )
    listen: HostPort = Field("127.0.0.1:50051", description="Address of the gRPC server (mTLS).")
    tls_hosts: str = Field(
        "localhost,127.0.0.1", description="Names and addresses in the server certificate, separated by commas."
    )
    web_listen: OptionalHostPort = Field("127.0.0.1:8080", description="Address of the worker's page; off: no page.")
    public_address: str = Field(
        "",
        pattern=r"^(https?://[A-Za-z0-9.\[\]:_/-]+)?$",
        max_length=200,
        description="Address of the pages for everybody, for example https://my.inps.example; certificates name it. "
        "Empty: none are issued.",
    )
    web_https: bool = Field(
        False, description="true where readers come over https (a proxy ends it): cookies are then Secure."
    )
    web_url: str = Field(
        "", description="Address under which readers reach the worker's page, such as https://my.example.org."
    )
    voice_minimum: int = Field(
        10, ge=5, le=1000, description="How many workers' answers on how a case went are counted together, at least."
    )
    sign_in_issuer: str = Field(
        "", description="OpenID Connect issuer (a national e-ID) where workers may sign in; empty: by code alone."
    )
    sign_in_name: str = Field("", description="Name of that provider as workers know it.")
    sign_in_client: str = Field("", description="Our client id at that provider.")
    sign_in_secret: SecretStr = Field(SecretStr(""), description="Our client secret there.")
    sign_in_number_claim: str = Field(
        "personal_number", description="Claim in which that provider tells a person's insurance number."
    )
    text_listen: OptionalHostPort = Field(
        "", description="Address for gateways of SMS and USSD, which nobody else should reach; off or empty: none."
    )
    text_gateways: Path | None = Field(
        None, description="File that describes the gateways of SMS, USSD and e-mail (docs/channels.md); holds secrets."
    )
    time_zone: Annotated[str, AfterValidator(_time_zone)] = Field(
        "UTC",
        description="Time zone of the institution and its readers, for example Europe/Rome: no notices by night, and "
        "the day of a claim that is sent.",
    )
    metrics_listen: OptionalHostPort = Field(
        "127.0.0.1:9464", description="Address of /metrics (plain HTTP, keep it local); off: none."
    )
    witnesses: Annotated[str, AfterValidator(_witnesses)] = Field(
        "",
        description="Nodes that cosign this node's log, as institution=host:port,...; empty: none, and a restored old "
        "database is not noticed. The peer certificate for each is in tls/witnesses/<institution> of the data folder.",
    )
    witness_seconds: float = Field(60.0, gt=0, description="Seconds between two rounds of asking the witnesses.")
    message_bytes: int = Field(
        4 * 1024 * 1024, ge=64 * 1024, le=16 * 1024 * 1024, description="Largest gRPC request, in bytes."
    )
    concurrent_calls: int = Field(512, ge=1, description="gRPC calls at once; more get RESOURCE_EXHAUSTED.")
    call_seconds: float = Field(30.0, gt=0, le=300, description="Longest time of a unary call, in seconds.")
    system_calls_per_second: float = Field(
        5000.0,
        gt=0,
        description="Calls a second of each of the institution's own systems; more get RESOURCE_EXHAUSTED.",
    )
    calls_per_second: float = Field(
        100.0, gt=0, description="Calls a second of each other caller: a person, a worker's channel, another's node."
    )
    bytes_in_flight: int = Field(
        4 * 1024**3,
        ge=1024**2,
        description="Bytes of messages to one partner that may wait for a receipt; more get RESOURCE_EXHAUSTED.",
    )
    least_free_disk_percent: float = Field(
        10.0,
        ge=0,
        le=90,
        description="Free part of the data folder's volume below which no message is taken on, and no step of a case "
        "that sends one (RESOURCE_EXHAUSTED).",
    )
    stop_seconds: float = Field(10.0, ge=0, le=300, description="Time that running calls get when the node stops.")
    lane_wait_hours: float = Field(
        24.0, gt=0, le=8760, description="Hours that something may wait in a case before `lane_waits` is reported."
    )
    receipt_warn_hours: float = Field(
        12.0, gt=0, le=8760, description="Hours without a receipt after which `receipt_late` is reported."
    )
    receipt_fail_hours: float = Field(
        24.0,
        gt=0,
        le=8760,
        description="Hours without a receipt after which a message shows as failed and `receipt_missing` is reported.",
    )
    log_level: LogLevel = Field(LogLevel.INFO, description="DEBUG, INFO, WARNING or ERROR.")
    log_format: LogFormat = Field(LogFormat.JSON, description="json (one object a line) or console.")

    @field_validator("receipt_fail_hours")
    @classmethod
    def _after_the_warning(cls, value: float, known: ValidationInfo) -> float:
        warned = known.data.get("receipt_warn_hours", 0.0)
        if value < warned:
            raise ValueError(f"write {warned} hours or more, so that the warning comes first")
        return value

    @property
    def receipt_times(self) -> ReceiptTimes:
        """How long a receipt may take."""
        return ReceiptTimes(timedelta(hours=self.receipt_warn_hours), timedelta(hours=self.receipt_fail_hours))

    @property
    def hosts(self) -> tuple[str, ...]:
        """Names and addresses for the server certificate."""
        return tuple(host.strip() for host in self.tls_hosts.split(",") if host.strip())

    @property
    def directory_path(self) -> Path:
        """Where a newer signed directory is put for the node to take."""
        return self.directory_file or self.data_folder / "directory.bin"

    @property
    def tls_folder(self) -> Path:
        """Where certificates and their keys are."""
        return self.data_folder / "tls"

    @property
    def kafka_files(self) -> tuple[Path, Path, Path] | None:
        """Authority, certificate and key for Kafka, None where none is named; InputError where only some are."""
        files = (self.kafka_authority, self.kafka_certificate, self.kafka_key)
        if not any(files):
            return None
        authority, certificate, key = files
        if not (authority and certificate and key):
            raise InputError(
                "PORTABILITY_KAFKA_AUTHORITY, PORTABILITY_KAFKA_CERTIFICATE and PORTABILITY_KAFKA_KEY go together: "
                "name all three, or none for a connection without TLS.",
                field="PORTABILITY_KAFKA_AUTHORITY",
            )
        return authority, certificate, key

    @property
    def own_forbids(self) -> Path:
        """Where the institution's own access policies are, that only forbid."""
        return self.data_folder / "access.cedar"

    def required_institution(self) -> str:
        """Return the institution; raise InputError where none is set."""
        if not self.institution:
            raise InputError(
                "PORTABILITY_INSTITUTION is not set: name the institution of this node, for example de-drv.",
                field="PORTABILITY_INSTITUTION",
            )
        return self.institution


def load_settings(environment: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the environment, where an empty variable counts as unset; `overrides` (field names) win over it.

    Raises InputError that names each wrong variable, one line each.
    """
    variables = os.environ if environment is None else environment
    known = {f"{PREFIX}{name.upper()}": name for name in Settings.model_fields}
    trouble = [_unknown(name, known) for name in sorted(variables) if _is_unknown(name, known)]
    values = {field: variables[name] for name, field in known.items() if variables.get(name)}
    try:
        settings = Settings(**(values | overrides))
    except ValidationError as error:
        trouble += [_wrong(problem) for problem in error.errors()]
    if trouble:
        raise InputError("\n".join(trouble), field=trouble[0].split(" ", 1)[0].rstrip(":"))
    return settings


def settings_table() -> list[tuple[str, str, str]]:
    """Return (variable, default, meaning) of each setting, for people."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
        rows.append((f"{PREFIX}{name.upper()}", "" if default is None else str(default), field.description or ""))
    return rows


def _is_unknown(name: str, known: Mapping[str, str]) -> bool:
    return name.startswith(PREFIX) and name not in known and name not in NOT_OURS


def _unknown(name: str, known: Mapping[str, str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
    advice = f"did you mean {near[0]}?" if near else "`portability settings` lists those that do."
    return f"{name} does not exist: {advice}"


def _wrong(problem: Mapping[str, Any]) -> str:
    name = f"{PREFIX}{str(problem['loc'][0]).upper()}" if problem["loc"] else PREFIX
    shown = "(hidden)" if "URL" in name else repr(problem["input"])
    return f"{name} is {shown}: {str(problem['msg']).removeprefix('Value error, ')}."
