"""`portability sandbox`, as an office runs it: every story as it is written, in under a minute."""

import os
import re
import subprocess
import sys
from pathlib import Path

from portability.app.sandbox.people import made_up
from portability.app.sandbox.stories import STORIES


def test_twelve_stories_go_as_written_and_four_of_them_wrong_on_purpose() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTABILITY_")}
    command = [str(Path(sys.executable).with_name("portability")), "sandbox"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout[-3000:] + done.stderr[-3000:]
    told = done.stdout
    assert len(re.findall(r"^ ?\d+\. ", told, re.MULTILINE)) == len(STORIES) == 12
    assert told.count("[goes wrong on purpose]") == 4
    assert "12 stories went as written, 4 of them wrong on purpose" in told
    # What goes wrong is told in words of the node and of the file.
    for reason in ("could be two days", "row of totals", "never closed", "another birth date", "PERMISSION_DENIED"):
        assert reason in told
    assert "lodge the claim with the institution of IT" in told


def test_the_same_seed_makes_the_same_people_and_all_of_them_are_marked() -> None:
    people = made_up(200, seed=7)
    assert people == made_up(200, seed=7)
    assert people != made_up(200, seed=8)
    assert len({one.number("DE") for one in people}) == 200
    assert all(one.account("DE").startswith("TEST-") and one.number("IT").startswith("TEST") for one in people)
