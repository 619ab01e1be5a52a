"""What people and systems of the two agencies do in the sandbox, each through gRPC, as at any node."""

import asyncio
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import grpc
from google.type.date_pb2 import Date

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.spreadsheets.map_file import load_map
from portability.adapters.spreadsheets.reading import RecordFile
from portability.agreements.errors import PortabilityError
from portability.api.cases.v1 import administration_pb2, flows_pb2_grpc, messages_pb2, shares_pb2_grpc
from portability.api.cases.v1 import cases_pb2 as cases
from portability.api.cases.v1 import flows_pb2 as flows
from portability.api.cases.v1 import shares_pb2 as shares
from portability.api.records.v1 import imports_pb2_grpc, records_pb2_grpc
from portability.api.records.v1 import messages_pb2 as records
from portability.api.records.v1 import records_pb2 as register
from portability.app.demo.nodes import DemoNode
from portability.app.filling import Filling, Tally, opening_of, rejects_writer
from portability.app.sandbox.people import Insured

__all__ = ["Desk", "day", "expect", "new_id", "refusal"]

PATIENCE_SECONDS = 30.0
LOOK_AGAIN_SECONDS = 0.05
SCHEMES = {"DE": ("de-rente", "months"), "IT": ("it-pensione", "weeks")}
MAP = """\
map: "1"
file: {{separator: ";"}}
dates: {dates}
decimals: comma
as_of: {as_of}
columns: {{account_id: Konto, name: Name, birth_date: geboren, identifier: Nummer, first_day: von, last_day: bis,
  amount: Zeit}}
same_on_each_line: {{state: {state}, scheme: {scheme}, unit: {unit}, evidence: contribution_seen,
  identifier_country: {state}, identifier_sector: test}}
"""
_NO_ANSWER = {records.ANSWER_STATUS_NOT_ASKED, records.ANSWER_STATUS_ASKED_NO_ANSWER}
HEADER = "Konto;Name;geboren;Nummer;von;bis;Zeit"


