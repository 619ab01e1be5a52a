"""How the commands print: counts, tables, values. For people; what programs read is JSON."""

import sys
from collections.abc import Sequence

import typer

__all__ = ["count", "heading", "plain", "table"]


def count(number: int, noun: str, nouns: str = "") -> str:
    """`3 files`, `1 file`, `no files`; `nouns` where the plural is not made with an s."""
    return f"{number or 'no'} {noun if number == 1 else nouns or f'{noun}s'}"


def heading(title: str) -> None:
    """A title with a line under it and a blank one above."""
    typer.echo(f"\n{title}\n{'-' * len(title)}")


def plain(value: object) -> str:
    """A value of an example as its file would write it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {plain(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(plain, value)) + "]"
    return "nothing" if value is None else str(value)


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table for people; columns of plain text where the output is not a terminal."""
    if sys.stdout.isatty():
        from rich.console import Console  # noqa: PLC0415 (heavy)
        from rich.table import Table  # noqa: PLC0415 (heavy)

        shown = Table(*head)
        for row in rows:
            shown.add_row(*row)
        Console().print(shown)
        return
    widths = [max(len(row[index]) for row in (head, *rows)) for index in range(len(head))]
    for row in (head, *rows):
        typer.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
