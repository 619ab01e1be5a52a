"""Records as a national system sends them to an import."""

from google.type.date_pb2 import Date

from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1 import imports_pb2 as pb
from portability.api.records.v1 import messages_pb2 as messages

__all__ = ["content", "insured_person", "period", "record"]


def period(period_id: str, year: int) -> common.InsurancePeriod:
    """A year of compulsory insurance, counted in months."""
    return common.InsurancePeriod(
        period_id=period_id,
        state="DE",
        kind=common.PERIOD_KIND_COMPULSORY,
        scheme="de-rente",
        first_day=Date(year=year, month=1, day=1),
        last_day=Date(year=year, month=12, day=31),
        amount="12",
        unit=common.PERIOD_UNIT_MONTHS,
        evidence=common.Evidence(
            level=common.EVIDENCE_LEVEL_FINAL_ACCOUNT, method="contribution account", verified_by="de-drv"
        ),
    )


def content(period_id: str, year: int) -> bytes:
    """The same as a store keeps it."""
    return period(period_id, year).SerializeToString(deterministic=True)


def insured_person() -> pb.InsuredPerson:
    return pb.InsuredPerson(
        name="Rossi, Maria",
        birth_date=Date(year=1958, month=3, day=10),
        identifiers=[messages.PersonIdentifier(country="DE", sector="pension", value="12 100358 R 501")],
    )


def record(year: int, account_id: str = "DE-1") -> pb.ImportedRecord:
    """One record that opens its account where it is not known."""
    return pb.ImportedRecord(account_id=account_id, period=period(f"y{year}", year), person=insured_person())
