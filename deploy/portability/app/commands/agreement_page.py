"""An agreement or a legislation as a page of plain text, for people who read it beside the law."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from pydantic import BaseModel

from portability.agreements.loading import Agreement
from portability.agreements.national.legislation import Legislation, Scheme
from portability.agreements.rules import ExampleCase, Instrument, NotModelled, RuleBase, Units

__all__ = ["agreement_page", "legislation_page"]

_SHOWN_ABOVE = {"id", "rule", "valid_from", "valid_until", "cite", "status", "note", "branches", "states", "schemes"}


def agreement_page(agreement: Agreement) -> str:
    """Identity, rules article by article with their dates, what is not modelled, and the examples."""
    content = agreement.content
    lines = [
        *_head(content.title, content.id, content.status, agreement.file, agreement.sha256),
        f"{content.kind.capitalize()} between {', '.join(content.parties)}.  Branches: {', '.join(content.branches)}.",
        *_instruments(content.instruments),
        *_title("Rules"),
    ]
    for rule in content.rules:
        lines += _rule(rule)
    lines += [*_not_modelled(content.not_modelled), *_examples(content.examples)]
    return "\n".join(lines) + "\n"


def legislation_page(legislation: Legislation) -> str:
    """Identity, schemes with their parameters and dates, what is not modelled, and the examples."""
    content = legislation.content
    lines = [
        *_head(content.title, content.id, content.status, legislation.file, legislation.sha256),
        f"Legislation of {content.state}.",
        *_instruments(content.instruments),
    ]
    for scheme in content.schemes:
        lines += _scheme(scheme)
    lines += [*_not_modelled(content.not_modelled), *_examples(content.examples)]
    return "\n".join(lines) + "\n"


def _head(title: str, identity: str, status: str, file: str, sha256: str) -> list[str]:
    review = (
        "Reviewed by an authority." if status == "reviewed" else f"{status.capitalize()}: no authority has reviewed it."
    )
    return [title, "=" * len(title), f"Id {identity}, file {file}", f"SHA-256 {sha256}", review, ""]


def _instruments(instruments: Iterable[Instrument]) -> Iterator[str]:
    for one in instruments:
        yield ""
        yield f"{one.id}: {one.title}"
        yield f"    official  {one.official}"
        yield f"    read      {one.read}" + (f" (SHA-256 {one.read_sha256[:12]})" if one.read_sha256 else "")


def _title(title: str) -> Sequence[str]:
    return "", title, "-" * len(title)


def _rule(rule: RuleBase) -> Iterator[str]:
    kind = str(getattr(rule, "rule", "")).replace("_", " ")
    marks = [_dates(rule.valid_from, rule.valid_until)]
    if rule.states:
        marks.append(f"applied by {', '.join(rule.states)}")
    if rule.schemes:
        marks.append(f"for {', '.join(rule.schemes)}")
    if rule.branches:
        marks.append(f"for {', '.join(rule.branches)}")
    if rule.status != "verified":
        marks.append(rule.status.upper())
    yield f"{rule.cite}: {kind}"
    yield f"    {'; '.join(marks)}  [{rule.id}]"
    yield from _parameters(rule, skip=_SHOWN_ABOVE)
    if rule.note:
        yield f"    note: {rule.note}"


def _scheme(scheme: Scheme) -> Iterator[str]:
    yield from _title(f"{scheme.id}: {scheme.name}")
    law = scheme.law.replace("_", " ")
    yield f"    {scheme.branch}, counted in {scheme.unit}, paid in {scheme.currency}; law: {law}"
    yield from _parameters(scheme, skip={"id", "name", "branch", "unit", "currency", "law"})


def _parameters(entry: BaseModel, *, skip: set[str]) -> Iterator[str]:
    """What the file gives, name and value; what it leaves open is left out."""
    for name in type(entry).model_fields:
        value = getattr(entry, name)
        if name in skip or value is None or value in ((), False):
            continue
        if isinstance(value, tuple) and all(isinstance(one, BaseModel) for one in value):
            yield f"    {_words(name)}:"
            yield from (f"        {_value(one)}" for one in value)
        else:
            yield f"    {_words(name)}: {_value(value)}"


def _value(value: object) -> str:
    if isinstance(value, Units):
        return f"{value.amount} {value.unit}"
    if isinstance(value, BaseModel):
        given = [(name, getattr(value, name)) for name in type(value).model_fields]
        return ", ".join(
            f"{_words(name)} {_value(one)}" for name, one in given if one is not None and one not in ((), "verified")
        )
    if isinstance(value, tuple):
        return ", ".join(map(_value, value))
    return str(value)


def _words(name: str) -> str:
    return {"valid_from": "from", "valid_until": "until"}.get(name, name).replace("_", " ")


def _dates(first: date, last: date | None) -> str:
    return f"from {first}" + (f" until {last}" if last else "")


def _not_modelled(gaps: Iterable[NotModelled]) -> Iterator[str]:
    yield from _title("Not modelled")
    for gap in gaps:
        stops = "" if gap.stops == "nothing" else f"  STOPS {gap.stops} for {', '.join(gap.states) or 'every state'}"
        if stops and gap.own_time_before is not None:
            stops += f", where its own time began before {gap.own_time_before} or has no dates"
        yield f"{gap.cite}: {gap.what}{stops}"


def _examples(examples: Sequence[ExampleCase]) -> Iterator[str]:
    yield from _title(f"Examples ({len(examples)})")
    for one in examples:
        yield f"{one.id}: {one.title}  [{one.trust}: {one.source}]"
