"""A few kills in every run; `python tests/torture/kills.py --kills 200` before a release."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are copied and killed in other ways there")

SINNER = """
import os, sys
from pathlib import Path

def main():
    out, sin, text = Path("out"), sys.argv[1], sys.argv[2]
    out.mkdir(exist_ok=True)
    if sin == "tears":
        for number in range(4):
            with open("out/a.txt", "a" if number else "w") as stream:
                stream.write(text[number])
    elif sin == "removes":
        (out / "a.txt").unlink(missing_ok=True)
        (out / "new").mkdir(exist_ok=True)
        (out / "new").rmdir()
        (out / "a.txt").write_text(text)
    elif sin == "litters":
        name = out / f"{os.getpid()}.tmp"
        name.write_text(text)
        os.replace(name, out / "a.txt")
    elif sin == "refuses":
        lock = out / "lock"
        if lock.exists():
            raise SystemExit("locked")
        lock.touch()
        (out / "b.txt").write_text("")
        lock.unlink()
"""
SCENARIOS = """
from kill_scenarios import Scenario

SINS = ("tears", "removes", "litters", "refuses")
SCENARIOS = [Scenario(sin, lambda run, sin=sin: run(sin, "old!"), (sin, "new!"), "out") for sin in SINS]
"""


def kill(*arguments, **environment):
    command = [sys.executable, str(Path(__file__).with_name("kills.py")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment})


@pytest.mark.slow
def test_what_was_killed_is_whole_and_the_next_run_puts_it_right():
    done = kill("segment", "export-png", "export-voc", "convert-labels", "--kills", "16", "--alone", "0", "--seed", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "16 kills with seed 2, 0 bad" in done.stdout


def test_what_is_bad_is_seen(tmp_path):
    (tmp_path / "sinner.py").write_text(SINNER)
    (tmp_path / "sinful.py").write_text(SCENARIOS)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = kill("--scenarios", "sinful", "--command", "sinner:main", "--kills", "32", "--alone", "0", PYTHONPATH=path)
    assert done.returncode == 1, done.stdout + done.stderr
    told = [line.partition(" × ")[2] for line in done.stdout.splitlines() if " × " in line]
    for sin, says in {
        "tears": "out/a.txt is torn",
        "removes": "out/a.txt is missing",
        "litters": ".tmp lies about",
        "refuses": "the next run ends with 1: 'locked",
    }.items():
        assert any(line.startswith(sin) and says in line for line in told), done.stdout
