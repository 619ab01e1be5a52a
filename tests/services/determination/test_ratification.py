"""Only a version that both states have ratified decides between them: everything else ends in a refusal that says why.

Each test ends at the determination, not at the function that finds the version: what must not bind must not decide.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta
from hashlib import sha256

import pytest

from portability.agreements import packaged
from portability.agreements.errors import GatewayError, InputError, NotBindingError, NotFoundError, VerificationError
from portability.agreements.model import DeterminationFacts
from portability.agreements.periods import PeriodUnit
from portability.services.determination.handlers import determine_benefits
from portability.services.determination.model import DetermineQuery, ExplainedDetermination
from portability.services.determination.treaties.mapping.statements import encode_signed_statement
from portability.services.determination.treaties.model import NotBinding, VersionId
from portability.services.determination.treaties.reading import VersionReader
from portability.services.determination.treaties.signing import add_signature
from portability.services.log_entry import LogEntryKind

from .samples import CANADIAN, GERMAN, ITALIAN, facts, period
from .treaty_world import (
    FIRST,
    NOON,
    SECOND,
    THIRD,
    World,
    noon,
    officials_of,
    ratification,
    sign,
    suspension,
    with_window,
)

EU, CA_DE = "eu-883-2004", "ca-de"
TEXT = packaged.packaged_texts("treaties")["eu-883-2004.yaml"]
SECOND_TEXT = TEXT + "# read once more\n"
SPRING, SUMMER, AUTUMN = date(2024, 3, 1), date(2024, 7, 1), date(2024, 10, 1)
FRENCH = period("fr-retraite", date(1996, 1, 1), date(1999, 12, 31), amount=48, unit=PeriodUnit.MONTHS)


@pytest.fixture
def world() -> World:
    return World()


async def determine(
    world: World, *, agreement: str = EU, award_on: date = date(2025, 8, 1), given: DeterminationFacts | None = None
) -> ExplainedDetermination:
    query = DetermineQuery(given or facts(award_on=award_on), (agreement,))
    return await determine_benefits(query, law=world.law)


async def refused(world: World, reason: NotBinding, **given: object) -> NotBindingError:
    """The determination ends with this reason, and nothing is determined."""
    with pytest.raises(NotBindingError) as caught:
        await determine(world, **given)  # type: ignore[arg-type]
    assert caught.value.reason == reason
    return caught.value


async def used(world: World, *, award_on: date) -> str:
    """Hash of the version by which a claim of that day is determined."""
    result = await determine(world, award_on=award_on)
    (one,) = result.determinations
    return one.files[0][1]


# What binds.


async def test_a_version_that_both_states_have_ratified_decides_and_is_named(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    result = await determine(world)
    (one,) = result.determinations
    assert one.files[0] == ("eu-883-2004.yaml", version.sha256)
    (applied,) = result.versions
    (binding,) = applied.bindings
    assert (binding.pair, binding.version, binding.since) == (("DE", "IT"), version, SPRING)
    assert [signed.signers for signed in binding.ratifications] == [
        ("first official of DE", "second official of DE"),
        ("first official of IT", "second official of IT"),
    ]
    assert one.steps[0].rule == "version_in_force"
    assert version.sha256.encode() in result.trace


async def test_ratified_is_not_reviewed_so_the_warning_stays(world: World) -> None:
    await world.ratify(EU, await world.put(TEXT), "DE", "IT", since=SPRING)
    result = await determine(world)
    assert result.banner == result.determinations[0].banner != ""
    assert not result.is_trial


async def test_it_binds_from_the_later_of_the_two_days_and_not_a_day_before(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", since=SPRING)
    await world.ratify(EU, version, "IT", since=SUMMER)
    error = await refused(world, NotBinding.NOT_YET, award_on=SUMMER - timedelta(days=1))
    assert error.first_day == SUMMER
    assert await used(world, award_on=SUMMER) == version.sha256


async def test_the_order_in_which_ratifications_arrive_plays_no_part(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "IT", since=SUMMER)
    await world.ratify(EU, version, "DE", since=SPRING)
    assert (await determine(world)).versions[0].bindings[0].since == SUMMER


async def test_the_same_ratification_again_changes_nothing(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "IT", since=SPRING)
    mine = sign(ratification(EU, version, "DE", SPRING), at=noon(SPRING))
    assert await world.take_in(mine) == await world.take_in(mine)
    assert len(await world.work.statements.of_agreement(EU)) == 2
    assert await used(world, award_on=SUMMER) == version.sha256


# What the log holds of it.


async def test_versions_and_statements_are_entered_in_the_log_by_their_hashes_as_they_are_stored(world: World) -> None:
    published = await world.publish(TEXT)
    version = VersionId(published.sha256)
    mine = sign(ratification(EU, version, "DE", SPRING), at=noon(SPRING))
    kept = await world.take_in(mine)
    await world.take_in(sign(suspension(EU, version, "DE", SUMMER), at=noon(SUMMER)))
    assert [(one.kind, one.at) for one in world.work.log.staged] == [
        (LogEntryKind.AGREEMENT_VERSION, published.published_at),
        (LogEntryKind.AGREEMENT_STATEMENT, world.clock.now()),
        (LogEntryKind.AGREEMENT_STATEMENT, world.clock.now()),
    ]
    assert world.work.log.staged[0].digest == sha256(TEXT.encode()).digest()
    assert (
        world.work.log.staged[1].digest == sha256(encode_signed_statement(mine)).digest() == bytes.fromhex(kept.digest)
    )


async def test_a_statement_that_is_refused_leaves_nothing_in_the_log(world: World) -> None:
    version = await world.put(TEXT)
    with pytest.raises(VerificationError):
        await world.take_in(sign(ratification(EU, version, "DE", SPRING), FIRST, at=noon(SPRING)))
    assert world.work.log.staged == []


# What does not.


async def test_an_agreement_that_is_only_in_the_package_decides_nothing(world: World) -> None:
    error = await refused(world, NotBinding.NOT_PUBLISHED)
    assert "An administrator publishes its file" in error.message


async def test_an_unsigned_version_decides_nothing(world: World) -> None:
    await world.put(TEXT)
    error = await refused(world, NotBinding.UNSIGNED)
    assert error.states == ("DE", "IT")
    assert "neither has ratified" in error.message


@pytest.mark.parametrize(("ready", "lacking"), [("DE", "IT"), ("IT", "DE")])
async def test_a_version_ratified_by_one_side_only_decides_nothing(world: World, ready: str, lacking: str) -> None:
    await world.ratify(EU, await world.put(TEXT), ready, since=SPRING)
    error = await refused(world, NotBinding.ONE_SIDED)
    assert f"{ready} has ratified, {lacking} has not" in error.message
    assert f"Give this node the ratification of {lacking}" in error.message


async def test_each_side_ratifying_another_version_decides_nothing(world: World) -> None:
    await world.ratify(EU, await world.put(TEXT), "DE", since=SPRING)
    await world.ratify(EU, await world.put(SECOND_TEXT), "IT", since=SPRING)
    error = await refused(world, NotBinding.VERSIONS_DIFFER)
    assert "Both must ratify the same hash" in error.message


async def test_an_altered_version_is_not_the_one_that_was_signed(world: World) -> None:
    version = await world.put(TEXT)
    altered = TEXT.replace("from: 2010-05-01", "from: 2000-05-01", 1)
    assert altered != TEXT
    await world.put(altered)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    # Both are published; the altered one, newer here, decides nothing.
    assert await used(world, award_on=SUMMER) == version.sha256


async def test_a_ratification_of_bytes_that_are_not_here_is_refused_with_both_hashes(world: World) -> None:
    await world.put(TEXT + " ")
    signed = VersionId(packaged.agreement(EU).sha256)
    with pytest.raises(
        NotFoundError, match=rf"{signed.sha256} is published on this node \(published: [0-9a-f]{{12}}\)"
    ):
        await world.ratify(EU, signed, "DE", since=SPRING)
    await refused(world, NotBinding.UNSIGNED)


async def test_bytes_that_somebody_has_changed_in_the_store_decide_nothing() -> None:
    world = World(reader=VersionReader())
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    kept, content = world.work.versions._versions[version.sha256]
    world.work.versions._versions[version.sha256] = kept, content.replace(b"883", b"884", 1)
    world = replace(world, reader=VersionReader())  # as after a restart
    await refused(world, NotBinding.ALTERED)


async def test_a_statement_that_somebody_has_changed_in_the_store_counts_for_nothing(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", since=SPRING)
    italian = sign(ratification(EU, version, "IT", SPRING), at=noon(SPRING))
    earlier = sign(ratification(EU, version, "IT", date(2024, 3, 2)), at=noon(SPRING))
    kept = await world.take_in(italian)
    agreement_id, row = world.work.statements._statements[kept.digest]
    forged = replace(row, signed=replace(italian, statement=earlier.statement))
    world.work.statements._statements[kept.digest] = agreement_id, forged
    error = await refused(world, NotBinding.ONE_SIDED)
    assert "does not count: A signature by key" in error.message


async def test_what_cannot_be_read_in_the_store_decides_nothing(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    (digest, *_) = world.work.statements._statements
    agreement_id, row = world.work.statements._statements[digest]
    spoilt = replace(row, signed=replace(row.signed, statement=b"\0" + row.signed.statement))
    world.work.statements._statements[digest] = agreement_id, spoilt
    error = await refused(world, NotBinding.ALTERED)
    assert "Restore the database" in error.message


@pytest.mark.parametrize("signed_on", [SPRING + timedelta(days=1), SPRING + timedelta(days=200)])
async def test_a_back_dated_ratification_is_refused(world: World, signed_on: date) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "IT", since=SPRING)
    with pytest.raises(VerificationError, match=rf"from 2024-03-01 and was signed on {signed_on}.*nothing is bound"):
        await world.take_in(sign(ratification(EU, version, "DE", SPRING), at=noon(signed_on)))
    await refused(world, NotBinding.ONE_SIDED)


async def test_it_is_the_last_signature_that_must_not_come_after_the_day(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "IT", since=SPRING)
    mine = officials_of("DE")
    once = sign(ratification(EU, version, "DE", SPRING), FIRST, at=noon(SPRING))
    late = add_signature(
        once,
        signer_id="de.second",
        key_id=mine.key_id(SECOND),
        at=noon(SPRING + timedelta(days=1)),
        signer=mine.rings[SECOND],
    )
    with pytest.raises(VerificationError, match="was signed on 2024-03-02"):
        await world.take_in(late)
    await refused(world, NotBinding.ONE_SIDED)


async def test_an_instant_that_was_signed_cannot_be_moved_back(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "IT", since=SPRING)
    late = sign(ratification(EU, version, "DE", SPRING), at=noon(SUMMER))
    moved = tuple(replace(one, signed_at=noon(SPRING)) for one in late.signatures)
    with pytest.raises(VerificationError, match="does not stand"):
        await world.take_in(replace(late, signatures=moved))
    await refused(world, NotBinding.ONE_SIDED)


async def test_a_ratification_of_the_future_is_refused(world: World) -> None:
    version = await world.put(TEXT)
    tomorrow = NOON + timedelta(days=1)
    with pytest.raises(VerificationError, match="which is to come"):
        await world.take_in(sign(ratification(EU, version, "DE", date(2027, 1, 1)), at=tomorrow))
    await refused(world, NotBinding.UNSIGNED)


@pytest.mark.parametrize("signers", [(FIRST,), ()])
async def test_one_official_or_none_is_not_enough(world: World, signers: tuple[str, ...]) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "IT", since=SPRING)
    whole = sign(ratification(EU, version, "DE", SPRING), at=noon(SPRING))
    with pytest.raises(VerificationError, match=f"has {len(signers)} signatures: two different officials of DE"):
        await world.take_in(replace(whole, signatures=whole.signatures[: len(signers)]))
    await refused(world, NotBinding.ONE_SIDED)


async def test_one_official_signing_twice_is_one_pair_of_eyes(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "IT", since=SPRING)
    statement = ratification(EU, version, "DE", SPRING)
    once, again = (sign(statement, FIRST, at=noon(SPRING) + timedelta(seconds=pause)) for pause in (0, 1))
    with pytest.raises(VerificationError, match="signed this statement already"):
        add_signature(
            once, signer_id="de.first", key_id=officials_of("DE").key_id(FIRST), at=NOON,
            signer=officials_of("DE").rings[FIRST],
        )  # fmt: skip
    with pytest.raises(VerificationError, match=r"signed twice: two different officials must sign \(four eyes\)"):
        await world.take_in(replace(once, signatures=(*once.signatures, *again.signatures)))
    await refused(world, NotBinding.ONE_SIDED)


@pytest.mark.parametrize("shared", ["key", "name"])
async def test_one_person_under_two_ids_is_one_pair_of_eyes(world: World, shared: str) -> None:
    # The directory refuses two ids with one key; the check here does not rely on it.
    version = await world.put(TEXT)
    await world.ratify(EU, version, "IT", since=SPRING)
    mine = officials_of("DE")
    twin = replace(mine, rings={**mine.rings, SECOND: mine.rings[FIRST]}) if shared == "key" else mine
    authority = twin.authority()
    first, second, *rest = authority.signers
    if shared == "name":
        second = replace(second, name=first.name.upper())
    others = [one for one in world.directory.authorities if one.state != "DE"]
    world.directory = replace(
        world.directory, authorities=(*others, replace(authority, signers=(first, second, *rest)))
    )
    with pytest.raises(VerificationError, match=f"share one {shared}"):
        await world.take_in(sign(ratification(EU, version, "DE", SPRING), at=noon(SPRING), officials=twin))
    await refused(world, NotBinding.ONE_SIDED)


async def test_a_foreign_authority_ratifies_for_nobody_else(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "IT", since=SPRING)
    statement = ratification(EU, version, "DE", SPRING)
    with pytest.raises(VerificationError, match=r"'it\.first' is no official of DE's authority"):
        await world.take_in(sign(statement, at=noon(SPRING), officials=officials_of("IT")))
    # Under the names of German officials, with Italian keys:
    posed = sign(statement, at=noon(SPRING), officials=replace(officials_of("IT"), state="DE"))
    with pytest.raises(VerificationError, match="is not in the directory"):
        await world.take_in(posed)
    real = [officials_of("DE").key_id(name) for name in (FIRST, SECOND)]
    named = [replace(one, key_id=key_id) for one, key_id in zip(posed.signatures, real, strict=True)]
    with pytest.raises(VerificationError, match="does not stand"):
        await world.take_in(replace(posed, signatures=tuple(named)))
    await refused(world, NotBinding.ONE_SIDED)


async def test_a_state_without_an_authority_in_the_directory_is_bound_to_nothing() -> None:
    world = World(states=("IT",))
    version = await world.put(TEXT)
    with pytest.raises(VerificationError, match="names no authority that ratifies agreements for DE"):
        await world.ratify(EU, version, "DE", since=SPRING)
    await refused(world, NotBinding.UNSIGNED)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (noon(SPRING) + timedelta(seconds=1), noon(SUMMER)),
        (noon(SPRING) - timedelta(days=300), noon(SPRING)),
    ],
)
async def test_a_signature_by_a_key_outside_its_window_is_refused(world: World, start: datetime, end: datetime) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "IT", since=SPRING)
    mine = with_window(officials_of("DE"), SECOND, not_before=start, not_after=end)
    others = [one for one in world.directory.authorities if one.state != "DE"]
    world.directory = replace(world.directory, authorities=(*others, mine.authority()))
    with pytest.raises(VerificationError, match="was not in its window at 2024-03-01 12:00"):
        await world.take_in(sign(ratification(EU, version, "DE", SPRING), at=noon(SPRING), officials=mine))
    await refused(world, NotBinding.ONE_SIDED)


async def test_a_key_that_is_revoked_later_takes_its_ratifications_with_it(world: World) -> None:
    await world.ratify(EU, await world.put(TEXT), "DE", "IT", since=SPRING)
    await determine(world)
    authority = world.directory.authority("IT")
    first, second, *rest = authority.signers
    second = replace(second, keys=(replace(second.keys[0], revoked=True),))
    others = [one for one in world.directory.authorities if one.state != "IT"]
    world.directory = replace(
        world.directory, authorities=(*others, replace(authority, signers=(first, second, *rest)))
    )
    error = await refused(world, NotBinding.ONE_SIDED)
    assert "of it.second is revoked" in error.message


async def test_while_the_directory_has_expired_nothing_is_determined(world: World) -> None:
    await world.ratify(EU, await world.put(TEXT), "DE", "IT", since=SPRING)
    world.clock.advance(timedelta(days=31))
    with pytest.raises(GatewayError, match="Directory 1 has expired: fetch a newer one"):
        await determine(world)


# Pairwise, in a multilateral agreement.


async def test_of_three_states_the_two_that_have_ratified_are_bound_and_the_third_is_to_neither(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    assert (await determine(world, given=facts(GERMAN, ITALIAN))).versions[0].bindings[0].pair == ("DE", "IT")
    error = await refused(world, NotBinding.ONE_SIDED, given=facts(GERMAN, FRENCH))
    assert error.states == ("DE", "FR")
    # A career in all three: leaving France out, or taking it in, would both be a choice that nobody has signed.
    error = await refused(world, NotBinding.ONE_SIDED, given=facts(GERMAN, ITALIAN, FRENCH))
    assert error.states == ("DE", "FR")
    await world.ratify(EU, version, "FR", since=SUMMER)
    result = await determine(world, given=facts(GERMAN, ITALIAN, FRENCH))
    assert {one.pair[1]: one.since for one in result.versions[0].bindings} == {"FR": SUMMER, "IT": SPRING}


async def test_pairs_bound_by_different_versions_are_not_mixed_in_one_career(world: World) -> None:
    version, newer = await world.put(TEXT), await world.put(SECOND_TEXT)
    await world.ratify(EU, version, "DE", "IT", "FR", since=SPRING)
    await world.ratify(EU, newer, "DE", "IT", since=SUMMER)
    assert (await determine(world, given=facts(GERMAN, FRENCH))).versions[0].agreement.sha256 == version.sha256
    assert (await determine(world, given=facts(GERMAN, ITALIAN))).versions[0].agreement.sha256 == newer.sha256
    error = await refused(world, NotBinding.SEVERAL_VERSIONS, given=facts(GERMAN, ITALIAN, FRENCH))
    assert "different versions" in error.message


# Superseding.


async def test_a_later_version_takes_over_from_its_own_day_and_what_was_before_stays(world: World) -> None:
    version, newer = await world.put(TEXT), await world.put(SECOND_TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    await world.ratify(EU, newer, "DE", since=SUMMER)
    assert await used(world, award_on=AUTUMN) == version.sha256, "one side alone replaces nothing"
    await world.ratify(EU, newer, "IT", since=AUTUMN)
    assert await used(world, award_on=AUTUMN - timedelta(days=1)) == version.sha256
    assert await used(world, award_on=AUTUMN) == newer.sha256


async def test_publishing_a_newer_version_changes_nothing_by_itself(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    await world.put(SECOND_TEXT)
    assert await used(world, award_on=AUTUMN) == version.sha256


async def test_one_state_alone_cannot_go_back_to_the_version_before(world: World) -> None:
    version, newer = await world.put(TEXT), await world.put(SECOND_TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    await world.ratify(EU, newer, "DE", "IT", since=SUMMER)
    await world.ratify(EU, version, "DE", since=AUTUMN)
    assert await used(world, award_on=date(2025, 1, 1)) == newer.sha256
    await world.ratify(EU, version, "IT", since=date(2025, 2, 1))
    assert await used(world, award_on=date(2025, 1, 31)) == newer.sha256
    assert await used(world, award_on=date(2025, 2, 1)) == version.sha256


# Suspension.


async def test_a_suspended_version_decides_nothing_from_its_day_on_and_the_one_before_stays_gone(world: World) -> None:
    version, newer = await world.put(TEXT), await world.put(SECOND_TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    await world.ratify(EU, newer, "DE", "IT", since=SUMMER)
    await world.take_in(sign(suspension(EU, newer, "IT", AUTUMN), at=noon(AUTUMN)))
    assert await used(world, award_on=AUTUMN - timedelta(days=1)) == newer.sha256
    error = await refused(world, NotBinding.SUSPENDED, award_on=AUTUMN)
    assert "IT has suspended version" in error.message
    assert "first official of IT and second official of IT" in error.message


async def test_the_version_before_stays_gone_whatever_one_side_signs_after_a_suspension(world: World) -> None:
    version, newer, third = await world.put(TEXT), await world.put(SECOND_TEXT), await world.put(TEXT + "# third\n")
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    await world.ratify(EU, newer, "DE", "IT", since=SUMMER)
    await world.take_in(sign(suspension(EU, newer, "IT", AUTUMN), at=noon(AUTUMN)))
    await world.ratify(EU, third, "DE", since=date(2024, 11, 1))
    await refused(world, NotBinding.SUSPENDED, award_on=date(2024, 12, 1))
    await world.ratify(EU, version, "DE", since=date(2024, 11, 15))
    await refused(world, NotBinding.SUSPENDED, award_on=date(2024, 12, 1))


async def test_a_version_suspended_before_it_began_leaves_the_one_in_force_alone(world: World) -> None:
    version, newer = await world.put(TEXT), await world.put(SECOND_TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    for party in ("DE", "IT"):
        await world.take_in(sign(ratification(EU, newer, party, AUTUMN), at=noon(SPRING)))
    await world.take_in(sign(suspension(EU, newer, "IT", SUMMER), at=noon(SUMMER)))
    assert await used(world, award_on=date(2025, 1, 1)) == version.sha256


async def test_two_states_that_pass_each_other_are_not_bound(world: World) -> None:
    # Germany goes from the first to the second version, Italy from the second to the first, on the same days.
    version, newer = await world.put(TEXT), await world.put(SECOND_TEXT)
    await world.ratify(EU, version, "DE", since=SPRING)
    await world.ratify(EU, newer, "IT", since=SPRING)
    await world.ratify(EU, newer, "DE", since=SUMMER)
    await world.ratify(EU, version, "IT", since=SUMMER)
    error = await refused(world, NotBinding.VERSIONS_DIFFER)
    assert "Both must ratify one version from a later day" in error.message
    await world.ratify(EU, newer, "IT", since=AUTUMN)
    assert await used(world, award_on=AUTUMN) == newer.sha256


async def test_an_old_ratification_played_again_does_not_lift_a_suspension(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", since=SPRING)
    old = sign(ratification(EU, version, "IT", SPRING), at=noon(SPRING))
    other_old = sign(ratification(EU, version, "IT", date(2024, 12, 1)), FIRST, THIRD, at=noon(SPRING))
    await world.take_in(old)
    await world.take_in(sign(suspension(EU, version, "IT", SUMMER), at=noon(SUMMER)))
    await world.take_in(old)
    await world.take_in(other_old)  # never shown before, signed before the suspension
    await refused(world, NotBinding.SUSPENDED)
    await world.ratify(EU, version, "IT", since=AUTUMN)
    await refused(world, NotBinding.SUSPENDED, award_on=AUTUMN - timedelta(days=1))
    assert await used(world, award_on=AUTUMN) == version.sha256


async def test_one_official_alone_lifts_no_suspension_by_signing_an_old_ratification_again(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    # Signed in spring for the winter; then the version is suspended, and one official signs the old statement again.
    winter = sign(ratification(EU, version, "IT", date(2024, 12, 1)), at=noon(SPRING))
    await world.take_in(sign(suspension(EU, version, "IT", SUMMER), at=noon(SUMMER)))
    fresh = sign(ratification(EU, version, "IT", date(2024, 12, 1)), THIRD, at=noon(AUTUMN)).signatures
    for kept in (winter.signatures[:1], winter.signatures[1:], winter.signatures):
        await world.take_in(replace(winter, signatures=(*kept, *fresh)))
    await refused(world, NotBinding.SUSPENDED)


async def test_one_official_alone_brings_no_older_version_back_by_signing_it_again(world: World) -> None:
    version, newer = await world.put(TEXT), await world.put(SECOND_TEXT)
    await world.ratify(EU, version, "DE", since=SPRING)
    await world.ratify(EU, newer, "DE", since=AUTUMN)
    old = sign(ratification(EU, version, "IT", AUTUMN), at=noon(SPRING))
    changed_mind = sign(ratification(EU, newer, "IT", AUTUMN), at=noon(SUMMER))
    await world.take_in(old)
    await world.take_in(changed_mind)
    again = sign(ratification(EU, version, "IT", AUTUMN), THIRD, at=noon(SUMMER + timedelta(days=1))).signatures
    await world.take_in(replace(old, signatures=(old.signatures[0], *again)))
    assert await used(world, award_on=AUTUMN) == newer.sha256


async def test_one_official_alone_suspends_nothing_by_signing_an_old_suspension_again(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    winter = date(2024, 12, 1)
    old = sign(suspension(EU, version, "IT", winter), at=noon(SPRING) + timedelta(hours=1))
    await world.ratify(EU, version, "IT", since=SUMMER)
    fresh = sign(suspension(EU, version, "IT", winter), THIRD, at=noon(AUTUMN)).signatures
    await world.take_in(replace(old, signatures=(old.signatures[0], *fresh)))
    assert await used(world, award_on=winter) == version.sha256


async def test_a_suspension_that_arrives_first_counts_too(world: World) -> None:
    version = await world.put(TEXT)
    await world.take_in(sign(suspension(EU, version, "IT", SUMMER), at=noon(SPRING) + timedelta(hours=1)))
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    assert await used(world, award_on=SPRING) == version.sha256
    await refused(world, NotBinding.SUSPENDED, award_on=SUMMER)


async def test_a_suspension_towards_one_state_leaves_the_others_bound(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", "IT", "FR", since=SPRING)
    await world.take_in(sign(suspension(EU, version, "DE", SUMMER, "FR"), at=noon(SUMMER)))
    assert await used(world, award_on=AUTUMN) == version.sha256
    await refused(world, NotBinding.SUSPENDED, given=facts(GERMAN, FRENCH))


async def test_a_suspension_before_the_other_side_is_ready_keeps_the_pair_unbound(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "IT", since=SPRING)
    await world.take_in(sign(suspension(EU, version, "IT", SUMMER), at=noon(SUMMER)))
    await world.ratify(EU, version, "DE", since=AUTUMN)
    await refused(world, NotBinding.SUSPENDED)


async def test_a_suspension_needs_two_officials_and_no_earlier_day_as_well(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    with pytest.raises(VerificationError, match="nothing is bound, or unbound, backwards"):
        await world.take_in(sign(suspension(EU, version, "IT", SPRING), at=noon(SUMMER)))
    with pytest.raises(VerificationError, match="has 1 signatures"):
        await world.take_in(sign(suspension(EU, version, "IT", SUMMER), FIRST, at=noon(SUMMER)))
    assert await used(world, award_on=AUTUMN) == version.sha256


# A file that takes over the rules of another.


def nordic_claim() -> DeterminationFacts:
    swedish, finnish = (replace(GERMAN, state=state, period_id=state, scheme=f"{state.lower()}-pension") for state in
                        ("SE", "FI"))  # fmt: skip
    return replace(facts(swedish, finnish), state="SE", residence_state="FI")


async def test_what_a_file_takes_over_from_another_is_signed_with_it_and_does_not_change_without_them() -> None:
    world = World(states=("FI", "SE"))
    regulation = await world.put(TEXT)
    convention = await world.put(packaged.packaged_texts("treaties")["nordic.yaml"])
    with pytest.raises(InputError, match="sign the hash of that file too, or its rules could change without you"):
        await world.ratify("nordic", convention, "SE", since=SPRING)
    with pytest.raises(NotFoundError, match=r"No version of 'eu-883-2004' with the hash 0{64}"):
        await world.ratify("nordic", replace(convention, incorporated="0" * 64), "SE", since=SPRING)
    await refused(world, NotBinding.UNSIGNED, agreement="nordic", given=nordic_claim())

    both = replace(convention, incorporated=regulation.sha256)
    await world.ratify("nordic", both, "SE", "FI", since=SPRING)
    newer = await world.put(SECOND_TEXT)
    version = await world.law.version_for("nordic", nordic_claim())
    assert version.agreement.incorporated == (("eu-883-2004.yaml", regulation.sha256),)
    # One of them signs the same convention with the newer regulation: that is another version.
    await world.ratify("nordic", replace(convention, incorporated=newer.sha256), "FI", since=SUMMER)
    version = await world.law.version_for("nordic", nordic_claim())
    assert version.bindings[0].version == both
    with pytest.raises(InputError, match="'eu-883-2004' incorporates nothing"):
        await world.ratify(EU, replace(regulation, incorporated=newer.sha256), "SE", since=SUMMER)


# What is about other states, other agreements, or no other state at all.


async def test_a_statement_moved_to_another_agreement_in_the_store_counts_for_nothing(world: World) -> None:
    other = await world.put(TEXT.replace("id: eu-883-2004", "id: eu-other", 1))
    await world.put(TEXT)
    await world.ratify("eu-other", other, "DE", "IT", since=SPRING)
    kept = world.work.statements._statements
    kept.update({digest: (EU, row) for digest, (_, row) in kept.items()})
    await refused(world, NotBinding.UNSIGNED)


async def test_a_ratification_of_one_agreement_binds_to_no_other(world: World) -> None:
    await world.ratify_packaged(CA_DE)
    await world.put(TEXT)
    assert (await determine(world, agreement=CA_DE, given=facts(GERMAN, CANADIAN))).versions
    await refused(world, NotBinding.UNSIGNED)


async def test_who_is_no_party_ratifies_nothing(world: World) -> None:
    version = await world.put(TEXT)
    with pytest.raises(InputError, match="CA is no party of 'eu-883-2004'"):
        await world.ratify(EU, version, "CA", since=SPRING)


async def test_without_periods_elsewhere_the_state_of_residence_is_the_other_one(world: World) -> None:
    version = await world.put(TEXT)
    await world.ratify(EU, version, "DE", "IT", since=SPRING)
    assert (await determine(world, given=facts(GERMAN))).versions[0].bindings[0].pair == ("DE", "IT")
    await refused(world, NotBinding.NO_OTHER_STATE, given=replace(facts(GERMAN), residence_state="DE"))
