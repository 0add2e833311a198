import subprocess
import sys


def test_the_process_is_prepared_before_torch_and_ends_without_a_word() -> None:
    code = (
        "import gc, os, sys\n"
        "from napari_cliptrase.cli.quick_start import start_quickly\n"
        "assert 'torch' not in sys.modules\n"
        "start_quickly()\n"
        "assert gc.get_threshold()[0] > 10_000\n"
        "assert os.environ['OMP_WAIT_POLICY']\n"
        "import torch, torchvision\n"  # brings triton, which complains of objects that are left
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout + done.stderr == ""
