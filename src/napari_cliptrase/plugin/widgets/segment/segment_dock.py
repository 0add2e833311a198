"""The dock "Segment by text": image, classes, model, run."""

from dataclasses import replace
from typing import Any

from napari.utils import notifications
from qtpy.QtCore import QSize
from qtpy.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from napari_cliptrase.engine.settings import Detail
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers import LabelLayers, Run, Visibility
from napari_cliptrase.plugin.run.edit_learner import EditLearner
from napari_cliptrase.plugin.run.jobs import Job, Jobs
from napari_cliptrase.plugin.run.large_runs import LargeRunner, is_large
from napari_cliptrase.plugin.run.segmentation import RUN, SegmentationRunner
from napari_cliptrase.plugin.run.undo_notice import notify_undone
from napari_cliptrase.plugin.state.plane_source import Planes
from napari_cliptrase.plugin.state.preferences import preferences
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.alike_tool import AlikeTool
from napari_cliptrase.plugin.tools.class_selection import ClassSelection
from napari_cliptrase.plugin.tools.region_tool import RegionTool
from napari_cliptrase.plugin.tools.review import UncertaintyReview
from napari_cliptrase.plugin.tools.scribble_tool import ScribbleTool
from napari_cliptrase.plugin.widgets.cheat_sheet import CheatSheet
from napari_cliptrase.plugin.widgets.classes.class_panel import ClassPanel
from napari_cliptrase.plugin.widgets.forms import DOCK_WIDTH
from napari_cliptrase.plugin.widgets.picture_room import PictureRoom
from napari_cliptrase.plugin.widgets.sections import Section, scrolling
from napari_cliptrase.plugin.widgets.segment.advanced_settings import AdvancedSettings, ScoreSettings
from napari_cliptrase.plugin.widgets.segment.image_picker import ImagePicker
from napari_cliptrase.plugin.widgets.segment.large_options import LargeOptions
from napari_cliptrase.plugin.widgets.segment.learning_bar import LearningBar
from napari_cliptrase.plugin.widgets.segment.model_picker import ModelPicker
from napari_cliptrase.plugin.widgets.segment.output_options import OutputOptions
from napari_cliptrase.plugin.widgets.segment.run_bar import RunBar
from napari_cliptrase.plugin.widgets.weak_connections import connect_weakly
from napari_cliptrase.progress import Progress


