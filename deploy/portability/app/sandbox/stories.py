"""Twelve stories; four of them go wrong on purpose. Each returns what happened, and stops where it goes otherwise."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from portability.api.cases.v1 import cases_pb2 as cases
from portability.api.records.v1 import messages_pb2 as records
from portability.api.records.v1 import records_pb2 as register
from portability.app.sandbox.desks import Desk, expect, refusal
from portability.app.sandbox.people import Insured

__all__ = ["STORIES", "Sandbox", "Story"]


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Two agencies and the people who have worked in both countries."""

    german: Desk
    italian: Desk
    people: Sequence[Insured]


@dataclass(frozen=True, slots=True)
class Story:
    """A title, what is done, and whether it is to go wrong."""

    title: str
    play: Callable[[Sandbox], Awaitable[Sequence[str]]]
    goes_wrong: bool = False


async def _fill(box: Sandbox) -> Sequence[str]:
    told = []
    for desk in (box.german, box.italian):
        tally, aside = await desk.fill("register", desk.lines(box.people))
        expect(tally.accepted == tally.lines and not aside, "every line is kept")
        told.append(f"{desk.country}: {tally.accepted} years of {len(box.people)} people are in the register")
    return told


async def _again(box: Sandbox) -> Sequence[str]:
    tally, _ = await box.german.fill("register", box.german.lines(box.people))
    expect((tally.accepted, tally.held) == (0, tally.lines), "nothing is taken in twice")
    return [f"{tally.held} lines were sent before, none is taken in twice"]


async def _newer(box: Sandbox) -> Sequence[str]:
    lines = box.german.lines(box.people[:3])
    changed = [lines[0].rpartition(";")[0] + ";11", *lines[1:]]
    tally, _ = await box.german.fill("correction", changed)
    expect((tally.accepted, tally.unchanged) == (1, len(lines) - 1), "one period is replaced")
    return [f"1 period is replaced, {tally.unchanged} are known already"]


async def _other_script(box: Sandbox) -> Sequence[str]:
    await box.german.fill("another", ["TEST-DE-9001;Росси, Мария;10.03.1958;TESTDE9001;01.01.1990;31.12.1990;12"])
    found = await box.german.find(family_names=["Rossi"], given_names="Maria", birth_date="1958-03-10")
    likely = dict(zip((one.account_id for one in found.accounts), found.likenesses, strict=True))
    expect("TEST-DE-9001" in likely, "she is found by her name in another script")
    expect(found.outcome != register.FIND_OUTCOME_FOUND, "a person decides")
    reasons = ", ".join(f"{one.reason} {one.found} {one.weight:+}" for one in likely["TEST-DE-9001"].findings)
    return [
        f"Rossi finds Росси: score {likely['TEST-DE-9001'].score} ({reasons})",
        "one strong key only: a person decides",
    ]


async def _claim(box: Sandbox) -> Sequence[str]:
    case_id = await box.italian.lodge(box.people[0])
    stated = await box.german.state(case_id)
    expect(stated.document_id, "two strong keys find her account")
    told = await box.italian.knows_of(case_id, "DE")
    expect(len(told.periods) == box.people[0].german[1], "every German year arrives")
    return [
        "lodged in Italy, answered in Germany by number and by name with birth date",
        f"{len(told.periods)} German years arrive, signed and sealed",
    ]


async def _nothing_here(box: Sandbox) -> Sequence[str]:
    case_id = await box.italian.lodge(box.people[1])
    await box.german.state(case_id, cases.RECORD_ANSWER_NONE, reason="the file shows work in Austria")
    told = await box.italian.knows_of(case_id, "DE")
    expect(told.status == records.ANSWER_STATUS_NONE, "the absence arrives as an answer")
    return ["a caseworker says, with her reason, that there are no periods: an answer, not a silence"]


