"""What the demo prints: everything comes from the nodes' answers, nothing is known here."""

import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from google.type.date_pb2 import Date
from rich.console import Console
from rich.table import Table

from portability.api.common.v1 import common_pb2 as common
from portability.api.exchange.v1 import exchange_pb2 as exchange
from portability.app.demo.desks import ClaimAtDesk
from portability.app.demo.nodes import DemoNode
from portability.app.demo.story import BIRTH, CONTACT, WORKER, Institution
from portability.services.workers.claims.handlers import ClaimView
from portability.services.workers.declarations.handlers import DeclarationView
from portability.services.workers.disputes.handlers import DisputeView
from portability.services.workers.views import CaseView, DecisionView

__all__ = [
    "show_career",
    "show_certificates",
    "show_claim",
    "show_decisions",
    "show_declaration",
    "show_determination",
    "show_dispute",
    "show_messages",
    "show_notices",
    "show_opening",
    "show_phone",
    "show_ratified",
    "show_where_next",
    "show_worker",
]

SHOWN_DEPTH = 2


def show_opening(console: Console, *, award_on: date) -> None:
    """Who the story is about, and that all of it is made up."""
    console.print("\n[bold]One worker, three countries, one pension[/bold] (test persons, keys and figures)")
    console.print(
        f"{WORKER.given_names} {WORKER.family_name}, born {BIRTH}, worked in Italy, Germany and Canada and lives in "
        f"Italy.\nShe claims her old-age pension from {award_on}.\n"
    )


def show_ratified(console: Console, desks: dict[str, DemoNode]) -> None:
    """Which versions bind which pairs of states: the nodes determine by these and by no others."""
    known = next(iter(desks.values())).ratified
    everywhere = "every node holds" if all(desk.ratified == known for desk in desks.values()) else "nodes differ on"
    told = "; ".join(
        f"{one.agreement_id} binds {one.states[0]} and {one.states[1]} since {one.since} (version {one.sha256[:12]})"
        for one in known
    )
    console.print(f"   Two officials of each state have ratified, and {everywhere}: {told}.\n", markup=False)


def show_career(console: Console, claim: ClaimAtDesk) -> None:
    """Her career as three countries have stated it."""
    console.print("[bold]3.[/bold] Her career, as each country has stated it, and who verified it:\n")
    table = Table("country", "scheme", "kind", "first day", "last day", "as counted there", "verified by", box=None)
    for country in claim.career:
        for period in country.periods:
            kind = common.PeriodKind.Name(period.kind).removeprefix("PERIOD_KIND_").lower()
            unit = common.PeriodUnit.Name(period.unit).removeprefix("PERIOD_UNIT_").lower()
            regime = f" of {period.day_regime} a week" if period.day_regime else ""
            table.add_row(
                country.state,
                period.scheme,
                kind,
                _day(period.first_day),
                _day(period.last_day),
                f"{period.amount} {unit}{regime}",
                f"{period.evidence.verified_by}, {period.evidence.method}",
            )
    console.print(table)
    console.print()


def show_determination(console: Console, institution: Institution, claim: ClaimAtDesk) -> None:
    """What one institution's rules gave, step by step, each with its article."""
    determination = claim.determination
    console.print(f"[bold]{institution.country}[/bold]  {institution.name} determines:")
    for step in determination.explanation:
        if step.depth > SHOWN_DEPTH or step.rule == "rounding":
            continue
        cited = f"{step.citation.instrument} {step.citation.article}".strip() if step.HasField("citation") else ""
        console.print(f"   {'   ' * step.depth}{step.text}" + (f"  [{cited}]" if cited else ""), markup=False)
    if determination.banner:
        console.print(f"   ! {determination.banner}", markup=False)
    console.print(f"   trace {determination.trace_sha256[:16]}..., {len(determination.trace)} bytes\n", markup=False)


def show_decisions(console: Console, claim: ClaimAtDesk) -> None:
    """All decisions, as the contact institution holds them for the summary."""
    console.print("[bold]4.[/bold] The decisions, each signed by a named person, with the way to have it reviewed:\n")
    table = Table("institution", "scheme", "a month", "from", "decided by", "remedy", box=None)
    for decision in claim.decisions:
        for index, amount in enumerate(decision.amounts):
            first = index == 0
            table.add_row(
                decision.institution.institution_id if first else "",
                amount.scheme,
                f"{amount.amount.amount} {amount.amount.currency_code}",
                _day(amount.first_day),
                decision.decided_by if first else "",
                f"{decision.remedy.text}, {decision.remedy.period}" if first else "",
            )
    console.print(table)
    console.print()


def show_messages(console: Console, messages: dict[str, list[exchange.MessageEntry]]) -> None:
    """Every message that a node has sent, and how long until the recipient's signed receipt was here."""
    console.print("[bold]5.[/bold] The messages: sealed, signed, receipted by their recipients, and read there:\n")
    table = Table("sent at", "from", "to", "message", "status", "signed receipt after", box=None)
    sent = [
        (one.at.ToDatetime(), name, one)
        for name, entries in messages.items()
        for one in entries
        if one.direction == exchange.MESSAGE_DIRECTION_SENT
    ]
    for at, name, one in sorted(sent, key=lambda row: row[0]):
        status = exchange.MessageStatus.Name(one.status).removeprefix("MESSAGE_STATUS_").lower()
        after = (
            f"{(one.settled_at.ToDatetime() - at).total_seconds() * 1000:.0f} ms" if one.HasField("settled_at") else "-"
        )
        table.add_row(f"{at:%H:%M:%S.%f}"[:-3], name, one.partner, one.type, status, after)
    console.print(table)
    console.print()


