"""A statement out of a file: a document of EESSI, or a career file that was made of one."""

from pathlib import Path

from google.protobuf.json_format import ParseDict, ParseError

from portability.adapters.eessi.career_file import FORMAT
from portability.adapters.eessi.conversion import LARGEST, Format, converted, too_large
from portability.adapters.eessi.json_text import read_json
from portability.agreements.errors import InputError
from portability.api.common.v1 import common_pb2 as common
from portability.api.records.v1.career_pb2 import CareerStatement

__all__ = ["statement_in"]


def statement_in(file: Path, *, institution: str) -> tuple[CareerStatement, str]:
    """What a file states, as the statement of an institution, and what document it is ("EESSI P5000").

    Raises InputError where it holds no statement of periods.
    """
    if (size := file.stat().st_size) > LARGEST:
        raise too_large(str(file), size)
    career = read_json(file.read_bytes(), name=str(file))
    if not isinstance(career, dict) or career.get("format") != FORMAT:
        text = converted(file.read_bytes(), name=str(file), source=Format.EESSI).text
        career = read_json(text.encode("utf-8", "surrogatepass"), name=str(file))
    kind = career["document"]["type"]
    if kind == "P4000":
        raise InputError(
            f"{file} is a P4000: it tells what the person says of her own time, and no institution states it. "
            "Ask the institutions that it names, and pass it on to them with the action `declare` of the case."
        )
    if "statement" not in career:
        raise InputError(f"{file} is a {kind} and states no periods: a P5000 does.")
    try:
        statement = ParseDict(career["statement"], CareerStatement())
    except ParseError as error:
        raise InputError(f"{file}: its statement is not as docs/convert.md describes it: {error}") from error
    statement.institution.CopyFrom(common.InstitutionReference(institution_id=institution))
    statement.state = institution[:2].upper()
    return statement, f"EESSI {kind}"
