"""Measured times of a model on this computer, to estimate how long the next run takes."""

import json
from pathlib import Path

from napari_cliptrase import atomic
from napari_cliptrase.models.folders import cache_folder

_NEW_SHARE = 0.5


class Timings:
    """Measured seconds by key (a model on a device), kept in a small file; newer runs count more."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or cache_folder() / "timings.json"

    def of(self, key: str) -> float | None:
        """Return the measured seconds of a key, or None when it never ran here."""
        seconds = self._read().get(key)
        return seconds if isinstance(seconds, float) else None

    def starting_with(self, prefix: str) -> dict[str, float]:
        """Return the measured seconds of all keys that begin with ``prefix``."""
        return {key: seconds for key, seconds in self._read().items() if key.startswith(prefix)}

    def remember(self, key: str, seconds: float) -> None:
        """Take one more measurement into account; a read-only folder is not an error."""
        known = self._read()
        before = known.get(key)
        known[key] = seconds if before is None else before + _NEW_SHARE * (seconds - before)
        try:
            atomic.write_text(self.path, json.dumps(known, indent=1, sort_keys=True) + "\n")
        except OSError:
            return

    def _read(self) -> dict[str, float]:
        try:
            data = json.loads(self.path.read_text(encoding="utf-8"))
            return {str(key): float(seconds) for key, seconds in data.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}
