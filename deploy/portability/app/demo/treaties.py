"""The demo's agreements: published at each node and ratified by the test authorities of three states.

The officials, their keys and the day on which they signed are part of the story; what a node does with them is not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import grpc
from google.type.date_pb2 import Date

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.keys.files import store_seeds
from portability.adapters.keys.material import draw_key
from portability.adapters.keys.ring import FileKeyRing
from portability.agreements.errors import PortabilityError
from portability.agreements.packaged import packaged_text
from portability.api.agreements.v1 import agreements_pb2 as pb
from portability.api.agreements.v1 import agreements_pb2_grpc
from portability.app.demo.story import AGREEMENTS, AWARD_ON, BOUND_FROM, OFFICIALS, OFFICIALS_KEYS, SIGNED_AT
from portability.app.rpc.client import DeadlineChannel
from portability.services.determination.treaties.mapping.statements import encode_statement, write_signed_statement
from portability.services.determination.treaties.model import SignedStatement, Statement, StatementKind, VersionId
from portability.services.determination.treaties.signing import add_signature
from portability.services.registry.model import Authority, AuthoritySigner, KeyPurpose

__all__ = ["DemoAuthority", "Ratified", "draw_authorities", "publish_and_ratify"]


@dataclass(frozen=True, slots=True)
class DemoAuthority:
    """A test authority with the keys of its officials."""

    public: Authority
    rings: Mapping[str, FileKeyRing]


@dataclass(frozen=True, slots=True)
class Ratified:
    """A pair of states that a version of an agreement binds on the day of the award, as a node says."""

    agreement_id: str
    states: tuple[str, str]
    sha256: str
    since: date


def draw_authorities(folder: Path) -> dict[str, DemoAuthority]:
    """The authorities by state; their officials' keys are drawn once and kept, as each official would keep her own."""
    return {state: _draw_authority(folder / state.lower(), state) for state in OFFICIALS}


async def publish_and_ratify(
    administrator: DeadlineChannel, authorities: Mapping[str, DemoAuthority], *, now: datetime
) -> tuple[Ratified, ...]:
    """What an administrator does at her node: publish each file, and hand in what both states have signed.

    Raises PortabilityError with the node's words where it refuses.
    """
    stub: Any = agreements_pb2_grpc.AgreementServiceStub(administrator)
    try:
        done = [
            await _one(stub, file, [authorities[state] for state in states], now) for file, states in AGREEMENTS.items()
        ]
    except grpc.aio.AioRpcError as error:
        raise PortabilityError(f"A node refused an agreement: {error.details()}") from error
    return tuple(pair for pairs in done for pair in pairs)


async def _one(stub: Any, file: str, authorities: Sequence[DemoAuthority], now: datetime) -> list[Ratified]:
    text = packaged_text("treaties", file)
    published = await stub.PublishAgreement(
        pb.PublishAgreementRequest(request_id=_request_id(), file=pb.LawFile(file=file, text=text))
    )
    version = published.version
    known = await stub.ListAgreementVersions(pb.ListAgreementVersionsRequest(agreement_id=version.agreement_id))
    # In a folder that is kept from before, a newer file takes over from today on: nothing is signed backwards.
    at, since = (now, now.date()) if any(one.ratified_by for one in known.versions) else (SIGNED_AT, BOUND_FROM)
    for authority in authorities:
        if authority.public.state not in version.ratified_by:
            signed = _ratification(authority, version, at=at, since=since)
            await stub.RatifyAgreement(
                pb.RatifyAgreementRequest(request_id=_request_id(), signed=write_signed_statement(signed))
            )
    on = Date(year=AWARD_ON.year, month=AWARD_ON.month, day=AWARD_ON.day)
    found = await stub.GetAgreement(pb.GetAgreementRequest(agreement_id=version.agreement_id, on=on))
    return [
        Ratified(version.agreement_id, (pair.state, pair.other), pair.sha256, _day(pair.first_day))
        for pair in found.pairs
        if pair.binding
    ]


def _ratification(
    authority: DemoAuthority, version: pb.AgreementVersion, *, at: datetime, since: date
) -> SignedStatement:
    """Two officials sign: the state is bound by this version from a day on."""
    statement = Statement(
        StatementKind.RATIFICATION, authority.public.state, version.agreement_id, VersionId(version.sha256), since
    )
    signed = SignedStatement(encode_statement(statement), ())
    for signer_id, ring in authority.rings.items():
        signed = add_signature(signed, signer_id=signer_id, key_id=ring.signing_key_id(at), at=at, signer=ring)
    return signed


def _draw_authority(folder: Path, state: str) -> DemoAuthority:
    name, officials = OFFICIALS[state]
    rings = {signer_id: _draw_key(folder / signer_id) for signer_id, _ in officials}
    signers = tuple(
        AuthoritySigner(signer_id, person, rings[signer_id].public_keys()) for signer_id, person in officials
    )
    return DemoAuthority(Authority(state, name, signers), rings)


def _draw_key(folder: Path) -> FileKeyRing:
    if not folder.is_dir() or not any(folder.iterdir()):
        store_seeds(folder, draw_key(KeyPurpose.SIGNING, not_before=OFFICIALS_KEYS[0], not_after=OFFICIALS_KEYS[1]))
    return FileKeyRing.load(folder)


def _day(day: Date) -> date:
    return date(day.year, day.month, day.day)


def _request_id() -> str:
    return str(time_ordered_id())
