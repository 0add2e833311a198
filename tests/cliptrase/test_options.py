import subprocess
import sys


def test_choices_load_without_torch():
    code = "import sys, napari_cliptrase.cliptrase.options; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
