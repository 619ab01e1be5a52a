"""What an explanation says of the version applied: which bytes, between whom, since when; or that it binds nobody."""

from portability.agreements.model import Step
from portability.services.determination.treaties.model import Binding, VersionInForce

__all__ = ["version_steps"]


def version_steps(version: VersionInForce) -> tuple[Step, ...]:
    """One step for each other state that the version binds; one for a trial, on files that no state has ratified."""
    agreement = version.agreement
    if version.is_trial:
        return (Step("not_ratified", None, (("agreement", agreement.id), ("sha256", agreement.sha256))),)
    return tuple(_binding_step(agreement.id, one) for one in version.bindings)


def _binding_step(agreement_id: str, binding: Binding) -> Step:
    return Step(
        "version_in_force",
        None,
        (
            ("agreement", agreement_id),
            ("sha256", binding.version.sha256),
            ("incorporated", binding.version.incorporated or None),
            ("states", binding.pair),
            ("signed_by", tuple(name for one in binding.ratifications for name in one.signers)),
        ),
        binding.since,
    )
