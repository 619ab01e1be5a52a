"""Whatever states sign, in whatever order it arrives: a pair is bound only by what both have signed and not ended."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from portability.agreements.errors import NotBindingError
from portability.services.determination.treaties.binding import TreatyBook
from portability.services.determination.treaties.model import (
    Binding,
    Statement,
    StatementKind,
    VerifiedStatement,
    VersionId,
)

DAY = date(2024, 1, 1)
PAIR = ("DE", "IT")
VERSIONS = tuple(VersionId(letter * 64) for letter in "abc")


@st.composite
def statements(draw: st.DrawFn) -> tuple[VerifiedStatement, ...]:
    """Up to ten statements of three states about three versions within twelve days, no two signed at one instant."""
    made = []
    for number in range(draw(st.integers(0, 10))):
        signed = draw(st.integers(0, 11))
        statement = Statement(
            kind=draw(st.sampled_from(StatementKind)),
            party=draw(st.sampled_from(("DE", "IT", "FR"))),
            agreement_id="eu-883-2004",
            version=draw(st.sampled_from(VERSIONS)),
            first_day=DAY + timedelta(days=signed + draw(st.integers(0, 5))),
        )
        if statement.kind is StatementKind.SUSPENSION and draw(st.booleans()):
            statement = replace(statement, towards=("FR",))
        at = datetime.combine(DAY + timedelta(days=signed), time(12), UTC) + timedelta(seconds=number)
        made.append(VerifiedStatement(statement, at, at, ("one", "two"), f"{number:064x}"))
    return tuple(made)


def outcome(signed: tuple[VerifiedStatement, ...], on: date, pair: tuple[str, str] = PAIR) -> Binding | str:
    try:
        return TreatyBook("eu-883-2004", signed).binding_version(pair, on=on)
    except NotBindingError as error:
        return error.reason


def of(signed: tuple[VerifiedStatement, ...], party: str, kind: StatementKind) -> list[VerifiedStatement]:
    return [one for one in signed if one.statement.party == party and one.statement.kind is kind]


days = st.integers(0, 20).map(lambda number: DAY + timedelta(days=number))


@given(statements(), days, st.randoms(use_true_random=False))
def test_the_order_of_arrival_plays_no_part(signed: tuple[VerifiedStatement, ...], on: date, random: object) -> None:
    shuffled = list(signed)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert outcome(tuple(shuffled), on) == outcome(signed, on)


@given(statements(), days)
def test_both_sides_of_a_pair_see_the_same(signed: tuple[VerifiedStatement, ...], on: date) -> None:
    mine, theirs = outcome(signed, on), outcome(signed, on, PAIR[::-1])
    if isinstance(mine, Binding) and isinstance(theirs, Binding):
        assert (mine.version, mine.since) == (theirs.version, theirs.since)
    else:
        assert mine == theirs


@given(statements(), days)
def test_what_binds_was_signed_by_both_for_that_day_and_not_ended_since(
    signed: tuple[VerifiedStatement, ...], on: date
) -> None:
    found = outcome(signed, on)
    if isinstance(found, str):
        return
    for party, used in zip(PAIR, found.ratifications, strict=True):
        assert used in of(signed, party, StatementKind.RATIFICATION)
        assert used.statement.version == found.version
        assert used.statement.first_day <= found.since <= on
        for ended in of(signed, party, StatementKind.SUSPENSION):
            after = ended.first_signed_at >= used.first_signed_at and ended.statement.version == found.version
            assert not (after and ended.statement.first_day <= on and not ended.statement.towards)
    assert found.since == max(used.statement.first_day for used in found.ratifications)


@given(statements(), days)
def test_what_one_side_signs_alone_changes_no_version(signed: tuple[VerifiedStatement, ...], on: date) -> None:
    before = outcome(signed, on)
    latest = max((one.signed_at for one in signed), default=datetime.combine(DAY, time(), UTC))
    alone = VerifiedStatement(
        Statement(StatementKind.RATIFICATION, "DE", "eu-883-2004", VersionId("d" * 64), DAY + timedelta(days=17)),
        latest + timedelta(seconds=1),
        latest + timedelta(seconds=1),
        ("one", "two"),
        "f" * 64,
    )
    after = outcome((*signed, alone), on)
    if isinstance(before, Binding):
        assert after == before
    else:
        assert not isinstance(after, Binding)


@given(statements())
def test_versions_follow_each_other_by_day(signed: tuple[VerifiedStatement, ...]) -> None:
    history = TreatyBook("eu-883-2004", signed).history(PAIR)
    assert all(one.since < other.since for one, other in pairwise(history))
