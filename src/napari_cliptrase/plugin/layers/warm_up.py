"""What napari imports before its first label layer of a process.

That takes a second or two. Done here in a worker, the window does not stand still when the layers are made.
"""

import numpy as np
from napari.layers import Labels
from napari.utils.transforms import Affine

from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.appearance import apply_classes, label_dtype


def get_ready(table: ClassTable) -> None:
    """Make a layer that is not shown; of no effect, and quick, the second time. For a worker."""
    apply_classes(Labels(np.zeros((1, 1), label_dtype(table))), table)


def read_units() -> None:
    """Let napari read its table of units, which the first layer of a process does otherwise. For the GUI thread.

    Two threads that make the first layer at the same time fail: one finds a table that is half read. So the table is
    read before a worker makes layers.
    """
    Affine(ndim=2)
