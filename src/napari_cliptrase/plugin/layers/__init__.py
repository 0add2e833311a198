"""The only code that writes layers.

One `LabelLayers` belongs to each viewer (`napari_cliptrase.plugin.workbench`):

    run = label_layers.write(PlaneResult(target, labels, table, provenance))  # a model's result, by the merge rule
    run = label_layers.assign(target, mask, class_id)  # a hand edit: these pixels are that class
    yield from label_layers.write_planes(results)  # the same for many planes, as one run
    label_layers.undo_last_run()
    label_layers.combined(target)  # (h, w) labels of all class layers of the image as they are now, and overlaps
    label_layers.edited(target)  # (h, w) pixels that a person stated
    label_layers.class_layers(image)  # {class id: layer}

Everything happens in the GUI thread. Layers are found by their tag (`tags`), never by name.
"""

from napari_cliptrase.plugin.layers.appearance import table_of
from napari_cliptrase.plugin.layers.changes import PlaneChange, Run, undone_sentence
from napari_cliptrase.plugin.layers.extras import Extra, show_extras
from napari_cliptrase.plugin.layers.label_layers import LabelLayers
from napari_cliptrase.plugin.layers.output import PlaneResult
from napari_cliptrase.plugin.layers.visibility import Visibility
from napari_cliptrase.plugin.state.tags import Member, Role, Tag, file_of, member_of, plugin_layers, tag_of

__all__ = [
    "Extra",
    "LabelLayers",
    "Member",
    "PlaneChange",
    "PlaneResult",
    "Role",
    "Run",
    "Tag",
    "Visibility",
    "file_of",
    "member_of",
    "plugin_layers",
    "show_extras",
    "table_of",
    "tag_of",
    "undone_sentence",
]
