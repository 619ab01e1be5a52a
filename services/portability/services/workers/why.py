"""From a step of a determination, as institutions send it, to a reason that can be told in any language. Pure."""

import re
from collections.abc import Mapping

from portability.agreements.values import Citation, Money
from portability.services.workers.views import WhyStep, WhyValue

__all__ = ["why_step"]

_MONEY = re.compile(r"(-?[0-9]{1,15}(?:\.[0-9]{1,12})?) ([A-Z]{3})")


def why_step(
    *,
    rule: str,
    citation: Citation | None,
    plain: str,
    output: str = "",
    values: Mapping[str, WhyValue] | None = None,
    children: tuple[WhyStep, ...] = (),
) -> WhyStep:
    """A reason from the rule's name, its plain English sentence and its output.

    An output such as "476.72 EUR" becomes the value `amount`, so that the sentence of the rule can be
    said in the reader's language. `values` are further values that are known, such as the durations `own` and `total`.
    """
    found = _MONEY.fullmatch(output)
    amount: dict[str, WhyValue] = {"amount": Money.of(found[1], found[2])} if found else {}
    return WhyStep(rule, citation, plain, {**amount, **(values or {})}, children)
