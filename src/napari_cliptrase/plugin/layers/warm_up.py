"""What napari does once in a process, before its first label layer: imports, and compiling how labels get colours.

That takes seconds. Done here in a worker, the window does not stand still when the layers are made.
"""

import logging
from typing import Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import _accelerated_cmap as lookup

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.appearance import colormap_of, features_of, label_dtype

log = logging.getLogger(__name__)


def get_ready(table: ClassTable) -> None:
    """Prepare for layers of a table's classes; of no effect, and quick, the second time. For a worker."""
    layer = Labels(np.zeros((1, 1), label_dtype(table)))
    layer.features = features_of(table)
    try:
        _compile_lookup(table)
    except Exception:  # napari's own affair: where it has changed, the first layer takes its time again
        log.debug("The lookup of label colours was not compiled ahead.", exc_info=True)


def compiled_lookups() -> int:
    """Count the types of labels that napari's lookup of colours is compiled for; 0 where nothing is compiled."""
    loop = getattr(lookup, "_labels_raw_to_texture_direct_inner_loop", None)
    return len(getattr(loop, "signatures", ()))


def _compile_lookup(table: ClassTable) -> None:
    """Compile the loop from labels to texture for the types of a table's layers.

    It is not run: the loop is a parallel one, and some threading layers of numba abort the process when two threads
    run one at the same time.
    """
    loop = lookup._labels_raw_to_texture_direct_inner_loop
    if lookup.labels_raw_to_texture_direct is not lookup._labels_raw_to_texture_direct_loop:
        return  # napari uses another way, which needs no compiling
    from numba import typeof

    colormap = colormap_of(table)
    labels = np.zeros(1, label_dtype(table))
    texture = np.zeros(1, lookup.minimum_dtype_for_labels(colormap._num_unique_colors + 2))
    types: Any = typeof
    loop.compile(tuple(map(types, (labels, colormap._get_typed_dict_mapping(labels.dtype), texture))))
