"""Where a case is, who holds it and until when, what comes next: the sentences that a worker reads."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from portability.agreements.careers import AnswerStatus, EvidenceLevel
from portability.services.workers.story import (
    award_phrase,
    career_phrase,
    case_has_late_step,
    decision_phrases,
    evidence_phrases,
    next_phrases,
    said_steps,
    timeline,
    where_phrase,
    why_lines,
    you_can_phrases,
)
from portability.services.workers.views import CareerInCountry, CaseStep, Due, RefusalReason, StepKind
from portability.services.workers.words import words_for

TODAY = date(2026, 11, 20)
EN = words_for(["en"])


def step(samples: Any, kind: StepKind, *, due: Due | None = None, done: bool = False) -> CaseStep:
    done_at = samples.day(2026, 11, 1) if done else None
    return CaseStep(kind.value, kind, samples.DRV, since=samples.day(2026, 10, 1), due=due, done_at=done_at)


def test_the_status_line_names_the_earliest_thing_that_holds_the_case_up(samples: Any) -> None:
    assert EN.say(where_phrase(samples.case())) == "INPS must check which record is yours."


def test_several_holders_of_the_same_step_are_all_named(samples: Any) -> None:
    steps = [replace(step(samples, StepKind.RECORDS), holder=holder) for holder in (samples.DRV, samples.INPS)]
    case = samples.case(steps=tuple(steps))
    assert EN.say(where_phrase(case)) == (
        "We wait for your insurance records from Deutsche Rentenversicherung and INPS."
    )


@pytest.mark.parametrize("kind", list(StepKind))
def test_every_kind_of_step_has_its_sentences(samples: Any, kind: StepKind) -> None:
    open_case = samples.case(steps=(step(samples, kind),))
    done_case = samples.case(steps=(step(samples, kind, done=True),))
    assert "Deutsche Rentenversicherung" in EN.say(where_phrase(open_case))
    assert "Deutsche Rentenversicherung" in EN.say(said_steps(open_case, today=TODAY)[0].what)
    assert "Deutsche Rentenversicherung" in EN.say(said_steps(done_case, today=TODAY)[0].what)
    assert EN.say(where_phrase(done_case)) == "One step is finished. INPS starts the next one."


def test_after_records_come_amount_decision_and_summary(samples: Any) -> None:
    case = samples.case(steps=(step(samples, StepKind.RECORDS),))
    assert [phrase.key for phrase in next_phrases(case)] == ["next.determine", "next.decide", "next.summary"]
    assert all(EN.say(phrase) for phrase in next_phrases(case))


def test_a_country_that_is_ahead_does_not_hide_what_others_still_do(samples: Any) -> None:
    case = samples.case(steps=(step(samples, StepKind.RECORDS), step(samples, StepKind.DECIDE, done=True)))
    assert [phrase.key for phrase in next_phrases(case)] == ["next.determine", "next.decide", "next.summary"]


def test_a_closed_case_has_no_next_step_and_says_how_to_have_it_looked_at(samples: Any) -> None:
    case = samples.case(closed_on=date(2026, 11, 19), steps=(step(samples, StepKind.SUMMARY, done=True),))
    assert next_phrases(case) == ()
    assert EN.say(where_phrase(case)) == "Your case was finished on 19 November 2026."
    assert [phrase.key for phrase in you_can_phrases(case, today=TODAY)] == ["you_can.review", "you_can.ask"]


def test_a_step_is_late_the_day_after_its_legal_date_and_not_on_it(samples: Any) -> None:
    due = Due(samples.ART_47, by_law_on=TODAY)
    case = samples.case(steps=(step(samples, StepKind.RECORDS, due=due),))
    (on_the_day,) = said_steps(case, today=TODAY)
    assert not on_the_day.late
    assert EN.say(on_the_day.due) == "The law says: by 20 November 2026."  # type: ignore[arg-type]
    (day_after,) = said_steps(case, today=date(2026, 11, 21))
    assert day_after.late
    assert EN.say(day_after.due) == "This is late. The law said: by 20 November 2026."  # type: ignore[arg-type]


def test_a_day_that_is_only_expected_is_not_called_law(samples: Any) -> None:
    soon = samples.case(
        steps=(step(samples, StepKind.RECORDS, due=Due(samples.ART_47, expected_on=date(2026, 12, 1))),)
    )
    (said,) = said_steps(soon, today=TODAY)
    assert EN.say(said.due) == (  # type: ignore[arg-type]
        "The law sets no day. It says: as soon as possible. "
        "We expect it by 1 December 2026; this day is our own aim, not a law."
    )
    own = samples.case(steps=(step(samples, StepKind.RECORDS, due=Due(None, expected_on=date(2026, 11, 1))),))
    (said,) = said_steps(own, today=TODAY)
    assert said.late
    assert "our own aim, not a law" in EN.say(said.due)  # type: ignore[arg-type]


@pytest.mark.parametrize("due", [None, Due(None)])
def test_a_step_without_any_date_says_so_and_is_never_late(samples: Any, due: Due | None) -> None:
    case = samples.case(steps=(step(samples, StepKind.RECORDS, due=due),))
    (said,) = said_steps(case, today=date.max)
    assert not said.late
    assert EN.say(said.due) == "No day is set for this step."  # type: ignore[arg-type]


def test_as_soon_as_possible_alone_is_said(samples: Any) -> None:
    case = samples.case(steps=(step(samples, StepKind.RECORDS, due=Due(samples.ART_47)),))
    (said,) = said_steps(case, today=TODAY)
    assert EN.say(said.due) == "The law sets no day. It says: as soon as possible."  # type: ignore[arg-type]


def test_a_done_step_has_no_due_date_and_is_not_late(samples: Any) -> None:
    done = step(samples, StepKind.RECORDS, due=Due(samples.ART_47, by_law_on=date(2026, 10, 2)), done=True)
    (said,) = said_steps(samples.case(steps=(done,)), today=TODAY)
    assert said.due is None
    assert not said.late
    assert not case_has_late_step(samples.case(steps=(done,)), today=TODAY)


def test_when_it_is_late_she_is_told_whom_to_ask(samples: Any) -> None:
    sentences = [EN.say(phrase) for phrase in you_can_phrases(samples.case(), today=TODAY)]
    assert sentences == [
        "Have your identity card and old work papers ready. INPS may ask for them.",
        "You can ask INPS why it is late. Say the number IT-2026-0417.",
    ]


def test_the_timeline_puts_open_steps_after_the_done_ones(samples: Any) -> None:
    ids = [said.step.step_id for said in timeline(samples.case(), today=TODAY)]
    assert ids == ["1", "2", "4", "3", "5"]


@pytest.mark.parametrize("status", list(AnswerStatus))
@pytest.mark.parametrize("day", [None, date(2026, 9, 2)])
def test_every_answer_of_a_country_can_be_said(samples: Any, status: AnswerStatus, day: date | None) -> None:
    country = CareerInCountry("DE", status, samples.DRV, asked_on=day, answered_on=day)
    sentence = EN.say(career_phrase(country))
    assert "Deutsche Rentenversicherung" in sentence
    dated = day is not None and status is not AnswerStatus.NOT_ASKED
    assert ("2 September 2026" in sentence) == dated


def test_a_country_without_a_known_institution_is_not_asked_yet(samples: Any) -> None:
    assert EN.say(career_phrase(CareerInCountry("TN", AnswerStatus.NOT_ASKED))) == "Not asked yet."
    with pytest.raises(ValueError, match="name the institution"):
        CareerInCountry("TN", AnswerStatus.KNOWN)


def test_who_verified_a_period_is_named_and_a_declared_one_is_called_unchecked(samples: Any) -> None:
    _, _, germany, _ = samples.career().countries
    declared = replace(germany.periods[0], level=EvidenceLevel.DECLARED, verified_by=None)
    assert [EN.say(phrase) for phrase in evidence_phrases(germany.periods[0])] == [
        "Deutsche Rentenversicherung, on 28 September 2026",
        "It stands in the final yearly account.",
    ]
    assert [EN.say(phrase) for phrase in evidence_phrases(declared)] == ["You told us. Nobody has checked it yet."]


def test_a_decision_is_told_with_its_amount_its_maker_and_its_way_out(samples: Any) -> None:
    assert [EN.say(phrase) for phrase in decision_phrases(samples.decision())] == [
        "Deutsche Rentenversicherung decided on 5 November 2026 that you get a pension. J. Albrecht decided.",
        "You get €476.72 each month from 1 October 2026.",
        "You can have it looked at again until 5 December 2026. Write to: Deutsche Rentenversicherung, 10704 Berlin",
    ]


def test_a_refusal_names_no_amount_and_still_a_way_out(samples: Any) -> None:
    refused = samples.decision(
        outcome=samples.Outcome.REFUSED, redress=None, refusal_reasons=(RefusalReason.AGE_NOT_REACHED,)
    )
    sentences = [EN.say(phrase) for phrase in decision_phrases(refused)]
    assert len(sentences) == 3
    assert "does not pay" in sentences[0]
    assert sentences[1] == "You have not yet reached the pension age there."
    assert sentences[2] == "You can ask Deutsche Rentenversicherung how to have it looked at again."


def test_a_time_limit_that_is_no_day_is_told_as_the_institution_says_it(samples: Any) -> None:
    redress = samples.Redress("Berlin", period="one month from receipt")
    said = [EN.say(phrase) for phrase in decision_phrases(samples.decision(redress=redress))]
    assert said[-1] == ("You can have it looked at again. The time for this: one month from receipt. Write to: Berlin")


def test_a_changed_amount_says_why_a_person_changed_it(samples: Any) -> None:
    (award,) = samples.decision().amounts
    changed = samples.decision(amounts=(replace(award, changed_because="An earlier payment was counted."),))
    said = [EN.say(phrase) for phrase in decision_phrases(changed)]
    assert said[2] == "A person changed what the rules gave. The reason: An earlier payment was counted."


@pytest.mark.parametrize("frequency", ["month", "year", "once"])
@pytest.mark.parametrize("until", [None, date(2027, 1, 1)])
def test_every_way_of_paying_can_be_said(samples: Any, frequency: str, until: date | None) -> None:
    (award,) = samples.decision().amounts
    award = replace(award, frequency=samples.Frequency(frequency), until=until)
    sentence = EN.say(award_phrase(award))
    assert "€476.72" in sentence
    # The last day is the one before the exclusive end.
    assert ("31 December 2026" in sentence) == (until is not None)


def test_reasons_keep_their_tree_and_fall_back_to_english(samples: Any) -> None:
    aggregated, pro_rata = why_lines(samples.decision())
    assert EN.say_why(aggregated) == ("We add up your time in all countries: 300 months.", "en")
    assert [EN.say_why(line)[0] for line in pro_rata.children] == [
        "If you had completed all your time in Germany, you would get €1,212.00 a month.",
        "A step that has only an English sentence.",
    ]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("de", "Wäre Ihre ganze Zeit in diesem Land gewesen (Deutschland), bekämen Sie 1.212,00\xa0€ im Monat."),
        ("fr", "Si tout votre temps avait été dans ce pays (Allemagne), vous recevriez 1\u202f212,00\xa0€ par mois."),
        ("it", "Se tutto il Suo tempo fosse stato in questo paese (Germania), riceverebbe 1.212,00\xa0€ al mese."),
    ],
)
def test_a_reason_of_another_institution_is_told_in_the_language_of_the_page(
    samples: Any, language: str, said: str
) -> None:
    (theoretical, unknown) = why_lines(samples.decision())[1].children
    words = words_for([language])
    assert words.say_why(theoretical) == (said, language)
    assert words.say_why(unknown) == ("A step that has only an English sentence.", "en")


def test_a_reason_with_a_missing_value_is_said_as_it_was_sent(samples: Any) -> None:
    aggregated = replace(samples.decision().why[0], values=())
    (line,) = why_lines(samples.decision(why=(aggregated,)))
    assert EN.say_why(line) == ("Aggregated periods.", "en")


@pytest.mark.parametrize(
    "value", ["not JSON", "1.5", '{"number":"1/0"}', '{"colour":"blue"}', "[[[[[1]]]]]", "[" * 5000, '["DE"]']
)
def test_values_of_another_institution_that_do_not_fit_leave_its_own_sentence(samples: Any, value: str) -> None:
    aggregated = replace(samples.decision().why[0], values=(("output", value), ("unit", '"months"')))
    (line,) = why_lines(samples.decision(why=(aggregated,)))
    assert EN.say_why(line) == ("Aggregated periods.", "en")


def test_a_reason_that_does_not_interest_her_gives_way_to_what_lies_below(samples: Any) -> None:
    outer = replace(samples.decision().why[1], what="")
    lines = why_lines(samples.decision(why=(outer,)))
    assert [line.rule for line in lines] == ["theoretical_amount", "no_sentence_for_this"]
