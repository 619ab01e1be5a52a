"""The trace of a determination: canonical JSON, the same bytes for the same files and facts in every language.

Keys in order, no blanks, UTF-8; fractions and money as exact text. Written piece by piece, because every determination
writes one and a general encoder takes more than twice as long; a test holds it to `json.dumps` byte for byte.
"""

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any

from portability.agreements.model import BenefitResult, Determination, Step, Value
from portability.agreements.values import Citation, Money

__all__ = ["exact_text", "trace_bytes"]


def trace_bytes(determination: Determination) -> bytes:
    """One line of canonical JSON, without an end of line."""
    benefits = ",".join([_benefit(benefit) for benefit in determination.benefits])
    files = ",".join([f"[{_text(name)},{_text(sha256)}]" for name, sha256 in determination.files])
    return (
        f'{{"agreement":{_text(determination.agreement_id)},"benefits":[{benefits}],"branch":{_text(determination.branch)}'
        f',"files":[{files}],"review_status":{_text(determination.review_status)},"state":{_text(determination.state)}'
        f',"steps":[{_steps(determination.steps)}]}}'
    ).encode()


def exact_text(value: Value) -> str:
    """A value of a step as one exact text; empty where there is none."""
    if value is None:
        return ""
    return str(value) if isinstance(value, str) else _WRITERS[type(value)](value).strip('"')


def _benefit(benefit: BenefitResult) -> str:
    independent, theoretical, pro_rata, award, ratio = [
        _WRITERS[type(value)](value)
        for value in (benefit.independent, benefit.theoretical, benefit.pro_rata, benefit.award, benefit.ratio)
    ]
    return (
        f'{{"award":{award},"independent":{independent},"pro_rata":{pro_rata},"ratio":{ratio}'
        f',"scheme":{_text(benefit.scheme)},"steps":[{_steps(benefit.steps)}],"theoretical":{theoretical}}}'
    )


def _steps(steps: tuple[Step, ...]) -> str:
    return ",".join([_step(*step) for step in steps])


def _step(
    rule: str,
    citation: Citation | None,
    values: tuple[tuple[str, Value], ...],
    output: Value,
    children: tuple[Step, ...],
) -> str:
    # Names of rules and values are identifiers of the code and need no escape.
    below = _steps(children) if children else ""
    named = ",".join([f'"{name}":{_WRITERS[type(value)](value)}' for name, value in sorted(values, key=_NAME)])
    cited = _text(f"{citation.instrument} {citation.article}") if citation is not None else "null"
    came_out = _WRITERS[type(output)](output)
    return f'{{"children":[{below}],"citation":{cited},"output":{came_out},"rule":"{rule}","values":{{{named}}}}}'


def _fraction(value: Fraction) -> str:
    above, below = value.as_integer_ratio()
    return f'"{above}"' if below == 1 else f'"{above}/{below}"'


def _money(money: Money) -> str:
    return f'{_fraction(money.amount)[:-1]} {money.currency}"'


def _list(values: tuple[Any, ...]) -> str:
    return f"[{','.join([_WRITERS[type(value)](value) for value in values])}]"


class _Writers(dict[type, Callable[[Any], str]]):
    """How each type is written; what is not named is a code of ours, which is text too."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        return _text


_NAME = itemgetter(0)
_text: Callable[[str], str] = encode_basestring
_WRITERS = _Writers(
    {
        type(None): lambda _: "null",
        str: _text,
        int: str,
        bool: lambda value: "true" if value else "false",
        Fraction: _fraction,
        Money: _money,
        date: lambda value: f'"{value.isoformat()}"',
        tuple: _list,
    }
)
