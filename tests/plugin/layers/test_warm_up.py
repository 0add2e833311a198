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


TOGETHER = """
import sys
import threading
import numpy as np
from napari.layers import Labels
from napari_cliptrase.plugin.layers.warm_up import read_units

if "read" in sys.argv:
    read_units()
gate = threading.Barrier(3)

def make():
    gate.wait()
    try:
        Labels(np.zeros((2, 2), np.uint8))
    except Exception as error:
        print(error)

threads = [threading.Thread(target=make) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


def test_threads_can_make_layers_at_the_same_time_once_the_units_are_read():
    run = subprocess.run([sys.executable, "-c", TOGETHER, "read"], check=True, capture_output=True, text=True)
    assert run.stdout == ""
