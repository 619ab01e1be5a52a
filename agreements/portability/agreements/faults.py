"""What was expected where a value of a file is wrong, in the words of the file's writer and not of the checker."""

from typing import Any

__all__ = ["expectation", "follows"]

_WORDS = {
    "date_from_datetime_parsing": "expected a day that exists, written YYYY-MM-DD",
    "date_parsing": "expected a day that exists, written YYYY-MM-DD",
    "date_type": "expected a day that exists, written YYYY-MM-DD",
    "literal_error": "expected {expected}",
    "enum": "expected {expected}",
    "too_short": "expected at least {min_length} entries, not {actual_length}",
    "string_pattern_mismatch": "expected text of the form {pattern}",
    "string_too_short": "expected at least {min_length} characters",
    "string_too_long": "expected at most {max_length} characters",
    "string_type": "expected text",
    "model_type": "expected keys and values",
    "dict_type": "expected keys and values",
    "tuple_type": "expected a list",
    "int_parsing": "expected a whole number",
    "decimal_parsing": "expected a number",
    "fraction_parsing": "expected a number or a fraction like 5/2",
    "greater_than_equal": "expected {ge} or more",
    "less_than_equal": "expected {le} or less",
}


def expectation(error: Any, path: tuple[str | int, ...]) -> str:
    """One sentence for one of pydantic's errors: the thing, what was expected, and what stands there."""
    name = ".".join(str(part) for part in path) or "the file"
    last = error["loc"][-1] if error["loc"] else ""
    context = error.get("ctx", {})
    match error["type"]:
        case "extra_forbidden":
            return f"{name}: unknown key '{last}': correct its spelling or remove it"
        case "missing":
            return f"{name}: the key '{last}' is missing: add it"
        case "union_tag_invalid":
            return f"{name}: unknown rule '{context['tag']}': expected one of {context['expected_tags']}"
        case "union_tag_not_found":
            return f"{name}: the key 'rule' is missing: add the kind of rule"
    words = _WORDS.get(error["type"], "expected otherwise: {message}").format(message=error["msg"], **context)
    given = error.get("input")
    return f"{name}: {words}" + (f", not '{given}'" if isinstance(given, str) and len(given) < 80 else "")


def follows(error: Any, errors: list[Any]) -> bool:
    """A list that is too short only because one of its entries is wrong: that entry is named already."""
    return error["type"] == "too_short" and any(
        other is not error and other["loc"][: len(error["loc"])] == error["loc"] for other in errors
    )
