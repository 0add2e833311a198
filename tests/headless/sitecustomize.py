"""On PYTHONPATH, this makes an environment that has napari and Qt look like one that has neither, as a server's."""

import sys

for name in ("napari", "PyQt5", "PyQt6", "PySide2", "PySide6", "pytestqt"):
    sys.modules[name] = None  # type: ignore[assignment]
