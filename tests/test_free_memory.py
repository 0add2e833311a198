import os
import subprocess
import sys

import pytest

from napari_cliptrase.free_memory import free_memory, refuse_beyond_memory


@pytest.mark.skipif(not hasattr(os, "sysconf"), reason="the system does not tell")
def test_free_memory_is_part_of_what_is_built_in():
    free = free_memory()
    assert free is not None
    assert 0 < free <= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells how much a process has taken")
def test_a_limit_of_the_process_counts():
    code = (
        "import resource; from napari_cliptrase.free_memory import free_memory\n"
        "resource.setrlimit(resource.RLIMIT_AS, (400_000_000, 400_000_000)); print(free_memory())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 0 < int(done.stdout) < 400_000_000


def test_what_is_larger_is_refused_in_words():
    with pytest.raises(MemoryError, match=r"its pixels need [\d,]+\.\d GB of memory and \d+\.\d GB are free"):
        refuse_beyond_memory(10**18, "its pixels")
    refuse_beyond_memory(1, "its pixels")


def test_a_million_small_masks_do_not_ask_the_system_each_time(monkeypatch):
    def asked():
        raise AssertionError("asked")

    monkeypatch.setattr("napari_cliptrase.free_memory.free_memory", asked)
    refuse_beyond_memory(10_000, "its pixels")
