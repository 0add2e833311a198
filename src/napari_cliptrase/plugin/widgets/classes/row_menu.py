"""What a right-click on a row of the class table offers."""

from collections.abc import Callable

from qtpy.QtWidgets import QMenu, QWidget

from napari_cliptrase.plugin.state.session import Session


class RowMenu(QMenu):
    """The menu of one class."""

    def __init__(
        self, session: Session, class_id: int, edit: Callable[[int], None], parent: QWidget | None = None
    ) -> None:
        """``edit(class_id)`` opens the editor of the name."""
        super().__init__(parent)
        entry = session.prompts.get(class_id)
        self.setToolTipsVisible(True)
        self.addAction("Edit name and synonyms").triggered.connect(lambda: edit(class_id))
        self.text_off = self.addAction("Examples only, without its text")
        self.text_off.setCheckable(True)
        self.text_off.setChecked(not entry.text)
        self.text_off.setToolTip("For a thing that has no word: the class stands on its examples alone.")
        self.text_off.toggled.connect(
            lambda off: setattr(session, "prompts", session.prompts.replaced(class_id, text=not off))
        )
