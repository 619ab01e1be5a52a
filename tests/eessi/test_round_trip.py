"""Documents come back as they were, whatever is done to them."""

import contextlib
import copy
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from hypothesis import given, settings
from hypothesis import strategies as st

from portability.adapters.eessi.career_file import FindingKind
from portability.adapters.eessi.conversion import Format, converted
from portability.adapters.eessi.documents import read_types
from portability.adapters.eessi.json_text import read_json, sorted_text, write_json
from portability.adapters.eessi.reading import to_career
from portability.adapters.eessi.writing import to_eessi
from portability.agreements.errors import InputError
from portability.api.cases.v1.stated_decisions_pb2 import StatedDecisions
from portability.api.records.v1.career_pb2 import CareerStatement
from tests.eessi.samples import own, shared

NAMED = (
    "P2000 P2100 P2200 P4000 P5000 P6000 P7000 P8000 P9000 P10000 P14000 A001 A003 A008 A009 A010 A011 A012 H001 H002 "
    "H020 H021 H061 H062 H070 U002 R005 X001 X002 X003 X004 X005 X006 X007 X008 X009 X010 X011 X012 X013 X050 X100"
)


def back_and_forth(file: Path) -> dict[str, Any]:
    content = file.read_bytes()
    forth = converted(content, name=file.name, source=Format.EESSI)
    back = converted(forth.text.encode("utf-8", "surrogatepass"), name=file.name, source=Format.CAREER)
    assert sorted_text(read_json(back.text.encode(), name="")) == sorted_text(read_json(content, name=""))
    assert back.findings == ()
    career: dict[str, Any] = read_json(forth.text.encode(), name="")
    return career


@pytest.mark.parametrize("file", own(), ids=lambda file: str(file.stem))
def test_a_document_comes_back_key_for_key_and_digit_for_digit(file: Path) -> None:
    back_and_forth(file)


def test_every_type_that_was_promised_is_read() -> None:
    assert set(NAMED.split()) == set(read_types())


@pytest.mark.shared
def test_every_shared_document_comes_back_and_nothing_of_a_record_is_left_out() -> None:
    careers = [back_and_forth(file) for file in shared()]

    assert len(careers) == 60
    with_records = [one for one in careers if one["document"]["type"] in {"P5000", "P6000"}]
    assert len(with_records) == 13
    # A record holds every field of a period and of a decision: nothing is kept beside it.
    assert [finding for one in with_records for finding in one["report"] if finding["kind"] == FindingKind.KEPT] == []
    names = [finding for one in careers for finding in one["report"] if finding["kind"] == FindingKind.UNKNOWN_NAME]
    assert names == []


def emptied(node: Any) -> Any:
    """Null in place of every value."""
    if isinstance(node, dict):
        return {key: emptied(one) for key, one in node.items()}
    return [emptied(one) for one in node] if isinstance(node, list) else None


def grown(node: Any) -> Any:
    """With a field in every object that no form has."""
    if isinstance(node, dict):
        return {**{key: grown(one) for key, one in node.items()}, "ekstraFelt": {"a": ["x", None]}}
    return [grown(one) for one in node] if isinstance(node, list) else node


def listed(node: Any) -> Any:
    """Every value as a list of one, as systems write it that make JSON of XML."""
    if isinstance(node, dict):
        return {key: listed(one) for key, one in node.items()}
    return [listed(one) for one in node] if isinstance(node, list) else [node]


