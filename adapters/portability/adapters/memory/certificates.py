"""Certificates, statuses and offers in memory; kept to the same contract as PostgreSQL."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from portability.services.certificates.ports import Issued, Kept, Offer

__all__ = ["MemoryCertificates"]


@dataclass
class MemoryCertificates:
    """CertificateStore, StatusBook and OfferBook."""

    issued: dict[UUID, tuple[Issued, tuple[int, int]]] = field(default_factory=dict)
    places: dict[tuple[int, int], datetime | None] = field(default_factory=dict)
    offers: dict[tuple[str, bytes], Offer] = field(default_factory=dict)

    async def add(self, issued: Issued, *, status_list: int) -> None:
        place = status_list, issued.certificate.status.index
        self.issued[issued.certificate.certificate_id] = issued, place

    async def get(self, certificate_id: UUID) -> Kept | None:
        if certificate_id not in self.issued:
            return None
        issued, place = self.issued[certificate_id]
        return Kept(issued, self.places[place])

    async def of_cases(self, case_ids: Sequence[UUID]) -> Sequence[Kept]:
        newest = sorted(self.issued.items(), reverse=True)
        return [Kept(one, self.places[place]) for _, (one, place) in newest if one.certificate.case_id in case_ids]

    async def take(self, status_list: int, index: int) -> bool:
        free = (status_list, index) not in self.places
        self.places.setdefault((status_list, index), None)
        return free

    async def revoke(self, certificate_id: UUID, *, at: datetime) -> None:
        if certificate_id in self.issued:
            place = self.issued[certificate_id][1]
            self.places[place] = self.places[place] or at

    async def revoked(self, status_list: int) -> Sequence[int]:
        return sorted(index for (one, index), at in self.places.items() if one == status_list and at is not None)

    async def put(self, kind: str, key: bytes, offer: Offer) -> None:
        self.offers[kind, key] = offer

    async def use_up(self, kind: str, key: bytes, *, at: datetime) -> Offer | None:
        offer = self.offers.pop((kind, key), None)
        return offer if offer and offer.expires_at > at else None

    async def forget_over(self, *, at: datetime) -> int:
        over = [key for key, offer in self.offers.items() if offer.expires_at <= at]
        for key in over:
            del self.offers[key]
        return len(over)
