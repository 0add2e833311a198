import subprocess
import sys

FIRST_LAYER = """
import sys
import numpy as np
from napari.layers import Labels
from napari_cliptrase.classes.table import ClassTable
from napari_cliptrase.plugin.layers.appearance import apply_classes
from napari_cliptrase.plugin.layers.warm_up import get_ready

table = ClassTable.from_names("cat", "dog")
if "ready" in sys.argv:
    get_ready(table)
known = set(sys.modules)
layer = Labels(np.ones((64, 64), np.uint8))
apply_classes(layer, table)
layer.get_color(1)
print(*{name.partition(".")[0] for name in set(sys.modules) - known})
"""


def imported(*arguments: str) -> set[str]:
    """What is imported when the first label layer of a process is made."""
    run = subprocess.run([sys.executable, "-c", FIRST_LAYER, *arguments], check=True, capture_output=True, text=True)
    return set(run.stdout.split())


def test_the_first_label_layer_imports_nothing_once_it_was_got_ready():
    assert "pandas" in imported()
    assert not imported("ready")
