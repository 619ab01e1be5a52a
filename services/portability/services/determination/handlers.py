"""Use cases of determination: determine under one or more agreements, explain again what was once determined."""

import asyncio
import hashlib
from dataclasses import replace

from portability.agreements.applicable_rules import LawOn
from portability.agreements.determination import determine
from portability.agreements.errors import DeterminationError, InputError, NotFoundError, VerificationError
from portability.agreements.loading import Agreement
from portability.agreements.personal_scope import covered
from portability.services.determination.model import DetermineQuery, ExplainedDetermination
from portability.services.determination.ports import LawInForce
from portability.services.determination.proposing import propose, selection_for
from portability.services.determination.treaties.saying import version_steps

__all__ = ["determine_benefits", "explain_again"]


async def determine_benefits(query: DetermineQuery, *, law: LawInForce) -> ExplainedDetermination:
    """Determine under each agreement asked for, and propose the highest award of those that do not give way.

    Stores nothing and awards nothing. Raises NotFoundError for an agreement or legislation that is not there,
    InputError for facts that do not fit, NotBindingError where no version of one of the agreements binds the states of
    this career, DeterminationError where one of them does not cover the person, or where the law as encoded gives no
    answer under one: leaving that one out would be a choice that no provision makes.
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
        _require_covered(query, version.agreement)
        versions.append(version)
        # In a thread: two thousand periods take two seconds, and other calls must not wait for them.
        made = await asyncio.to_thread(determine, query.facts, agreement=version.agreement, legislation=legislation)
        determinations.append(replace(made, steps=(*version_steps(version), *made.steps)))
    known = {version.agreement.id: version.agreement for version in versions}
    selection = selection_for(query.facts, query.person, agreements=known, legislation=legislation)
    return replace(propose(determinations, selection=selection), versions=tuple(versions))


def _require_covered(query: DetermineQuery, agreement: Agreement) -> None:
    """Where too little is known of the person, the explanation says what is to be checked."""
    facts = query.facts
    law = LawOn(agreement, facts.award_on)
    answer, citation = covered(query.person, law, state=facts.state, branch=facts.branch)
    if answer == "no":
        raise DeterminationError(
            f"Agreement '{agreement.id}' does not cover a person of the nationality and groups given ({citation}): "
            "leave it out, or name the group of the article that the person belongs to.",
            citation=str(citation),
        )


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
