"""A few damaged files of every kind; `tox -e torture` reads as many as the time allows."""

import subprocess
import sys
from pathlib import Path

import pytest

SINS = """
import ctypes, time
from pathlib import Path
from target import Target
from napari_cliptrase.errors import CliptraseError

def corpus(folder):
    (folder / "a.txt").write_text("1 2 3")
    return folder / "a.txt", [folder / "a.txt"]

def good(source, out):
    return source.read_bytes()

def refusing(source, out):
    if source.read_bytes() != b"1 2 3":
        raise CliptraseError("no")

def only_damaged(sin):
    return lambda source, out: source.read_bytes() == b"1 2 3" or sin(source, out)

def fail(source, out):
    raise ValueError("a mistake")

def crash(source, out):
    ctypes.string_at(0)

def hang(source, out):
    time.sleep(60)

def take(source, out):
    held = bytearray(1_200_000_000)
    held[::4096] = b"x" * len(held[::4096])

def stray(source, out):
    (out.parent / "elsewhere").write_text("x")

def babble(source, out):
    raise CliptraseError("two\\nlines")

SINS = (fail, crash, hang, take, stray, babble)
TARGETS = (
    Target("good", corpus, good), Target("refusing", corpus, refusing),
    *(Target(sin.__name__, corpus, only_damaged(sin)) for sin in SINS),
)
"""


def torture(*arguments):
    command = [sys.executable, str(Path(__file__).with_name("run.py")), "--seed", "1", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_damaged_files_neither_crash_nor_hang_nor_take_the_memory():
    done = torture("--inputs", "20", "--seconds", "100")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory and signals are told in other ways elsewhere")
def test_what_is_bad_is_seen(tmp_path):
    (tmp_path / "sins.py").write_text(SINS)
    done = torture("--folder", str(tmp_path), "--inputs", "2")
    assert done.returncode == 1, done.stdout + done.stderr
    reported = {line.split()[2]: line for line in done.stdout.splitlines() if " × " in line}
    assert set(reported) == {"fail", "crash", "hang", "take", "stray", "babble"}
    for name, says in {
        "fail": "ValueError at",
        "crash": "SIGSEGV",
        "hang": "hangs",
        "take": "took 1.2 GB",
        "stray": "outside of the target: ['",
        "babble": "message",
    }.items():
        assert says in reported[name]
