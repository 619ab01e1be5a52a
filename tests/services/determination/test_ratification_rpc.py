"""Publishing, ratifying and suspending over gRPC, behind the same gate as on a node: administrators only."""

from datetime import date
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from google.type.date_pb2 import Date

from portability.agreements import packaged
from portability.api.agreements.v1 import agreements_pb2 as pb
from portability.api.agreements.v1 import statements_pb2
from portability.services.determination.treaties.mapping.statements import write_signed_statement
from portability.services.determination.treaties.model import SignedStatement, VersionId

from .samples import CANADIAN, GERMAN, facts_message
from .test_rpc import agreements, channel, determination, refusal  # noqa: F401 (fixtures)
from .treaty_world import World, noon, ratification, sign, suspension

AS_ADMINISTRATOR = {"metadata": (("test-role", "administrator"),)}
TEXT = packaged.packaged_texts("treaties")["ca-de.yaml"]
SHA = packaged.agreement("ca-de").sha256
VERSION = VersionId(SHA)
SPRING, SUMMER = date(2024, 3, 1), date(2024, 7, 1)


@pytest.fixture
async def world() -> World:
    """A node on which nothing is published."""
    return World()


def request_id(number: int) -> str:
    return f"00000000-0000-7000-8000-{number:012d}"


def publish(text: str = TEXT, *, number: int = 1) -> pb.PublishAgreementRequest:
    return pb.PublishAgreementRequest(request_id=request_id(number), file=pb.LawFile(file="ca-de.yaml", text=text))


def ratify(signed: SignedStatement, *, number: int) -> pb.RatifyAgreementRequest:
    return pb.RatifyAgreementRequest(request_id=request_id(number), signed=write_signed_statement(signed))


def signed_by(party: str, *, since: date = SPRING) -> SignedStatement:
    return sign(ratification("ca-de", VERSION, party, since), at=noon(since))


def day(value: date) -> Date:
    return Date(year=value.year, month=value.month, day=value.day)


