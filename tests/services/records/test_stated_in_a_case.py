"""What the messages of a case add up to: the last statement, its corrections, who was asked, and whose it is."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from portability.agreements.careers import (
    AnswerStatus,
    CareerRecord,
    Evidence,
    EvidenceLevel,
    PersonIdentifier,
    RecordedPeriod,
    period_totals,
)
from portability.agreements.errors import InputError, VerificationError
from portability.agreements.periods import InsurancePeriod, PeriodKind
from portability.api.careers.v1 import messages_pb2 as careers
from portability.api.cases.v1 import claims_pb2 as claims
from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1 import messages_pb2 as records
from portability.services.mapping.common import write_date, write_period
from portability.services.persons.whose import StatedPerson
from portability.services.records.mapping.stated import read_said, speaks_of_records
from portability.services.records.stated import About, Asked, Corrected, Stated, said_in_case

DE, OTHER_DE, IT = "de-drv", "de-kbs", "it-inps"
ASKED, TOLD = date(2026, 3, 2), date(2026, 3, 9)
UUID = "01936e00-0000-7000-8000-00000000ca5e"


def period(period_id: str, first: date = date(1990, 1, 1), last: date = date(1995, 1, 1)) -> RecordedPeriod:
    insured = InsurancePeriod(period_id, "DE", PeriodKind.COMPULSORY, "de-grv", first, last)
    return RecordedPeriod(insured, Evidence(EvidenceLevel.FINAL_ACCOUNT, "account", DE, TOLD))


STATED = Stated(DE, TOLD, AnswerStatus.KNOWN, TOLD, (period("a"), period("b")))
MARIA = StatedPerson(date(1961, 2, 3), (PersonIdentifier("DE", "pension", "65 030261 R 501"),))


def test_who_was_asked_and_has_not_answered_is_no_silence() -> None:
    (career,) = said_in_case([Asked(DE, ASKED)]).careers
    assert career == CareerRecord("DE", DE, AnswerStatus.ASKED_NO_ANSWER, asked_on=ASKED)


def test_a_statement_answers_and_asking_for_more_takes_nothing_back() -> None:
    (career,) = said_in_case([Asked(DE, ASKED), STATED, Asked(DE, TOLD)]).careers
    assert (career.status, career.asked_on, career.answered_on) == (AnswerStatus.KNOWN, ASKED, TOLD)
    assert career.periods == STATED.periods
    (later,) = said_in_case([STATED, replace(STATED, periods=(period("c"),))]).careers
    assert [one.period.period_id for one in later.periods] == ["c"]


def test_a_correction_changes_adds_and_takes_back_periods_of_what_was_stated_in_the_case() -> None:
    longer = period("a", last=date(1996, 1, 1))
    corrected = Corrected(DE, TOLD, (("a", longer), ("b", None), ("c", period("c"))))
    (career,) = said_in_case([STATED, corrected]).careers
    assert {one.period.period_id: one for one in career.periods} == {"a": longer, "c": period("c")}
    (nothing,) = said_in_case([STATED, Corrected(DE, TOLD, (("a", None), ("b", None)))]).careers
    assert (nothing.status, nothing.periods) == (AnswerStatus.NONE, ())
    assert said_in_case([corrected]).careers == ()  # it was stated in another case


def test_two_institutions_of_a_state_answer_together_and_no_period_is_lost() -> None:
    other = replace(STATED, institution=OTHER_DE, periods=(period("b"), period("d")))
    (career,) = said_in_case([Asked(OTHER_DE, ASKED), STATED, other]).careers
    assert sorted(one.period.period_id for one in career.periods) == ["a", "b", f"b@{OTHER_DE}", "d"]
    # Each period stays its own institution's, whichever of the two stands for the state.
    for order in ([STATED, other], [other, STATED]):
        assert said_in_case([Asked(OTHER_DE, ASKED), *order]).stated_by == {
            ("DE", "a"): DE,
            ("DE", "b"): DE,
            ("DE", f"b@{OTHER_DE}"): OTHER_DE,
            ("DE", "d"): OTHER_DE,
        }
    (known,) = said_in_case([Asked(OTHER_DE, ASKED), STATED]).careers
    assert (known.institution, known.status) == (DE, AnswerStatus.KNOWN)


def test_totals_are_counted_again_after_every_message_and_told_where_the_periods_do_not_give_them() -> None:
    # Of 1 January 1990 to 1 January 1995 there are 1826 days, twice.
    right = period_totals([one.period for one in STATED.periods])
    (career,) = said_in_case([replace(STATED, totals=right)]).careers
    assert career.totals_differ == ()
    assert said_in_case([STATED]).careers[0].totals_differ == ()  # none was sent: nothing to compare
    wrong = (replace(right[0], amount=Fraction(4000)),)
    (career,) = said_in_case([replace(STATED, totals=wrong)]).careers
    assert career.periods == STATED.periods  # nothing is mended
    assert career.totals_differ == (
        "Total of de-grv, compulsory, in calendar days: 4000 (2 periods) sent, its periods give 3652 (2 periods). "
        "Ask the institution which is right; the periods count.",
    )
    # A correction takes a period back: the total that was right is so no more, and nobody keeps quiet about it.
    taken_back = Corrected(DE, TOLD, (("b", None),))
    (career,) = said_in_case([replace(STATED, totals=right), taken_back]).careers
    assert "3652 (2 periods) sent, its periods give 1826 (1 periods)" in career.totals_differ[0]


def test_the_person_is_whom_the_claim_or_the_question_names() -> None:
    said = said_in_case([About(MARIA, ASKED), About(None), replace(STATED, person=MARIA)])
    assert said.about == About(MARIA, ASKED)
    assert said.whose == {DE: MARIA}


def statement(**more: object) -> records.RecordStatement:
    message = records.RecordStatement(
        statement_id=UUID,
        case_id=UUID,
        record_request_id=UUID,
        institution=common.InstitutionReference(institution_id=DE),
        state="DE",
        status=records.ANSWER_STATUS_KNOWN,
        as_of=write_date(TOLD),
        periods=[write_period(one) for one in STATED.periods],
        **more,
    )
    message.stated_at.seconds = 1_772_409_600
    return message


def test_a_statement_is_read_as_its_sender_made_it() -> None:
    read = read_said("record.statement", statement().SerializeToString(), sender=DE, to=(IT,), on=TOLD)
    assert read == (STATED,)


def test_who_speaks_for_another_institution_is_not_heard() -> None:
    with pytest.raises(VerificationError, match="The statement of de-kbs speaks for another institution"):
        read_said("record.statement", statement().SerializeToString(), sender=OTHER_DE, to=(IT,), on=TOLD)
    corrects = careers.RecordCorrection(known_on=write_date(TOLD))
    corrects.corrections.add(period_id="a", reason="CORRECTION_REASON_ERROR", after=write_period(period("a")))
    with pytest.raises(InputError, match="of another state than it-inps"):
        read_said("record.correction", corrects.SerializeToString(), sender=IT, to=(DE,), on=TOLD)


def test_of_a_survivor_the_records_are_the_insured_persons_and_a_part_of_a_birth_date_is_none() -> None:
    claim = claims.SurvivorClaim(relation="FAMILY_RELATION_SPOUSE")
    claim.claim.claimant.names.add(kind="NAME_KIND_CURRENT", family_name="Rossi")
    for day in (claim.claim.lodged_on, claim.claim.received_on, claim.claim.award_on):
        day.CopyFrom(write_date(ASKED))
    claim.died_on.year, claim.died_on.precision = 2026, 3
    claim.deceased.names.add(kind="NAME_KIND_CURRENT", family_name="Rossi")
    claim.deceased.identifiers.add(country="DE", sector="pension", value="65 030261 R 501")
    claim.deceased.birth.year, claim.deceased.birth.precision = 1961, 3
    about, *asked = read_said("claim.survivor", claim.SerializeToString(), sender=IT, to=(DE,), on=ASKED)
    assert about == About(None, ASKED)
    assert asked == [Asked(DE, ASKED), Asked(IT, ASKED)]
    claim.deceased.birth.month, claim.deceased.birth.day, claim.deceased.birth.precision = 2, 3, 1
    about, *_ = read_said("claim.survivor", claim.SerializeToString(), sender=IT, to=(DE,), on=ASKED)
    assert about == About(MARIA, ASKED)
    claim.deceased.birth.day = 31
    with pytest.raises(InputError, match="birth is 1961-2-31"):
        read_said("claim.survivor", claim.SerializeToString(), sender=IT, to=(DE,), on=ASKED)


def test_other_messages_say_nothing_of_records() -> None:
    assert not speaks_of_records("decision.notify")
    assert read_said("decision.notify", b"", sender=DE, to=(IT,), on=TOLD) == ()
