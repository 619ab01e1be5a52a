"""Whether an imported period is right, told from its bytes, where periods that were right had the same parts.

Periods of one register differ in their ids and days; the rest of them is the same few hundred texts again and again.
So a period is cut, each part is checked by the rules in a period that is otherwise right, and what was found is
remembered. A cut in a wrong place leaves parts that are none: all that can come of it is that nothing is vouched for.
"""

from datetime import date
from functools import lru_cache
from typing import Final

from google.protobuf.message import DecodeError
from google.type.date_pb2 import Date

from portability.agreements.errors import InputError
from portability.api.common.v1 import common_pb2 as common
from portability.services.mapping.common import read_period, read_record

__all__ = ["LONGEST_ID", "is_familiar"]

LONGEST_ID: Final = 64
LONGEST: Final = 512  # bytes: what is longer is rare, and would fill the memory with what is remembered of it
_LAST: Final = date.max.toordinal()
# A period that is right, in the parts into which others are cut: its fields as they are written, in their order.
_ID: Final = common.InsurancePeriod(period_id="x").SerializeToString()
_SAME: Final = common.InsurancePeriod(state="DE", kind=common.PERIOD_KIND_COMPULSORY, scheme="x").SerializeToString()
_DAY: Final = Date(year=2000, month=1, day=1)
_DAYS: Final = common.InsurancePeriod(first_day=_DAY, last_day=_DAY).SerializeToString()
_EVIDENCE: Final = common.InsurancePeriod(evidence=common.Evidence(level=1)).SerializeToString()  # type: ignore[arg-type]  # any level
_FIRST_DAY, _LAST_DAY, _BY = b"*\x07", b"2\x07", b"Z"  # tags of the fields 5, 6 and 11, and the length of a day


def is_familiar(content: bytes) -> bool:
    """Whether nothing can be wrong with a period as `SerializeToString` writes it; False says only: not known."""
    if content[:1] != b"\n" or content[1] > LONGEST_ID or len(content) > LONGEST or b"\0" in content:
        return False
    same = 2 + content[1]
    first = content.find(_FIRST_DAY, same)
    last = first + len(_DAYS) // 2
    count = first + len(_DAYS)
    by = content.find(_BY, count)
    return (
        0 < first < by
        and content[last : last + 2] == _LAST_DAY
        and 0 < _ordinal(content[first + 2 : last]) <= _ordinal(content[last + 2 : count]) < _LAST
        and _are_right(content[same:first], content[count:by], content[by:])
    )


@lru_cache(maxsize=65_536)
def _ordinal(written: bytes) -> int:
    """The number of a day; zero where there is no such day."""
    try:
        day = Date.FromString(written)
        return date(day.year, day.month, day.day).toordinal()
    except (DecodeError, ValueError):
        return 0


@lru_cache(maxsize=16_384)
def _are_right(same: bytes, count: bytes, by: bytes) -> bool:
    return _is_right(_ID + same + _DAYS + count + _EVIDENCE) and _is_right(_ID + _SAME + _DAYS + by)


@lru_cache(maxsize=16_384)
def _is_right(written: bytes) -> bool:
    try:
        period = read_record(common.InsurancePeriod, written)
        read_period(period, field="period")
    except InputError:
        return False
    # Written otherwise, the parts would not be those fields of the period that they stand for.
    return period.SerializeToString() == written
