"""The use cases of certificates on the node's database and keys, and their pages as a topic of the worker's site."""

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from functools import partial
from uuid import UUID

from portability.adapters.certificates.printing import print_certificate
from portability.adapters.keys.issuing import DirectoryIssuers, NodeSigner, P256WalletKey
from portability.adapters.keys.node_keys import NodeKeys
from portability.adapters.paper.claim_form import print_claim_form
from portability.adapters.postgres.certificates_store import PostgresCertificates, PostgresOffers, PostgresStatuses
from portability.adapters.postgres.database import Connection, Database
from portability.adapters.postgres.fence import narrow_to_worker
from portability.adapters.postgres.flows_store import PostgresShelf
from portability.adapters.postgres.looks import PostgresLooks, PostgresProtected
from portability.adapters.postgres.records_store import PostgresCareers, PostgresCommands
from portability.adapters.postgres.workers_store import PostgresWorkerCases
from portability.adapters.workers.web.app import Topic
from portability.adapters.workers.web.certificate_pages import CHECK_PATH, certificate_topic
from portability.adapters.workers.web.claim_form_pages import claim_form_topic
from portability.adapters.workers.web.wallet_pages import wallet_topic
from portability.agreements.careers import CareerRecord
from portability.agreements.periods import Duration, PeriodUnit
from portability.agreements.values import StateCode
from portability.api.cases.v1.messages_pb2 import OldAgeClaim
from portability.app.wiring.claims import node_claims
from portability.app.wiring.parts import CaseParts
from portability.services.cases.model import DecisionResult, state_of
from portability.services.certificates.model import Award, Career, CareerCountry, Entitlement, Holder, Issuer
from portability.services.certificates.offering import OfferUseCases
from portability.services.certificates.ports import Kept
from portability.services.certificates.servicer import Printer
from portability.services.certificates.use_cases import CertificateUseCases
from portability.services.registry.model import KeyPurpose
from portability.services.workers.words import Words, words_for

__all__ = [
    "NodeCaseFacts",
    "certificate_pages",
    "certificate_printer",
    "certificate_use_cases",
    "concerned_countries",
]


class NodeCaseFacts:
    """CaseFacts and KnownCases over the cases of this node."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        self._claims = node_claims(connection, parts)
        self._careers = PostgresCareers(connection, parts.at_rest)
        self._shelf = PostgresShelf(connection, parts.at_rest)
        self._me = parts.me

    async def knows(self, case_id: UUID) -> bool:
        """Whether the case is here."""
        return await self._shelf.get(case_id, for_change=False) is not None

    async def holder_of(self, case_id: UUID) -> Holder | None:
        """The person of the claim, by her number of this state where she has one."""
        found = await self._claims.get(case_id)
        if found is None:
            return None
        person = found.case.claim.person
        numbers = sorted(person.identifiers, key=lambda one: one.country != state_of(self._me))
        return Holder(
            person.family_name,
            person.given_names,
            person.birth_date,
            numbers[0].value if numbers else found.case.reference,
        )

    async def career_of(self, case_id: UUID, *, as_of: date) -> Career:
        """One line a country that was asked."""
        found = await self._careers.of_case(case_id)
        return Career(as_of, tuple(_country(one) for one in found))

    async def entitlement_of(self, case_id: UUID) -> Entitlement | None:
        """The last decision of this institution, where it grants."""
        found = await self._claims.get(case_id)
        decision = found.case.decision_of(self._me) if found else None
        if decision is None or decision.result is not DecisionResult.GRANTED or not decision.amounts:
            return None
        ends = [amount.end for amount in decision.amounts]
        return Entitlement(
            branch=decision.branch,
            start=min(amount.start for amount in decision.amounts),
            end=None if None in ends else max(end for end in ends if end),
            awards=tuple(
                Award(f"{one.amount.decimal():f}", one.amount.currency, one.frequency.value) for one in decision.amounts
            ),
        )


class NodeCertificateWork:
    """CertificateWork on one connection."""

    def __init__(self, connection: Connection, parts: CaseParts) -> None:
        self.certificates = PostgresCertificates(connection, parts.at_rest)
        self.statuses = PostgresStatuses(connection)
        self.offers = PostgresOffers(connection)
        self.facts = self.cases = NodeCaseFacts(connection, parts)
        self.links = PostgresWorkerCases(connection)
        self.commands = PostgresCommands(connection, parts.at_rest)
        self.looks = PostgresLooks(connection, parts.at_rest)
        self.protected = PostgresProtected(connection)


def certificate_use_cases(
    database: Database, parts: CaseParts, keys: NodeKeys, *, address: str, wallet_secret: bytes
) -> CertificateUseCases:
    """One transaction each."""

    @asynccontextmanager
    async def work(worker_id: UUID | None) -> AsyncIterator[NodeCertificateWork]:
        async with database.transaction() as connection:
            if worker_id is not None:
                await narrow_to_worker(connection, worker_id)
            yield NodeCertificateWork(connection, parts)

    def issuer() -> Issuer:
        listed = parts.directory().institution(parts.me)
        return Issuer(listed.institution_id, listed.name, listed.country)

    return CertificateUseCases(
        unit_of_work=work,
        signer=NodeSigner(keys),
        issuer=issuer,
        address=address.rstrip("/"),
        clock=parts.clock,
        new_id=parts.new_id,
        random_bytes=secrets.token_bytes,
        wallet_key=P256WalletKey(wallet_secret),
    )


def certificate_printer(use_cases: CertificateUseCases) -> Printer:
    """Prints in the language asked for."""

    async def printed(kept: Kept, language: str) -> bytes:
        address = f"{use_cases.address}{CHECK_PATH}"
        shown = kept.issued.certificate.shown()
        return await print_certificate(shown, code=kept.issued.code, address=address, words=words_for([language]))

    return printed


def certificate_pages(use_cases: CertificateUseCases, parts: CaseParts) -> Sequence[Topic]:
    """Her certificates, the page on which everybody checks one, and what wallets call, and the claim on paper."""
    issuers = DirectoryIssuers(parts.directory)

    async def printed(claim: OldAgeClaim, words: Words) -> bytes:
        return await print_claim_form(claim, institution=use_cases.issuer().name, words=words)

    def signing_keys() -> Mapping[str, bytes]:
        own = parts.directory().institution(parts.me).keys
        return {one.key_id: one.classical for one in own if one.purpose is KeyPurpose.SIGNING and not one.revoked}

    return (
        certificate_topic(use_cases, certificate_printer(use_cases), issuers),
        wallet_topic(OfferUseCases(use_cases, signing_keys)),
        claim_form_topic(printed, partial(concerned_countries, parts)),
    )


def concerned_countries(parts: CaseParts) -> Sequence[StateCode]:
    """Those whose institutions can be asked."""
    return sorted({one.country for one in parts.directory().institutions})


def _country(record: CareerRecord) -> CareerCountry:
    """Sums by unit: a certificate says how long, and the schemes stand in the records."""
    sums: dict[PeriodUnit, Duration] = {}
    for duration in (one.period.duration for one in record.periods):
        if duration is not None:
            known = sums.get(duration.unit)
            sums[duration.unit] = Duration(duration.amount + (known.amount if known else 0), duration.unit)
    starts = [one.period.start for one in record.periods if one.period.start]
    ends = [one.period.end for one in record.periods if one.period.end]
    return CareerCountry(
        state=record.state,
        institution=record.institution,
        status=record.status,
        totals=tuple(sums[unit] for unit in sorted(sums)),
        start=min(starts, default=None),
        end=max(ends, default=None),
    )