def vague(node: Any) -> Any:
    """Every date without its day."""
    if isinstance(node, dict):
        return {key: vague(one) for key, one in node.items()}
    if isinstance(node, list):
        return [vague(one) for one in node]
    return f"{node[:7]}-00" if isinstance(node, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", node) else node


@pytest.mark.shared
@pytest.mark.parametrize("change", [emptied, grown, listed, vague])
def test_every_shared_document_comes_back_without_values_with_more_and_in_other_shapes(
    change: Callable[[Any], Any], tmp_path: Path
) -> None:
    for file in shared():
        changed = change(read_json(file.read_bytes(), name=file.name))
        told = {"sed": "P5000"} if change in {emptied, listed} else {}  # which type it is, it does not say any more
        (tmp_path / file.name).write_text(write_json({**changed, **told}), encoding="utf-8")
        career = back_and_forth(tmp_path / file.name)
        unknown = [one for one in career.get("report", []) if one["kind"] == FindingKind.UNKNOWN_NAME]
        assert unknown or change is not grown or "attachment" in career, file.name


@pytest.mark.parametrize("file", own(), ids=lambda file: str(file.stem))
def test_the_records_of_a_career_file_are_those_of_the_protos(file: Path) -> None:
    career, _ = to_career(read_json(file.read_bytes(), name=""), name=file.name)

    for part, message in (("statement", CareerStatement()), ("decision_notice", StatedDecisions())):
        if part in career:
            parsed = ParseDict(career[part], message)
            assert MessageToDict(parsed, preserving_proto_field_name=True) == career[part]


DOCUMENTS = [read_json(file.read_bytes(), name=file.name) for file in own()]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**6), max_value=10**6),
    st.text(max_size=12),
    st.sampled_from(
        ["", " ", "10", "010", "111", "EL", "UK", "XXK", "1990", "1990-00-00", "1990-02-31", "31.12.1990", "ja"]
    ),
)
KEYS = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        ["fom", "FOM", "land", "@land", "[0]", "$x", "a/b", "~1", "period_id", "sum", "medlemskap", "value"]
    ),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=6
)


def every_place(node: Any) -> list[tuple[Any, Any]]:
    inner = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [place for key, value in list(inner) for place in ((node, key), *every_place(value))]


@st.composite
def changed(draw: st.DrawFn, among: list[Any]) -> Any:
    """One of these with some of its parts taken away, put twice, renamed, or replaced by anything."""
    found = copy.deepcopy(draw(st.sampled_from(among)))
    for _ in range(draw(st.integers(1, 6))):
        places = every_place(found)
        if not places:
            break
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        change = draw(st.sampled_from(["remove", "replace", "add", "capitals", "one"]))
        if change == "remove":
            del holder[key]
        elif change == "replace":
            holder[key] = draw(VALUES)
        elif change == "one" and isinstance(holder[key], list) and holder[key]:
            holder[key] = holder[key][0]
        elif change == "capitals" and isinstance(holder, dict) and key.upper() not in holder:
            holder[key.upper()] = holder.pop(key)
        elif isinstance(holder, list):
            holder.insert(key, draw(VALUES))
        elif (name := draw(KEYS)) not in holder:
            holder[name] = draw(VALUES)
    return found


@settings(max_examples=400, deadline=None)
@given(changed(DOCUMENTS), st.sampled_from(["P5000", "P6000", "P2000", "X012"]))
def test_a_changed_document_comes_back_as_it_was(found: Any, told_type: str) -> None:
    career, _ = to_career(found, name="a.json", told_type=told_type)
    text = write_json(career)
    back, missing = to_eessi(read_json(text.encode("utf-8", "surrogatepass"), name=""), name="")

    assert sorted_text(back) == sorted_text(found)
    assert missing == ()


CAREERS = [to_career(one, name="P5000.json")[0] for one in DOCUMENTS]


@settings(max_examples=300, deadline=None)
@given(changed(CAREERS))
def test_a_changed_career_file_becomes_a_document_or_is_refused_with_its_place(found: Any) -> None:
    with contextlib.suppress(InputError):
        to_eessi(found, name="mine.json")


@given(st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20))
def test_json_comes_back_with_its_digits(value: Any) -> None:
    assert sorted_text(read_json(write_json(value).encode("utf-8", "surrogatepass"), name="")) == sorted_text(value)


def test_an_amount_keeps_its_noughts() -> None:
    assert read_json(b'{"beloep": 1.10}', name="") == {"beloep": Decimal("1.10")}
    assert write_json({"beloep": Decimal("1.10")}) == '{\n  "beloep": 1.10\n}\n'
