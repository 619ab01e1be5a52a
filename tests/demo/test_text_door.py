"""`portability demo --serve` by phone: at the address and with the secret that it tells, without the worker's page."""

import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from portability.services.text_budget import Coding, coding_of
from portability.services.workers.words import words_for
from tests.browser.served_demo import ServedDemo, served_demo

PATIENCE_SECONDS = 60
LONGEST = 182  # characters of GSM 03.38 in one screen (3GPP TS 23.038)


@pytest.fixture(scope="module")
def demo() -> Iterator[ServedDemo]:
    """A folder of its own: pytest's is closed to the account that the embedded PostgreSQL runs as."""
    folder = Path(tempfile.mkdtemp(prefix="portability-text-door-"))
    with served_demo(folder) as served:
        yield served
    shutil.rmtree(folder, ignore_errors=True)


class Phone:
    """The worker's phone behind a gateway; what it has shown is kept."""

    def __init__(self, demo: ServedDemo) -> None:
        self._demo = demo
        self._secret = secret_of(demo)
        self.shown: list[str] = []

    def types(self, text: str) -> str:
        given = {"secret": self._secret, "phoneNumber": self._demo.contact, "text": text}
        answer = httpx.get(f"{self._demo.text_door}/ussd", params=given, timeout=PATIENCE_SECONDS)
        assert answer.status_code == 200
        self.shown.append(answer.text)
        return answer.text

    def chooses(self, label: str) -> str:
        """Type the number before what is named so on the last screen."""
        found = re.search(rf"^(\d) {re.escape(label)}", self.shown[-1], re.MULTILINE)
        assert found is not None, self.shown[-1]
        return self.types(found[1])


def secret_of(demo: ServedDemo) -> str:
    told = (demo.folder / demo.institution / "gateways.yaml").read_text(encoding="ascii")
    found = re.fullmatch(r"secret: (\S+)\n", told)
    assert found is not None
    return found[1]


def next_code(demo: ServedDemo, *, after: int) -> str:
    until = time.monotonic() + PATIENCE_SECONDS
    while len(codes := demo.codes_so_far()) <= after:
        assert time.monotonic() < until, "no code arrived"
        time.sleep(0.05)
    return codes[-1]


def test_the_demo_s_worker_goes_on_signs_out_and_in_again_and_finds_what_was_decided(demo: ServedDemo) -> None:
    assert demo.text_door.startswith("http://127.0.0.1:")
    phone, words = Phone(demo), words_for(["it"])
    # The demo has left her conversation at a decision: it goes on there. Back to the menu, and out.
    assert "Ha deciso" in phone.types("")
    while words.text("sign_out") not in phone.types("0"):
        assert len(phone.shown) < 10
    assert phone.chooses(words.text("sign_out")).startswith("END ")

    # In again by code, to the case and to what an institution has decided in it.
    phone.types("")
    sent = len(demo.codes_so_far())
    phone.chooses(words.text("text.send_code"))
    phone.types(next_code(demo, after=sent))
    phone.chooses(words.text("nav.cases"))
    phone.types("1")
    assert "Service Canada (test)" in phone.shown[-1]  # the last that has decided comes first
    for screen in phone.shown:
        told = screen.removeprefix("CON ").removeprefix("END ")
        assert coding_of(told) is Coding.GSM7
        assert len(told) <= LONGEST


@pytest.mark.parametrize("secret", ["", "x" * 32])
def test_who_is_no_gateway_is_told_nothing(demo: ServedDemo, secret: str) -> None:
    given = {"secret": secret, "phoneNumber": demo.contact, "text": ""}
    answer = httpx.get(f"{demo.text_door}/ussd", params=given, timeout=PATIENCE_SECONDS)
    assert answer.status_code == 403
    assert answer.text == "This address is for the institution's own gateways."
    assert httpx.get(f"{demo.text_door}/", timeout=PATIENCE_SECONDS).status_code == 404
