"""The catalogue names every message of the protos once, and each says so itself."""

import re
from pathlib import Path

import pytest

from portability.agreements.errors import InputError
from portability.services.cases.mapping.kinds import ADMINISTRATION, CATALOGUE, content_of

PROTOS = Path(__file__).parents[3] / "protos" / "portability" / "api"
SAYS = re.compile(r'^// Message "([a-z_.]+)"(?:.*\n(?://.*\n)*)message (\w+) \{', re.MULTILINE)


def said_by_the_protos() -> dict[str, str]:
    found = {}
    for path in PROTOS.rglob("*.proto"):
        package = ".".join(("portability", "api", *path.parent.relative_to(PROTOS).parts))
        for kind, name in SAYS.findall(path.read_text()):
            assert kind not in found, f"{kind} stands in two protos"
            found[kind] = f"{package}.{name}"
    return found


def test_what_the_protos_call_a_message_is_in_the_catalogue_and_nothing_else() -> None:
    assert {kind: one.DESCRIPTOR.full_name for kind, one in CATALOGUE.items()} == said_by_the_protos()


def test_each_type_has_a_content_of_its_own() -> None:
    assert len(set(CATALOGUE.values())) == len(CATALOGUE)


def test_administration_has_no_gaps() -> None:
    """The twelve acts that administer a case in EESSI (AD_BUC_01 to 12); an update is the message itself again."""
    for act in ("close", "reopen", "forward", "exception"):
        assert any(kind.startswith(f"case.{act}") for kind in ADMINISTRATION)
    for act in ("add", "remove", "replace"):
        assert f"participant.{act}" in ADMINISTRATION
    for act in ("invalidate", "clarify", "reject"):
        assert any(kind.startswith(f"message.{act}") for kind in ADMINISTRATION)
    assert {"reminder.send", "reminder.reply"} <= set(ADMINISTRATION)


def test_a_type_that_is_in_no_catalogue_is_refused_with_what_there_is() -> None:
    with pytest.raises(InputError, match=r"'claim\.unheard_of' are not in the catalogue: expected one of case\.close"):
        content_of("claim.unheard_of")
