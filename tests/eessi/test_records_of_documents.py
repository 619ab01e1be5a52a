"""What a P5000 and a P6000 say becomes our records, field for field; what is changed there is written back."""

import copy

import pytest

from portability.adapters.eessi.career_file import FindingKind
from portability.adapters.eessi.reading import to_career
from portability.adapters.eessi.writing import to_eessi
from portability.agreements.errors import InputError
from tests.eessi.samples import document


def career_of(name: str, **changes: object) -> dict:
    career, _ = to_career({**document(name), **changes}, name=name)
    return career


def test_periods_carry_dates_sums_and_codes() -> None:
    statement = career_of("P5000.json")["statement"]

    first, second, third = statement["periods"]
    assert first["first_day"] == {"year": 1984, "month": 3, "day": 1}
    assert first["sum"] == {"years": "5", "months": "10", "days": "0", "day_regime": "7"}
    assert (first["period_type"], first["relevance"], first["occupation"]) == ("11", "111", "7112")
    # The year alone, and the year with its month: what is not known is left out, never made up.
    assert (second["first_day"], second["last_day"]) == ({"year": 1990}, {"year": 1990, "month": 7})
    assert second["state"] == "GB"  # the EU writes UK, ISO 3166 writes GB
    assert second["sum"] == {"weeks": "26"}
    assert "first_day" not in third
    assert third["sum"] == {"years": "2"}
    assert [(one["scope"], one["total"]["sum"]) for one in statement["totals"]] == [
        ("TOTAL_SCOPE_RELEVANCE", {"years": "7", "months": "10"}),
        ("TOTAL_SCOPE_CALCULATION", {"years": "8"}),
    ]
    assert (statement["has_periods"], statement["claim_context"], statement["status"]) == (
        True,
        "10",
        "ANSWER_STATUS_KNOWN",
    )


def test_the_official_names_give_the_same_record() -> None:
    statement = career_of("P5000-official.json")["statement"]

    (period,) = statement["periods"]
    assert period["state"] == "GR"
    assert period["sum"] == {"years": "10", "months": "9", "days": "0", "day_regime": "6"}
    assert period["last_day"] == {"year": 2009, "month": 12, "day": 31}
    assert (statement["has_periods"], statement["claim_context"]) == (True, "10")


def test_decisions_carry_amounts_reasons_and_reviews() -> None:
    notice = career_of("P6000.json")["decision_notice"]

    award, refusal = notice["decisions"]
    assert award["paid_from"] == {"year": 2026, "month": 2, "day": 1}
    assert award["amounts"][0] == {
        "first_day": {"year": 2026, "month": 1, "day": 1},
        "currency": "NOK",
        "frequency": "03",
        "gross": "9174.50",
        "gross_basic": "0",
        "net": "8000",
    }
    assert (award["credited_future_period"], award["partly_suspended"]) == (False, False)
    assert refusal["rejections"] == [{"reason": "77", "text": "See letter"}]
    assert notice["review_limits"] == [{"time_limit": "six weeks from receipt"}]
    assert notice["unread"] == [{"field": "decided_on", "text": "someday"}]


@pytest.mark.parametrize(("told", "is_told"), [("9", True), (3, True), ("4", False), ("", False), (None, False)])
def test_a_document_of_another_version_is_read_and_said_to_be_one(told: object, is_told: bool) -> None:  # noqa: FBT001
    career, findings = to_career({**document("P5000.json"), "sedGVer": told}, name="P5000.json")
    assert len(career["statement"]["periods"]) == 3
    assert any(one.kind is FindingKind.OTHER_VERSION for one in findings) is is_told


def test_the_report_names_places_and_no_values() -> None:
    career, findings = to_career(document("P5000.json"), name="")
    _, of_decision = to_career(document("P6000.json"), name="")

    assert [(one.kind, one.place) for one in findings] == [
        (FindingKind.KEPT, "/pensjon/medlemskapboarbeid/medlemskap/*/nyttFelt/a/*"),
        (FindingKind.UNKNOWN_NAME, "/pensjon/medlemskapboarbeid/medlemskap/*/nyttFelt"),
        (FindingKind.UNKNOWN_NAME, "/pensjon/medlemskapboarbeid/medlemskap/*/nyttFelt/a"),
    ]
    assert {(one.kind, one.place) for one in of_decision} == {
        (FindingKind.UNKNOWN_CODE, "/pensjon/vedtak/*/avslagbegrunnelse/*/begrunnelse"),
        (FindingKind.UNREAD_VALUE, "/pensjon/tilleggsinformasjon/dato"),
    }
    assert not any("someday" in one.text or "Ida" in one.text for one in of_decision)
    assert [one["kind"] for one in career["report"]] == [str(one.kind) for one in findings]


