"""The docks as napari opens them: napari gives the viewer, its workbench gives the rest.

napari looks for an argument that is annotated with its viewer in ``__init__``, so these are classes, not functions.
"""

from napari.viewer import Viewer
from qtpy.QtGui import QShowEvent

from napari_cliptrase.plugin.widgets.compare.compare_dock import CompareDock
from napari_cliptrase.plugin.widgets.explore.explore_dock import ExploreDock
from napari_cliptrase.plugin.widgets.export.export_dock import ExportDock
from napari_cliptrase.plugin.widgets.folder.folder_dock import FolderDock
from napari_cliptrase.plugin.widgets.refine.refine_dock import RefineDock
from napari_cliptrase.plugin.widgets.segment.segment_dock import SegmentDock
from napari_cliptrase.plugin.workbench import workbench_of


class SegmentByText(SegmentDock):
    """The dock "Segment by text" of a viewer."""

    def __init__(self, viewer: Viewer) -> None:
        bench = workbench_of(viewer)
        super().__init__(
            bench.session,
            bench.layers,
            bench.visibility,
            bench.jobs,
            bench.runner,
            bench.learner,
            bench.large_runner,
            bench.selection,
            bench.region_tool,
            bench.scribble_tool,
            bench.alike_tool,
            bench.review,
        )
        self._preparation = bench.preparation

    def showEvent(self, event: QShowEvent) -> None:
        """Qt: a run may be near."""
        super().showEvent(event)
        self._preparation.begin()


class AnnotateFolder(FolderDock):
    """The dock "Annotate folder" of a viewer."""

    def __init__(self, viewer: Viewer) -> None:
        bench = workbench_of(viewer)
        super().__init__(bench.folder, bench.folder_keys)
        self._preparation = bench.preparation

    def showEvent(self, event: QShowEvent) -> None:
        """Qt: a run may be near."""
        super().showEvent(event)
        self._preparation.begin()


class RefineBoundaries(RefineDock):
    """The dock "Refine boundaries" of a viewer."""

    def __init__(self, viewer: Viewer) -> None:
        bench = workbench_of(viewer)
        super().__init__(
            bench.session, bench.layers, bench.jobs, bench.refine_runner, bench.refinement_writer, bench.sam_tool
        )


class ExplorePatches(ExploreDock):
    """The dock "Explore patches" of a viewer."""

    def __init__(self, viewer: Viewer) -> None:
        bench = workbench_of(viewer)
        super().__init__(bench.session, bench.jobs, bench.region_tool)


class ExportMasks(ExportDock):
    """The dock "Export masks" of a viewer."""

    def __init__(self, viewer: Viewer) -> None:
        bench = workbench_of(viewer)
        super().__init__(bench.session, bench.layers, bench.jobs)


class CompareWithTruth(CompareDock):
    """The dock "Compare with ground truth" of a viewer."""

    def __init__(self, viewer: Viewer) -> None:
        bench = workbench_of(viewer)
        super().__init__(bench.session, bench.layers, bench.jobs)
