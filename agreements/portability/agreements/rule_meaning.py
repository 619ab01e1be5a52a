"""What a rule means, in one plain sentence for a reader who has the treaty beside it. Pure.

Kinds whose meaning turns on a parameter have a sentence here; every other one says what its class says of the kind.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from portability.agreements.rule_words import joined, kind_of, value_in_words
from portability.agreements.rules import RuleBase

__all__ = ["GROUP_WORDS", "kind_meaning", "meaning"]

GROUP_WORDS: Mapping[str, str] = {
    "nationals": "nationals of the parties",
    "refugees": "refugees",
    "stateless": "stateless persons",
    "family": "members of the family",
    "survivors": "survivors",
    "others_insured": "everybody else who is or was insured, whatever the nationality",
}


_WORK_WORDS: Mapping[str, str] = {
    "self_employed": "self-employed persons",
    "called_up": "persons called up for armed or civilian service",
    "unemployed": "persons who receive unemployment benefits",
    "not_working": "persons who do not work",
}


def meaning(rule: RuleBase) -> str:
    """One sentence; it ends with a full stop."""
    sentence = _SENTENCES.get(kind_of(rule))
    return sentence(rule) if sentence else kind_meaning(type(rule))


def kind_meaning(kind: type[RuleBase]) -> str:
    """The first sentence of the class, without the module that it points engineers to."""
    first = " ".join((kind.__doc__ or kind.__name__).split("\n\n", maxsplit=1)[0].split())
    return re.sub(r" \(`[^)]*`\)", "", first).rstrip(".:") + "."


def _groups(rule: Any) -> str:
    """Everybody comes last, and stands for nationals too where the rule does not name them."""
    groups = sorted(rule.groups, key=lambda group: group == "others_insured")
    words = [GROUP_WORDS.get(group, value_in_words(group)) for group in groups]
    if "nationals" not in groups:
        words = [word.replace("everybody else", "everybody") for word in words]
    return joined(words) or "nobody"


def _personal_scope(rule: Any) -> str:
    return f"The agreement covers {_groups(rule)}."


def _equal_treatment(rule: Any) -> str:
    return f"A state treats {_groups(rule)} as its own nationals."


def _export(rule: Any) -> str:
    where = "in any state" if rule.to == "parties_and_third_states" else "in the other party's territory"
    condition = "" if rule.condition == "none" else f", under a condition ({value_in_words(rule.condition)})"
    return f"Benefits are paid to a person who lives {where}{condition}."


def _place_of_work(rule: Any) -> str:
    at_work = "where they serve" if "called_up" in rule.persons else "where they work"
    where = "where they live" if rule.legislation == "residence" else at_work
    return f"{_persons(rule).capitalize()} are under the legislation of the state {where}."


def _posting(rule: Any) -> str:
    limit = f"for up to {rule.months} months" if rule.months else "for as long as the posting lasts"
    return f"{_persons(rule).capitalize()} sent to work in another party stay under the sending state's law {limit}."


def _persons(rule: Any) -> str:
    return joined(_WORK_WORDS.get(one, f"{value_in_words(one)} persons") for one in rule.persons)


def _aggregation(rule: Any) -> str:
    return {
        "not_provided": "Other states' periods do not count here.",
        "when_own_are_insufficient": "Other states' periods count where own periods are not enough for a right.",
    }.get(rule.only, "Other states' periods count as own, to the extent necessary.")


def _period_credit(rule: Any) -> str:
    source = f"time in {rule.from_state}" + (f" ({', '.join(rule.from_schemes)})" if rule.from_schemes else "")
    least = f" of at least {value_in_words(rule.minimum)}" if rule.minimum else ""
    least += f" or {value_in_words(rule.or_minimum)}" if rule.or_minimum else ""
    counts = f"{value_in_words(rule.credits)} for {rule.to_scheme}"
    return f"Each {value_in_words(rule.per)}{least} of {source} counts as {counts}."


def _short_periods(rule: Any) -> str:
    return f"Less than {value_in_words(rule.less_than)} of periods open no benefit; the other states count them."


def _claim_date(rule: Any) -> str:
    condition = {
        "in_all_institutions": "",
        "when_requested_or_periods_named": ", where the person asks so or names periods there",
        "when_requested_in_writing": ", where the person asks so in writing",
    }.get(rule.protected, f" ({value_in_words(rule.protected)})")
    return f"A claim in one state is a claim of the same day in the others{condition}."


def _time_limit(rule: Any) -> str:
    limit = f"within {rule.days} days" if rule.days else value_in_words(rule.limit)
    return f"Time limit to {value_in_words(rule.action)}: {limit}."


def _government_service(rule: Any) -> str:
    whom = {
        "all": "Persons in a state's own service",
        "sent": "Persons whom a state sends in its own service",
        "nationals_of_the_employing_state": "Nationals of a state in its own service",
    }.get(rule.persons, f"Persons in government service ({value_in_words(rule.persons)})")
    return f"{whom} stay under that state's legislation."


def _crew(rule: Any, of: str, unless: str | None) -> str:
    first = _CONNECTION_WORDS.get(rule.legislation, value_in_words(rule.legislation))
    other = f", or {_CONNECTION_WORDS.get(unless, value_in_words(unless))} in the cases it names" if unless else ""
    return f"Crews of {of} are under the legislation of the state of {first}{other}."


_CONNECTION_WORDS: Mapping[str, str] = {
    "flag": "the ship's flag",
    "employer_seat": "the employer's seat",
    "place_of_work": "the place of work",
    "home_base": "the home base",
}


_SENTENCES: Mapping[str, Callable[[Any], str]] = {
    "personal_scope": _personal_scope,
    "equal_treatment": _equal_treatment,
    "export": _export,
    "place_of_work": _place_of_work,
    "posting": _posting,
    "government_service": _government_service,
    "seafarers": lambda rule: _crew(rule, "ships", rule.otherwise),
    "air_crew": lambda rule: _crew(rule, "aircraft", rule.unless),
    "aggregation": _aggregation,
    "period_credit": _period_credit,
    "short_periods": _short_periods,
    "claim_date": _claim_date,
    "time_limit": _time_limit,
}
