"""How long a person was at work on an image: pauses do not count."""

import time

LONGEST_PAUSE = 60.0
"""Seconds without a sign of life that still count as work: looking takes time, too."""


class WorkClock:
    """Adds up the time between signs of life."""

    def __init__(self, longest_pause: float = LONGEST_PAUSE) -> None:
        self._longest = longest_pause
        self._last: float | None = None
        self._seconds = 0.0

    def start(self, now: float | None = None) -> None:
        """Begin with nothing."""
        self._seconds, self._last = 0.0, time.monotonic() if now is None else now

    def sign(self, now: float | None = None) -> None:
        """Take note of a sign of life."""
        now = time.monotonic() if now is None else now
        if self._last is not None and now - self._last <= self._longest:
            self._seconds += now - self._last
        self._last = now

    def stop(self, now: float | None = None) -> float:
        """Return the seconds of work since the start, and stop counting."""
        if self._last is None:
            return 0.0
        self.sign(now)
        self._last = None
        return self._seconds
