"""By which contact a worker signs in: one by which she is told from everybody else, with each number of hers."""

from dataclasses import replace
from datetime import datetime

from portability.agreements.errors import CaseStateError
from portability.services.workers.linking.ports import ContactWork
from portability.services.workers.model import Contact, WorkerOnFile

__all__ = ["keep_apart", "move"]


async def keep_apart(worker: WorkerOnFile, *, work: ContactWork) -> None:
    """Keep what is on file of her. Raises CaseStateError where another has contact and number: none could sign in."""
    for other in await work.register.with_numbers(worker.insurance_numbers):
        if other.contact == worker.contact and other.worker_id != worker.worker_id:
            raise already_on_file()
    await work.register.keep(worker)


async def move(worker: WorkerOnFile, contact: Contact, *, at: datetime, work: ContactWork) -> None:
    """Have her sign in by another contact: sessions and codes end, and the one from before is told.

    Raises CaseStateError where it is the one that she has, or does not tell her from another. Of a protected person no
    phone is told.
    """
    if contact == worker.contact:
        raise already_on_file()
    await keep_apart(replace(worker, contact=contact, former=worker.contact), work=work)
    await work.ways_in.close(worker.worker_id)
    if not await work.protected.among(await work.links.case_ids_of(worker.worker_id)):
        await work.news.contact_changed(worker.worker_id, at=at)


def already_on_file() -> CaseStateError:
    return CaseStateError("This contact is on file with this number already: give another one.", state="on_file")
