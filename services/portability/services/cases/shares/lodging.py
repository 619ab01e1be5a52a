"""A claim for an old-age pension is lodged on its flow: whom it concerns is found, and each of them is told."""

import json
from uuid import UUID

from portability.agreements.careers import AnswerStatus, CareerRecord
from portability.services.access import Caller
from portability.services.cases.commands import LodgeClaim, check_claim
from portability.services.cases.concerned import NotAsked, concerned_by, require_contact
from portability.services.cases.mapping.wire import claim_bytes
from portability.services.cases.messages import CaseInstitution, ClaimSent
from portability.services.cases.model import InstitutionId, state_of
from portability.services.cases.ports import Clock, NewId
from portability.services.cases.procedure import procedure_of_contact
from portability.services.cases.shares.model import Lodged
from portability.services.cases.shares.ports import ShareWork

__all__ = ["lodge", "read_lodged", "write_lodged"]

CONTACT, OTHER = "contact_institution", "institution"  # roles of the flow


async def lodge(
    command: LodgeClaim, *, me: InstitutionId, caller: Caller, work: ShareWork, clock: Clock, new_id: NewId
) -> Lodged:
    """Open the case and send the claim to every institution concerned (987/2009 Art. 45(4), 45(5), 47(4)).

    Of a state that nobody can be asked about, the career says so from the first day on.

    Raises InputError where the claim cannot be right, where we cannot be the contact institution, or where an
    agreement demands a written request.
    """
    claim, now = command.claim, clock.now()
    check_claim(claim, today=now.date())
    await require_contact(claim, me=me, accounts=work.accounts)
    found = await concerned_by(claim, me=me, directory=work.directory)
    # Only ourselves: the envelope names to each institution those that it may know of.
    contact = CaseInstitution(
        me, state_of(me), procedure_of_contact([one.agreement_id for one in found.institutions]), now
    )
    case_id = await work.opening.open(
        claim_bytes(ClaimSent(new_id(), me, now, claim, (contact,))),
        roles={me: CONTACT, **{one.institution: OTHER for one in found.institutions}},
        language=claim.language,
        caller=caller,
    )
    for one in found.not_asked:
        await work.careers.put(case_id, CareerRecord(one.state, one.institution, AnswerStatus.NOT_ASKED), at=now)
    return Lodged(case_id, found.not_asked)


def write_lodged(lodged: Lodged) -> str:
    """As it is kept with the command, so that a second call gives the same."""
    return json.dumps([str(lodged.case_id), *([one.state, one.institution, one.why] for one in lodged.not_asked)])


def read_lodged(text: str) -> Lodged:
    """What `write_lodged` wrote."""
    case_id, *not_asked = json.loads(text)
    return Lodged(UUID(case_id), tuple(NotAsked(*one) for one in not_asked))
