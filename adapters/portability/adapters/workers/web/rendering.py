"""From a template and facts to a page in the reader's language; every value is escaped by the templates."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request

from portability.adapters.workers.web.menu import MENU
from portability.agreements.periods import Duration
from portability.services.workers.words import Words, languages, words_for

__all__ = [
    "LANGUAGE_COOKIE_SECONDS",
    "countries",
    "environment",
    "how_long",
    "reader_words",
    "spans_text",
    "style_sheet",
    "style_version",
]

_PACKAGE = "portability.adapters.workers.web"
LANGUAGE_COOKIE_SECONDS = 365 * 24 * 3600
# Codes in the list of territories that name no country: groups, the unknown, pseudo-locales.
_NO_COUNTRIES = {"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"}


@lru_cache(maxsize=1)
def environment() -> Environment:
    """The templates; they stop at an unknown name, and escape everything."""
    made = Environment(
        loader=PackageLoader(_PACKAGE, "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters["day_before"] = lambda day: day - timedelta(days=1)
    made.globals["style_version"] = style_version()
    made.globals["menu"] = MENU
    made.globals["languages"] = [words_for([tag]) for tag in languages()]
    return made


@lru_cache(maxsize=1)
def style_sheet() -> bytes:
    return files(_PACKAGE).joinpath("static", "style.css").read_bytes()


@lru_cache(maxsize=1)
def style_version() -> str:
    """Changes with the style sheet, so that browsers may keep it for a year."""
    return sha256(style_sheet()).hexdigest()[:12]


def reader_words(request: Request, *, chosen: str, zone: Any) -> Words:
    """The reader's language: just chosen, chosen before, or the first of her browser's that there is."""
    asked = request.query_params.get("lang", "")
    wanted = [tag for tag in (asked, chosen) if tag in languages()]
    return words_for([*wanted, *_accepted(request.headers.get("accept-language", ""))], zone=zone)


def countries(words: Words) -> list[tuple[str, str]]:
    """Every country by its name in the reader's language: she may have worked anywhere."""
    names = words.locale.territories
    found = ((code, name) for code, name in names.items() if len(code) == 2 and code not in _NO_COUNTRIES)
    return sorted(found, key=lambda one: one[1])


def how_long(words: Words, duration: Duration | None) -> str:
    """An amount of insured time as the institution counted it: "118 months"; dates alone may stand for it."""
    return words.text("career.no_amount") if duration is None else words.duration(duration)


def spans_text(words: Words, spans: Sequence[tuple[date, date]]) -> str:
    """Bars as words, for who cannot see them."""
    parts = [words.text("career.span", {"first": first, "last": last}) for first, last in spans]
    return "; ".join(parts) or words.text("career.picture_none")


def _accepted(header: str) -> list[str]:
    """Tags of an Accept-Language header (RFC 9110 12.5.4), the most wanted first; at most ten."""
    weighted: list[tuple[float, int, str]] = []
    for position, part in enumerate(header.split(",")[:10]):
        tag, _, weight = part.strip().partition(";q=")
        try:
            wanted = float(weight) if weight else 1.0
        except ValueError:
            continue
        if tag and tag != "*" and tag.replace("-", "").isalnum() and wanted > 0:
            weighted.append((-wanted, position, tag))
    return [tag for _, _, tag in sorted(weighted)]
