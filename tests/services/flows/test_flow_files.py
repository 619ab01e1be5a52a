"""Flow files: what ships is right, and a wrong file is told where it is wrong."""

import re

import pytest

from portability.agreements.errors import AgreementFileError, AgreementSyntaxError
from portability.services.flows.definition import Deadline
from portability.services.flows.load import load_flow, packaged_flow_texts, packaged_flows

GOOD = """\
flow: asking
title: Asking
purpose: pension-claim
legal_basis: Regulation (EC) No 987/2009, Art. 12(1)
roles:
  asker: {says: asks}
  asked: {says: is asked}
tracks:
  question:
    says: the question
    states:
      begun: {says: not asked}
      asked: {says: asked, holder: asked, deadline: answer}
      answered: {says: answered, end: true}
actions:
  ask:
    says: Ask.
    type: record.request
    by: [asker]
    opens: true
    moves: [{track: question, from: [begun], to: asked}]
  answer:
    says: Answer.
    type: record.statement
    by: [asked]
    moves: [{track: question, from: [asked], to: answered}]
deadlines:
  answer:
    - id: standard.answer
      after: {days: 30}
      basis: service_standard
      says: answered within a month
      effect: remind
"""


def test_there_is_a_file_for_each_flow_of_the_catalogue() -> None:
    numbers = sorted((flow.number for flow in packaged_flows().values()), key=lambda number: int(number[1:]))
    assert numbers == [f"F{number}" for number in range(1, 15)]


@pytest.mark.parametrize("file", packaged_flow_texts())
def test_a_packaged_file_is_a_flow_with_the_shared_administration(file: str) -> None:
    flow = load_flow(packaged_flow_texts()[file], file)
    assert {"close", "reopen", "add_participant", "replace_participant", "forward", "invalidate"} <= set(flow.actions)
    assert {"remind", "ask_to_clarify", "reject", "raise_exception"} <= set(flow.actions)


def all_rules() -> list[Deadline]:
    return [rule for flow in packaged_flows().values() for rules in flow.deadlines.values() for rule in rules]


def test_silence_is_consent_only_where_the_regulation_says_so() -> None:
    found = {(rule.id, str(rule.cite)) for rule in all_rules() if rule.effect == "silent_consent"}
    assert found == {("eu.determination_silence", "Regulation (EC) No 987/2009 Art. 16(3)")}


def test_a_rule_of_law_cites_it_and_a_service_standard_is_named_as_one() -> None:
    for rule in all_rules():
        assert rule.cite is not None or rule.basis == "service_standard", rule.id
        assert rule.id.startswith("standard.") <= (rule.basis == "service_standard"), rule.id


def test_only_articles_that_speak_of_days_are_law() -> None:
    # 987/2009 Art. 5(4) and 6(3): one month; 16(3) and 72(2): two months.
    law = {str(rule.cite).rpartition(" ")[2] for rule in all_rules() if rule.basis == "law"}
    assert law == {"5(4)", "6(3)", "16(3)", "72(2)"}


@pytest.mark.parametrize(
    ("change", "place", "words"),
    [
        (("flow: asking\n", ""), "asking.yaml:1:1", "the key 'flow' is missing"),
        (("holder: asked, ", ""), "asking.yaml:13:7", "give both `holder` and `deadline`"),
        (("deadline: answer}", "deadline: reply}"), "asking.yaml:13:7", "there is no deadline 'reply'"),
        (("from: [begun]", "from: [start]"), "asking.yaml:21:13", "'question' has no state 'start'"),
        (("by: [asked]", "by: [nobody]"), "asking.yaml:25:5", "'nobody' is no role"),
        (("answered, end: true", "answered"), "asking.yaml:14:7", "nothing leads out of it"),
        (("{days: 30}", "{days: 30, months: 1}"), "asking.yaml:29:7", "in days, in months or in working_days"),
        (("basis: service_standard", "basis: law"), "asking.yaml:29:7", "cite the provision"),
        (("effect: remind", "effect: silent_consent"), "asking.yaml:29:7", "only where an article"),
        (("effect: remind", "effect: forget"), "asking.yaml:33:7", "expected"),
        (("  ask:\n", "  close:\n"), "asking.yaml:16:3", "belongs to the shared administration"),
        (("says: Ask.", "say: Ask."), "asking.yaml:17:5", "unknown key 'say'"),
    ],
)
def test_a_wrong_file_is_told_where(change: tuple[str, str], place: str, words: str) -> None:
    assert load_flow(GOOD, "asking.yaml").key == ("asking", 1)
    text = GOOD.replace(*change, 1)
    assert text != GOOD
    with pytest.raises((AgreementFileError, AgreementSyntaxError)) as raised:
        load_flow(text, "asking.yaml")
    assert words in raised.value.message
    assert re.search(r"asking\.yaml:\d+:\d+", raised.value.message)
    assert place in raised.value.message
