"""`portability sandbox`: the stories one after the other, told while they happen."""

import asyncio
import tempfile
import time
from pathlib import Path

import typer

from portability.adapters.clock.system import SystemClock
from portability.app.demo.nodes import demo_nodes
from portability.app.logging import configure_logging
from portability.app.sandbox.desks import Desk
from portability.app.sandbox.people import made_up
from portability.app.sandbox.stories import STORIES, Sandbox

__all__ = ["run_sandbox"]

PEOPLE = 40
AGENCIES = ("de-drv", "it-inps")


def run_sandbox(*, seed: int) -> None:
    """Play every story on two nodes in a temporary folder. Raises PortabilityError where one goes otherwise."""
    configure_logging(level="CRITICAL")
    with tempfile.TemporaryDirectory(prefix="portability-") as folder:
        try:
            asyncio.run(_play(Path(folder), seed))
        except* Exception as errors:
            raise errors.exceptions[0] from errors


async def _play(folder: Path, seed: int) -> None:
    begun, today = time.monotonic(), SystemClock().now().date()
    async with demo_nodes(folder, kafka="", pages=False, only=",".join(AGENCIES)) as nodes:
        german, italian = (Desk(nodes[name], folder / name, today) for name in AGENCIES)
        box = Sandbox(german, italian, made_up(PEOPLE, seed=seed))
        typer.echo(
            f"Two agencies, {' and '.join(AGENCIES)}, with {PEOPLE} made-up people (seed {seed}); all of it is a test, "
            "and gone at the end.\n"
        )
        for number, story in enumerate(STORIES, start=1):
            told = await story.play(box)
            typer.echo(f"{number:2}. {story.title}" + ("  [goes wrong on purpose]" * story.goes_wrong))
            for line in told:
                typer.echo(f"      {line}")
    wrong = sum(story.goes_wrong for story in STORIES)
    seconds = time.monotonic() - begun
    typer.echo(f"\n{len(STORIES)} stories went as written, {wrong} of them wrong on purpose, in {seconds:.0f} s.")
