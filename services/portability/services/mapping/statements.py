"""What every reader of a statement of periods needs: whose it is, and that it holds together."""

from collections.abc import Sequence

from portability.agreements.careers import AnswerStatus, RecordedPeriod
from portability.agreements.errors import InputError
from portability.agreements.values import StateCode
from portability.api.records.v1 import messages_pb2 as records
from portability.services.mapping.common import read_date, read_identifier, write_date, write_identifier
from portability.services.persons.whose import StatedPerson

__all__ = ["check_stated", "read_stated_person", "write_stated_person"]


def write_stated_person(person: StatedPerson | None) -> records.StatedPerson | None:
    if person is None:
        return None
    return records.StatedPerson(
        birth_date=write_date(person.birth_date), identifiers=[write_identifier(each) for each in person.identifiers]
    )


def read_stated_person(message: records.RecordStatement | records.RecordRequest) -> StatedPerson | None:
    born = read_date(message.person, "birth_date", field="person.birth_date") if message.HasField("person") else None
    if born is None:
        return None
    return StatedPerson(born, tuple(read_identifier(each) for each in message.person.identifiers))


def check_stated(status: AnswerStatus, state: StateCode, periods: Sequence[RecordedPeriod]) -> None:
    """Raise InputError where answer and periods contradict each other, or a period is of another state or twice."""
    if (status is AnswerStatus.KNOWN) != bool(periods):
        raise InputError(
            f"The statement says '{status}' with {len(periods)} periods: "
            "'known' goes with periods, every other answer without.",
            field="status",
        )
    seen: set[str] = set()
    for index, recorded in enumerate(periods):
        period, place = recorded.period, f"periods[{index}]"
        if period.state != state:
            raise InputError(
                f"{place} is of {period.state}, but the statement is of {state}: "
                "an institution states the periods under its own legislation.",
                field=f"{place}.state",
                citation="Regulation (EC) No 987/2009 Art. 47(5)",
            )
        if period.period_id in seen:
            raise InputError(
                f"{place}.period_id stands in the statement already: give each period its own.",
                field=f"{place}.period_id",
            )
        seen.add(period.period_id)
