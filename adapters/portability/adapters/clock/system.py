"""The system clock, in UTC."""

from datetime import UTC, datetime

__all__ = ["SystemClock"]


class SystemClock:
    """Instants from the machine's clock, which is expected to be synchronised."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 (the one place that reads the clock)
