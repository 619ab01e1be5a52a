"""Whether a person sent to another state for a time stays under the legislation of the state that she came from."""

from dataclasses import dataclass
from datetime import date

from portability.agreements.calendar_months import last_day_of, months_after
from portability.agreements.errors import InputError
from portability.agreements.rules import Posting
from portability.agreements.values import Citation
from portability.agreements.work_facts import Condition, PostingFacts

__all__ = ["Posted", "posting_result"]


@dataclass(frozen=True, slots=True)
class Posted:
    """Whether the rule of posting holds: `against` says why not (empty: it holds), `until` is its last day."""

    until: date | None = None
    to_confirm: tuple[Condition, ...] = ()
    against: str = ""


def posting_result(posting: PostingFacts, *, rule: Posting, on: date) -> Posted:
    """Posted within the expected months, not to replace another (883/2004 Art. 12(1), or the agreement's own rule).

    Raises InputError where the rule measures the expected duration and it is not stated.
    """
    against = _against(posting, rule, on)
    if against:
        return Posted(against=against)
    until = _until(posting, rule)
    if until is not None and on > until:
        return Posted(against="posting_has_ended")
    return Posted(until, _conditions(posting, rule))


def _against(posting: PostingFacts, rule: Posting, on: date) -> str:
    if on < posting.since:
        return "posting_has_not_begun"
    if rule.not_to_replace and posting.replaces_another:
        return "replaces_another_person"
    if rule.insured_before and posting.insured_before is False:
        return "not_insured_before"
    earlier = posting.previous_ended_on
    if rule.months_between and earlier and posting.since <= months_after(earlier, rule.months_between):
        return "too_soon_after_the_last_posting"
    if rule.months is not None and rule.measured_by == "expected_duration" and _expected(posting) > rule.months:
        return "" if _extended(posting, rule) else "expected_longer_than_allowed"
    return ""


def _until(posting: PostingFacts, rule: Posting) -> date | None:
    """The last day of the posting under the rule; None where the article names no limit and none is expected."""
    if _extended(posting, rule):
        return posting.extended_until
    if rule.measured_by == "actual_duration" or posting.expected_months is None:
        return last_day_of(posting.since, rule.months) if rule.months is not None else None
    return last_day_of(posting.since, posting.expected_months)


def _extended(posting: PostingFacts, rule: Posting) -> bool:
    """Whether the authorities have agreed on a longer posting, within what the agreement lets them."""
    if posting.extended_until is None or rule.extension == "not_provided":
        return False
    most = rule.extension_to_months
    return most is None or posting.extended_until <= last_day_of(posting.since, most)


def _expected(posting: PostingFacts) -> int:
    if posting.expected_months is None:
        raise InputError("How long is the posting expected to last? State its months.", field="posting.expected_months")
    return posting.expected_months


def _conditions(posting: PostingFacts, rule: Posting) -> tuple[Condition, ...]:
    """What the facts leave open, each with its citation."""
    asked = (
        ("not_sent_to_replace_another", rule.not_to_replace and posting.replaces_another is None, rule.cite),
        ("insured_before", rule.insured_before and posting.insured_before is None, rule.insured_before_cite),
        ("active_in_the_sending_state", rule.active_there_cite is not None, rule.active_there_cite),
        ("similar_activity", rule.similar_activity_cite is not None, rule.similar_activity_cite),
        ("extension_agreed", _extended(posting, rule), rule.extension_cite),
    )
    return tuple(Condition(name, Citation.of(cite or rule.cite)) for name, open_, cite in asked if open_)
