"""`portability convert`: documents of EESSI to career files and back, with a report of what a person may look at."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from portability.agreements.errors import InputError, PortabilityError
from portability.app.commands.printing import count

if TYPE_CHECKING:
    from portability.adapters.eessi.conversion import Converted, Format

__all__ = ["convert"]

WRONG = 1
"""Exit code where one file or more was not converted."""

_HELP = """Convert documents of EESSI (SEDs, as JSON) to career files, or career files back to documents.

Nothing is lost: what is not understood is kept as it stands and comes back. The report names it.
One file goes to the standard output unless --output says otherwise; several go into the folder that --output names.

Examples:

  portability convert --from eessi --to career P5000.json

  portability convert --from eessi --to career inbox/ --output careers/ --report report.json

  portability convert --from career --to eessi P5000.career.json --output P5000.json

Ends with 0 where everything was converted, with 1 where something was not, with 2 where the call is wrong.
"""


@dataclass(slots=True)
class _Run:
    """What a run has done so far."""

    files: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, str]] = field(default_factory=list)


def convert(
    files: Annotated[
        list[Path], typer.Argument(help="Files, or folders whose .json files are converted.", metavar="FILE...")
    ],
    *,
    source: Annotated[str, typer.Option("--from", help="Format of the files: eessi or career.")] = "eessi",
    target: Annotated[str, typer.Option("--to", help="Format to convert to: career or eessi.")] = "career",
    output: Annotated[Path | None, typer.Option(help="File, or folder for several files, to write to.")] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write what was found to this file, as JSON; it holds no values.")
    ] = None,
    told_type: Annotated[
        str, typer.Option("--type", help="Type of a document that does not say it, for example P5000.")
    ] = "",
) -> None:
    chosen = _direction(source, target)
    found = list(_found(files))
    if not found:
        raise InputError(f"There is no .json file in {', '.join(map(str, files))}. Name the files or another folder.")
    several = len(found) > 1 or any(one.is_dir() for one in files)
    if several and output is None:
        raise typer.BadParameter("several files need --output FOLDER to be written to")
    run = _Run()
    for number, (file, inside) in enumerate(found, start=1):
        _progress(number, len(found))
        try:
            done = _one(file, chosen, told_type)
            _write(done, file, _target(file, inside, chosen, output, several=several))
        except PortabilityError as error:
            run.refused.append({"file": str(file), "why": error.message})
            typer.echo(f"portability: {error.message}", err=True)
            continue
        run.files.append(_said(file, done))
        _tell(file, done, several=several)
    if several:
        left = f", {count(len(run.refused), 'file')} not" if run.refused else ""
        typer.echo(f"{count(len(run.files), 'file')} converted{left}.", err=True)
    if report is not None:
        _save(
            report,
            json.dumps({"converted": run.files, "not_converted": run.refused}, ensure_ascii=False, indent=2) + "\n",
        )
    if run.refused:
        raise typer.Exit(WRONG)


convert.__doc__ = _HELP


def _direction(source: str, target: str) -> "Format":
    from portability.adapters.eessi.conversion import Format  # noqa: PLC0415 (heavy)

    if {source, target} != set(Format):
        raise typer.BadParameter(
            f"from '{source}' to '{target}' is no conversion: say --from eessi --to career, or back"
        )
    return Format(source)


def _found(files: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    """Each file with its path inside the folder that was named."""
    for one in files:
        if one.is_dir():
            yield from ((file, file.relative_to(one)) for file in sorted(one.rglob("*.json")) if file.is_file())
        else:
            yield one, Path(one.name)


def _one(file: Path, source: "Format", told_type: str) -> "Converted":
    from portability.adapters.eessi.conversion import LARGEST, converted, too_large  # noqa: PLC0415 (heavy)

    try:
        if (size := file.stat().st_size) > LARGEST:
            raise too_large(str(file), size)
        content = file.read_bytes()
    except OSError as exc:
        raise InputError(f"{file} cannot be read: {exc.strerror}. Check its name and your rights to it.") from exc
    return converted(content, name=str(file), source=source, told_type=told_type)


def _target(file: Path, inside: Path, source: "Format", output: Path | None, *, several: bool) -> Path | None:
    if output is None or not (several or output.is_dir()):
        return output
    stem = inside.stem.removesuffix(".career")
    name = f"{stem}.career.json" if source == "eessi" else f"{stem}.json"
    target = output / inside.with_name(name)
    return target.with_name(f"{stem}.eessi.json") if target.exists() and target.samefile(file) else target


def _write(done: "Converted", file: Path, target: Path | None) -> None:
    if target is None:
        typer.echo(done.text, nl=False)
        return
    if target.exists() and target.samefile(file):
        raise InputError(f"{target} is the file that is read. Name another with --output.")
    _save(target, done.text)


def _save(target: Path, text: str) -> None:
    """Write a file whole or not at all."""
    part = target.with_name(f".{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8", errors="surrogatepass")
        part.replace(target)
    except OSError as exc:
        part.unlink(missing_ok=True)
        raise InputError(
            f"{target} cannot be written: {exc.strerror}. Name another place with --output or --report."
        ) from exc


def _said(file: Path, done: "Converted") -> dict[str, Any]:
    findings = [
        {"kind": str(one.kind), "place": one.place, "times": one.times, "text": one.text} for one in done.findings
    ]
    return {"file": str(file), "type": done.document_type, "title": done.title, "findings": findings}


def _tell(file: Path, done: "Converted", *, several: bool) -> None:
    """On stderr, so that what was converted stays alone on the standard output."""
    if several and not done.findings:
        return
    what = f"{done.document_type}, {done.title}" if done.title else done.document_type
    typer.echo(f"{file}: {what}; {count(len(done.findings), 'finding')}", err=True)
    shown = done.findings[:5] if several else done.findings
    for one in shown:
        typer.echo(f"  {one.kind:14} {one.place or '-'}: {one.text}", err=True)
    if len(shown) < len(done.findings):
        typer.echo(f"  … and {len(done.findings) - len(shown)} more; --report FILE holds all.", err=True)


def _progress(number: int, of: int) -> None:
    if of > 1 and sys.stderr.isatty():
        typer.echo(f"\r\x1b[K{number} of {of}\r", err=True, nl=False)
