"""Preferences to and from protobuf."""

from datetime import time

from google.type.timeofday_pb2 import TimeOfDay

from portability.agreements.errors import InputError
from portability.api.workers.v1 import preferences_pb2 as pb
from portability.services.mapping.common import EnumTable
from portability.services.workers.preferences.model import Chosen, NewsWay, Preferences

__all__ = ["read_chosen", "write_preferences"]

_WAY = EnumTable(NewsWay, pb.NewsWay, "NEWS_WAY")


def read_chosen(request: pb.ChooseMyPreferencesRequest) -> Chosen:
    return Chosen(
        way=_WAY.read(request.way, field="way") if request.way else None,
        language=request.language or None,
        quiet_from=_time(request, "quiet_from"),
        quiet_until=_time(request, "quiet_until"),
        zone=request.time_zone if request.HasField("time_zone") else None,
    )


def write_preferences(preferences: Preferences) -> pb.Preferences:
    return pb.Preferences(
        way=_WAY.write(preferences.way),
        contact=preferences.contact.value,
        address=preferences.address.value if preferences.address else "",
        language=preferences.language,
        quiet_from=TimeOfDay(hours=preferences.quiet_from.hour, minutes=preferences.quiet_from.minute),
        quiet_until=TimeOfDay(hours=preferences.quiet_until.hour, minutes=preferences.quiet_until.minute),
        is_protected=preferences.is_protected,
        time_zone=preferences.zone,
    )


def _time(request: pb.ChooseMyPreferencesRequest, field: str) -> time | None:
    if not request.HasField(field):  # type: ignore[arg-type] # one of its two fields of this type
        return None
    told: TimeOfDay = getattr(request, field)
    try:
        return time(told.hours, told.minutes)
    except ValueError as error:
        raise InputError("Give a time from 00:00 to 23:59.", field=field) from error
