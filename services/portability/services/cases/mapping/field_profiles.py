"""What an agreement asks of a message beyond its own rules: one message for all agreements, a profile for each.

A profile is data with a citation for each line (profiles/*.yaml). It never lets through what the message's own rules
refuse, and it asks for nothing that the list of fields for the purpose does not allow.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from pydantic import Field, StringConstraints

from portability.agreements.errors import InputError
from portability.agreements.loading import load_model
from portability.agreements.rules.base import Entry, Id, State, Text
from portability.agreements.values import StateCode
from portability.agreements.yaml_source import read_yaml

__all__ = ["FieldProfile", "check_profile", "load_profiles", "profile_for", "profiles"]

_FOLDER = "portability.services.cases"
Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.]{0,63}$")]
Path = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]+(\.[a-z0-9_]+)*$", max_length=200)]


class Cited(Entry):
    """Where the law says it."""

    instrument: Text
    article: Text


class OneOf(Entry):
    """A field that may have these values only: names of an enum in lower case, or true and false."""

    field: Path
    values: tuple[str, ...] = Field(min_length=1)
    citation: Cited


class Needed(Entry):
    """A field that must be told; `because` where practice and no provision asks for it."""

    field: Path
    citation: Cited | None = None
    because: Text | None = None


class Asked(Entry):
    """A question of this agreement alone, answered in `answers` of the message."""

    code: Code
    asks: Text
    citation: Cited


class FieldProfile(Entry):
    """What is asked of one type of message, under some agreements or wherever one of some states takes part."""

    id: Code
    type: Code
    agreements: tuple[Id, ...] = ()
    states: tuple[State, ...] = ()
    status: Literal["unverified", "drafted", "reviewed"]
    only: tuple[OneOf, ...] = ()
    required: tuple[Needed, ...] = ()
    questions: tuple[Asked, ...] = ()

    def applies(self, kind: str, *, agreement_id: str, states: Sequence[StateCode]) -> bool:
        return self.type == kind and (agreement_id in self.agreements or not set(self.states).isdisjoint(states))


class _ProfileFile(Entry):
    profiles: tuple[FieldProfile, ...]


@cache
def profiles() -> tuple[FieldProfile, ...]:
    """All packaged profiles, in the order of their files."""
    folder = files(_FOLDER).joinpath("profiles")
    names = sorted(one.name for one in folder.iterdir() if one.name.endswith(".yaml"))
    found = [load_profiles(folder.joinpath(name).read_text(encoding="utf-8"), name) for name in names]
    return tuple(one for some in found for one in some)


def load_profiles(text: str, file: str) -> tuple[FieldProfile, ...]:
    """The profiles that `text` states. Raises AgreementFileError with every fault and its place."""
    return load_model(_ProfileFile, read_yaml(text, file)).profiles


def profile_for(kind: str, *, agreement_id: str, states: Sequence[StateCode]) -> FieldProfile | None:
    """The first profile for a type of message between these states; None where the message's own rules stand alone."""
    return next((one for one in profiles() if one.applies(kind, agreement_id=agreement_id, states=states)), None)


def check_profile(profile: FieldProfile, content: Message) -> None:
    """Return where a message has what the profile asks for; raise InputError that names the field and the provision."""
    for needed in profile.required:
        if not list(_values(content, needed.field.split("."))):
            why = needed.because or _cited(needed.citation)
            raise InputError(f"'{needed.field}' is asked for here and not given. {why}", field=needed.field)
    for one in profile.only:
        for field, value in _values(content, one.field.split("."), absent=True):
            said = _said(field, value)
            if said not in one.values:
                raise InputError(
                    f"'{one.field}' is {said}, and only {', '.join(one.values)} may stand here. {_cited(one.citation)}",
                    field=one.field,
                )
    answered = {answer.question for answer in getattr(content, "answers", ())}
    for question in profile.questions:
        if question.code not in answered:
            raise InputError(
                f"The question '{question.code}' is not answered: {question.asks} {_cited(question.citation)}",
                field="answers",
            )


def _values(message: Any, path: Sequence[str], *, absent: bool = False) -> Iterator[tuple[FieldDescriptor, Any]]:
    """The values at a path, through lists; one that is not set only where `absent` asks for its zero."""
    field = message.DESCRIPTOR.fields_by_name[path[0]]
    held = getattr(message, path[0])
    if field.is_repeated:
        values = list(held)
    elif field.message_type is not None:
        values = [held] if message.HasField(path[0]) else []
    else:
        values = [held] if held or absent else []
    for value in values:
        if path[1:]:
            yield from _values(value, path[1:], absent=absent)
        else:
            yield field, value


def _said(field: FieldDescriptor, value: Any) -> str:
    if field.enum_type is None:
        return str(value).lower()
    names = [one.name for one in field.enum_type.values]
    before = len(names[0]) - len("UNSPECIFIED")
    return str(field.enum_type.values_by_number[value].name)[before:].lower()


def _cited(citation: Cited | None) -> str:
    return f"See {citation.instrument}, {citation.article}." if citation else ""
