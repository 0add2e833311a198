"""Everything that works on one viewer, built once and put together here and nowhere else.

Session, layers, jobs, runners and tools know nothing of this file: each gets the pieces that it needs when it is made.
"""

from napari.components import ViewerModel

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.layers import LabelLayers, Run, Visibility
from napari_cliptrase.plugin.run.edit_learner import EditLearner
from napari_cliptrase.plugin.run.folder_examples import FolderExamples
from napari_cliptrase.plugin.run.folder_work import FolderWork
from napari_cliptrase.plugin.run.image_ahead import ImageAhead
from napari_cliptrase.plugin.run.image_visits import ImageVisits
from napari_cliptrase.plugin.run.jobs import Jobs
from napari_cliptrase.plugin.run.large_runs import LargeRunner
from napari_cliptrase.plugin.run.mask_saver import MaskSaver
from napari_cliptrase.plugin.run.preparation import Preparation
from napari_cliptrase.plugin.run.refine_task import RefineRunner
from napari_cliptrase.plugin.run.refine_write import RefinementWriter
from napari_cliptrase.plugin.run.segmentation import SegmentationRunner
from napari_cliptrase.plugin.state.folder_state import FolderState
from napari_cliptrase.plugin.state.session import ATTRIBUTE as SESSION
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.tools.alike_tool import AlikeTool
from napari_cliptrase.plugin.tools.class_selection import ClassSelection
from napari_cliptrase.plugin.tools.cursor_status import CursorStatus
from napari_cliptrase.plugin.tools.folder_keys import FolderKeys
from napari_cliptrase.plugin.tools.hidden_layers import HiddenLayers
from napari_cliptrase.plugin.tools.proposal_picture import ProposalPicture
from napari_cliptrase.plugin.tools.region_tool import RegionTool
from napari_cliptrase.plugin.tools.review import UncertaintyReview
from napari_cliptrase.plugin.tools.sam_tool import SamTool
from napari_cliptrase.plugin.tools.scribble_tool import ScribbleTool


class Workbench:
    """The pieces of one viewer.

    Attributes
    ----------
    session
        State and signals.
    layers, visibility
        The only writer of label layers; which classes are shown.
    jobs
        Work beside the window.
    preparation
        Imports beside the window, before the first run.
    runner
        From *Run* to layers, and new scores.
    learner
        From hand edits to examples, and from these to new scores.
    large_runner
        From *Run* to labels on disk, for planes that do not fit into memory.
    refine_runner, refinement_writer
        From labels to sharper labels, and into layers.
    folder, folder_examples, folder_keys
        The folder of images that is annotated, if any: its state, everything that is done with it, and its keys.
    selection, hidden_layers, region_tool, scribble_tool, alike_tool, proposal_picture, cursor_status, review, sam_tool
        The tools. There is one of each, so that closing a dock loses nothing.
    """

    def __init__(self, viewer: ViewerModel) -> None:
        self.session = Session(viewer)
        self.layers = LabelLayers(viewer.layers, self.session.version_of)
        self.visibility = Visibility(viewer.layers)
        self.jobs = Jobs()
        self.preparation = Preparation()
        # first of all listeners: when others receive new prompts, the layers match them already
        self.session.prompts_changed.connect(self._show_prompts)
        self.layers.written.connect(self._show_written)
        self.runner = SegmentationRunner(self.session, self.layers, self.jobs)
        self.learner = EditLearner(self.session, self.layers, self.jobs, self.runner)
        self.large_runner = LargeRunner(self.session, self.runner)
        self.refine_runner = RefineRunner()
        self.refinement_writer = RefinementWriter(self.session, self.layers)
        self.selection = ClassSelection(self.session, self.layers)
        self.hidden_layers = HiddenLayers(self.session, self.layers, self.visibility)
        self.region_tool = RegionTool(self.session, self.layers, self.jobs, self.selection)
        self.scribble_tool = ScribbleTool(self.session, self.learner, self.selection)
        self.alike_tool = AlikeTool(self.session, self.layers, self.jobs, self.learner, self.scribble_tool)
        self.folder = self._folder()
        self.folder_examples = FolderExamples(self.session, self.folder, self.learner, self.runner)
        self.folder_keys = FolderKeys(self.session, self.folder)
        self.proposal_picture = ProposalPicture(self.session, self.learner)
        self.cursor_status = CursorStatus(self.session)
        self.review = UncertaintyReview(self.session, self.layers, self.jobs)
        self.sam_tool = SamTool(self.session, self.layers, self.jobs, self.selection, self.refine_runner)

    def _folder(self) -> FolderWork:
        session, runner, state = self.session, self.runner, FolderState()
        saver = MaskSaver(state, self.layers)
        ahead = ImageAhead(self.jobs, lambda choice: session.model if runner.loaded == choice else None)
        visits = ImageVisits(session, self.layers, self.visibility, runner, state, saver, ahead)
        return FolderWork(session, state, saver, ahead, visits)

    def _show_prompts(self, prompts: PromptSet) -> None:
        self.layers.apply_classes(prompts.table())
        self.visibility.apply()

    def _show_written(self, _run: Run) -> None:
        self.visibility.apply()


_WORKBENCH = "cliptrase_workbench"


def workbench_of(viewer: ViewerModel) -> Workbench:
    """Return the workbench of a viewer, made at the first call; a proxy of a viewer has that of the viewer.

    It is kept by the viewer's layer list, and so lives exactly as long.
    """
    viewer = getattr(viewer, "__wrapped__", viewer)
    found: Workbench | None = getattr(viewer.layers, _WORKBENCH, None)
    if found is None:
        found = Workbench(viewer)
        setattr(viewer.layers, _WORKBENCH, found)
        setattr(viewer.layers, SESSION, found.session)
    return found
