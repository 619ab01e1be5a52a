"""What a certificate says in the reader's language."""

from datetime import date
from fractions import Fraction

from portability.agreements.values import Money
from portability.services.certificates.facts import CareerRow, Fact, FactKind, career_rows, facts_of
from portability.services.certificates.model import Award, CertificateKind, Shown
from portability.services.certificates.refusals import RefusedBecause
from portability.services.workers.words import Words

__all__ = ["told_career", "told_facts", "told_kind", "told_refusal"]


def told_kind(kind: CertificateKind, words: Words) -> str:
    """ "Certificate of coverage"."""
    return words.text(f"certificate.kind.{kind.value}")


def told_facts(shown: Shown, words: Words) -> list[tuple[str, str]]:
    """Pairs of label and text."""
    return [(words.text(f"certificate.fact.{fact.key}"), _value(fact, words)) for fact in facts_of(shown)]


def told_career(shown: Shown, words: Words) -> list[tuple[str, str, str, str]]:
    """Rows of country, first day, last day, and time."""
    return [_row(row, words) for row in career_rows(shown)]


def told_refusal(reason: str, words: Words) -> str:
    """Why a certificate is not to be relied on, and what to do."""
    return words.text(f"check.because.{RefusedBecause(reason).value}")


def _value(fact: Fact, words: Words) -> str:
    match fact.kind, fact.value:
        case FactKind.DAY, date() as day:
            return words.day(day)
        case FactKind.COUNTRY, str() as code:
            return words.state(code)
        case FactKind.MESSAGE, str() as key:
            return words.text(key)
        case _, Award() as award:
            money = Money(Fraction(award.amount), award.currency)
            return words.text(f"decision.per_{award.frequency}", {"money": money})
    return str(fact.value)


def _row(row: CareerRow, words: Words) -> tuple[str, str, str, str]:
    if row.why_not:
        return words.state(row.state), "", "", words.text(row.why_not)
    times = [words.duration(total) for total in row.totals]
    first, last = (words.short_day(day) if day else "" for day in (row.start, row.last))
    return words.state(row.state), first, last, "; ".join(times)