class SegmentDock(QWidget):
    """Type classes, press Run, get a label layer per class."""

    def __init__(
        self,
        session: Session,
        label_layers: LabelLayers,
        visibility: Visibility,
        jobs: Jobs,
        runner: SegmentationRunner,
        learner: EditLearner,
        large_runner: LargeRunner,
        selection: ClassSelection,
        region_tool: RegionTool,
        scribble_tool: ScribbleTool,
        alike_tool: AlikeTool,
        review: UncertaintyReview,
    ) -> None:
        super().__init__()
        self._session = session
        self._label_layers = label_layers
        self._jobs = jobs
        self._runner = runner
        self._learner = learner
        self._large_runner = large_runner
        self._selection = selection
        self._region_tool = region_tool
        self._review = review
        preferred = preferences()
        if session.model_choice is None:  # a dock that is opened again shows what the session has
            session.settings = replace(session.settings, detail=Detail(preferred.detail))
            runner.live = preferred.live
        self.image = ImagePicker(session)
        self.classes = ClassPanel(session, label_layers, visibility)
        self.model = ModelPicker(session, preferred)
        self.learning = LearningBar(session, learner, scribble_tool, alike_tool)
        self.scores = ScoreSettings(session)
        self.advanced = AdvancedSettings(session)
        self.output = OutputOptions(session)
        self.large = LargeOptions(large_runner)
        self.bar = RunBar()
        self.bar.live.setChecked(runner.live)
        self._lay_out()
        self._connect(alike_tool)
        self._on_region_tool(self._region_tool.on)
        PictureRoom(self, session.viewer)
        self._check()

    def sizeHint(self) -> QSize:
        """Qt: a dock beside the canvas, not half of the window."""
        return QSize(DOCK_WIDTH, 760)

    def run(self) -> Job | None:
        """Segment what is chosen, or show why that is not possible."""
        reason = self.reason()
        if reason:
            notifications.show_info(reason)
            return None
        try:
            source = self.image.source()
            if is_large(source, self._session.settings):
                if self.image.chosen_planes() is not Planes.SHOWN:
                    notifications.show_info("Large planes are segmented one at a time: this run takes the shown one.")
                return self._large_runner.run(source, self.model.choice())
        except CliptraseError as error:
            notifications.show_warning(str(error))
            return None
        job = self._runner.run(
            source,
            self.model.choice(),
            extras=self.output.extras(),
            planes=self.image.chosen_planes(),
            ranges=self.image.chosen_range(source),
            smoothing=self.image.chosen_smoothing(),
        )
        job.done.connect(lambda _outcome: self._selection.show())
        return job

    def reason(self) -> str:
        """Why *Run* is not possible, in words; empty when it is."""
        if self._session.image is None:
            return "Open an image first (or File ▸ Open Sample ▸ CLIPtrase)."
        if not self._session.prompts.classes:
            return "Add at least one class to search for."
        return ""

    def hint(self) -> str:
        """What would be different after another run; empty when nothing would."""
        encoded = self._session.encoded
        if encoded is None:
            return ""
        if self._runner.loaded != self.model.choice():
            return "Press Run to use the other model."
        if encoded.encoding.encode_settings != self._session.settings.encode_key():
            return "Press Run for the new detail or method."
        if self._session.segmented is not None and self._runner.output not in (None, self._session.output):
            return "Press Run to write the other layers."
        if self._runner.stale and self._learner.proposal is None:
            return "Press Run for the changed classes, numbers or examples."
        return ""

    # -- parts --------------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.region_button = QPushButton("Region tool")
        self.region_button.setCheckable(True)
        self.region_button.setToolTip(
            "Hover to see the region under the cursor; click gives it to the selected class, Shift-click clears it."
        )
        self.uncertain = QPushButton()
        self.uncertain.setText("Next uncertain")
        self.uncertain.setToolTip("Go to the next place where the model was uncertain.")
        self.help = QPushButton("Help")
        self.help.setToolTip("Keys and clicks of all tools.")
        tools = QHBoxLayout()
        tools.setContentsMargins(0, 0, 0, 0)
        tools.addWidget(self.region_button)
        tools.addWidget(self.uncertain)
        tools.addStretch(1)
        tools.addWidget(self.help)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(8)
        column.addWidget(self.image)
        column.addWidget(self.classes, 1)
        column.addLayout(tools)
        column.addWidget(self.learning)
        column.addWidget(self.model)
        column.addWidget(self.scores)
        column.addWidget(Section("Advanced", self.advanced))
        column.addWidget(Section("Output", self.output))
        column.addWidget(Section("Large images", self.large))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scrolling(inner), 1)
        layout.addWidget(self.bar)
        self.bar.layout().setContentsMargins(6, 4, 6, 6)

    def _connect(self, alike_tool: AlikeTool) -> None:
        session, runner, bar = self._session, self._runner, self.bar
        bar.run_requested.connect(self.run)
        bar.cancel_requested.connect(lambda: self._jobs.cancel())
        bar.undo_requested.connect(self.undo_last_run)
        bar.live.toggled.connect(self._set_live)
        self.output.extras_chosen.connect(runner.set_extras)
        self.output.output.chosen.connect(self._check)
        self.model.load_requested.connect(lambda: runner.load(self.model.choice()))
        self.model.unload_requested.connect(runner.unload)
        self.region_button.toggled.connect(self._region_tool.set_on)
        self.uncertain.clicked.connect(lambda: self._review.next())
        connect_weakly(self._region_tool.toggled, self._on_region_tool)
        connect_weakly(alike_tool.toggled, self._on_alike_tool)
        self.help.clicked.connect(lambda: CheatSheet(self).show())
        connect_weakly(runner.started, self._on_started)
        connect_weakly(runner.ended, self._on_ended)
        connect_weakly(session.image_changed, self._check)
        connect_weakly(session.prompts_changed, self._check)
        connect_weakly(session.encoded_changed, self._check)
        connect_weakly(session.settings_changed, self._check)
        self.model.changed.connect(self._check)
        connect_weakly(session.segmented_changed, self._check)
        connect_weakly(self._learner.changed, self._check)
        connect_weakly(session.examples.changed, self._check)
        connect_weakly(self._label_layers.written, self._on_written)
        connect_weakly(self._label_layers.undone, self._check)
        connect_weakly(session.viewer.layers.events.removed, self._check)

    def _set_live(self, on: bool) -> None:
        self._runner.live = on
        self._check()

    def undo_last_run(self) -> None:
        """Take the last run back."""
        run = self._label_layers.undo_last_run(self._session.locked)
        if run is not None:
            notify_undone(run)

    def _check(self, *_: Any) -> None:
        self.bar.set_reason(self.reason(), self.hint())
        self.bar.undo.setEnabled(self._label_layers.last_run is not None)
        self.region_button.setEnabled(self._session.encoded is not None)
        self.uncertain.setEnabled(self._session.segmented is not None)

    def _on_region_tool(self, on: bool) -> None:
        self.region_button.setChecked(on)
        if on:
            self.learning.alike.setChecked(False)

    def _on_alike_tool(self, on: bool) -> None:
        if on:  # a click is either tool's
            self._region_tool.set_on(False)

    def _on_started(self, job: Job) -> None:
        if job.key == RUN:
            self.bar.set_busy(True)
            self.bar.show_progress(Progress(0, 0, "Starting"))
            job.progressed.connect(self.bar.show_progress)

    def _on_ended(self) -> None:
        if not self._jobs.running(RUN):
            self.bar.set_busy(False)
        self.model.refresh()
        self.large.refresh()
        self._check()

    def _on_written(self, run: Run) -> None:
        self._check()
        if not run.by_hand:
            self._selection.show_after_writing()
