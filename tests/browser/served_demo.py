"""`portability demo --serve` as people start it: three institutions up, one claim decided, the worker's page served."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from portability.app.demo.story import WORKER

__all__ = ["ServedDemo", "served_demo"]

PORTABILITY = Path(sys.executable).parent / "portability"
CONTACT = "+39 333 5550142"
START_SECONDS = 120


@dataclass(frozen=True, slots=True)
class ServedDemo:
    """Where the pages of the institutions are, by id, and the folder in which codes arrive."""

    urls: Mapping[str, str]
    folder: Path
    text_door: str = ""  # where gateways of short messages hand in, as the demo says it
    contact: str = WORKER.phone
    institution: str = "it-inps"  # with which the worker lodged her claim

    @property
    def url(self) -> str:
        return self.urls[self.institution]

    def codes_so_far(self) -> list[str]:
        """Every code that was sent, the last one last."""
        codes = self.folder / self.institution / "worker-codes.jsonl"
        if not codes.exists():
            return []
        return [str(json.loads(line)["code"]) for line in codes.read_text(encoding="utf-8").splitlines()]


@contextmanager
def served_demo(folder: Path) -> Iterator[ServedDemo]:
    """Runs until the block ends."""
    with (folder / "told.txt").open("w+", encoding="utf-8") as told:
        process = subprocess.Popen(
            [str(PORTABILITY), "demo", "--serve", "--data-folder", str(folder / "data")],
            stdout=subprocess.PIPE,
            stderr=told,
            text=True,
            env={**os.environ, "COLUMNS": "200"},
        )
        assert process.stdout is not None
        late = threading.Timer(START_SECONDS, process.kill)
        late.start()
        said = []
        for line in process.stdout:
            said.append(line)
            if "the one-time code arrives in" in line:
                break
        late.cancel()
        try:
            urls = dict(re.findall(r"(\S+)\s+worker's page\s+(\S+)/\s", "".join(said)))
            assert urls, (
                "the demo did not come up: " + "".join(said)[-2000:] + (folder / "told.txt").read_text()[-2000:]
            )
            door = re.search(r"USSD at \S+: (\S+)/ussd\?", "".join(said))
            yield ServedDemo(urls, folder / "data", door[1] if door else "")
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)
