"""Imports what the first run needs while the user still chooses an image and types the classes.

torch and what napari wants for its first label layer take three to five seconds to import. Done in the run, all of it
is waiting; done when a dock opens, most of it has passed when *Run* is pressed. A run that comes earlier waits for what
is left, since two threads cannot import the same thing twice.
"""

from collections.abc import Generator
from importlib import import_module

from qtpy.QtCore import QTimer

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.warm_up import get_ready, read_units
from napari_cliptrase.plugin.run.side_thread import SideThread
from napari_cliptrase.plugin.run.torch_import import make_torch_safe

DELAY = 300
"""Milliseconds after which a dock that opens has been drawn."""
_MODULES = ("torch", "napari_cliptrase.engine.pipeline", "napari_cliptrase.models.load")


class Preparation:
    """Prepares the first run of a process, once."""

    def __init__(self) -> None:
        self._thread = SideThread("prepare")
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY)
        self._timer.timeout.connect(self._start)
        self._begun = False

    @property
    def done(self) -> bool:
        """Whether it has begun and ended."""
        return self._begun and self._thread.idle and not self._timer.isActive()

    def begin(self) -> None:
        """Begin soon, beside the window; of no effect the second time."""
        if not self._begun:
            self._begun = True
            self._timer.start()

    def _start(self) -> None:
        read_units()
        # what fails here fails again in the run, where the user is told
        self._thread.start(_steps, done=lambda _: None, failed=lambda _: None)


def _steps() -> Generator[None, None, None]:
    make_torch_safe()
    for name in _MODULES:
        yield
        try:
            import_module(name)
        except (ImportError, OSError):
            return
    yield
    get_ready(ClassTable.from_names("class"))
