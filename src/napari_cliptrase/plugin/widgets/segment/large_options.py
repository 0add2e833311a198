"""What concerns images that are segmented window by window: empty parts, and the windows that are kept."""

from qtpy.QtWidgets import QCheckBox, QLabel, QPushButton, QSizePolicy, QWidget

from napari_cliptrase.plugin.run.large_runs import LargeRunner
from napari_cliptrase.plugin.widgets.forms import Form
from napari_cliptrase.plugin.widgets.sections import Note


class LargeOptions(QWidget):
    """A choice, and the memory of encoded windows with a button to free it."""

    def __init__(self, runner: LargeRunner, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runner = runner
        self.skip_empty = QCheckBox("Skip empty parts")
        self.skip_empty.setToolTip("Leave out parts of a slide in which nothing is seen, such as glass.")
        self.skip_empty.setChecked(runner.skip_empty)
        self.kept = QLabel()
        self.kept.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.kept.setToolTip("Encoded windows: with them, other classes need no new encoding.")
        self.clear = QPushButton("Clear")
        self.clear.setToolTip("Free the memory; the next run encodes its windows again.")
        self.about = Note(
            "Detail Full writes large images, and parts of images, to a zarr on disk. Cancel keeps what is done."
        )
        form = Form(self)
        form.add("Run", self.skip_empty)
        form.add("Windows", self.kept, self.clear, stretch=0)
        form.addRow(self.about)
        self.skip_empty.toggled.connect(lambda on: setattr(runner, "skip_empty", on))
        self.clear.clicked.connect(self._clear)
        self.refresh()

    def refresh(self) -> None:
        """Show how much is kept now."""
        size = self._runner.cached_bytes
        self.kept.setText(f"{round(size / 1e6):,} MB in memory" if size else "none in memory")
        self.clear.setEnabled(size > 0)

    def _clear(self) -> None:
        self._runner.forget_windows()
        self.refresh()