def error_info(refused: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo:
    """What a program reads of the refusal."""
    (packed,) = (value for key, value in refused.trailing_metadata() or () if key == "grpc-status-details-bin")
    info = error_details_pb2.ErrorInfo()
    assert status_pb2.Status.FromString(packed).details[0].Unpack(info)
    return info


async def test_from_publication_to_determination(agreements: Any, determination: Any) -> None:  # noqa: F811
    claim = {"facts": facts_message(GERMAN, CANADIAN), "agreement_ids": ["ca-de"]}
    from portability.api.determination.v1 import determination_pb2

    ask = determination_pb2.DetermineRequest(**claim)
    published = await agreements.PublishAgreement(publish(), **AS_ADMINISTRATOR)
    assert (published.version.sha256, published.version.published_by) == (SHA, "de-drv/anna")
    refused = await refusal(determination.Determine(ask))
    assert refused.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert "neither has ratified" in (refused.details() or "")
    info = error_info(refused)
    assert (info.reason, info.metadata["not_binding"], info.metadata["states"]) == (
        "AGREEMENT_NOT_BINDING",
        "unsigned",
        "DE,CA",
    )

    mine = await agreements.RatifyAgreement(ratify(signed_by("DE"), number=2), **AS_ADMINISTRATOR)
    assert list(mine.statement.signers) == ["first official of DE", "second official of DE"]
    assert not list(mine.pairs), "nobody else has signed yet"
    theirs = await agreements.RatifyAgreement(ratify(signed_by("CA", since=SUMMER), number=3), **AS_ADMINISTRATOR)
    (pair,) = theirs.pairs
    assert (pair.state, pair.other, pair.binding, pair.sha256) == ("CA", "DE", True, SHA)
    assert pair.first_day == day(SUMMER)

    answer = await determination.Determine(ask)
    assert answer.determinations[0].version_sha256 == SHA
    assert answer.banner.startswith("Encoding unverified: no authority has reviewed these rules yet.")


async def test_an_agreement_shows_its_version_its_pairs_and_everything_signed(agreements: Any) -> None:  # noqa: F811
    asked = pb.GetAgreementRequest(agreement_id="ca-de")
    before = await agreements.GetAgreement(asked)
    assert before.summary.standing == pb.STANDING_TRIAL
    assert not before.HasField("version")
    assert before.content == b""
    await agreements.PublishAgreement(publish(), **AS_ADMINISTRATOR)
    await agreements.RatifyAgreement(ratify(signed_by("DE"), number=2), **AS_ADMINISTRATOR)
    half = await agreements.GetAgreement(asked)
    assert half.summary.standing == pb.STANDING_PUBLISHED
    assert half.content == TEXT.encode()
    (pair,) = half.pairs
    assert (pair.binding, pair.reason, pair.sha256) == (False, "one_sided", "")
    assert "Give this node the ratification of CA" in pair.why_not
    await agreements.RatifyAgreement(ratify(signed_by("CA"), number=3), **AS_ADMINISTRATOR)
    whole = await agreements.GetAgreement(asked)
    assert whole.summary.standing == pb.STANDING_BINDING
    assert list(whole.version.ratified_by) == ["CA", "DE"]
    assert [one.party for one in whole.statements] == ["DE", "CA"]
    earlier = await agreements.GetAgreement(pb.GetAgreementRequest(agreement_id="ca-de", on=day(date(2024, 2, 29))))
    (pair,) = earlier.pairs
    assert (pair.binding, pair.reason, pair.first_day) == (False, "not_yet", day(SPRING))
    # What was handed in can be handed on and verified again by anybody.
    assert whole.statements[0].signed == write_signed_statement(signed_by("DE")) or (
        statements_pb2.Statement.FromString(whole.statements[0].signed.statement).party == "DE"
    )


async def test_a_suspension_ends_what_the_pair_had(agreements: Any, determination: Any) -> None:  # noqa: F811
    from portability.api.determination.v1 import determination_pb2

    await agreements.PublishAgreement(publish(), **AS_ADMINISTRATOR)
    for number, party in enumerate(("CA", "DE"), start=2):
        await agreements.RatifyAgreement(ratify(signed_by(party), number=number), **AS_ADMINISTRATOR)
    signed = sign(suspension("ca-de", VERSION, "CA", SUMMER), at=noon(SUMMER))
    request = pb.SuspendAgreementRequest(request_id=request_id(4), signed=write_signed_statement(signed))
    answer = await agreements.SuspendAgreement(request, **AS_ADMINISTRATOR)
    (pair,) = answer.pairs
    assert (pair.binding, pair.reason) == (False, "suspended")
    ask = determination_pb2.DetermineRequest(facts=facts_message(GERMAN, CANADIAN), agreement_ids=["ca-de"])
    refused = await refusal(determination.Determine(ask))
    assert "CA has suspended version" in (refused.details() or "")


async def test_a_statement_is_handed_in_as_what_it_is(agreements: Any) -> None:  # noqa: F811
    await agreements.PublishAgreement(publish(), **AS_ADMINISTRATOR)
    request = pb.SuspendAgreementRequest(request_id=request_id(2), signed=write_signed_statement(signed_by("DE")))
    refused = await refusal(agreements.SuspendAgreement(request, **AS_ADMINISTRATOR))
    assert refused.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "This is a ratification, not a suspension" in (refused.details() or "")


async def test_versions_are_listed_in_the_order_of_publication(agreements: Any) -> None:  # noqa: F811
    asked = pb.ListAgreementVersionsRequest(agreement_id="ca-de")
    assert not (await agreements.ListAgreementVersions(asked)).versions
    second = await agreements.PublishAgreement(publish(TEXT + "# read again\n"), **AS_ADMINISTRATOR)
    await agreements.PublishAgreement(publish(number=2), **AS_ADMINISTRATOR)
    again = await agreements.PublishAgreement(publish(number=3), **AS_ADMINISTRATOR)
    await agreements.RatifyAgreement(ratify(signed_by("DE"), number=4), **AS_ADMINISTRATOR)
    found = (await agreements.ListAgreementVersions(asked)).versions
    assert {one.sha256: list(one.ratified_by) for one in found} == {second.version.sha256: [], SHA: ["DE"]}
    assert again.version in [one for one in found if one.sha256 == SHA] or again.version.sha256 == SHA
    older = await agreements.GetAgreement(pb.GetAgreementRequest(agreement_id="ca-de", sha256=SHA))
    assert older.summary.sha256 == SHA
    unknown = pb.ListAgreementVersionsRequest(agreement_id="eu-1408")
    assert (await refusal(agreements.ListAgreementVersions(unknown))).code() is grpc.StatusCode.NOT_FOUND


async def test_two_versions_are_compared_by_hash_and_by_file(agreements: Any) -> None:  # noqa: F811
    # One rule ends a month earlier than the Protocol says.
    old = "until: 2003-11-30"
    assert old in TEXT
    file = pb.VersionChoice(file=pb.LawFile(file="next.yaml", text=TEXT.replace(old, "until: 2003-10-31", 1)))
    await agreements.PublishAgreement(publish(), **AS_ADMINISTRATOR)
    found = await agreements.DiffAgreements(pb.DiffAgreementsRequest(old=pb.VersionChoice(sha256=SHA), new=file))
    assert found.old_sha256 == SHA != found.new_sha256
    assert [change.about for change in found.changes]
    assert found.affected.states
    assert found.text.startswith("ca-de (")
    same = await agreements.DiffAgreements(
        pb.DiffAgreementsRequest(old=pb.VersionChoice(sha256=SHA), new=pb.VersionChoice(sha256=SHA))
    )
    assert (len(same.changes), same.HasField("affected")) == (0, False)
    unknown = pb.DiffAgreementsRequest(old=pb.VersionChoice(sha256="0" * 64), new=file)
    assert (await refusal(agreements.DiffAgreements(unknown))).code() is grpc.StatusCode.NOT_FOUND


async def test_the_same_request_again_changes_nothing_and_another_under_its_id_is_refused(
    agreements: Any,  # noqa: F811
    world: World,
) -> None:
    first = await agreements.PublishAgreement(publish(), **AS_ADMINISTRATOR)
    assert await agreements.PublishAgreement(publish(), **AS_ADMINISTRATOR) == first
    refused = await refusal(agreements.PublishAgreement(publish(TEXT + "\n"), **AS_ADMINISTRATOR))
    assert refused.code() is grpc.StatusCode.ALREADY_EXISTS
    assert [one.sha256 for one in await world.work.versions.of_agreement("")] == [SHA]


async def test_a_file_with_a_fault_or_a_failing_example_is_not_published(
    agreements: Any,  # noqa: F811
    world: World,
) -> None:
    faulty = await refusal(agreements.PublishAgreement(publish(TEXT.replace("cite:", "cites:", 1)), **AS_ADMINISTRATOR))
    assert faulty.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "ca-de.yaml:" in (faulty.details() or "")
    marker = "expect: {"
    wrong = TEXT[: TEXT.rindex(marker)] + TEXT[TEXT.rindex(marker) :].replace('"', '"9', 1)
    assert wrong != TEXT
    failing = await refusal(agreements.PublishAgreement(publish(wrong), **AS_ADMINISTRATOR))
    assert "Of the examples of ca-de.yaml, 1 of " in (failing.details() or "")
    law = packaged.packaged_texts("legislation")["de.yaml"]
    no_agreement = await refusal(agreements.PublishAgreement(publish(law), **AS_ADMINISTRATOR))
    assert "only agreements are ratified" in (no_agreement.details() or "")
    assert list(await world.work.versions.of_agreement("")) == []


@pytest.mark.parametrize("role", ["caseworker", "system", "peer", "worker"])
async def test_only_administrators_publish_ratify_and_suspend(
    agreements: Any,  # noqa: F811
    role: str,
) -> None:
    metadata = (("test-role", role),)
    signed = write_signed_statement(signed_by("DE"))
    for call in (
        agreements.PublishAgreement(publish(), metadata=metadata),
        agreements.RatifyAgreement(ratify(signed_by("DE"), number=2), metadata=metadata),
        agreements.SuspendAgreement(
            pb.SuspendAgreementRequest(request_id=request_id(3), signed=signed), metadata=metadata
        ),
    ):
        assert (await refusal(call)).code() in {grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNAUTHENTICATED}
