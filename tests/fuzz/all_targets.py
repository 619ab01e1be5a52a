"""Every reader of bytes from outside."""

from collections.abc import Mapping

from tests.fuzz.certificate_targets import certificate_targets
from tests.fuzz.directory_targets import directory_targets
from tests.fuzz.door_targets import door_targets
from tests.fuzz.eessi_targets import eessi_targets
from tests.fuzz.exchange_targets import exchange_targets
from tests.fuzz.law_targets import law_targets
from tests.fuzz.log_targets import log_targets
from tests.fuzz.signed_targets import signed_targets
from tests.fuzz.target import Target
from tests.fuzz.web_targets import web_targets

__all__ = ["all_targets"]


def all_targets() -> Mapping[str, Target]:
    """By name."""
    targets = [
        *exchange_targets(),
        *signed_targets(),
        *directory_targets(),
        *log_targets(),
        *door_targets(),
        *web_targets(),
        *certificate_targets(),
        *law_targets(),
        *eessi_targets(),
    ]
    return {target.name: target for target in targets}
