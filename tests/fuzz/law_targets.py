"""What treaty administrators load: agreement files, of any content and within the size that a file may have."""

from collections.abc import Sequence
from importlib.resources import files

from portability.agreements.errors import AgreementError
from portability.agreements.loading import load_agreement
from tests.fuzz.target import Target

__all__ = ["law_targets"]

SEEDS = ("ca-in.yaml", "de-us.yaml", "rhine-boatmen.yaml")
INPUTS = 50_000
LARGEST = 20_000


def law_targets() -> Sequence[Target]:
    """The loader takes 3 ms a file, so its campaign is shorter than those of the wire."""
    folder = files("portability.treaties")
    seeds = [(folder / name).read_bytes()[:LARGEST] for name in SEEDS]
    return [Target("agreement-file", _load, (AgreementError,), seeds, largest=LARGEST, inputs=INPUTS)]


def _load(data: bytes) -> object:
    # A file that is not UTF-8 is refused where it is read.
    return load_agreement(data.decode(errors="replace"), "fuzzed.yaml")
