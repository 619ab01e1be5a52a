"""What a message must say under an agreement, and what of it is missing."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from portability.agreements.rules import RequiredFields
from portability.agreements.values import Citation

__all__ = ["MissingField", "missing_fields"]


@dataclass(frozen=True, slots=True)
class MissingField:
    """A field that the law asks for and the message does not hold."""

    field: str
    citation: Citation


def missing_fields(
    message: str, given: Collection[str], *, rules: Iterable[RequiredFields]
) -> tuple[MissingField, ...]:
    """The fields that the rules ask of a message and that are not given, in their order (987/2009 Art. 46 to 48)."""
    asked = [(field, rule.citation) for rule in rules if rule.message == message for field in rule.fields]
    return tuple(MissingField(field, citation) for field, citation in dict(asked).items() if field not in given)
