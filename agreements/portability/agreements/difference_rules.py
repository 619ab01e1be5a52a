"""How the rules of one version of an agreement differ from those of another, parameter by parameter. Pure."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from portability.agreements.difference_model import Affected, Change, ChangeKind
from portability.agreements.rule_meaning import meaning
from portability.agreements.rule_words import dates_in_words, kind_of, label, value_in_words
from portability.agreements.rules import AgreementFile, PersonalScope, Rule

__all__ = ["rule_changes"]

RECORD = frozenset({"status", "note"})
"""Fields that say something of the encoding and nothing of the law; so does another citation of the same thing."""

Pair = tuple[Rule | None, Rule | None]


def rule_changes(old: AgreementFile, new: AgreementFile) -> tuple[Change, ...]:
    """Rules that were added, ended, removed or changed, in the order of the new file; removed ones last."""
    pairs = _pairs(old.rules, new.rules)
    return tuple(change for before, after in pairs for change in _changes(before, after, old, new))


def _pairs(old: Iterable[Rule], new: Iterable[Rule]) -> list[Pair]:
    """Each new rule with the old one that it continues: the same id, else the same scope, else the same provision."""
    left, found = list(old), dict[str, Rule]()
    fresh = list(new)
    for key in (_by_id, _by_scope, _by_citation):
        for rule in fresh:
            same = [one for one in left if key(one) == key(rule)]
            if rule.id not in found and len(same) == 1:
                found[rule.id] = same[0]
                left.remove(same[0])
    return [*((found.get(rule.id), rule) for rule in fresh), *((rule, None) for rule in left)]


def _by_id(rule: Rule) -> tuple[object, ...]:
    return kind_of(rule), rule.id


def _by_scope(rule: Rule) -> tuple[object, ...]:
    return kind_of(rule), rule.subjects, rule.states, rule.schemes, rule.branches, rule.valid_from


def _by_citation(rule: Rule) -> tuple[object, ...]:
    return kind_of(rule), rule.cite, rule.states


def _changes(before: Rule | None, after: Rule | None, old: AgreementFile, new: AgreementFile) -> Iterator[Change]:
    if after is None and before is not None:
        yield _removed(before, old)
    elif before is None and after is not None:
        former = _predecessor(after, new)
        yield _added(after, new, former)
        if former is not None:
            yield from _parameters(former, after, new, skip={"id", "cite", "valid_from", "valid_until"})
    elif before is not None and after is not None:
        if after.valid_until is not None and before.valid_until is None:
            yield _ended(after, new)
            yield from _parameters(before, after, new, skip={"id", "valid_until"})
        else:
            yield from _parameters(before, after, new, skip={"id"})


def _predecessor(rule: Rule, content: AgreementFile) -> Rule | None:
    """The rule of the same kind and scope that ends on the day before this one starts."""
    eve = rule.valid_from - timedelta(days=1)
    return next(
        (one for one in content.rules if one.rule == rule.rule and one.valid_until == eve and _meet(one, rule)), None
    )


def _meet(one: Rule, other: Rule) -> bool:
    fields: tuple[Callable[[Rule], tuple[str, ...]], ...] = (
        lambda rule: rule.states,
        lambda rule: tuple(rule.branches),
        lambda rule: rule.schemes,
        lambda rule: rule.subjects,
    )
    return all(not field(one) or not field(other) or set(field(one)) & set(field(other)) for field in fields)


def _added(rule: Rule, content: AgreementFile, former: Rule | None) -> Change:
    place = f" It takes the place of '{former.id}' ({former.cite})." if former else ""
    said = f"New {dates_in_words(rule.valid_from, rule.valid_until)}, {_name(rule)}: {meaning(rule)}{place}"
    return Change(ChangeKind.RULE_ADDED, rule.id, said, _affected(rule, content), kind_of(rule), after=meaning(rule),
                  new_cite=rule.cite, old_cite=former.cite if former else "")  # fmt: skip


def _removed(rule: Rule, content: AgreementFile) -> Change:
    said = (
        f"Removed, {_name(rule)}, which was in force {dates_in_words(rule.valid_from, rule.valid_until)}: "
        f"{meaning(rule)}"
    )
    return Change(ChangeKind.RULE_REMOVED, rule.id, said, _affected(rule, content), kind_of(rule),
                  before=meaning(rule), old_cite=rule.cite)  # fmt: skip


def _ended(rule: Rule, content: AgreementFile) -> Change:
    said = f"Ends on {rule.valid_until}, {_name(rule)}: {meaning(rule)}"
    affected = _affected(rule, content)
    after_the_end = rule.valid_until + timedelta(days=1) if rule.valid_until else None
    concerned = Affected(affected.states, affected.branches, affected.groups, after_the_end)
    return Change(ChangeKind.RULE_ENDED, rule.id, said, concerned, kind_of(rule), "valid_until",
                  after=str(rule.valid_until), old_cite=rule.cite, new_cite=rule.cite)  # fmt: skip


def _parameters(before: Rule, after: Rule, content: AgreementFile, *, skip: set[str]) -> Iterator[Change]:
    names = [name for name in type(after).model_fields if name not in skip]
    for name in names:
        one, other = getattr(before, name, None), getattr(after, name, None)
        if one != other:
            yield _parameter(before, after, name, content)


def _parameter(before: Rule, after: Rule, name: str, content: AgreementFile) -> Change:
    was, now = (_shown(getattr(rule, name, None)) for rule in (before, after))
    old_cite, new_cite = _cite(before, name), _cite(after, name)
    said = (
        f"{_name(after)}, {dates_in_words(after.valid_from, after.valid_until)}: {label(name)} was {was or 'not given'}"
        f" ({old_cite}), is {now or 'not given'} ({new_cite})."
    )
    cited = (name == "cite" or name.endswith("_cite")) and bool(was) and bool(now)
    if cited:
        what = "the rule" if name == "cite" else label(name.removesuffix("_cite"))
        said = f"{_name(after)}: {what} was cited as {was}, is cited as {now}."
    record = name in RECORD or cited
    affected = Affected() if record else _of_both(before, after, name, content)
    kind = ChangeKind.RECORD if record else ChangeKind.PARAMETER
    return Change(kind, after.id, said, affected, kind_of(after), name, was, now, old_cite, new_cite)


def _of_both(before: Rule, after: Rule, name: str, content: AgreementFile) -> Affected:
    """A change of whom a rule is for concerns those of both versions; one of its groups, those who differ."""
    one, other = _affected(before, content), _affected(after, content)
    groups = other.groups
    if name == "groups":
        groups = tuple(sorted(set(getattr(before, "groups", ())) ^ set(getattr(after, "groups", ()))))
    return Affected(
        tuple(sorted({*one.states, *other.states})) if name == "states" else other.states,
        tuple(sorted({*one.branches, *other.branches})) if name == "branches" else other.branches,
        groups,
        min(before.valid_from, after.valid_from) if name == "valid_from" else after.valid_from,
        after.valid_until,
    )


def _affected(rule: Rule, content: AgreementFile) -> Affected:
    return Affected(
        rule.states or content.parties,
        rule.branches or content.branches,
        tuple(getattr(rule, "groups", ())) or _covered(content),
        rule.valid_from,
        rule.valid_until,
    )


def _covered(content: AgreementFile) -> tuple[str, ...]:
    """The groups whom the agreement covers, by any of its rules on persons."""
    scopes = [rule for rule in content.rules if isinstance(rule, PersonalScope)]
    return tuple(dict.fromkeys(group for rule in scopes for group in rule.groups))


def _cite(rule: Rule, name: str) -> str:
    """The provision of one parameter: its own where it has one, else that of the rule."""
    stem = name.removesuffix("_cite")
    names = [f"{part}_cite" for part in (name, stem, stem.rsplit("_", maxsplit=1)[0], stem.split("_", maxsplit=1)[0])]
    found = (getattr(rule, one, None) for one in names)
    return next((one for one in found if isinstance(one, str)), rule.cite)


def _name(rule: Rule) -> str:
    return f"rule '{rule.id}' ({kind_of(rule).replace('_', ' ')}, {rule.cite})"


def _shown(value: object) -> str:
    return "" if value is None or value == () else value_in_words(value)
