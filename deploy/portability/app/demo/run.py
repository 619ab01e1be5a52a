"""`portability demo`: the whole way once, told while it happens."""

import asyncio
import contextlib
import json
import signal
import tempfile
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, date, timedelta
from pathlib import Path
from typing import Any

from rich.console import Console

from portability.adapters.clock.ids import time_ordered_id
from portability.adapters.clock.system import SystemClock
from portability.agreements.careers import PersonIdentifier
from portability.agreements.errors import PortabilityError
from portability.api.exchange.v1 import exchange_pb2 as exchange
from portability.api.exchange.v1 import exchange_pb2_grpc
from portability.app.demo.desks import ClaimAtDesk, act, certify, put_records, read_case, register_worker
from portability.app.demo.nodes import DemoNode, demo_nodes, drop_databases
from portability.app.demo.show import (
    show_career,
    show_certificates,
    show_claim,
    show_decisions,
    show_declaration,
    show_determination,
    show_dispute,
    show_messages,
    show_notices,
    show_opening,
    show_phone,
    show_ratified,
    show_where_next,
    show_worker,
)
from portability.app.demo.story import AWARD_ON, BIRTH, CONTACT, DISPUTE, INSTITUTIONS, PAPER, WORKER
from portability.app.logging import configure_logging
from portability.app.settings import load_settings
from portability.app.wiring.declarations import declaration_use_cases
from portability.app.wiring.disputes import dispute_use_cases
from portability.app.wiring.sent_claims import claim_use_cases
from portability.services.exchange.limits import USUAL
from portability.services.workers.claims.handlers import ClaimView, StartClaim
from portability.services.workers.claims.model import Claimant, Told, Wanted
from portability.services.workers.declarations.handlers import AddDocument, DeclarationView, DeclarePeriod
from portability.services.workers.disputes.handlers import RaiseDispute
from portability.services.workers.disputes.model import Matter, Subject
from portability.services.workers.model import AskForCode, SignedIn, SignInRefused, insurance_number, parse_contact
from portability.services.workers.remembered import RememberedDay
from portability.services.workers.texting.model import Channel, Incoming

__all__ = ["enrol", "put_on_file", "run_demo", "sign_in"]

PATIENCE_SECONDS = 60.0
WIDTH_IN_A_FILE = 132
LOOK_AGAIN_SECONDS = 0.05


def run_demo(*, serve: bool, kafka: str, data_folder: Path | None) -> int:
    """Run the demo; exit code 0 when every institution has decided and the summary has arrived."""
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = WIDTH_IN_A_FILE
    with contextlib.ExitStack() as kept:
        settings = load_settings()
        served = settings.database_url.get_secret_value()
        folder = data_folder or Path(kept.enter_context(tempfile.TemporaryDirectory(prefix="portability-")))
        folder.mkdir(parents=True, exist_ok=True)
        log = kept.enter_context((folder / "log.jsonl").open("a", encoding="utf-8"))
        configure_logging(level=settings.log_level, stream=log)
        if served and data_folder is None:
            kept.callback(drop_databases, folder, served)
        try:
            asyncio.run(_demo(console, folder, served=served, serve=serve, kafka=kafka))
        except PortabilityError as error:
            return _stopped(console, [error])
        except ExceptionGroup as group:
            ours, others = group.split(PortabilityError)
            if others is not None or ours is None:
                raise
            return _stopped(console, [error for error in ours.exceptions if isinstance(error, PortabilityError)])
        except KeyboardInterrupt:
            console.print("Stopped.")
    return 0


def _stopped(console: Console, errors: Sequence[PortabilityError]) -> int:
    for error in errors:
        console.print(f"The demo stopped: {error.message}", markup=False)
    return 1


async def _demo(console: Console, folder: Path, *, served: str, serve: bool, kafka: str) -> None:
    begun = time.monotonic()
    today = SystemClock().now().astimezone(UTC).date()
    award_on = AWARD_ON
    show_opening(console, award_on=award_on)
    with console.status("Starting PostgreSQL and three nodes ..."):
        running = demo_nodes(folder, kafka=kafka, pages=serve, database_url=served)
        desks = await running.__aenter__()
    try:
        console.print(f"[bold]1.[/bold] Three nodes are up ({time.monotonic() - begun:.1f} s): {', '.join(desks)}.")
        show_ratified(console, desks)
        case_id = await _until_decided(console, desks, today=today, award_on=award_on)
        await _tell(console, desks, case_id)
        show_where_next(console, desks, seconds=time.monotonic() - begun, serve=serve)
        if serve:
            await _until_stopped()
    finally:
        await running.__aexit__(None, None, None)


