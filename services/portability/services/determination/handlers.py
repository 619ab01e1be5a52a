"""Use cases of determination: determine under one or more agreements, explain again what was once determined."""

import asyncio
import hashlib
from dataclasses import replace

from portability.agreements.determination import determine
from portability.agreements.errors import InputError, NotFoundError, VerificationError
from portability.services.determination.model import DetermineQuery, ExplainedDetermination
from portability.services.determination.ports import LawInForce
from portability.services.determination.proposing import propose, selection_for
from portability.services.determination.treaties.saying import version_steps

__all__ = ["determine_benefits", "explain_again"]


async def determine_benefits(query: DetermineQuery, *, law: LawInForce) -> ExplainedDetermination:
    """Determine under each agreement asked for, and propose the highest award of those that do not give way.

    Stores nothing and awards nothing. Raises NotFoundError for an agreement or legislation that is not there,
    InputError for facts that do not fit, NotBindingError where no version of one of the agreements binds the states of
    this career, DeterminationError where the law as encoded gives no answer under one of them: leaving that one out
    would be a choice that no provision makes.
    """
    if not query.agreement_ids:
        raise InputError("No agreement is named: name at least one that binds the state.", field="agreement_ids")
    state = query.facts.state
    if state not in law.legislations():
        raise NotFoundError(f"No legislation of {state} is encoded. Encoded: {', '.join(sorted(law.legislations()))}.")
    legislation = law.legislations()[state]
    determinations, versions = [], []
    for agreement_id in dict.fromkeys(query.agreement_ids):
        version = await law.version_for(agreement_id, query.facts)
        versions.append(version)
        # In a thread: two thousand periods take two seconds, and other calls must not wait for them.
        made = await asyncio.to_thread(determine, query.facts, agreement=version.agreement, legislation=legislation)
        determinations.append(replace(made, steps=(*version_steps(version), *made.steps)))
    known = {version.agreement.id: version.agreement for version in versions}
    selection = selection_for(query.facts, agreements=known, legislation=legislation)
    return replace(propose(determinations, selection=selection), versions=tuple(versions))


async def explain_again(query: DetermineQuery, *, trace_sha256: str, law: LawInForce) -> ExplainedDetermination:
    """Determine once more and check that it gives the trace of that hash (hexadecimal; empty: nothing to check).

    Raises VerificationError where other bytes come out: the facts, or one of the files, are not what they were.
    """
    again = await determine_benefits(query, law=law)
    found = hashlib.sha256(again.trace).hexdigest()
    if trace_sha256 and found != trace_sha256.lower():
        files = ", ".join(f"{name} ({sha256[:12]})" for one in again.determinations for name, sha256 in one.files)
        raise VerificationError(
            f"The facts give another trace ({found[:12]}) than the one named ({trace_sha256[:12]}): the facts, or the "
            f"files, are not the same. Files applied now: {files}."
        )
    return again
