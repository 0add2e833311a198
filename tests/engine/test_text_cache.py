import subprocess
import sys

import numpy as np
import pytest

from napari_cliptrase.engine.text_cache import TextStore

VECTOR = np.array([0.6, 0.8, 0], np.float32)


def test_what_is_stored_comes_back_exactly(tmp_path):
    TextStore(tmp_path).store({"ab12": VECTOR})
    found = TextStore(tmp_path).load(["ab12", "cd34"])
    assert list(found) == ["ab12"]
    assert found["ab12"].tobytes() == VECTOR.tobytes()


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", np.zeros(3, np.float32).tobytes()], ids=["empty", "nonsense", "bare"]
)
def test_damaged_files_count_as_missing(tmp_path, content):
    store = TextStore(tmp_path)
    store.store({"ab12": VECTOR})
    (path,) = tmp_path.rglob("*.npy")
    path.write_bytes(content)
    assert store.load(["ab12"]) == {}


@pytest.mark.parametrize("vector", [VECTOR * 2, VECTOR.astype(np.float64), VECTOR[None], VECTOR * np.nan])
def test_vectors_that_are_none_count_as_missing(tmp_path, vector):
    store = TextStore(tmp_path)
    store.store({"ab12": VECTOR})
    (path,) = tmp_path.rglob("*.npy")
    np.save(path, vector)
    assert store.load(["ab12"]) == {}


def test_a_folder_that_cannot_be_written_costs_nothing(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    store = TextStore(tmp_path / "file")
    store.store({"ab12": VECTOR})
    assert store.load(["ab12"]) == {}


STORE_OFTEN = """
import sys
from pathlib import Path
import numpy as np
from napari_cliptrase.engine.text_cache import TextStore
vector = np.array([0.6, 0.8, 0], np.float32)
for _ in range(50):
    TextStore(Path(sys.argv[1])).store({f"k{i}": vector for i in range(5)})
"""


def test_two_processes_can_write_at_once(tmp_path):
    writers = [subprocess.Popen([sys.executable, "-c", STORE_OFTEN, str(tmp_path)]) for _ in range(2)]
    while any(writer.poll() is None for writer in writers):
        for vector in TextStore(tmp_path).load([f"k{i}" for i in range(5)]).values():
            assert (vector == VECTOR).all()
    assert [writer.returncode for writer in writers] == [0, 0]
    assert len(TextStore(tmp_path).load([f"k{i}" for i in range(5)])) == 5
    assert len(list(tmp_path.rglob("*.npy"))) == 5  # nothing temporary is left


def test_the_usual_place_is_the_cache_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path))
    assert TextStore.usual().folder == tmp_path / "text"
