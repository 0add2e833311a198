"""Why an image cannot be opened, and a button for each remedy."""

from typing import Any

from qtpy.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from napari_cliptrase.plugin.run.folder_work import FolderWork
from napari_cliptrase.plugin.widgets.sections import Note, heading
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly
from napari_cliptrase.project.image_blocked import Remedy

REMEDIES = {
    Remedy.RESTORE_BACKUP: (
        "Restore the backup",
        "Restore the masks from before the last model run; the damaged file is set aside.",
    ),
    Remedy.KEEP_MASK: ("Keep the mask", "The mask belongs to the image as it is now."),
    Remedy.START_OVER: ("Start over", "Set the mask aside, in .cliptrase/set-aside, and begin with an empty one."),
}


class BlockedPanel(QFrame):
    """Shown while the image that the user went to is blocked."""

    def __init__(self, folder: FolderWork, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self._folder = folder
        self.title = heading("")
        self.reason = Note()
        self.buttons: dict[Remedy, QPushButton] = {}
        layout = QVBoxLayout(self)
        layout.addWidget(self.title)
        layout.addWidget(self.reason)
        for remedy, (text, tip) in REMEDIES.items():
            self.buttons[remedy] = button = QPushButton(text)
            button.setToolTip(tip)
            button.clicked.connect(lambda _=False, remedy=remedy: folder.resolve(remedy))
            layout.addWidget(button)
        connect_weakly(folder.state.blocked_changed, self.refresh)
        self.refresh()

    def refresh(self, *_: Any) -> None:
        """Show the reason, or nothing."""
        blocked = self._folder.state.blocked
        self.setVisible(blocked is not None)
        if blocked is None:
            return
        self.title.setText(blocked.name)
        self.reason.show_text(str(blocked))
        for remedy, button in self.buttons.items():
            button.setVisible(remedy in blocked.remedies)
            button.setEnabled(self._folder.state.writable)
