"""Whether the check digit of an identifier is right. A wrong one is a warning to a person and never refuses anything:
registers hold numbers that were issued wrongly, and people write them down wrongly.
"""

from collections.abc import Mapping
from typing import Any, Final

from stdnum import get_cc_module

from portability.agreements.careers import PersonIdentifier

__all__ = ["check_digit_warning"]

# The number that institutions of a country know people by: module of python-stdnum.
_NUMBERS: Final[Mapping[str, str]] = {
    "AT": "vnr", "BE": "nn", "BG": "egn", "CA": "sin", "CH": "ssn", "CZ": "rc", "DE": "idnr", "DK": "cpr", "EE": "ik",
    "ES": "dni", "FI": "hetu", "FR": "nir", "GR": "amka", "HR": "oib", "IE": "pps", "IS": "kennitala",
    "IT": "codicefiscale", "LT": "asmens", "NL": "bsn", "NO": "fodselsnummer", "PL": "pesel", "PT": "cc", "RO": "cnp",
    "SE": "personnummer", "SI": "emso", "SK": "rc", "TR": "tckimlik", "US": "ssn",
}  # fmt: skip
_GENERAL: Final = frozenset({"all", "tax", "social_security", "national"})
"""Sectors whose number is the country's general one; others have numbers of their own."""


def check_digit_warning(identifier: PersonIdentifier) -> str:
    """Return what is odd about the number, for people; empty where nothing is, or where no rule is known."""
    module = _NUMBERS.get(identifier.country) if identifier.sector in _GENERAL else None
    if module is None:
        return ""
    checker: Any = get_cc_module(identifier.country.lower(), module)
    if checker is None or checker.is_valid(identifier.comparable):
        return ""
    return f"The number of {identifier.country} ({identifier.sector}) has not the form or check digit that it should."
