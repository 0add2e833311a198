"""How long a person was at work on an image: pauses do not count."""

import time

LONGEST_PAUSE = 60.0
"""Seconds without activity that still count as work: looking takes time, too."""


class WorkClock:
    """Adds up the time between activities of a person."""

    def __init__(self, longest_pause: float = LONGEST_PAUSE) -> None:
        self._longest = longest_pause
        self._last: float | None = None
        self._seconds = 0.0

    def start(self, now: float | None = None) -> None:
        """Begin with nothing."""
        self._seconds, self._last = 0.0, time.monotonic() if now is None else now

    def note_activity(self, now: float | None = None) -> None:
        """Count the time since the last activity as work, unless it was a pause."""
        now = time.monotonic() if now is None else now
        if self._last is not None and now - self._last <= self._longest:
            self._seconds += now - self._last
        self._last = now

    def stop(self, now: float | None = None) -> float:
        """Return the seconds of work since the start, and stop counting."""
        if self._last is None:
            return 0.0
        self.note_activity(now)
        self._last = None
        return self._seconds
