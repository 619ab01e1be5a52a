"""A caseworker puts a worker on file; where a number is on file already, the words are the same whoever has it."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from portability.agreements.errors import CaseStateError, DeniedError, InputError
from portability.services.access import Role
from portability.services.workers.linking.entering import KnownBy, NumberOnFile, RegisterWorker
from portability.services.workers.model import WorkerOnFile, parse_contact

from .test_linking import ADA, ADAS, ANNA, CLAIM, NEW_PHONE, ROSA, ROSAS_PHONE, VERA, LinkWorld, world

__all__ = ["world"]

MIRA = "mira@example.org"


def mira(world: LinkWorld, **given: Any) -> RegisterWorker:
    command = RegisterWorker(world.new_id(), parse_contact(MIRA), ("MIRA1", "MIRA2"), KnownBy.DOCUMENT, "it")
    return replace(command, **given)


def acts(world: LinkWorld) -> list[tuple[UUID, str, str, str]]:
    return [(act.case_id, act.by, act.what, act.why) for act in world.state.acts.values()]


async def test_she_is_found_by_contact_and_each_number_and_the_act_says_how_she_was_known(world: LinkWorld) -> None:
    command = mira(world)
    told = {await world.entering.enter(command, caller=ANNA) for _ in range(2)}
    for number in ("", "MIRA1", "MIRA2"):
        found = await world.directory.find(parse_contact(MIRA), insurance_number=number)
        assert found
        assert replace(found, worker_id=ROSA) == WorkerOnFile(ROSA, parse_contact(MIRA), ("MIRA1", "MIRA2"), "it")
    assert acts(world) == [(found.worker_id, "anna", "worker.enter", "document")]
    assert told == {found.worker_id}
    assert (world.told, world.closed) == ([], [])


async def test_who_shares_a_contact_is_told_apart_by_number(world: LinkWorld) -> None:
    await world.entering.enter(mira(world, contact=ROSAS_PHONE), caller=ANNA)
    hers = await world.directory.find(ROSAS_PHONE, insurance_number="RSP65")
    other = await world.directory.find(ROSAS_PHONE, insurance_number="MIRA2")
    assert hers
    assert other
    assert (hers.worker_id, other.worker_id != ROSA) == (ROSA, True)


async def test_a_number_on_file_is_refused_in_the_same_words_whoever_has_it_and_each_try_is_kept(
    world: LinkWorld,
) -> None:
    await world.protected.protect([CLAIM])
    told = []
    # Rosa, who is protected, and Ada, who is not: by number alone, and by contact and number.
    tries = [mira(world, numbers=("MIRA1", "RSP65")), mira(world, numbers=("RSP65",), contact=ROSAS_PHONE)]
    tries += [
        mira(world, numbers=("MIRA1", "ADA1")),
        mira(world, numbers=("ADA1",), contact=parse_contact("ada@example.org")),
    ]
    for command in (*tries, tries[0]):
        with pytest.raises(CaseStateError) as refused:
            await world.entering.enter(command, caller=ANNA)
        told.append((refused.value.message, refused.value.state, refused.value.allowed_actions))
    assert len(set(told)) == 1
    assert not any(word in told[0][0] for word in ("RSP65", "ADA1", MIRA, str(ROSA), str(ADA)))
    assert await world.directory.find(parse_contact(MIRA)) is None
    tried = ("anna", "worker.enter.refused", "document")
    assert acts(world) == [(ROSA, *tried), (ROSA, *tried), (ADA, *tried), (ADA, *tried)]


@pytest.mark.parametrize("whose", NumberOnFile)
async def test_whose_a_number_is_cleared_staff_alone_says_whether_or_not_it_is_on_file(
    world: LinkWorld, whose: NumberOnFile
) -> None:
    for numbers in (("RSP65",), ("MIRA1",)):
        with pytest.raises(DeniedError, match="cleared"):
            await world.entering.enter(mira(world, numbers=numbers, number_on_file=whose), caller=ANNA)
    assert acts(world) == []


async def test_the_same_person_signs_in_by_the_new_contact_and_no_phone_is_told_where_she_is_protected(
    world: LinkWorld,
) -> None:
    await world.protected.protect([CLAIM])
    hers = mira(world, contact=NEW_PHONE, numbers=("MIRA1", "RSP65"), number_on_file=NumberOnFile.HERS)
    assert await world.entering.enter(hers, caller=VERA) == ROSA
    expected = WorkerOnFile(ROSA, NEW_PHONE, ("RSP65", "MIRA1"), "it", former=ROSAS_PHONE)
    assert await world.directory.find(NEW_PHONE) == expected
    assert (world.told, world.closed) == ([], [ROSA])
    assert acts(world) == [(ROSA, "vera", "worker.enter.hers", "document")]
    # Who is not protected is told; where the contact stays, nobody is and nobody has to sign in again.
    adas = mira(
        world, contact=parse_contact("ada@example.org"), numbers=("ADA1", "ADA2"), number_on_file=NumberOnFile.HERS
    )
    await world.entering.enter(adas, caller=VERA)
    assert (world.told, world.closed) == ([], [ROSA])
    await world.entering.enter(replace(adas, request_id=world.new_id(), contact=parse_contact(MIRA)), caller=VERA)
    assert (world.told, world.closed) == ([ADA], [ROSA, ADA])
    assert await world.links.case_ids_of(ADA) == [ADAS]


async def test_another_person_with_the_same_number_is_put_on_file_unless_none_of_both_could_sign_in(
    world: LinkWorld,
) -> None:
    another = mira(world, numbers=("RSP65",), number_on_file=NumberOnFile.ANOTHERS)
    with pytest.raises(CaseStateError, match="give another"):
        await world.entering.enter(replace(another, contact=ROSAS_PHONE), caller=VERA)
    await world.entering.enter(replace(another, request_id=world.new_id()), caller=VERA)
    for contact, is_rosa in ((ROSAS_PHONE, True), (parse_contact(MIRA), False)):
        found = await world.directory.find(contact, insurance_number="RSP65")
        assert found
        assert (found.worker_id == ROSA) is is_rosa
    # With two who have the number, or with none, the node does not guess whose file is meant.
    for numbers in (("RSP65",), ("MIRA9",)):
        with pytest.raises(CaseStateError, match="the only one"):
            await world.entering.enter(mira(world, numbers=numbers, number_on_file=NumberOnFile.HERS), caller=VERA)


async def test_a_language_that_the_pages_do_not_have_is_refused(world: LinkWorld) -> None:
    with pytest.raises(InputError) as refused:
        await world.entering.enter(mira(world, language="tlh"), caller=ANNA)
    assert refused.value.field == "language"


@pytest.mark.parametrize("role", [Role.SYSTEM, Role.ADMINISTRATOR, Role.WORKER])
async def test_people_of_the_staff_alone_put_a_worker_on_file(world: LinkWorld, role: Role) -> None:
    with pytest.raises(DeniedError):
        await world.entering.enter(mira(world), caller=replace(ANNA, role=role))
    with pytest.raises(DeniedError):
        await world.entering.enter(mira(world), caller=replace(ANNA, name=""))
