"""Use cases of agreement files: check a file, run examples.

A file of a caller is read and run in a thread: the largest takes seconds, and other calls must not wait for it.
"""

import asyncio

from portability.agreements.errors import InputError
from portability.agreements.loading import Agreement
from portability.services.determination.files import check_file, load_file, run_examples
from portability.services.determination.model import CaseReport, FileFault
from portability.services.determination.ports import LawLibrary

__all__ = ["LARGEST_FILE", "refuse_large", "run_file", "run_loaded", "validate_file"]

LARGEST_FILE = 256 * 1024
"""Characters; the largest file of today has a tenth of it."""


async def validate_file(text: str, *, file: str) -> tuple[FileFault, ...]:
    """Everything that is wrong with an agreement, legislation or examples file; nothing where it can be applied."""
    refuse_large(text)
    return await asyncio.to_thread(check_file, text, file)


async def run_file(text: str, *, file: str, law: LawLibrary) -> tuple[CaseReport, ...]:
    """Run the examples of a file of the caller's. Raises AgreementError with every fault and its place."""
    refuse_large(text)
    return await asyncio.to_thread(lambda: run_examples(load_file(text, file), law))


async def run_loaded(agreement: Agreement, *, law: LawLibrary) -> tuple[CaseReport, ...]:
    """Run the examples of an agreement that has been read."""
    return await asyncio.to_thread(run_examples, agreement, law)


def refuse_large(text: str) -> None:
    """Raise InputError where a text is too large to be read."""
    if len(text) > LARGEST_FILE:
        raise InputError(f"The file has {len(text)} characters; at most {LARGEST_FILE} are read.", field="text")
