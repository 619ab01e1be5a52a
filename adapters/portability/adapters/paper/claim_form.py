"""A claim printed as a form in the reader's language, with its code."""

from datetime import date
from typing import Any, Final

from google.type.date_pb2 import Date

from portability.adapters.certificates.printing import print_page, written
from portability.adapters.certificates.qr import draw_qr
from portability.adapters.paper.claim_code import claim_code
from portability.api.cases.v1 import messages_pb2 as pb
from portability.services.workers.words import Words

__all__ = ["print_claim_form"]

COLUMNS: Final = ("certificate.col_country", "certificate.col_from", "certificate.col_until", "form.work")


async def print_claim_form(claim: pb.OldAgeClaim, *, institution: str, words: Words) -> bytes:
    """The PDF. Raises InputError where the claim is too long for one code."""
    person, printed = claim.person, _day(claim.lodged_on)
    facts = [
        ("form.family_name", person.family_name),
        ("form.given_names", person.given_names),
        ("certificate.fact.birth_date", words.day(_day(person.birth_date))),
        ("form.residence", words.state(person.residence_state)),
        *(
            ("certificate.fact.person_number", f"{one.value} ({words.state(one.country)})")
            for one in person.identifiers
        ),
        ("form.award_on", words.day(_day(claim.award_on))),
    ]
    rows = [
        (
            words.state(one.state),
            words.short_day(_day(one.first_day)),
            words.short_day(_day(one.last_day)),
            one.activity,
        )
        for one in claim.declared
    ]
    data: dict[str, Any] = {
        "language": words.language,
        "right_to_left": words.direction == "rtl",
        "title": words.text("form.title"),
        "intro": words.text("form.paper_intro"),
        "institution": written(institution),
        "printed": {"year": printed.year, "month": printed.month, "day": printed.day},
        "facts": [[words.text(key), written(value)] for key, value in facts],
        "columns": [words.text(key) for key in COLUMNS],
        "rows": [[written(text) for text in row] for row in rows],
        "signatures": [words.text("form.signature"), words.text("form.helper")],
        "code": draw_qr(claim_code(claim)),
        "code_alt": words.text("form.code_alt"),
        "how": words.text("form.paper_how"),
    }
    return await print_page("portability.adapters.paper", "claim_form.typ", data)


def _day(day: Date) -> date:
    return date(day.year, day.month, day.day)
