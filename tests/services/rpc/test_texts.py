"""A text with U+0000 is refused at the gate with its place: PostgreSQL has no place for it."""

import protovalidate
import pytest
from grpc import StatusCode

from portability.api.cases.v1 import messages_pb2, shares_pb2
from portability.api.exchange.v1 import exchange_pb2
from portability.app.rpc.texts import field_with_nul

from .conftest import Node

ID = "01936e00-0000-7000-8000-00000000ca5e"


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (shares_pb2.StateOwnRecordsRequest(reason="same\x00number"), "reason"),
        (shares_pb2.DecideShareRequest(remedy=messages_pb2.Remedy(where="\x00")), "remedy.where"),
        (
            shares_pb2.LodgeOldAgeClaimRequest(claim={"person": {"identifiers": [{}, {"value": "b\x00"}]}}),
            "claim.person.identifiers[1].value",
        ),
        (exchange_pb2.SubmitMessageRequest(record=b"\x00\x00", type="record.note"), ""),
        (shares_pb2.StateOwnRecordsRequest(reason="same number"), ""),
    ],
)
def test_the_place_of_the_first_such_text_is_found(request_, field: str) -> None:
    assert field_with_nul(request_, request_.SerializeToString()) == field


def test_the_gate_refuses_it_by_its_place(node: Node) -> None:
    request = exchange_pb2.SubmitMessageRequest(
        request_id=ID,
        recipient="it-inps",
        case_id=ID,
        type="record.note",
        schema_version=1,
        purpose="administrative\x00cooperation",
    )
    kind = type(request)
    with pytest.raises(Exception, match="INVALID_INPUT") as refused:
        node.gate._checked(protovalidate.Validator(), kind.FromString, kind.DESCRIPTOR, request.SerializeToString())
    assert refused.value.status.code == StatusCode.INVALID_ARGUMENT.value[0]
    assert refused.value.status.message.startswith("'purpose' has the character U+0000")