@pytest.mark.parametrize("value", [[], None, {}])
def test_a_document_without_periods_is_no_document_that_says_there_are_none(value: object) -> None:
    silent = career_of("P5000.json", pensjon={"medlemskap": value})
    told = career_of("P5000.json", pensjon={"medlemskapboarbeid": {"gyldigperiode": "0"}})

    assert "status" not in silent["statement"]
    assert told["statement"]["status"] == "ANSWER_STATUS_NONE"


def test_a_period_keeps_its_id_in_another_document_and_place() -> None:
    found = document("P5000.json")
    turned = copy.deepcopy(found)
    turned["pensjon"]["medlemskap"] = turned["pensjon"].pop("medlemskapboarbeid")["medlemskap"][::-1]

    ids = [one["period_id"] for one in to_career(found, name="")[0]["statement"]["periods"]]
    assert [one["period_id"] for one in to_career(turned, name="")[0]["statement"]["periods"]] == ids[::-1]
    assert len(set(ids)) == 3


def test_what_is_changed_in_the_career_file_is_written_back() -> None:
    career = career_of("P5000.json")
    first, second, third = career["statement"]["periods"]
    first["sum"]["years"] = "6"
    career["statement"]["periods"] = [first, third, {"period_id": "new", "state": "SE", "first_day": {"year": 2001}}]

    back, missing = to_eessi(career, name="")

    periods = back["pensjon"]["medlemskapboarbeid"]["medlemskap"]
    assert [one.get("land") for one in periods] == ["NO", "NO", "SE"]
    assert periods[0]["sum"]["aar"] == "6"
    assert (
        periods[1]["nyttFelt"] == document("P5000.json")["pensjon"]["medlemskapboarbeid"]["medlemskap"][2]["nyttFelt"]
    )
    assert periods[2] == {"land": "SE", "periode": {"fom": "2001"}}
    assert missing == ()
    assert second["period_id"]


