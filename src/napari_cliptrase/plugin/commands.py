"""Commands of napari's menus."""

from napari.layers import Image, Labels
from napari.utils import notifications
from napari.viewer import Viewer

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.plugin.layers.changes import Run
from napari_cliptrase.plugin.layers.combine_split import combine_class_layers, split_label_layer
from napari_cliptrase.plugin.run.jobs import show_error
from napari_cliptrase.plugin.run.undo_notice import notify_undone
from napari_cliptrase.plugin.state.session import Session
from napari_cliptrase.plugin.state.tags import Role, tag_of
from napari_cliptrase.plugin.workbench import Workbench, workbench_of


def run_combine(viewer: Viewer) -> None:
    """Write all class layers of the image into one combined layer."""
    bench = workbench_of(viewer)
    try:
        _show_run(combine_class_layers(bench.layers, _image(bench.session)), "The combined layer is up to date.")
    except CliptraseError as error:
        show_error(error)


def run_split(viewer: Viewer) -> None:
    """Write each class of the selected (or the combined) label layer into a layer of its own."""
    bench = workbench_of(viewer)
    try:
        image = _image(bench.session)
        _show_run(split_label_layer(bench.layers, image, _source(bench, image)), "The class layers are up to date.")
    except CliptraseError as error:
        show_error(error)


def undo_last_run(viewer: Viewer) -> None:
    """Undo the last run in all its layers."""
    bench = workbench_of(viewer)
    run = bench.layers.undo_last_run(bench.session.locked)
    if run is None:
        notifications.show_info("There is no run to undo.")
    else:
        notify_undone(run)


def next_uncertain(viewer: Viewer) -> None:
    """Centre the view on the next place where the model could hardly decide."""
    workbench_of(viewer).review.next()


def _image(session: Session) -> Image:
    """The image that the selected layer belongs to, else the chosen one."""
    active = session.viewer.layers.selection.active
    if active in session.images:
        return active
    tag = tag_of(active) if active is not None else None
    owner = next((image for image in session.images if tag is not None and str(image.unique_id) == tag.image), None)
    image = owner or session.image or next(iter(session.images), None)
    if image is None:
        raise CliptraseError("There is no image; open one first.")
    return image


def _source(bench: Workbench, image: Image) -> Labels:
    active = bench.session.viewer.layers.selection.active
    tag = tag_of(active) if active is not None else None
    if isinstance(active, Labels) and (tag is None or tag.role is Role.COMBINED):
        return active
    combined = bench.layers.combined_layer(image)
    if combined is None:
        raise CliptraseError("Select the label layer to split.")
    return combined


def _show_run(run: Run, unchanged: str) -> None:
    for note in run.notes:
        notifications.show_info(note)
    if not run.steps:
        notifications.show_info(unchanged)
