"""From views and sentences to the messages of portability.api.workers.v1; nothing is decided here."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

from google.protobuf.timestamp_pb2 import Timestamp
from google.type.date_pb2 import Date

from portability.agreements.careers import AnswerStatus, EvidenceLevel
from portability.agreements.periods import InsurancePeriod, PeriodKind, PeriodUnit
from portability.agreements.values import Citation, Money
from portability.api.common.v1 import common_pb2 as common
from portability.api.workers.v1 import workers_pb2 as pb
from portability.services.mapping.common import write_exact
from portability.services.workers.story import (
    SaidStep,
    WhyLine,
    career_phrase,
    case_has_late_step,
    decision_phrases,
    next_phrases,
    said_steps,
    seen_phrases,
    where_phrase,
    why_lines,
    you_can_phrases,
)
from portability.services.workers.views import (
    AwardAmount,
    CareerInCountry,
    CareerPeriod,
    CaseView,
    DecisionView,
    DeclaredTime,
    Frequency,
    Institution,
    Outcome,
    Redress,
    SeenBy,
    StepKind,
)
from portability.services.workers.words import Words

__all__ = [
    "career_message",
    "case_message",
    "date_message",
    "decision_message",
    "frequency_message",
    "institution_message",
    "legal_reference",
    "money_message",
    "seen_message",
    "summary_message",
    "timestamp",
    "why_messages",
]

_STEP_KIND = {kind: pb.StepKind.Value(f"STEP_KIND_{kind.name}") for kind in StepKind}
_STATUS = {status: pb.AnswerStatus.Value(f"ANSWER_STATUS_{status.name}") for status in AnswerStatus}
_OUTCOME = {outcome: pb.DecisionOutcome.Value(f"DECISION_OUTCOME_{outcome.name}") for outcome in Outcome}
_FREQUENCY = {frequency: pb.Frequency.Value(f"FREQUENCY_{frequency.name}") for frequency in Frequency}
_KIND = {kind: common.PeriodKind.Value(f"PERIOD_KIND_{kind.name}") for kind in PeriodKind}
_UNIT = {unit: common.PeriodUnit.Value(f"PERIOD_UNIT_{unit.name}") for unit in PeriodUnit}
_LEVEL = {level: common.EvidenceLevel.Value(f"EVIDENCE_LEVEL_{level.name}") for level in EvidenceLevel}


def summary_message(case: CaseView, *, words: Words, today: date) -> pb.MyCaseSummary:
    return pb.MyCaseSummary(
        case_id=str(case.case_id),
        reference=case.reference,
        branch=case.branch.value,
        lodged_on=date_message(case.lodged_on),
        closed_on=date_message(case.closed_on),
        late=case_has_late_step(case, today=today),
        where=words.say(where_phrase(case)),
    )


def case_message(case: CaseView, *, words: Words, today: date) -> pb.GetMyCaseResponse:
    return pb.GetMyCaseResponse(
        summary=summary_message(case, words=words, today=today),
        contact_institution=institution_message(case.contact_institution),
        steps=[_step(said, words=words) for said in said_steps(case, today=today)],
        next=[words.say(phrase) for phrase in next_phrases(case)],
        you_can=[words.say(phrase) for phrase in you_can_phrases(case, today=today)],
        seen_by=[seen_message(seen, words=words) for seen in case.seen_by],
    )


def career_message(country: CareerInCountry, *, words: Words) -> pb.CareerInCountry:
    return pb.CareerInCountry(
        state=country.state,
        state_name=words.state(country.state),
        status=_STATUS[country.status],
        institution=institution_message(country.institution) if country.institution else None,
        asked_on=date_message(country.asked_on),
        answered_on=date_message(country.answered_on),
        periods=[_period(period) for period in country.periods],
        text=words.say(career_phrase(country)),
        declared=[_declared(time) for time in country.declared],
    )


def decision_message(decision: DecisionView, *, words: Words) -> pb.MyDecision:
    return pb.MyDecision(
        decision_id=decision.decision_id,
        case_id=str(decision.case_id),
        institution=institution_message(decision.institution),
        state=decision.institution.state,
        outcome=_OUTCOME[decision.outcome],
        decided_on=date_message(decision.decided_on),
        decided_by=decision.decided_by,
        amounts=[_award(award) for award in decision.amounts],
        why=why_messages(why_lines(decision), words=words),
        redress=_redress(decision.redress) if decision.redress else None,
        agreement_reviewed=decision.agreement_reviewed,
        text=[words.say(phrase) for phrase in decision_phrases(decision)],
    )


def timestamp(instant: datetime | None) -> Timestamp | None:
    """A protobuf timestamp; None stays unset."""
    if instant is None:
        return None
    message = Timestamp()
    message.FromDatetime(instant.astimezone(UTC))
    return message


def _step(said: SaidStep, *, words: Words) -> pb.MyCaseStep:
    step, due = said.step, said.step.due
    return pb.MyCaseStep(
        step_id=step.step_id,
        kind=_STEP_KIND[step.kind],
        holder=institution_message(step.holder),
        state=step.holder.state,
        since=timestamp(step.since),
        done_at=timestamp(step.done_at),
        due_by_law_on=date_message(due.by_law_on) if due else None,
        expected_on=date_message(due.expected_on) if due else None,
        due_reference=legal_reference(due.citation) if due else None,
        late=said.late,
        text=words.say(said.what),
        due_text=words.say(said.due) if said.due else "",
    )


def seen_message(seen: SeenBy, *, words: Words) -> pb.SeenBy:
    who, why = seen_phrases(seen)
    return pb.SeenBy(
        at=timestamp(seen.at),
        institution=institution_message(seen.institution),
        role=seen.role.value,
        purpose=seen.purpose,
        text=words.say(who),
        purpose_text=words.say(why),
    )


def _period(period: CareerPeriod) -> common.InsurancePeriod:
    facts = period.period
    amount, unit, regime = _duration(facts)
    return common.InsurancePeriod(
        period_id=facts.period_id,
        state=facts.state,
        kind=_KIND[facts.kind],
        scheme=facts.scheme,
        first_day=date_message(facts.start),
        last_day=_last_day(facts.end) if facts.end else None,
        amount=amount,
        unit=unit,
        day_regime=regime,
        period_type=facts.period_type,
        evidence=common.Evidence(
            level=_LEVEL[period.level],
            method=period.method,
            verified_by=period.verified_by.institution_id if period.verified_by else "",
            verified_on=date_message(period.verified_on),
        ),
    )


def _duration(period: InsurancePeriod) -> tuple[str, common.PeriodUnit.ValueType, int]:
    duration = period.duration
    if duration is None:
        return "", common.PERIOD_UNIT_UNSPECIFIED, 0
    # The wire carries four decimal places, and so does every amount that came over it.
    exact = Decimal(duration.amount.numerator) / Decimal(duration.amount.denominator)
    amount = f"{exact:.4f}".rstrip("0").rstrip(".")
    return amount, _UNIT[duration.unit], int(duration.day_regime or 0)


def _award(award: AwardAmount) -> pb.AwardAmount:
    return pb.AwardAmount(
        amount=money_message(award.amount),
        frequency=_FREQUENCY[award.frequency],
        first_day=date_message(award.start),
        last_day=_last_day(award.until) if award.until else None,
        scheme=award.scheme,
        changed_because=award.changed_because,
    )


def _declared(time: DeclaredTime) -> pb.DeclaredTime:
    return pb.DeclaredTime(
        first_day=date_message(time.start),
        last_day=_last_day(time.end),
        activity=time.activity,
        employer=time.employer,
    )


def _redress(redress: Redress) -> pb.Redress:
    return pb.Redress(
        where=redress.where,
        until=date_message(redress.until),
        period=redress.period,
        way=redress.way,
        reference=legal_reference(redress.citation),
    )


def why_messages(lines: Sequence[WhyLine], *, words: Words, depth: int = 0) -> list[pb.WhyStep]:
    steps: list[pb.WhyStep] = []
    for line in lines:
        text, language = words.say_why(line)
        reference = legal_reference(line.citation)
        values = write_exact(line.values)
        steps.append(
            pb.WhyStep(rule=line.rule, reference=reference, text=text, language=language, depth=depth, values=values)
        )
        steps.extend(why_messages(line.children, words=words, depth=depth + 1))
    return steps


def frequency_message(frequency: Frequency) -> pb.Frequency.ValueType:
    return _FREQUENCY[frequency]


def money_message(money: Money) -> common.Money:
    return common.Money(currency_code=money.currency, amount=f"{money.decimal():f}")


def legal_reference(citation: Citation | None) -> common.LegalReference | None:
    return common.LegalReference(instrument=citation.instrument, article=citation.article) if citation else None


def institution_message(institution: Institution) -> common.InstitutionReference:
    return common.InstitutionReference(institution_id=institution.institution_id, name=institution.name)


def _last_day(end: date) -> Date | None:
    """The day before an exclusive end."""
    return date_message(date.fromordinal(end.toordinal() - 1))


def date_message(day: date | None) -> Date | None:
    return Date(year=day.year, month=day.month, day=day.day) if day else None
