"""PDFs are cleaned in a process of their own: what goes off there takes nothing with it, and it holds no key.

The process is given the bytes alone: no settings, no environment, no open file or connection of the node. One that
breaks a limit below ends, and its paper counts as unreadable.
"""

import asyncio
import sys
from typing import Final

import structlog

from portability.agreements.errors import GatewayError
from portability.services.workers.declarations.model import CleanedPdf, PdfFinding

__all__ = ["PdfInItsOwnProcess"]

AT_ONCE: Final = 2  # of one door; each takes a processor, and some 40 MiB beside its paper
SECONDS: Final = 20  # all in all, also where the machine is busy
CPU_SECONDS: Final = 10
MEMORY: Final = 768 * 1024 * 1024  # of addresses, a third of them the interpreter's with its libraries
FILES: Final = 16
UNREADABLE: Final = CleanedPdf(PdfFinding.UNREADABLE, b"")


class PdfInItsOwnProcess:
    """PdfCleaner."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._free = asyncio.Semaphore(AT_ONCE)
        self._seconds = seconds

    async def cleaned(self, content: bytes) -> CleanedPdf:
        """What the process says. Raises GatewayError where none can be started."""
        async with self._free:
            try:
                child = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-I", "-m", "portability.adapters.workers.pdf_process"),
                    stdin=asyncio.subprocess.PIPE,
                    stdout=asyncio.subprocess.PIPE,
                    stderr=asyncio.subprocess.DEVNULL,
                    env={},
                    cwd="/",
                )
            except OSError as error:
                raise GatewayError("No process could be started to read a PDF: try again.", retryable=True) from error
            try:
                async with asyncio.timeout(self._seconds):
                    said, _ = await child.communicate(content)
            except TimeoutError:
                return _broken_off("out of time")
            finally:
                if child.returncode is None:
                    child.kill()
                    await child.wait()
        if child.returncode != 0:
            return _broken_off(f"ended with {child.returncode}")
        finding, _, kept = said.partition(b"\n")
        return CleanedPdf(PdfFinding(finding.decode()), kept)


def _broken_off(why: str) -> CleanedPdf:
    structlog.get_logger().warning("pdf_not_read", reason=why)
    return UNREADABLE


def _main() -> None:
    import resource  # noqa: PLC0415 (where there is no such module there is no node)

    from portability.adapters.workers.pdf import clean_pdf  # noqa: PLC0415 (in this process alone)

    for limit, most in (
        (resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_AS, MEMORY), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, FILES), (resource.RLIMIT_CORE, 0),
    ):  # fmt: skip
        resource.setrlimit(limit, (most, most))
    done = clean_pdf(sys.stdin.buffer.read())
    sys.stdout.buffer.write(done.finding.encode() + b"\n" + done.content)


if __name__ == "__main__":
    _main()
