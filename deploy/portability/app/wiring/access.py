"""The access policy of a node: the shipped sentences, the directory in force, what the institution itself forbids."""

from collections.abc import Callable
from typing import Any

import structlog

from portability.adapters.access.cedar import CedarPolicy
from portability.adapters.access.own_forbids import OwnForbids, only_forbids
from portability.agreements.errors import InputError
from portability.app.settings import Settings
from portability.services.access import AccessPolicy
from portability.services.registry.model import Directory

__all__ = ["node_policy"]


def node_policy(settings: Settings, current: Callable[[], Directory]) -> AccessPolicy:
    """The policy by which the gate of this node decides. Raises InputError where the institution's file is wrong."""
    institution = settings.required_institution()

    def listed(institution_id: str) -> bool:
        return any(one.institution_id == institution_id for one in current().institutions)

    def build(own: str) -> AccessPolicy:
        return CedarPolicy.shipped(institution, listed=listed, more_policies=only_forbids(own))

    return OwnForbids(settings.own_forbids, build, observer=_Logged(institution))


class _Logged:
    def __init__(self, node: str) -> None:
        self._log: Any = structlog.get_logger().bind(node=node)

    def own_policies_read(self) -> None:
        """Log it."""
        self._log.warning("own_access_policies_read")

    def own_policies_refused(self, error: InputError) -> None:
        """Log it, without the text, which quotes the file; `portability doctor` does say what is wrong."""
        self._log.error("own_access_policies_refused", reason=error.code)
