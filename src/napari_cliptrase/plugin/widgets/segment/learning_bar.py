"""Learning from hand edits: on or off, at once or after a look, drawing examples, and what would change."""

from dataclasses import replace

from qtpy.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_cliptrase.plugin.run.edit_learner import EditLearner
from napari_cliptrase.plugin.run.proposal import Proposal
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.alike_tool import AlikeTool
from napari_cliptrase.plugin.tools.scribble_tool import ScribbleTool
from napari_cliptrase.plugin.widgets.sections import Note
from napari_cliptrase.plugin.widgets.segment.examples_menu import ExamplesMenu
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly

MOST_NAMED_CLASSES = 3
"""How many classes a proposal names."""


class LearningBar(QWidget):
    """Three boxes, the tools that draw examples, and below them what is proposed with *Accept* and *Undo*."""

    def __init__(
        self,
        session: Session,
        learner: EditLearner,
        scribbles: ScribbleTool,
        alike: AlikeTool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._learner = learner
        self._scribbles = scribbles
        self._alike = alike
        self.learn = QCheckBox("Learn from my edits")
        self.learn.setToolTip(
            "Each stroke, region or mask becomes an example of its class, and the classes follow, here and on the next "
            "images. What you painted never changes. Ctrl+Z takes a stroke back, and its example."
        )
        self.at_once = QCheckBox("Apply at once")
        self.at_once.setToolTip("Write what was learned without showing it first; Undo and Ctrl+Z take it back.")
        self.texture = QCheckBox("Fine details from colour and texture")
        self.texture.setToolTip(
            "Classes that have examples also follow the colour and texture of small spots, so that small things and "
            "edges are found. Off, the examples count as the model sees them, in coarse patches."
        )
        self.menu = ExamplesMenu(session, learner, self)
        self.examples = QPushButton("Examples ▾")
        self.examples.setToolTip("Use them or not, forget some, save and load them.")
        self.examples.clicked.connect(
            lambda: self.menu.exec(self.examples.mapToGlobal(self.examples.rect().bottomLeft()))
        )
        self.scribble = QPushButton("Scribble")
        self.scribble.setCheckable(True)
        self.scribble.setToolTip(
            "Draw examples instead of labels: a rough line through a thing is enough. Choose the class in the table; "
            "brush, eraser and Ctrl+Z are napari's."
        )
        self.alike = QPushButton("Find alike")
        self.alike.setCheckable(True)
        self.alike.setToolTip(
            "Click a region: it becomes an example of the selected class, and all that is like it is shown. Shift-"
            "click makes a new class of it; Ctrl-click takes the mask under the cursor instead of the region."
        )
        self.clear = QPushButton("Clear scribbles")
        self.clear.setToolTip("Take away all scribbles of this image, and what they taught. Ctrl+Z brings them back.")
        self.proposed = Note()
        self.accept = QPushButton("Accept")
        self.accept.setToolTip("Write what is shown over the image into the layers.")
        self.undo = QPushButton("Undo")
        self.undo.setToolTip(
            "Drop what is shown, or take back what was written last. Your strokes and their examples stay."
        )
        boxes, fine, tools, buttons = QHBoxLayout(), QHBoxLayout(), QHBoxLayout(), QHBoxLayout()
        for row in (boxes, fine, tools, buttons):
            row.setContentsMargins(0, 0, 0, 0)
        boxes.addWidget(self.learn)
        boxes.addWidget(self.at_once)
        boxes.addStretch(1)
        boxes.addWidget(self.examples)
        fine.addWidget(self.texture)
        fine.addStretch(1)
        tools.addWidget(self.scribble)
        tools.addWidget(self.alike)
        tools.addStretch(1)
        tools.addWidget(self.clear)
        buttons.addWidget(self.proposed, 1)
        buttons.addWidget(self.accept)
        buttons.addWidget(self.undo)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(boxes)
        layout.addLayout(fine)
        layout.addLayout(tools)
        layout.addLayout(buttons)
        examples = session.examples
        self.learn.clicked.connect(learner.switch)
        self.at_once.toggled.connect(lambda on: setattr(examples, "at_once", on))
        self.texture.clicked.connect(self._choose_texture)
        self.accept.clicked.connect(learner.accept)
        self.undo.clicked.connect(learner.undo)
        self.scribble.clicked.connect(scribbles.set_on)
        self.alike.toggled.connect(alike.set_on)
        self.clear.clicked.connect(scribbles.clear)
        connect_weakly(alike.toggled, self.refresh)
        connect_weakly(scribbles.toggled, self.refresh)
        connect_weakly(scribbles.marked, self.refresh)
        connect_weakly(session.encoded_changed, self.refresh)
        connect_weakly(session.settings_changed, self.refresh)
        connect_weakly(examples.learning_changed, self.refresh)
        connect_weakly(examples.at_once_changed, self.refresh)
        connect_weakly(learner.changed, self.refresh)
        self.refresh()

    def refresh(self, *_: object) -> None:
        """Show the switches and the proposal as they are."""
        examples, proposal = self._session.examples, self._learner.proposal
        self.learn.setChecked(examples.learning)
        self.at_once.setChecked(examples.at_once)
        self.at_once.setEnabled(examples.learning)
        self.texture.setChecked(self._session.settings.texture)
        self.scribble.setChecked(self._scribbles.on)
        self.scribble.setEnabled(self._session.encoded is not None)
        self.alike.setChecked(self._alike.on)
        self.alike.setEnabled(self._session.encoded is not None)
        self.clear.setEnabled(self._scribbles.any_marks)
        self.proposed.show_text("" if proposal is None else proposal_text(proposal))
        self.accept.setVisible(proposal is not None)
        self.undo.setVisible(self._learner.can_undo)

    def _choose_texture(self, on: bool) -> None:
        """Let spots count or not; the scores follow the settings."""
        self._session.settings = replace(self._session.settings, texture=on)


def proposal_text(proposal: Proposal) -> str:
    """Say how much would change, and which classes would win most of it."""
    segmentation = proposal.learned.segmentation
    won = {entry.name: int((segmentation.labels[proposal.where] == entry.id).sum()) for entry in segmentation.classes}
    names = sorted((name for name, pixels in won.items() if pixels), key=lambda name: -won[name])
    more = f" and {len(names) - MOST_NAMED_CLASSES} more" if len(names) > MOST_NAMED_CLASSES else ""
    share = 100 * float(proposal.where.mean())
    shown = f"{share:.1f} %" if share >= 0.1 else "less than 0.1 %"
    to = f" to {', '.join(names[:MOST_NAMED_CLASSES])}{more}" if names else " to the background"
    return f"{shown} of the image would change{to}."
