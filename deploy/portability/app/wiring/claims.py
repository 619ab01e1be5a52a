"""Claims for an old-age pension on one connection: all that reads them asks here."""

from dataclasses import dataclass, field
from uuid import UUID

from portability.adapters.postgres.database import Connection
from portability.adapters.postgres.flows_store import PostgresShelf
from portability.adapters.postgres.shares_store import PostgresShares
from portability.app.wiring.flows import flow_parts
from portability.app.wiring.parts import CaseParts
from portability.app.wiring.shares import said_on_flow
from portability.services.cases.claims import ClaimCase
from portability.services.cases.messages import CLAIM
from portability.services.cases.procedure import ServiceStandards
from portability.services.cases.shares.ports import ShareBook
from portability.services.cases.shares.showing import shown_claim
from portability.services.flows.ports import CaseShelf, FlowParts

__all__ = ["NodeClaims", "node_claims"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeClaims:
    """ClaimCases: cases on flows with what is ours in them."""

    shelf: CaseShelf
    shares: ShareBook
    flows: FlowParts
    standards: ServiceStandards = field(default_factory=ServiceStandards)

    async def get(self, case_id: UUID) -> ClaimCase | None:
        """The claim; None where it is not here, or is none of such a claim."""
        file = await self.shelf.get(case_id, for_change=False)
        if file is None or (file.flow_id, file.flow_version) not in self.flows.flows:
            return None
        if CLAIM not in {one.type for one in file.documents}:
            return None
        share = await self.shares.last(case_id)
        return shown_claim(said_on_flow(file, self.flows), share, me=self.flows.me, standards=self.standards)


def node_claims(connection: Connection, parts: CaseParts) -> NodeClaims:
    """Claims, as far as the transaction sees them."""
    return NodeClaims(
        shelf=PostgresShelf(connection, parts.at_rest),
        shares=PostgresShares(connection, parts.at_rest),
        flows=flow_parts(parts),
    )