def test_a_career_made_here_becomes_a_document_and_what_has_no_place_is_named() -> None:
    career = {
        "format": "portability.career/1",
        "document": {"type": "P5000"},
        "statement": {
            "statement_id": "a",
            "periods": [
                {
                    "period_id": "1",
                    "sum": {"months": "7"},
                    "employer": {"name": "Verft AS"},
                    "contribution_paid": "CONTRIBUTION_PAID_YES",
                }
            ],
        },
    }
    back, missing = to_eessi(career, name="mine.json")

    assert back == {
        "sed": "P5000",
        "sedGVer": "4",
        "sedVer": "2",
        "pensjon": {"medlemskapboarbeid": {"medlemskap": [{"sum": {"maaneder": "7"}}]}},
    }
    assert [one.place for one in missing] == [
        "/statement/periods/1/employer/name",
        "/statement/periods/1/contribution_paid",
    ]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"format": "x"}, "is no career file"),
        ({"document": {"type": "Q1"}}, "document.type"),
        ({"document": {"type": "P5000", "form": "danish"}}, "document.form"),
        ({"statement": {"periods": [{"first_day": "1990"}]}}, "statement is not as"),
        ({"statement": {"periods": [{"nothing": 1}]}}, "statement is not as"),
        ({"statement": []}, "statement is not as"),
        ({"places": [1]}, "places"),
        ({"as_written": []}, "as_written"),
        ({"other": {"nonsense": 1}}, "is no term of the dictionary"),
        ({"other": {"@nav": 1, "message": {"sum": 1}}}, "given twice"),
        ({"statement": {"unread": [{"field": "nothing", "text": ""}]}}, "which there is not"),
    ],
)
def test_a_career_file_that_is_wrong_is_refused_with_its_place(change: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        to_eessi({**career_of("P5000.json"), **change}, name="mine.json")


def test_an_insurance_history_gives_periods_by_the_list_in_which_they_stand() -> None:
    changed = {
        "perioderSyk": [{"startdato": "1964-01-01", "sluttdato": "1964-12-31"}],
        "perioderAnsattUtenForsikring": [{"startdato": "1965-01-01", "sluttdato": "1965-12-31"}],
        "perioderAnnenForsikring": [{"startdato": "1971-01-01", "sluttdato": "1971-12-31"}],
    }
    career = career_of("U002.json", **changed)
    told = [(one.get("period_type", ""), one["first_day"]["year"]) for one in career["statement"]["periods"]]
    assert told == [("11", 1960), ("41", 1964), ("", 1971)]  # work without insurance is no insured time
    assert career["statement"]["status"] == "ANSWER_STATUS_KNOWN"
    back, _ = to_eessi(career, name="U002.json")
    assert back == {**document("U002.json"), **changed}
    # A period that is added comes out in the list of its type.
    career["statement"]["periods"].append(
        {"period_id": "new", "period_type": "44", "first_day": {"year": 1980, "month": 1, "day": 1}}
    )
    back, _ = to_eessi(career, name="U002.json")
    assert back["perioderUtdanning"] == [{"startdato": "1980-01-01"}]


def test_what_the_person_says_of_her_own_time_becomes_declared_periods_and_nobodys_answer() -> None:
    statement = career_of("P4000.json")["statement"]
    told = {
        (one.get("period_type", ""), one.get("state", ""), one.get("first_day", {}).get("year", 0)): one
        for one in statement["periods"]
    }
    assert told.keys() == {
        ("11", "NO", 1981),
        ("12", "", 1985),
        ("something else", "", 0),
        ("30", "SE", 1990),
        ("45", "", 1991),
        ("44", "GB", 1980),
    }
    assert {one["evidence"]["level"] for one in statement["periods"]} == {"EVIDENCE_LEVEL_DECLARED"}
    assert "status" not in statement
    work, home = told["11", "NO", 1981], told["30", "SE", 1990]
    assert (work["occupation"], work["employer"]) == ("welder", {"name": "Verft AS"})
    assert ("last_day" in home, home["dates_note"]) == (False, "98")
    assert told["something else", "", 0]["unread"] == [{"field": "first_day", "text": "next year"}]


def test_the_official_names_of_a_p4000_give_the_same_record() -> None:
    statement = career_of("P4000-official.json")["statement"]
    assert [(one["period_type"], one["state"], one["first_day"]["year"]) for one in statement["periods"]] == [
        ("11", "NO", 1981),
        ("41", "DK", 1985),
        ("49", "ES", 1988),
    ]
    assert "status" not in statement


def test_a_declared_period_that_is_added_comes_out_in_the_list_of_its_type() -> None:
    career = career_of("P4000.json")
    career["statement"]["periods"].append(
        {
            "period_id": "new",
            "period_type": "47",
            "state": "FR",
            "first_day": {"year": 1993},
            "evidence": {"level": "EVIDENCE_LEVEL_DECLARED"},
        }
    )
    back, missing = to_eessi(career, name="P4000.json")
    assert back["trygdetid"]["foedselspermisjonPerioder"] == [
        {"land": "FR", "periode": {"lukketPeriode": {"fom": "1993"}}}
    ]
    assert missing == ()


@pytest.mark.parametrize(
    ("written", "state", "is_told"),
    [("XK", "XK", False), ("XXK", "XK", False), ("XKX", "XKX", True), ("KOS", "KOS", True)],
)
def test_kosovo_is_read_as_the_eu_writes_it_and_carried_as_others_do(written: str, state: str, is_told: bool) -> None:  # noqa: FBT001
    found = document("P5000.json")
    found["pensjon"]["medlemskapboarbeid"]["medlemskap"][0]["land"] = written
    career, findings = to_career(found, name="P5000.json")
    assert career["statement"]["periods"][0]["state"] == state
    assert any(one.kind is FindingKind.UNKNOWN_CODE for one in findings) is is_told
    assert to_eessi(career, name="P5000.json")[0] == found


def test_a_place_without_a_town_and_nulls_where_values_belong_make_nothing_up() -> None:
    found = document("P5000.json")
    found["nav"]["bruker"]["person"]["foedested"] = {"by": None, "land": "XK", "region": None}
    period = found["pensjon"]["medlemskapboarbeid"]["medlemskap"][0]
    period["periode"], period["sum"] = {"fom": None, "tom": None}, {"aar": None, "dager": {"nr": None, "type": None}}
    career, _ = to_career(found, name="P5000.json")
    assert not {"first_day", "last_day", "sum"} & career["statement"]["periods"][0].keys()
    assert to_eessi(career, name="P5000.json")[0] == found