@dataclass(slots=True)
class Desk:
    """One agency: its caseworker and its system at its node, and a folder for its files."""

    node: DemoNode
    folder: Path
    today: date

    @property
    def country(self) -> str:
        return self.node.institution.country

    @property
    def shares(self) -> Any:
        return shares_pb2_grpc.ShareServiceStub(self.node.caseworker)

    @property
    def flows(self) -> Any:
        return flows_pb2_grpc.FlowServiceStub(self.node.caseworker)

    @property
    def register(self) -> Any:
        return records_pb2_grpc.RecordServiceStub(self.node.caseworker)

    def lines(self, people: Iterable[Insured]) -> list[str]:
        """A line for each year of work here."""
        _, unit = SCHEMES[self.country]
        amount = "12" if unit == "months" else "52"
        return [
            f"{one.account(self.country)};{one.name};{one.born:%d.%m.%Y};{one.number(self.country)};"
            f"01.01.{year};31.12.{year};{amount}"
            for one in people
            for first, count in [one.german if self.country == "DE" else one.italian]
            for year in range(first, first + count)
        ]

    async def fill(self, name: str, lines: Iterable[str], *, dates: str = "day-month-year") -> tuple[Tally, list[str]]:
        """Import a CSV file of lines; what became of them, and what was set aside with its reason."""
        file, map_path = self.folder / f"{name}.csv", self.folder / f"{name}.map.yaml"
        scheme, unit = SCHEMES[self.country]
        file.write_text("\n".join([HEADER, *lines, ""]), encoding="utf-8")
        map_path.write_text(
            MAP.format(dates=dates, as_of=self.today, state=self.country, scheme=scheme, unit=unit), encoding="utf-8"
        )
        by = load_map(map_path)
        opened = RecordFile(file, by)
        aside: list[str] = []
        with rejects_writer(file.with_name(f"{file.name}.rejects.csv"), opened.header, by) as write:

            def put_aside(line: Any, reason: str) -> None:
                write(line, reason)
                aside.append(f"line {line.number}: {reason}")

            filling = Filling(opened, by=by, aside=put_aside, progress=lambda tally: None)
            stub = imports_pb2_grpc.ImportServiceStub(self.node.system)
            return await filling.send(stub, opening_of(file, map_path, by)), aside

    async def find(self, **described: Any) -> Any:
        """Search the register by what is known of a person."""
        person = register.PersonDescription(**described)
        return await self.register.FindRecords(register.FindRecordsRequest(person=person))

    async def lodge(self, one: Insured, *, countries: Iterable[str] = ("DE", "IT"), numbers: bool = True) -> str:
        """Lodge a claim to an old-age pension; the case's id."""
        worked = {"DE": one.german, "IT": one.italian, "CA": (2002, 3)}
        identifiers = [
            records.PersonIdentifier(country=country, sector="test", value=one.number(country))
            for country in countries
            if country != "CA" and (numbers or country == self.country)
        ]
        claim = messages_pb2.OldAgeClaim(
            person=messages_pb2.Person(
                family_name=one.family_name,
                given_names=one.given_names,
                birth_date=day(one.born),
                residence_state=self.country,
                identifiers=identifiers,
            ),
            lodged_on=day(self.today),
            award_on=day(date(self.today.year + 1, 1, 1)),
            declared=[
                messages_pb2.DeclaredPeriod(
                    state=country,
                    first_day=day(date(first, 1, 1)),
                    last_day=day(date(first + count - 1, 12, 31)),
                    activity="test work",
                )
                for country in countries
                for first, count in [worked[country]]
            ],
            asks_in_writing=True,
        )
        request = shares.LodgeOldAgeClaimRequest(request_id=new_id(), claim=claim)
        return str((await self.shares.LodgeOldAgeClaim(request)).case_id)

    async def share(self, case_id: str) -> Any:
        """What is stated in the case, once the claim has arrived here."""
        until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            try:
                return await self.shares.GetShare(shares.GetShareRequest(case_id=case_id))
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.NOT_FOUND:
                    raise
                expect(asyncio.get_running_loop().time() < until, f"the case reaches {self.country}")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def knows_of(self, case_id: str, country: str, *, periods: int | None = None) -> Any:
        """What a country has answered, once its answer has arrived here, with so many periods where they are told."""
        until = asyncio.get_running_loop().time() + PATIENCE_SECONDS
        while True:
            told = {one.state: one for one in (await self.share(case_id)).career}
            here = told.get(country, records.CareerRecord(status=records.ANSWER_STATUS_NOT_ASKED))
            if here.status not in _NO_ANSWER and periods in {None, len(here.periods)}:
                return here
            expect(asyncio.get_running_loop().time() < until, f"the answer of {country} arrives")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def state(
        self,
        case_id: str,
        answer: Any = cases.RECORD_ANSWER_FROM_OWN_RECORDS,
        *,
        account_id: str = "",
        reason: str = "",
        by: Any = None,
    ) -> Any:
        """State what the own records hold: of the account that is found, of the one named, or that there is nothing."""
        await self.share(case_id)
        request = shares.StateOwnRecordsRequest(
            request_id=new_id(), case_id=case_id, answer=answer, account_id=account_id, reason=reason
        )
        stub: Any = shares_pb2_grpc.ShareServiceStub(by or self.node.caseworker)
        return await stub.StateOwnRecords(request)

    async def take_back(self, case_id: str, document_id: str, note: str) -> None:
        """Take back what was stated of somebody else."""
        content = administration_pb2.MessageInvalidate(
            message_id=document_id, reason=administration_pb2.INVALIDATION_REASON_WRONG_PERSON, note=note
        )
        await self.flows.Act(
            flows.ActRequest(
                request_id=new_id(),
                case_id=case_id,
                action="invalidate",
                about=document_id,
                content=content.SerializeToString(deterministic=True),
            )
        )


def expect(is_so: bool, what: str) -> None:  # noqa: FBT001 (reads as a sentence)
    """Raise PortabilityError where a story does not go as it is written."""
    if not is_so:
        raise PortabilityError(f"The sandbox expected that {what}.")


@contextmanager
def refusal(said: list[str]) -> Any:
    """A call that the node is to refuse; what it says is added to `said`."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        said.append(f"{error.code().name}: {error.details()}")
    else:
        expect(is_so=False, what="the node refuses")


def day(on: date) -> Date:
    return Date(year=on.year, month=on.month, day=on.day)


def new_id() -> str:
    return str(time_ordered_id())
