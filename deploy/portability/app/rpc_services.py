"""Every gRPC service of a node with its servicer: what a node offers, on one screen."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC
from uuid import UUID

from portability.adapters.keys.at_rest import AtRest
from portability.adapters.postgres.change_store import change_unit_of_work
from portability.adapters.postgres.database import Database
from portability.adapters.postgres.looks import PostgresProtected
from portability.adapters.postgres.records_intake import PostgresImportWork
from portability.adapters.postgres.treaties_store import treaty_unit_of_work
from portability.adapters.postgres.witness_store import witness_unit_of_work
from portability.api.agreements.v1 import agreements_pb2_grpc
from portability.api.cases.v1 import flows_pb2_grpc, shares_pb2_grpc
from portability.api.certificates.v1 import certificates_pb2_grpc
from portability.api.claims.v1 import claims_pb2_grpc
from portability.api.declarations.v1 import declarations_pb2_grpc
from portability.api.determination.v1 import determination_pb2_grpc
from portability.api.disputes.v1 import disputes_pb2_grpc
from portability.api.exchange.v1 import exchange_pb2_grpc, repair_service_pb2_grpc
from portability.api.feed.v1 import feed_pb2_grpc
from portability.api.indicators.v1 import indicators_pb2_grpc
from portability.api.log.v1 import log_pb2_grpc
from portability.api.mandates.v1 import mandates_pb2_grpc
from portability.api.privacy.v1 import privacy_pb2_grpc
from portability.api.records.v1 import imports_pb2_grpc, records_pb2_grpc, reviews_pb2_grpc
from portability.api.registry.v1 import registry_pb2_grpc
from portability.api.takeout.v1 import takeout_pb2_grpc
from portability.api.voice.v1 import voice_pb2_grpc
from portability.api.workers.v1 import (
    correspondence_pb2_grpc,
    linking_pb2_grpc,
    matters_pb2_grpc,
    preferences_pb2_grpc,
    projections_pb2_grpc,
    workers_pb2_grpc,
)
from portability.app.rpc.server import RpcService
from portability.app.wiring.certificates import certificate_printer
from portability.app.wiring.correspondence import correspondence_use_cases
from portability.app.wiring.declarations import declaration_desk, declaration_use_cases
from portability.app.wiring.disputes import dispute_desk, dispute_use_cases
from portability.app.wiring.flows import NodeEffects, flow_parts, flow_unit_of_work
from portability.app.wiring.linking import worker_desk
from portability.app.wiring.mandates import mandate_use_cases
from portability.app.wiring.parts import CaseParts
from portability.app.wiring.preferences import preference_use_cases
from portability.app.wiring.privacy import privacy_use_cases
from portability.app.wiring.records import record_unit_of_work
from portability.app.wiring.sent_claims import claim_desk
from portability.app.wiring.shares import share_unit_of_work
from portability.app.wiring.voice import voice_desk, voice_use_cases
from portability.app.wiring.workers import matter_unit_of_work, names_for_people, projection_use_cases
from portability.services.cases.mapping.kinds import CATALOGUE
from portability.services.cases.shares.handlers import ShareUseCases
from portability.services.cases.shares.servicer import ShareServicer
from portability.services.certificates.servicer import CertificateServicer, MyCertificateServicer
from portability.services.certificates.use_cases import CertificateUseCases
from portability.services.determination.servicer import AgreementServicer, DeterminationServicer
from portability.services.determination.treaties.in_force import RatifiedLaw
from portability.services.determination.treaties.servicer import TreatyDesk
from portability.services.exchange.departures import Departures
from portability.services.exchange.limits import Limits
from portability.services.exchange.missing.servicer import RepairServicer
from portability.services.exchange.node import ExchangeNode
from portability.services.exchange.receipt_levels import ReceiptTimes
from portability.services.exchange.servicer import ExchangeServicer
from portability.services.feed.servicer import FeedServicer
from portability.services.flows.handlers import FlowUseCases
from portability.services.flows.servicer import FlowServicer
from portability.services.log.running import NodeLog
from portability.services.log.servicer import LogServicer, WitnessServicer
from portability.services.privacy.servicer import PrivacyServicer
from portability.services.records.servicer import ImportServicer, RecordServicer, ReviewServicer
from portability.services.registry.handlers import Registry
from portability.services.registry.servicer import RegistryServicer
from portability.services.workers.claims.handlers import ClaimUseCases
from portability.services.workers.claims.servicer import ClaimDeskServicer, MyClaimServicer
from portability.services.workers.correspondence.servicer import CorrespondenceServicer
from portability.services.workers.declarations.servicer import DeclarationDeskServicer, MyDeclarationServicer
from portability.services.workers.disputes.servicer import DisputeDeskServicer, MyDisputeServicer
from portability.services.workers.mandates.servicer import MandateServicer
from portability.services.workers.matters.servicer import MatterServicer
from portability.services.workers.matters.use_cases import MatterUseCases
from portability.services.workers.preferences.servicer import PreferenceServicer
from portability.services.workers.projections.servicer import ProjectionServicer
from portability.services.workers.servicer import WorkerServicer
from portability.services.workers.takeout.servicer import TakeoutServicer
from portability.services.workers.takeout.use_cases import TakeoutUseCases
from portability.services.workers.use_cases import WorkerUseCases
from portability.services.workers.voice.servicer import IndicatorServicer, MyVoiceServicer, VoiceDeskServicer

__all__ = ["import_unit_of_work", "rpc_services"]


def rpc_services(
    exchange: ExchangeNode,
    *,
    departures: Departures,
    log: NodeLog,
    database: Database,
    registry: Registry,
    worker: WorkerUseCases,
    certificates: CertificateUseCases,
    takeout: TakeoutUseCases,
    claims: ClaimUseCases,
    parts: CaseParts,
    receipt_times: ReceiptTimes,
    limits: Limits,
    voice_minimum: int,
) -> Sequence[RpcService]:
    """The services in the order in which a claim meets them."""
    treaty_work = treaty_unit_of_work(database, parts.at_rest)
    names = names_for_people(parts.directory).institution
    return (
        RpcService(
            "portability.api.registry.v1.RegistryService",
            registry_pb2_grpc.add_RegistryServiceServicer_to_server,
            RegistryServicer(registry),
        ),
        RpcService(
            "portability.api.agreements.v1.AgreementService",
            agreements_pb2_grpc.add_AgreementServiceServicer_to_server,
            AgreementServicer(TreatyDesk(treaty_work, parts.treaties, parts.clock)),
        ),
        RpcService(
            "portability.api.determination.v1.DeterminationService",
            determination_pb2_grpc.add_DeterminationServiceServicer_to_server,
            DeterminationServicer(law=RatifiedLaw(treaty_work, parts.treaties)),
        ),
        RpcService(
            "portability.api.records.v1.RecordService",
            records_pb2_grpc.add_RecordServiceServicer_to_server,
            RecordServicer(unit_of_work=record_unit_of_work(database, parts), clock=parts.clock, new_id=parts.new_id),
        ),
        RpcService(
            "portability.api.records.v1.ReviewService",
            reviews_pb2_grpc.add_ReviewServiceServicer_to_server,
            ReviewServicer(unit_of_work=record_unit_of_work(database, parts), clock=parts.clock, new_id=parts.new_id),
        ),
        RpcService(
            "portability.api.records.v1.ImportService",
            imports_pb2_grpc.add_ImportServiceServicer_to_server,
            ImportServicer(unit_of_work=import_unit_of_work(database, parts.at_rest), clock=parts.clock),
        ),
        RpcService(
            "portability.api.cases.v1.FlowService",
            flows_pb2_grpc.add_FlowServiceServicer_to_server,
            FlowServicer(
                FlowUseCases(flow_parts(parts)), unit_of_work=flow_unit_of_work(database, parts, limits=limits)
            ),
        ),
        RpcService(
            "portability.api.cases.v1.ShareService",
            shares_pb2_grpc.add_ShareServiceServicer_to_server,
            ShareServicer(
                ShareUseCases(me=parts.me, clock=parts.clock, new_id=parts.new_id),
                unit_of_work=share_unit_of_work(database, parts, limits=limits),
            ),
        ),
        RpcService(
            "portability.api.feed.v1.FeedService",
            feed_pb2_grpc.add_FeedServiceServicer_to_server,
            FeedServicer(change_unit_of_work(database)),
        ),
        RpcService(
            "portability.api.exchange.v1.ExchangeService",
            exchange_pb2_grpc.add_ExchangeServiceServicer_to_server,
            ExchangeServicer(
                exchange.unit_of_work,
                me=parts.me,
                recipients=parts.trust,
                clock=parts.clock,
                new_id=parts.new_id,
                reserved_types=frozenset(CATALOGUE),
                hidden=_hidden(database),
                effects=NodeEffects(parts),
                receipt_times=receipt_times,
                limits=limits,
                observer=exchange.observer,
                departures=departures,
            ),
        ),
        RpcService(
            "portability.api.exchange.v1.RepairService",
            repair_service_pb2_grpc.add_RepairServiceServicer_to_server,
            RepairServicer(
                exchange.unit_of_work,
                me=parts.me,
                clock=parts.clock,
                new_id=parts.new_id,
                hidden=_hidden(database),
                effects=NodeEffects(parts),
            ),
        ),
        RpcService(
            "portability.api.log.v1.LogService",
            log_pb2_grpc.add_LogServiceServicer_to_server,
            LogServicer(log.unit_of_work),
        ),
        RpcService(
            "portability.api.log.v1.WitnessService",
            log_pb2_grpc.add_WitnessServiceServicer_to_server,
            WitnessServicer(
                parts.me, witness_unit_of_work(database), directory=parts.trust, keys=log.keys, clock=parts.clock
            ),
        ),
        RpcService(
            "portability.api.privacy.v1.PrivacyService",
            privacy_pb2_grpc.add_PrivacyServiceServicer_to_server,
            PrivacyServicer(privacy_use_cases(database, parts)),
        ),
        RpcService(
            "portability.api.certificates.v1.CertificateService",
            certificates_pb2_grpc.add_CertificateServiceServicer_to_server,
            CertificateServicer(certificates),
        ),
        RpcService(
            "portability.api.certificates.v1.MyCertificateService",
            certificates_pb2_grpc.add_MyCertificateServiceServicer_to_server,
            MyCertificateServicer(certificates, certificate_printer(certificates)),
        ),
        RpcService(
            "portability.api.workers.v1.WorkerService",
            workers_pb2_grpc.add_WorkerServiceServicer_to_server,
            WorkerServicer(worker, zone=UTC),
        ),
        RpcService(
            "portability.api.workers.v1.MatterService",
            matters_pb2_grpc.add_MatterServiceServicer_to_server,
            MatterServicer(MatterUseCases(matter_unit_of_work(database, parts)), clock=parts.clock, zone=UTC),
        ),
        RpcService(
            "portability.api.workers.v1.CorrespondenceService",
            correspondence_pb2_grpc.add_CorrespondenceServiceServicer_to_server,
            CorrespondenceServicer(correspondence_use_cases(database, parts), zone=UTC),
        ),
        RpcService(
            "portability.api.workers.v1.WorkerDeskService",
            linking_pb2_grpc.add_WorkerDeskServiceServicer_to_server,
            worker_desk(database, parts),
        ),
        RpcService(
            "portability.api.mandates.v1.MandateService",
            mandates_pb2_grpc.add_MandateServiceServicer_to_server,
            MandateServicer(mandate_use_cases(database, parts)),
        ),
        RpcService(
            "portability.api.workers.v1.PreferenceService",
            preferences_pb2_grpc.add_PreferenceServiceServicer_to_server,
            PreferenceServicer(preference_use_cases(database, parts, worker)),
        ),
        RpcService(
            "portability.api.disputes.v1.MyDisputeService",
            disputes_pb2_grpc.add_MyDisputeServiceServicer_to_server,
            MyDisputeServicer(dispute_use_cases(database, parts), name_of=names, zone=UTC),
        ),
        RpcService(
            "portability.api.disputes.v1.DisputeDeskService",
            disputes_pb2_grpc.add_DisputeDeskServiceServicer_to_server,
            DisputeDeskServicer(dispute_desk(database, parts), name_of=names, zone=UTC),
        ),
        RpcService(
            "portability.api.claims.v1.MyClaimService",
            claims_pb2_grpc.add_MyClaimServiceServicer_to_server,
            MyClaimServicer(claims, name_of=names, zone=UTC),
        ),
        RpcService(
            "portability.api.claims.v1.ClaimDeskService",
            claims_pb2_grpc.add_ClaimDeskServiceServicer_to_server,
            ClaimDeskServicer(claim_desk(database, parts, limits=limits)),
        ),
        RpcService(
            "portability.api.declarations.v1.MyDeclarationService",
            declarations_pb2_grpc.add_MyDeclarationServiceServicer_to_server,
            MyDeclarationServicer(declaration_use_cases(database, parts), name_of=names, zone=UTC),
        ),
        RpcService(
            "portability.api.declarations.v1.DeclarationDeskService",
            declarations_pb2_grpc.add_DeclarationDeskServiceServicer_to_server,
            DeclarationDeskServicer(declaration_desk(database, parts), name_of=names),
        ),
        RpcService(
            "portability.api.takeout.v1.TakeoutService",
            takeout_pb2_grpc.add_TakeoutServiceServicer_to_server,
            TakeoutServicer(takeout),
        ),
        RpcService(
            "portability.api.workers.v1.ProjectionService",
            projections_pb2_grpc.add_ProjectionServiceServicer_to_server,
            ProjectionServicer(projection_use_cases(database, parts), zone=UTC),
        ),
        RpcService(
            "portability.api.voice.v1.MyVoiceService",
            voice_pb2_grpc.add_MyVoiceServiceServicer_to_server,
            MyVoiceServicer(voice_use_cases(database, parts, minimum=voice_minimum), zone=UTC),
        ),
        RpcService(
            "portability.api.voice.v1.VoiceDeskService",
            voice_pb2_grpc.add_VoiceDeskServiceServicer_to_server,
            VoiceDeskServicer(voice_desk(database, parts, minimum=voice_minimum)),
        ),
        RpcService(
            "portability.api.indicators.v1.IndicatorService",
            indicators_pb2_grpc.add_IndicatorServiceServicer_to_server,
            IndicatorServicer(voice_desk(database, parts, minimum=voice_minimum)),
        ),
    )


def import_unit_of_work(
    database: Database, at_rest: AtRest
) -> Callable[[], AbstractAsyncContextManager[PostgresImportWork]]:
    """Opens a transaction of an import, as the node's own work."""

    @asynccontextmanager
    async def work() -> AsyncIterator[PostgresImportWork]:
        async with database.transaction(acting="node") as connection:
            yield PostgresImportWork(connection, at_rest)

    return work


def _hidden(database: Database) -> Callable[[Sequence[UUID]], Awaitable[frozenset[UUID]]]:
    async def among(case_ids: Sequence[UUID]) -> frozenset[UUID]:
        async with database.transaction() as connection:
            return await PostgresProtected(connection).among(case_ids)

    return among
