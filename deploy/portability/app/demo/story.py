"""The story's data: a made-up worker and what three institutions know of her. Test data, marked as such.

Elena Moretti picks fruit in Italy at eighteen, works in a factory near Turin, then twelve years in Munich, fourteen
in Toronto, and five in Turin again. Her records count weeks, months and years; in the summer of 1989 she paid
voluntary contributions in Italy while she already worked in Germany.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from portability.agreements.values import Branch

__all__ = [
    "AGREEMENTS",
    "AWARD_ON",
    "BIRTH",
    "BOUND_FROM",
    "CONTACT",
    "DISPUTE",
    "INSTITUTIONS",
    "OFFICIALS",
    "OFFICIALS_KEYS",
    "PAPER",
    "SIGNED_AT",
    "WORKER",
    "Account",
    "Answer",
    "Institution",
    "Period",
    "Person",
]

BIRTH = date(1959, 10, 20)
AWARD_ON = date(2026, 12, 1)  # she reaches the last of three pension ages on 20 October 2026
CONTACT = "it-inps"
PERSON_PHONE = "+39 333 5550142"

# Two officials of each test authority have signed the agreements that the story needs, long before the claim.
SIGNED_AT = datetime(2025, 6, 2, 10, tzinfo=UTC)
BOUND_FROM = date(2025, 7, 1)
OFFICIALS_KEYS = datetime(2025, 1, 1, tzinfo=UTC), datetime(2045, 1, 1, tzinfo=UTC)  # their window
OFFICIALS = {
    "IT": ("Ministero del Lavoro (test)", (("lucia.greco", "Lucia Greco"), ("paolo.riva", "Paolo Riva"))),
    "DE": ("Bundesministerium für Arbeit (test)", (("anna.vogel", "Anna Vogel"), ("karl.brandt", "Karl Brandt"))),
    "CA": ("Minister of Social Development (test)", (("june.hall", "June Hall"), ("luc.roy", "Luc Roy"))),
}
AGREEMENTS = {"eu-883-2004.yaml": ("DE", "IT"), "ca-it.yaml": ("CA", "IT"), "ca-de.yaml": ("CA", "DE")}


@dataclass(frozen=True, slots=True)
class Person:
    family_name: str
    given_names: str
    residence_state: str
    phone: str
    language: str


@dataclass(frozen=True, slots=True)
class Period:
    """Inclusive days and the amount as the institution counts it."""

    period_id: str
    scheme: str
    kind: str
    first_day: date
    last_day: date
    amount: str
    unit: str
    day_regime: int = 0
    period_type: str = "10"


@dataclass(frozen=True, slots=True)
class Account:
    """What the institution's register holds of her."""

    account_id: str
    number: tuple[str, str]  # sector and value of her insurance number
    periods: tuple[Period, ...]
    facts: tuple[tuple[str, str, str], ...] = ()  # scheme, name, value


@dataclass(frozen=True, slots=True)
class Answer:
    """An amount that the institution computes itself, because its law is not encoded."""

    scheme: str
    independent: str = ""
    theoretical: str = ""
    currency: str = "EUR"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Institution:
    institution_id: str
    name: str
    country: str
    official: str  # the caseworker who decides
    account: Account
    declared: tuple[date, date, str]
    remedy: tuple[str, str, str]  # way, where, period
    answers: tuple[Answer, ...] = ()
    branch: Branch = Branch.OLD_AGE  # for which the directory names it


PAPER = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)
DISPUTE = "I worked in Munich until the end of January 2002."
WORKER = Person("Moretti", "Elena", "IT", PERSON_PHONE, "it")

INSTITUTIONS = (
    Institution(
        "it-inps",
        "Istituto Nazionale della Previdenza Sociale (test)",
        "IT",
        "giulia-ferri",
        Account(
            "IT-7712",
            ("codice_fiscale", "MRTLNE59R60L219X"),
            (
                Period("it-1978", "it-pensione", "compulsory", date(1978, 5, 2), date(1978, 10, 31), "26", "weeks"),
                Period("it-1979", "it-pensione", "compulsory", date(1979, 9, 3), date(1989, 5, 31), "508", "weeks"),
                Period(
                    "it-1989",
                    "it-pensione",
                    "voluntary",
                    date(1989, 6, 1),
                    date(1989, 8, 31),
                    "13",
                    "weeks",
                    period_type="20",
                ),
                Period("it-2016", "it-pensione", "compulsory", date(2016, 3, 1), date(2021, 2, 28), "260", "weeks"),
            ),
            # What the thirteen voluntary weeks are worth beside the share, since they gave way to work in Germany.
            (("it-pensione", "displaced_voluntary_amount", "9.70"),),
        ),
        (date(1978, 5, 2), date(2021, 2, 28), "fruit picking, then a car factory in Turin"),
        ("Appeal to the provincial committee", "INPS, Via Ciro il Grande 21, Roma", "90 days from receipt"),
        (
            Answer("it-pensione@eu-883-2004", theoretical="1184.60", note="Italian and German time together"),
            Answer("it-pensione@ca-it", theoretical="1231.40", note="Italian and Canadian time together"),
        ),
    ),
    Institution(
        "de-drv",
        "Deutsche Rentenversicherung (test)",
        "DE",
        "jonas-weber",
        Account(
            "DE-4401",
            ("rentenversicherung", "53201059M512"),
            (Period("de-1989", "de-rente", "compulsory", date(1989, 6, 1), date(2001, 12, 31), "151", "months"),),
            (("de-rente", "earnings_points", "13.2145"),),
        ),
        (date(1989, 6, 1), date(2001, 12, 31), "electronics assembly in Munich"),
        ("Objection (Widerspruch)", "Deutsche Rentenversicherung, Ruhrstrasse 2, Berlin", "one month from receipt"),
    ),
    Institution(
        "ca-sc",
        "Service Canada (test)",
        "CA",
        "amelie-tremblay",
        Account(
            "CA-9083",
            ("social_insurance", "046454286"),
            (
                Period(
                    "ca-res",
                    "ca-oas",
                    "residence",
                    date(2002, 2, 1),
                    date(2015, 12, 31),
                    "167",
                    "months",
                    period_type="30",
                ),
                Period("ca-cpp", "ca-cpp", "compulsory", date(2002, 2, 1), date(2015, 12, 31), "14", "years"),
            ),
            (("ca-oas", "full_monthly_amount", "740.09"),),
        ),
        (date(2002, 2, 1), date(2015, 12, 31), "care assistant in Toronto"),
        ("Request for reconsideration", "Service Canada, PO Box 5100 Station D, Scarborough", "90 days from receipt"),
        (Answer("ca-cpp", independent="412.35", currency="CAD", note="from her pensionable earnings"),),
    ),
)
