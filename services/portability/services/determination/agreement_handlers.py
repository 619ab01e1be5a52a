"""Use cases of agreement files: list and get what is loaded, check a file, run examples.

A file of a caller is read and run in a thread: the largest takes seconds, and other calls must not wait for it.
"""

import asyncio
from collections.abc import Sequence

from portability.agreements.errors import InputError, NotFoundError
from portability.agreements.loading import Agreement
from portability.services.determination.files import check_file, load_file, run_examples
from portability.services.determination.model import CaseReport, FileFault
from portability.services.determination.ports import LawLibrary

__all__ = ["LARGEST_FILE", "get_agreement", "list_agreements", "run_file", "run_loaded", "validate_file"]

LARGEST_FILE = 256 * 1024
"""Characters; the largest file of today has a tenth of it."""


async def list_agreements(*, law: LawLibrary) -> Sequence[Agreement]:
    """Every agreement that is loaded, by id."""
    return [agreement for _, agreement in sorted(law.agreements().items())]


async def get_agreement(agreement_id: str, *, law: LawLibrary) -> Agreement:
    """One agreement; raises NotFoundError with the ids that there are."""
    found = law.agreements().get(agreement_id)
    if found is None:
        raise NotFoundError(f"There is no agreement '{agreement_id}'. Known: {', '.join(sorted(law.agreements()))}.")
    return found


async def validate_file(text: str, *, file: str) -> tuple[FileFault, ...]:
    """Everything that is wrong with an agreement, legislation or examples file; nothing where it can be applied."""
    _refuse_large(text)
    return await asyncio.to_thread(check_file, text, file)


async def run_file(text: str, *, file: str, law: LawLibrary) -> tuple[CaseReport, ...]:
    """Run the examples of a file of the caller's. Raises AgreementError with every fault and its place."""
    _refuse_large(text)
    return await asyncio.to_thread(lambda: run_examples(load_file(text, file), law))


async def run_loaded(agreement_id: str, *, law: LawLibrary) -> tuple[CaseReport, ...]:
    """Run the examples of an agreement that is loaded; raises NotFoundError."""
    agreement = await get_agreement(agreement_id, law=law)
    return await asyncio.to_thread(run_examples, agreement, law)


def _refuse_large(text: str) -> None:
    if len(text) > LARGEST_FILE:
        raise InputError(f"The file has {len(text)} characters; at most {LARGEST_FILE} are read.", field="text")
