"""Which role may call which RPC: one row an RPC, deny by default.

The owner of an RPC adds its row in the same change; tests/code_health fails on an RPC without one.
"""

from collections.abc import Mapping

from portability.services.access import Role, RolePolicy

__all__ = ["NODE_POLICY", "POLICY", "WITHOUT_SESSION"]

CASEWORKERS = frozenset({Role.CASEWORKER})
STAFF = frozenset({Role.CASEWORKER, Role.SYSTEM})
"""People and systems of the institution that work on cases."""
ADMINISTRATORS = frozenset({Role.ADMINISTRATOR})
INSTITUTION = STAFF | ADMINISTRATORS
"""Everybody at the institution, for what holds no personal data."""
WORKER = frozenset({Role.WORKER})
EVERYBODY = frozenset(Role)

POLICY: Mapping[str, frozenset[Role]] = {
    # The server's own services: they say what is there and whether it is up, nothing more.
    "/grpc.health.v1.Health/Check": EVERYBODY,
    "/grpc.health.v1.Health/List": EVERYBODY,
    "/grpc.health.v1.Health/Watch": EVERYBODY,
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": EVERYBODY,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": EVERYBODY,
    # agreements/v1: public law, so everybody at the institution; a file of a caller is read and run, never kept.
    "/portability.api.agreements.v1.AgreementService/ListAgreements": INSTITUTION,
    "/portability.api.agreements.v1.AgreementService/GetAgreement": INSTITUTION,
    "/portability.api.agreements.v1.AgreementService/ValidateAgreement": INSTITUTION,
    "/portability.api.agreements.v1.AgreementService/TestAgreement": INSTITUTION,
    "/portability.api.agreements.v1.AgreementService/ListAgreementVersions": INSTITUTION,
    "/portability.api.agreements.v1.AgreementService/DiffAgreements": INSTITUTION,
    # What binds a state is signed by two officials of its authority; an administrator only hands it in.
    "/portability.api.agreements.v1.AgreementService/PublishAgreement": ADMINISTRATORS,
    "/portability.api.agreements.v1.AgreementService/RatifyAgreement": ADMINISTRATORS,
    "/portability.api.agreements.v1.AgreementService/SuspendAgreement": ADMINISTRATORS,
    # determination/v1: the caller brings the facts; none are read from the node.
    "/portability.api.determination.v1.DeterminationService/Determine": STAFF,
    "/portability.api.determination.v1.DeterminationService/Explain": STAFF,
    "/portability.api.determination.v1.DeterminationService/DetermineApplicableLegislation": STAFF,
    "/portability.api.determination.v1.DeterminationService/SelectAgreements": STAFF,
    # exchange/v1
    "/portability.api.exchange.v1.ExchangeService/SubmitMessage": frozenset({Role.SYSTEM}),
    "/portability.api.exchange.v1.ExchangeService/GetMessageStatus": STAFF,
    "/portability.api.exchange.v1.ExchangeService/ListMessages": STAFF,
    # Administrators keep the node going; entries are shown to them without content.
    "/portability.api.exchange.v1.ExchangeService/ListQuarantined": INSTITUTION,
    # registry/v1
    "/portability.api.registry.v1.RegistryService/GetDirectory": INSTITUTION | {Role.PEER},
    "/portability.api.registry.v1.RegistryService/GetInstitution": INSTITUTION | {Role.PEER},
    # records/v1
    "/portability.api.records.v1.RecordService/PutRecords": STAFF,
    "/portability.api.records.v1.RecordService/FindRecords": STAFF,
    "/portability.api.records.v1.RecordService/GetCareer": STAFF,
    # cases/v1
    "/portability.api.cases.v1.CaseService/LodgeClaim": STAFF,
    "/portability.api.cases.v1.CaseService/ListCases": STAFF,
    "/portability.api.cases.v1.CaseService/GetCase": STAFF,
    "/portability.api.cases.v1.CaseService/AnswerRecordRequest": STAFF,
    "/portability.api.cases.v1.CaseService/RecordNationalAnswer": STAFF,
    "/portability.api.cases.v1.CaseService/Determine": STAFF,
    # Programs propose, people decide.
    "/portability.api.cases.v1.CaseService/IdentifyPerson": CASEWORKERS,
    "/portability.api.cases.v1.CaseService/Decide": CASEWORKERS,
    "/portability.api.cases.v1.CaseService/SendSummary": CASEWORKERS,
    # workers/v1
    "/portability.api.workers.v1.WorkerService/RequestSignInCode": WORKER,
    "/portability.api.workers.v1.WorkerService/SignIn": WORKER,
    "/portability.api.workers.v1.WorkerService/SignOut": WORKER,
    "/portability.api.workers.v1.WorkerService/ListMyCases": WORKER,
    "/portability.api.workers.v1.WorkerService/GetMyCase": WORKER,
    "/portability.api.workers.v1.WorkerService/GetMyCareer": WORKER,
    "/portability.api.workers.v1.WorkerService/GetMyDecisions": WORKER,
}

WITHOUT_SESSION: frozenset[str] = frozenset(
    {
        "/grpc.health.v1.Health/Check",
        "/grpc.health.v1.Health/List",
        "/grpc.health.v1.Health/Watch",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
        "/portability.api.workers.v1.WorkerService/RequestSignInCode",
        "/portability.api.workers.v1.WorkerService/SignIn",
    }
)
"""RPCs that a worker's channel may call before the worker has signed in."""

NODE_POLICY = RolePolicy(POLICY, without_session=WITHOUT_SESSION)
