"""Issuing, revoking and listing certificates; every channel (RPC, pages) calls these. One transaction each."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from typing import Final
from uuid import UUID

from portability.agreements.errors import CaseStateError, InputError, NotFoundError
from portability.services.access import Caller
from portability.services.certificates.making import Signer, make_code, make_credential
from portability.services.certificates.model import (
    STATEMENT_LIFE,
    Certificate,
    CertificateKind,
    Coverage,
    Entitlement,
    Holder,
    Issuer,
    StatusPlace,
    hidden_coverage,
)
from portability.services.certificates.ports import CertificateWork, Clock, Issued, Kept, NewId, UnitOfWork
from portability.services.certificates.status_list import PLACES, StatusList, sign_status_list
from portability.services.certificates.vouching import WalletKey
from portability.services.idempotency import once
from portability.services.looking import read_by_staff
from portability.services.purposes import APPLICABLE_LEGISLATION, PENSION_CLAIM

__all__ = ["STATUS_PATH", "CertificateUseCases", "IssueCertificate", "RevokeCertificate"]

STATUS_PATH: Final = "/certificates/status"
TRIES: Final = 8  # places drawn in one list before the next one is begun
_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # none that looks like another one


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueCertificate:
    """What to confirm: a coverage or a right as given here, or what the case itself knows of a career or a right.

    `holder` is needed where the case has no claim that names her.
    """

    request_id: UUID
    case_id: UUID
    kind: CertificateKind
    holder: Holder | None = None
    coverage: Coverage | None = None
    entitlement: Entitlement | None = None


@dataclass(frozen=True, slots=True)
class RevokeCertificate:
    request_id: UUID
    certificate_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateUseCases:
    """`address` is where this institution's pages are for everybody: "https://my.inps.example"; empty: not said."""

    unit_of_work: UnitOfWork
    signer: Signer
    issuer: Callable[[], Issuer]
    address: str
    clock: Clock
    new_id: NewId
    random_bytes: Callable[[int], bytes]
    wallet_key: WalletKey | None = None  # without it, wallets get EdDSA alone

    async def issue(self, command: IssueCertificate, *, caller: Caller) -> Kept:
        """Issue and keep a certificate. Raises NotFoundError, InputError or CaseStateError."""
        if not self.address:
            raise CaseStateError(
                "A certificate names where its status list is: set PORTABILITY_PUBLIC_ADDRESS to the https address of "
                "this institution's pages.",
                state="no public address",
            )
        async with self.unit_of_work(None) as work:
            await self._seen(command.case_id, command.kind, caller, work)

            async def run() -> str:
                certificate, status_list = await self._certificate(command, work)
                credential = make_credential(
                    certificate, signer=self.signer, issuer_url=self.address, random_bytes=self.random_bytes
                )
                code = make_code(certificate, signer=self.signer)
                issued = Issued(certificate, credential, code, caller.name)
                await work.certificates.add(issued, status_list=status_list)
                return str(certificate.certificate_id)

            kept = await work.certificates.get(UUID(await once(command, log=work.commands, run=run)))
        if kept is None:
            raise NotFoundError("The certificate was erased since.")
        return kept

    async def revoke(self, command: RevokeCertificate, *, caller: Caller) -> Kept:
        """Say in the status list that it counts no more. Raises NotFoundError."""
        async with self.unit_of_work(None) as work:
            kept = await self._known(command.certificate_id, work)
            certificate = kept.issued.certificate
            await self._seen(certificate.case_id, certificate.kind, caller, work)

            async def run() -> str:
                await work.statuses.revoke(command.certificate_id, at=self.clock.now())
                return ""

            await once(command, log=work.commands, run=run)
            return await self._known(command.certificate_id, work)

    async def of_case(self, case_id: UUID, *, caller: Caller) -> Sequence[Kept]:
        """The certificates of a case, the newest first. Raises NotFoundError for what the caller may not see."""
        async with self.unit_of_work(None) as work:
            await self._seen(case_id, CertificateKind.CAREER, caller, work)
            return await work.certificates.of_cases([case_id])

    async def mine(self, worker_id: UUID) -> Sequence[Kept]:
        """Hers, the newest first; of a protected person those that name no employer and no place."""
        async with self.unit_of_work(worker_id) as work:
            case_ids = await work.links.case_ids_of(worker_id)
            found = await work.certificates.of_cases(case_ids)
            return [one for one in found if await _may_be_shown(one, case_ids, work)]

    async def leaves_out(self, worker_id: UUID) -> bool:
        """Whether `mine` leaves one of hers out, to protect her."""
        async with self.unit_of_work(worker_id) as work:
            case_ids = await work.links.case_ids_of(worker_id)
            found = await work.certificates.of_cases(case_ids)
            return not all([await _may_be_shown(one, case_ids, work) for one in found])

    async def one_of_mine(self, worker_id: UUID, certificate_id: UUID) -> Kept:
        """One of hers, as in `mine`. Raises NotFoundError for another worker's as for none."""
        async with self.unit_of_work(worker_id) as work:
            kept = await self._known(certificate_id, work)
            case_ids = await work.links.case_ids_of(worker_id)
            if kept.issued.certificate.case_id not in case_ids or not await _may_be_shown(kept, case_ids, work):
                raise _no_such_certificate(certificate_id)
            return kept

    async def status_list(self, number: int) -> str:
        """The signed list as it is now: what is revoked stands in it from the next asking on."""
        async with self.unit_of_work(None) as work:
            revoked = await work.statuses.revoked(number)
        now = self.clock.now()
        key_id = self.signer.key_id(now)
        return sign_status_list(
            StatusList.of_revoked(revoked),
            uri=self.status_uri(number),
            issuer=self.address,
            at=now,
            key_id=key_id,
            sign=lambda message: self.signer.sign(key_id, message),
        )

    def status_uri(self, number: int) -> str:
        """Where a list is published."""
        return f"{self.address}{STATUS_PATH}/{number}"

    async def _certificate(self, command: IssueCertificate, work: CertificateWork) -> tuple[Certificate, int]:
        # To the second, as both signed forms write it: what is read back is what was issued.
        now = self.clock.now().replace(microsecond=0)
        holder = command.holder or await work.facts.holder_of(command.case_id)
        if holder is None:
            raise InputError("The case names no person: say whom the certificate is for.", field="holder")
        status_list, index = await self._place(work)
        empty = Certificate(
            certificate_id=self.new_id(),
            case_id=command.case_id,
            number=self._number(now),
            holder=holder,
            issuer=self.issuer(),
            issued_at=now,
            expires_at=now + STATEMENT_LIFE,
            status=StatusPlace(self.status_uri(status_list), index),
        )
        return await self._with_content(empty, command, work), status_list

    async def _with_content(self, empty: Certificate, command: IssueCertificate, work: CertificateWork) -> Certificate:
        if command.kind is CertificateKind.COVERAGE:
            if command.coverage is None:
                raise InputError("Say what the certificate confirms.", field="coverage")
            ends = datetime.combine(command.coverage.end, time(), UTC)
            if ends <= empty.issued_at:
                ends = empty.expires_at  # for work that is over: it is looked at after the fact
            hidden = await work.protected.among([command.case_id])
            coverage = hidden_coverage(command.coverage) if hidden else command.coverage
            return replace(empty, coverage=coverage, expires_at=ends)
        if command.kind is CertificateKind.CAREER:
            career = await work.facts.career_of(command.case_id, as_of=empty.issued_at.date())
            if not career.countries:
                raise CaseStateError("The case knows of no country's career yet.", state="no career")
            return replace(empty, career=career)
        right = command.entitlement or await work.facts.entitlement_of(command.case_id)
        if right is None:
            raise CaseStateError("This institution has granted nothing in the case yet.", state="nothing granted")
        return replace(empty, entitlement=right)

    async def _place(self, work: CertificateWork) -> tuple[int, int]:
        number = 1
        while True:
            for _ in range(TRIES):
                index = int.from_bytes(self.random_bytes(4), "big") % PLACES
                if await work.statuses.take(number, index):
                    return number, index
            number += 1

    def _number(self, now: datetime) -> str:
        drawn = "".join(_DIGITS[byte % 32] for byte in self.random_bytes(8))
        return f"{self.issuer().institution_id.upper()}-{now.year}-{drawn}"[-50:]

    async def _seen(self, case_id: UUID, kind: CertificateKind, caller: Caller, work: CertificateWork) -> None:
        """Note who works on it, and hide what is protected as if it were not there."""
        purpose = APPLICABLE_LEGISLATION if kind is CertificateKind.COVERAGE else PENSION_CLAIM
        at = self.clock.now()
        shown = await read_by_staff(
            [case_id], caller=caller, work=work, new_id=self.new_id, at=at, purpose=purpose.code
        )
        if case_id not in shown or not await work.cases.knows(case_id):
            raise NotFoundError(f"There is no case {case_id}.")

    async def _known(self, certificate_id: UUID, work: CertificateWork) -> Kept:
        kept = await work.certificates.get(certificate_id)
        if kept is None:
            raise _no_such_certificate(certificate_id)
        return kept


async def _may_be_shown(kept: Kept, case_ids: Sequence[UUID], work: CertificateWork) -> bool:
    """Not where it was issued before she was protected, and names an employer or a place: she asks for a new one."""
    coverage = kept.issued.certificate.coverage
    if coverage is None or coverage == hidden_coverage(coverage):
        return True
    return not await work.protected.among(case_ids)


def _no_such_certificate(certificate_id: UUID) -> NotFoundError:
    return NotFoundError(f"There is no certificate {certificate_id}.")
