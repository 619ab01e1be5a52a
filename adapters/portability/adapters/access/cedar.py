"""The access policy of a node in Cedar, evaluated in this process; the texts are in portability.services.policies.

Deny by default, and closed when in doubt: policies that do not fit their schema stop the start, an RPC that the schema
does not name is denied, and so is a request that a policy could not be evaluated for.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import cedarpy

from portability.agreements.errors import DeniedError, InputError
from portability.services.access import Caller, Role

__all__ = ["KINDS", "CedarPolicy"]

SHIPPED = files("portability.services.policies")
KINDS: Mapping[Role, str] = {
    Role.CASEWORKER: "Caseworker",
    Role.CLEARED_CASEWORKER: "Caseworker",
    Role.SYSTEM: "System",
    Role.ADMINISTRATOR: "Administrator",
    Role.PEER: "Peer",
    Role.WORKER: "Worker",
}
DECISIONS_KEPT = 16_384
"""Callers times RPCs that are answered without asking Cedar again; some 4 MiB when full."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """What a refused caller reads; where `authenticated` is false, who calls is not known well enough."""

    says: str
    authenticated: bool = True


@dataclass(frozen=True, slots=True)
class _Asked:
    """All that the policies can see of a call: equal requests have equal answers, so answers can be kept."""

    role: Role
    institution: str
    name: str
    signed_in: bool
    herself: bool
    may_act: bool
    listed: bool
    rpc: str


class CedarPolicy:
    """The AccessPolicy of the node of `institution`.

    `schema` and `policies` are Cedar texts; `listed` says whether the directory in force lists an institution. Raises
    InputError where the texts cannot be read or do not fit each other.
    """

    def __init__(self, institution: str, *, schema: str, policies: str, listed: Callable[[str], bool]) -> None:
        self._listed = listed
        self._node = {"type": "Node", "id": institution}
        self._institution = institution
        try:
            self._schema = cedarpy.Schema.from_str(schema)
            self._policies = cedarpy.PolicySet.from_str(policies)
        except ValueError as error:
            raise InputError(f"The access policies cannot be read: {error}.") from error
        checked = cedarpy.validate_policies(policies, self._schema)
        if not checked.validation_passed:
            raise InputError(f"The access policies do not fit their schema: {'; '.join(map(str, checked.errors))}.")
        self._refusals = _refusals(policies)
        self._refusal = lru_cache(maxsize=DECISIONS_KEPT)(self._decide)

    @classmethod
    def shipped(
        cls,
        institution: str,
        *,
        listed: Callable[[str], bool] = lambda _: True,
        more_schema: str = "",
        more_policies: str = "",
    ) -> "CedarPolicy":
        """The policies that come with the node; more are added behind them.

        Without `listed` no directory is asked: every peer counts as listed that this node has given a certificate.
        """
        texts = [SHIPPED.joinpath(f"access.{kind}").read_text(encoding="utf-8") for kind in ("cedarschema", "cedar")]
        return cls(institution, schema=texts[0] + more_schema, policies=texts[1] + more_policies, listed=listed)

    def check(self, caller: Caller | None, rpc: str) -> None:
        """Return where the policies permit `rpc` to the caller; raise DeniedError elsewhere."""
        if caller is None:
            raise DeniedError("Nobody is signed in: connect with a client certificate.", authenticated=False)
        signed_in = caller.worker_id is not None
        listed = caller.role is Role.PEER and self._listed(caller.institution)
        who = (caller.role, caller.institution, caller.name)
        refusal = self._refusal(_Asked(*who, signed_in, caller.herself, caller.may_act, listed, rpc))
        if refusal is not None:
            raise DeniedError(refusal.says, authenticated=refusal.authenticated)

    def _decide(self, asked: _Asked) -> _Refusal | None:
        principal = {"type": KINDS[asked.role], "id": f"{asked.institution}/{asked.name}"}
        known: dict[str, Any] = {"institution": asked.institution, "name": asked.name}
        if asked.role is Role.WORKER:
            known |= {"signed_in": asked.signed_in, "herself": asked.herself, "may_act": asked.may_act}
        if asked.role is Role.PEER:
            known["listed"] = asked.listed
        if principal["type"] == "Caseworker":
            known["cleared"] = asked.role is Role.CLEARED_CASEWORKER
        entities = [
            {"uid": principal, "attrs": known, "parents": []},
            {"uid": self._node, "attrs": {"institution": self._institution}, "parents": []},
        ]
        answer = cedarpy.is_authorized(
            {"principal": principal, "action": _action(asked.rpc), "resource": self._node, "context": {}},
            self._policies,
            cedarpy.Entities.from_json_str(json.dumps(entities), self._schema),
            self._schema,
        )
        # Cedar leaves out a policy that fails while it is evaluated; a `forbid` left out would open what it closes.
        if answer.allowed and not answer.diagnostics.errors:
            return None
        said = [self._refusals[one] for one in sorted(answer.diagnostics.reasons) if one in self._refusals]
        return said[0] if said else _Refusal(f"The role '{asked.role}' may not call {asked.rpc}.")


def _action(rpc: str) -> Mapping[str, str]:
    """Name an RPC ("/portability.api.cases.v1.ShareService/DecideShare") as the schema does."""
    return {"type": "Action", "id": rpc.removeprefix("/").removeprefix("portability.api.")}


def _refusals(policies: str) -> dict[str, _Refusal]:
    """What each `forbid` says, from its annotations."""
    read = json.loads(cedarpy.policies_to_json_str(policies))["staticPolicies"]
    return {
        policy_id: _Refusal(notes["says"], authenticated=notes.get("status") != "unauthenticated")
        for policy_id, notes in ((policy_id, policy.get("annotations", {})) for policy_id, policy in read.items())
        if "says" in notes
    }