async def _until_decided(console: Console, desks: dict[str, DemoNode], *, today: date, award_on: date) -> str:
    """Records, claim, and then whatever the flow allows at each desk, until nobody has anything left to do."""
    for desk in desks.values():
        await put_records(desk, today)
    sent = await _claim(desks[CONTACT], await put_on_file(desks[CONTACT]), award_on=award_on)
    show_claim(console, sent)
    case_id = str(sent.claim.case_id)
    until = time.monotonic() + PATIENCE_SECONDS
    while not await _closed_everywhere(desks, case_id):
        done = [await _work_at(console, desk, case_id, award_on) for desk in desks.values()]
        if not any(done):
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        if time.monotonic() > until:
            raise PortabilityError(f"Nothing moved for {PATIENCE_SECONDS:.0f} s; see `portability doctor`.")
    console.print()
    for desk in desks.values():
        if desk is not desks[CONTACT]:
            await enrol(desk, case_id)
    return case_id


async def _work_at(console: Console, desk: DemoNode, case_id: str, award_on: date) -> bool:
    case = await _case_if_known(desk, case_id)
    if case is None:
        return False
    done = await act(desk, case, award_on=award_on)
    if done:
        console.print(f"   {desk.institution.institution_id:8} {done}")
    return bool(done)


async def _case_if_known(desk: DemoNode, case_id: str) -> ClaimAtDesk | None:
    """None while the claim has not arrived at this desk."""
    import grpc  # noqa: PLC0415 (heavy)

    try:
        return await read_case(desk, case_id)
    except grpc.aio.AioRpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            return None
        raise


async def _closed_everywhere(desks: dict[str, DemoNode], case_id: str) -> bool:
    found = [await _case_if_known(desk, case_id) for desk in desks.values()]
    return all(case is not None and case.is_closed for case in found)


async def put_on_file(desk: DemoNode) -> uuid.UUID:
    """A caseworker puts the worker on file, so that she can sign in; whoever it is then."""
    await register_worker(desk)
    number = insurance_number(desk.institution.account.number[1])
    async with desk.node.worker.unit_of_work() as work:
        found = await work.directory.find(parse_contact(WORKER.phone), insurance_number=number)
    if found is None:
        raise PortabilityError("The worker was put on file and is not found by her phone and number.")
    return found.worker_id


async def enrol(desk: DemoNode, case_id: str) -> None:
    """The institution enrols the worker, so that she can sign in and see her case."""
    worker_id = await put_on_file(desk)
    async with desk.node.worker.unit_of_work() as work:
        transaction: Any = work
        await transaction.cases.links.link(worker_id, uuid.UUID(case_id))


async def _claim(desk: DemoNode, worker_id: uuid.UUID, *, award_on: date) -> ClaimView:
    """She claims her pension, as on her page, and asks that the claim count in the other countries too."""
    numbers = [PersonIdentifier(one.country, *one.account.number) for one in INSTITUTIONS]
    herself = Claimant(WORKER.family_name, WORKER.given_names, BIRTH, WORKER.residence_state, tuple(numbers))
    told = [
        Told(one.country, first, last + timedelta(days=1), work)
        for one in INSTITUTIONS
        for first, last, work in [one.declared]
    ]
    wanted = Wanted(herself, award_on, tuple(told), asks_in_writing=True, language=WORKER.language)
    use_cases = claim_use_cases(desk.node.database, desk.node.parts, limits=USUAL, zone=UTC)
    sent = await use_cases.start(StartClaim(time_ordered_id(), worker_id, wanted))
    if sent.claim.case_id is None:
        raise PortabilityError(f"Her claim waits ({sent.claim.hindrance}): {sent.claim.detail}")
    return sent


