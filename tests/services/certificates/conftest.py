"""The use cases of certificates over memory."""

import pytest

from tests.services.certificates.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()
