"""The file that describes an institution's gateways: where texts go out, and how inputs of phones come in."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator

from portability.agreements.errors import InputError

__all__ = ["GatewaySettings", "HttpOut", "KannelOut", "MailSecurity", "SmtpOut", "UssdFields", "read_gateways"]

SECRET_LENGTH = 16
_HERE = {"localhost", "127.0.0.1", "::1"}


def _http_url(value: str) -> str:
    if urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname:
        raise ValueError("write http://host:port/path or https://host/path")
    return value


def _long_enough(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < SECRET_LENGTH:
        raise ValueError(f"write {SECRET_LENGTH} characters or more")
    return value


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KannelOut(_Part):
    """Kannel's sendsms interface: POST with username, password, from, to, text, charset and coding."""

    kind: Literal["kannel"]
    url: Annotated[str, AfterValidator(_http_url)]
    username: str
    password: SecretStr
    sender: str = Field(max_length=20)  # the short code or name that the phone shows


class HttpOut(_Part):
    """Any gateway that takes one message over HTTP: `{to}` and `{text}` are filled into the fields."""

    kind: Literal["http"]
    url: Annotated[str, AfterValidator(_http_url)]
    fields: dict[str, str]
    form: bool = False  # true: fields go as a form; false: as a JSON object
    headers: dict[str, SecretStr] = {}


class MailSecurity(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"  # from the first byte on
    NONE = "none"  # to a server on this machine only


class SmtpOut(_Part):
    """A mail server that takes e-mail over. `name` is who writes, as readers know it."""

    host: str
    port: int = Field(587, ge=1, le=65535)
    security: MailSecurity = MailSecurity.STARTTLS
    authority: Path | None = None  # certificate (PEM) of the server's authority; none: those of the machine
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str = Field(pattern=r"^[A-Za-z0-9._+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$", max_length=254)
    name: str = Field("", pattern=r"^[^\x00-\x1f\x7f]*$", max_length=100)

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if self.security is MailSecurity.NONE and (self.host not in _HERE or self.username):
            raise ValueError("without TLS write host: localhost and no username, or take starttls")
        if bool(self.username) != bool(self.password.get_secret_value()):
            raise ValueError("write username and password, or neither")
        return self


class UssdFields(_Part):
    """How a gateway of USSD names what it sends, and how it wants to be told whether an input is awaited."""

    number: str = "phoneNumber"
    text: str = "text"
    joined_by: str = ""  # where everything typed so far comes joined, the sign between: "1*2" after 1 and 2
    goes_on: str = "CON {text}"
    ends: str = "END {text}"


class GatewaySettings(_Part):
    """`secret` is what every gateway shows; `language` is spoken to who has chosen none."""

    secret: Annotated[SecretStr, AfterValidator(_long_enough)]
    sms: Annotated[KannelOut | HttpOut, Field(discriminator="kind")] | None = None
    email: SmtpOut | None = None
    ussd: UssdFields = UssdFields()
    language: str = "en"


def read_gateways(path: Path) -> GatewaySettings:
    """Read the file. Raises InputError that names the field and shows no value, which may be a secret."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(
            f"The file of gateways {path} cannot be read ({type(error).__name__}).", field="PORTABILITY_TEXT_GATEWAYS"
        ) from error
    try:
        return GatewaySettings.model_validate(content)
    except ValidationError as error:
        told = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors())
        raise InputError(f"The file of gateways {path}: {told}.", field="PORTABILITY_TEXT_GATEWAYS") from None