async def _tell(console: Console, desks: dict[str, DemoNode], case_id: str) -> None:
    """What happened, from what the nodes themselves answer."""
    for desk in desks.values():
        await _messages(desk, case_id, until_all="settled_at")
    own = {name: await read_case(desk, case_id) for name, desk in desks.items()}
    show_career(console, own[CONTACT])
    for one in INSTITUTIONS:
        show_determination(console, one, own[one.institution_id])
    show_decisions(console, own[CONTACT])
    opened = {name: await _messages(desk, case_id, until_all="opened_at") for name, desk in desks.items()}
    show_messages(console, opened)
    await _tell_worker(console, desks[CONTACT])
    show_certificates(console, await certify(desks[CONTACT], case_id))


async def _messages(desk: DemoNode, case_id: str, *, until_all: str) -> list[exchange.MessageEntry]:
    """The messages of the case, once signed receipts of one kind are here for all that were sent."""
    stub: Any = exchange_pb2_grpc.ExchangeServiceStub(desk.caseworker)
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        answer = await stub.ListMessages(exchange.ListMessagesRequest(case_id=case_id, page_size=200))
        messages = list(answer.messages)
        sent = [one for one in messages if one.direction == exchange.MESSAGE_DIRECTION_SENT]
        if all(one.HasField(until_all) for one in sent):
            return messages
        if time.monotonic() > until:
            return messages
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _tell_worker(console: Console, desk: DemoNode) -> None:
    """She signs in, as on her page, and reads her case."""
    worker = desk.node.worker
    worker_id = await worker.resolve_session((await sign_in(desk)).token)
    (case,) = await worker.list_my_cases(worker_id)
    decisions = await worker.get_my_decisions(worker_id)
    show_worker(console, case, decisions)
    said = Subject(Matter.MISSING, state="DE", start=date(2002, 1, 1), end=date(2002, 2, 1), activity="the same work")
    command = RaiseDispute(time_ordered_id(), worker_id, said, DISPUTE, language="en")
    show_dispute(console, await dispute_use_cases(desk.node.database, desk.node.parts).raise_dispute(command))
    show_declaration(console, await _declare(desk, worker_id))
    show_phone(console, await _on_a_phone(desk))
    noted = await desk.node.notices.note_all()
    await desk.node.notices.send_due()
    show_notices(console, desk.node.settings.data_folder / "worker-notices.jsonl", noted=noted)


async def _declare(desk: DemoNode, worker_id: uuid.UUID) -> DeclarationView:
    """She tells of a year in France as she remembers it, and shows a paper."""
    use_cases = declaration_use_cases(desk.node.database, desk.node.parts)
    year = RememberedDay(1988)
    told = await use_cases.declare(
        DeclarePeriod(time_ordered_id(), worker_id, "FR", year, year, employer="Hôtel du Port", activity="kitchen")
    )
    told_id, digest = told.declaration.declaration_id, AddDocument.digest_of(PAPER)
    return await use_cases.add_document(AddDocument(time_ordered_id(), worker_id, told_id, digest, "pay slip"), PAPER)


async def _on_a_phone(desk: DemoNode) -> list[tuple[str, str]]:
    """She dials, signs in by code and looks up the first decision of her first case: what she types, and is shown."""

    async def types(text: str) -> str:
        answer = await desk.node.dialogue.answer(Incoming(Channel.USSD, WORKER.phone, text))
        seen.append((text, answer.text))
        return answer.text

    seen: list[tuple[str, str]] = []
    for text in ("*123#", "1"):
        await types(text)
    await desk.node.codes.drain()
    for text in (_last_code(desk.node.settings.data_folder / "worker-codes.jsonl"), "2", "1"):
        await types(text)
    return seen


async def sign_in(desk: DemoNode) -> SignedIn:
    """The worker signs in by one-time code."""
    worker = desk.node.worker
    asked = await worker.request_sign_in_code(
        AskForCode(request_id=str(time_ordered_id()), contact=WORKER.phone, language="en", origin="127.0.0.1")
    )
    await desk.node.codes.drain()
    code = _last_code(desk.node.settings.data_folder / "worker-codes.jsonl")
    signed_in = await worker.sign_in(challenge=asked.challenge, code=code, origin="127.0.0.1")
    if isinstance(signed_in, SignInRefused):
        raise PortabilityError(f"The worker could not sign in: {signed_in.reason}.")
    return signed_in


def _last_code(path: Path) -> str:
    return str(json.loads(path.read_text(encoding="utf-8").splitlines()[-1])["code"])


async def _until_stopped() -> None:
    stopped = asyncio.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, stopped.set)
    await stopped.wait()