async def _by_hand(box: Sandbox) -> Sequence[str]:
    one = box.people[2]
    case_id = await box.italian.lodge(one, numbers=False)
    found = await box.german.state(case_id)
    expect(not found.document_id, "a name and a birth date alone attach nothing")
    wrong = await box.german.state(case_id, account_id=box.people[3].account("DE"), reason="the same street")
    await box.german.take_back(case_id, wrong.document_id, "that is her cousin's account")
    undone = await box.german.state(case_id, reason="that is her cousin's account")
    expect(not undone.document_id, "her cousin's account is not stated once more")
    await box.german.state(case_id, account_id=one.account("DE"), reason="her letter with the insurance card")
    await box.italian.knows_of(case_id, "DE", periods=one.german[1])
    return ["without a number a person has to look", "named, taken back, named again: all of it stays in the case"]


async def _twins(box: Sandbox) -> Sequence[str]:
    lines = [
        f"TEST-DE-91{n};Weber, {given};04.04.1959;TESTDE91{n};01.01.1990;31.12.1990;12"
        for n, given in enumerate(("Eva", "Uta"))
    ]
    await box.german.fill("twins", lines)
    found = await box.german.find(family_names=["Weber"], given_names="Eva", birth_date="1959-04-04")
    expect(found.outcome != register.FIND_OUTCOME_FOUND, "no twin is taken for the other")
    expect(found.accounts[0].account_id == "TEST-DE-910", "the likest stands first")
    return [f"{len(found.accounts)} candidates, the likest first; no twin is taken for the other"]


async def _broken_file(box: Sandbox) -> Sequence[str]:
    good = box.italian.lines(box.people[4:5])[:2]
    person = "TEST-IT-9100;Test, Ugo;13.01.1960;TESTIT9100"
    broken = [
        f"{person};03/04/1990;31/12/1990;39",
        "Totale;;;;;;91",
        f"{person};31.02.1991;31.12.1991;52",
        f'{person};01.01.1992;31.12.1992;"52',
    ]
    tally, aside = await box.italian.fill("broken", [good[0], *broken, good[1]], dates="unknown")
    expect(tally.aside >= 4, "what is ambiguous, a total, no day or never closed is set aside")
    return [f"{tally.lines} lines, {tally.aside} set aside:", *aside]


async def _other_person(box: Sandbox) -> Sequence[str]:
    line = box.german.lines(box.people[5:6])[0].split(";")
    line[2], line[4], line[5] = "11.11.1971", "01.01.1979", "31.12.1979"
    tally, aside = await box.german.fill("other-person", [";".join(line)])
    expect((tally.accepted, tally.aside) == (0, 1), "a line for another person is refused")
    return aside


async def _program(box: Sandbox) -> Sequence[str]:
    case_id = await box.italian.lodge(box.people[6], numbers=False)
    await box.german.state(case_id)
    said: list[str] = []
    with refusal(said):
        await box.german.state(
            case_id, account_id=box.people[6].account("DE"), reason="the likest", by=box.german.node.system
        )
    return ["a program says whose account it is:", *said]


async def _wrong_door(box: Sandbox) -> Sequence[str]:
    stranger = Insured(9999, "Nowak", "Ewa", box.people[0].born, box.people[0].german, box.people[0].italian)
    said: list[str] = []
    with refusal(said):
        await box.german.lodge(stranger, countries=("IT",))
    return ["a claim at an institution where she never worked:", *said]


STORIES = (
    Story("An office fills its register from a file", _fill),
    Story("The same file once more", _again),
    Story("A corrected line in a newer file", _newer),
    Story("The same woman in another script", _other_script),
    Story("One claim, two countries", _claim),
    Story("She has no periods there", _nothing_here),
    Story("Without her number: named by hand, taken back, named again", _by_hand),
    Story("Twins", _twins),
    Story("A file with broken lines", _broken_file, goes_wrong=True),
    Story("A line that is another person's", _other_person, goes_wrong=True),
    Story("A program decides whose account it is", _program, goes_wrong=True),
    Story("The wrong door", _wrong_door, goes_wrong=True),
)