def show_worker(console: Console, case: CaseView, decisions: Sequence[DecisionView]) -> None:
    """What the worker reads after signing in with a one-time code."""
    console.print(f"[bold]6.[/bold] {WORKER.given_names} signs in by one-time code and reads case {case.reference}:\n")
    closed = f"closed on {case.closed_on}" if case.closed_on else "still open"
    console.print(f"   Your claim of {case.lodged_on} is {closed}. {case.contact_institution.name} keeps it.")
    for decision in decisions:
        total = ", ".join(f"{one.amount.shown()} ({one.scheme})" for one in decision.amounts)
        console.print(f"   {decision.institution.state}  {decision.institution.name}: {total} a month", markup=False)
    console.print()


def show_dispute(console: Console, view: DisputeView) -> None:
    """What she says is wrong, and who has to answer until when."""
    dispute, progress = view.dispute, view.progress
    console.print(f"[bold]7.[/bold] She says that a month in Germany is missing: “{dispute.grounds}”\n")
    console.print(f"   {dispute.holder} has to answer by {progress.due_on} ({progress.citation}).", markup=False)
    console.print()


def show_claim(console: Console, view: ClaimView) -> None:
    """What she is told at once: a number and the day that counts everywhere."""
    claim = view.claim
    console.print(
        f"[bold]2.[/bold] {WORKER.given_names} sends one claim on her page, to {CONTACT}: number {claim.number}, dated "
        f"{claim.claimed_on}.\n   Its case is open at once. Then, desk by desk:\n"
    )


def show_declaration(console: Console, view: DeclarationView) -> None:
    """Time that is on no record, as she remembers it, and the paper that she shows."""
    told, kinds = view.declaration, ", ".join(one.kind.upper() for one in view.declaration.documents)
    console.print(
        f"   She also tells of {told.first_day.year} in {told.state} (papers: {kinds}). No program counts it: a person "
        "looks at it.\n",
        markup=False,
    )


def show_phone(console: Console, screens: Sequence[tuple[str, str]]) -> None:
    """The same by USSD, on a phone without internet: what she types, and the screen that comes."""
    console.print(f"[bold]8.[/bold] The same on a simple phone, by USSD, in her language ({WORKER.language}):\n")
    for typed, shown in screens:
        lines = shown.splitlines() or [""]
        console.print(f"   {typed:>8} > {lines[0]}", markup=False)
        for line in lines[1:]:
            console.print(f"              {line}", markup=False)
    console.print()


def show_certificates(console: Console, numbers: Sequence[str]) -> None:
    """What she can print and carry."""
    told = ", ".join(numbers)
    console.print(f"   Certificates to print, that anybody checks without the internet: {told}\n", markup=False)


def show_notices(console: Console, file: Path, *, noted: int) -> None:
    """What she is told by a text that names nobody and nothing."""
    console.print(f"[bold]9.[/bold] {noted} more things happened since the last notice. What goes out to her:\n")
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for line in lines:
        console.print(f"   {json.loads(line)['text']}", markup=False)
    if not lines:
        console.print("   Nothing by night: it waits until eight in the morning.")
    console.print()


def show_where_next(console: Console, desks: dict[str, DemoNode], *, seconds: float, serve: bool) -> None:
    """How long it took, and what to look at."""
    if serve:
        console.print(f"[green]Ready after {seconds:.1f} s.[/green] The three nodes stay up until Ctrl-C:")
    else:
        console.print(f"[green]Done in {seconds:.1f} s.[/green] No server was installed and nothing is left behind.")
    if serve:
        for name, desk in desks.items():
            page = desk.node.page.url if desk.node.page else ""
            folder = desk.node.settings.tls_folder
            console.print(f"\n   {name}\n      worker's page  {page}", markup=False)
            console.print(f"      gRPC           localhost:{desk.node.port}  (certificates in {folder})", markup=False)
        door = desks[CONTACT].node.text_door
        if door is not None:
            gateways = desks[CONTACT].node.settings.text_gateways
            console.print(
                f"\n   USSD at it-inps: {door.url}ussd?secret=...&phoneNumber=...&text=  (secret in {gateways})",
                markup=False,
            )
        codes = next(iter(desks.values())).node.settings.data_folder / "worker-codes.jsonl"
        console.print(
            f"\n   Sign in at it-inps with {WORKER.phone}; the one-time code arrives in {codes}", markup=False
        )
        return
    console.print("\nWhere to look next:")
    console.print("   portability demo --serve                 the same, kept up, with the worker's page")
    console.print("   portability agreements show eu-883-2004  the rules beside their articles")
    console.print("   portability agreements test              every example of every file")
    console.print("   docs/                                    the wire, the file format, the decisions")


def _day(day: Date) -> str:
    return f"{day.year:04d}-{day.month:02d}-{day.day:02d}" if day.year else ""
