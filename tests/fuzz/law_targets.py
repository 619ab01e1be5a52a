"""What treaty administrators load: files of the law, of any content and within the size that a file may have."""

from collections.abc import Callable, Sequence
from datetime import date
from importlib.resources import files

from portability.agreements.errors import AgreementError
from portability.agreements.loading import load_agreement, load_examples
from portability.agreements.national.legislation import load_legislation
from portability.services.cases.mapping.field_profiles import load_profiles
from portability.services.determination.files import examine_file, read_facts
from portability.services.flows.load import load_flow
from tests.fuzz.target import Target

__all__ = ["law_targets"]

INPUTS = 50_000
LARGEST = 20_000
FILE = "fuzzed.yaml"
ON = date(2025, 3, 1)
FACTS = b"""state: DE
branch: old_age
birth_date: 1958-03-10
residence_state: DE
periods:
  - {id: a, kind: compulsory, scheme: de-rv, state: DE, first_day: 1990-01-01, last_day: 2001-12-31}
"""


def law_targets() -> Sequence[Target]:
    """The loader takes 3 ms a file, so its campaigns are shorter than those of the wire."""
    treaties = _seeds("treaties", "ca-in.yaml", "de-us.yaml", "rhine-boatmen.yaml")
    laws = _seeds("legislation", "be.yaml", "ag.yaml")
    cases = _seeds("examples", "us-records.yaml", "eu-published.yaml")
    flows = _seeds("services.flows.definitions", "f02_work_in_several_states.yaml", "f06_survivor_claim.yaml")
    return [
        _target("agreement-file", lambda text: load_agreement(text, FILE), treaties),
        _target("legislation-file", lambda text: load_legislation(text, FILE, sha256=""), laws),
        _target("example-file", lambda text: load_examples(text, FILE), cases),
        _target(
            "profile-file",
            lambda text: load_profiles(text, FILE),
            _seeds("services.cases.profiles", "eu.yaml", "us.yaml"),
        ),
        _target("flow-file", lambda text: load_flow(text, FILE), flows),
        _target("facts-file", lambda text: read_facts(text, FILE, default_on=ON), [FACTS]),
        # As `portability agreements check` does it: whatever is wrong is a fault with its place, and no error.
        _target("file-of-any-kind", lambda text: examine_file(text, FILE), [*treaties, *laws, *cases]),
    ]


def _target(name: str, read: Callable[[str], object], seeds: Sequence[bytes]) -> Target:
    # A file that is not UTF-8 is refused where it is read.
    declared = (AgreementError,)
    return Target(
        name, lambda data: read(data.decode(errors="replace")), declared, seeds, largest=LARGEST, inputs=INPUTS
    )


def _seeds(package: str, *names: str) -> Sequence[bytes]:
    folder = files(f"portability.{package}")
    return [(folder / name).read_bytes()[:LARGEST] for name in names]
