"""What is not on the list of a message's purpose does not leave the institution (policies/allowed_fields.yaml)."""

from collections.abc import Iterator

from google.protobuf.message import Message

from portability.agreements.errors import InputError
from portability.services.cases.mapping.kinds import content_of
from portability.services.mapping.common import read_record
from portability.services.purposes import Purpose, allowed_fields, why_not_for

__all__ = ["check_fields", "fields_of"]


def check_fields(kind: str, record: bytes, *, purpose: Purpose) -> None:
    """Return where a message may go out for the purpose; raise InputError that names the type or the field."""
    content = content_of(kind)
    if reason := why_not_for(purpose.code, kind):
        raise InputError(reason, field="type")
    strangers = sorted(set(fields_of(read_record(content, record))) - allowed_fields()[kind].paths)
    if strangers:
        raise InputError(
            f"'{strangers[0]}' is no field that a message '{kind}' may carry for '{purpose.code}': leave it out.",
            field=strangers[0],
        )


def fields_of(message: Message, before: str = "") -> Iterator[str]:
    """Paths of the fields that are set, without the places in lists; a message of another package is one field."""
    for field, value in message.ListFields():
        path = before + field.name
        kind = field.message_type
        if kind is None or kind.full_name.startswith("google."):
            yield path
        else:
            for one in value if field.is_repeated else (value,):
                yield from fields_of(one, f"{path}.")
