"""Fuzzing starts from what is right: the samples of each type pass what a node asks of it, and say something."""

from datetime import date

import pytest

from portability.app.wiring.flows import CatalogueRules
from portability.services.records.mapping.stated import read_said
from tests.fuzz.good_messages import good_messages

SAMPLES = [(kind, content) for kind, contents in good_messages().items() for content in contents]


@pytest.mark.parametrize(("kind", "content"), SAMPLES)
def test_a_sample_is_what_a_node_takes(kind: str, content: bytes) -> None:
    purpose = "pension-claim" if kind.startswith("claim.") else "administrative-cooperation"
    CatalogueRules().check(kind, content, sender="de-drv", purpose=purpose, on=date(2026, 3, 2))
    assert read_said(kind, content, sender="de-drv", to=("it-inps",), on=date(2026, 3, 2))
