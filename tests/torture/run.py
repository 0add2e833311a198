"""Reads damaged files until the time is up, and fails when one of them crashes, hangs, or takes too much memory.

python tests/torture/run.py --seed 0 --seconds 600
"""

import argparse
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
HANG = 10.0
"""Seconds of processor time for one input; more wall time passes where other programs are at work."""
MOST_WAITS = 3
"""How many times `HANG` an input may take that waits and does not work."""
_STRETCH = 200


@dataclass
class Result:
    """How the inputs of one target went."""

    inputs: int = 0
    refused: int = 0
    bad: list[str] = field(default_factory=list)
    slowest: float = 0.0


def stretch(folder: str, name: str, seed: str, first: int, count: int, until: float) -> Result:
    """Torture one target with inputs ``first`` and following, in processes that are replaced when they die."""
    result, last = Result(), first + count
    while first < last and time.monotonic() < until:
        with tempfile.TemporaryDirectory(prefix="torture-") as root:
            first = _process(folder, name, seed, first, last - first, root, result, until)
    return result


def _process(folder: str, name: str, seed: str, first: int, count: int, root: str, result: Result, until: float) -> int:
    """Run one process to its end; return the number of the next input."""
    command = [sys.executable, str(HERE / "worker.py"), folder, name, seed, str(first), str(count), root]
    errors = Path(root).parent / f"{Path(root).name}.errors"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    current, began, started = None, time.monotonic(), False
    with errors.open("wb") as stream:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stream, env=environment)
    try:
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            buffer, waits, worked = b"", 0, _worked(process.pid)
            while True:
                if not selector.select(timeout=HANG if started else 120):
                    waits += 1
                    if started and waits < MOST_WAITS and _worked(process.pid) - worked < HANG:
                        continue
                    process.kill()
                    process.wait()
                    if current is None:
                        raise RuntimeError(f"{name} does not start: {errors.read_text(errors='replace')[-2000:]}")
                    result.bad.append(f"{name} {seed} {current}: hangs")
                    result.inputs += 1
                    return current + 1
                part = os.read(process.stdout.fileno(), 65536)
                if not part:
                    break
                *lines, buffer = (buffer + part).split(b"\n")
                waits, worked = 0, _worked(process.pid)
                for line in lines:
                    kind, number, *what = line.decode().split(" ", 2)
                    if kind == "begin":
                        current, began, started = int(number), time.monotonic(), True
                        continue
                    result.slowest = max(result.slowest, time.monotonic() - began)
                    result.inputs += 1
                    result.refused += kind == "refused"
                    if kind == "bad":
                        result.bad.append(f"{name} {seed} {number}: {what[0]}")
                    first, current = int(number) + 1, None
                if time.monotonic() > until:
                    process.kill()
                    return first + count
        code = process.wait()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    output = errors.read_text(errors="replace")[-2000:]
    errors.unlink()
    if current is not None:
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        result.bad.append(f"{name} {seed} {current}: the process ended with {how}: {output[-300:]!r}")
        result.inputs += 1
        return current + 1
    if code:
        raise RuntimeError(f"{name}: {output}")
    return first


def _worked(number: int) -> float:
    """Processor seconds of a process; where no system tells, those that passed."""
    try:
        fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return time.monotonic()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Torture all targets, or those that are named."""
    from worker import targets

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", help="names of targets; all when none is given")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--seconds", type=float, default=600, help="time limit")
    parser.add_argument("--inputs", type=int, default=10**9, help="inputs for each target")
    parser.add_argument("--first", type=int, default=0, help="number of the first input, to see one again")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--folder", default=str(HERE / "targets"), help="where the modules with targets lie")
    given = parser.parse_args()
    names = given.targets or list(targets(given.folder))
    until = time.monotonic() + given.seconds
    results = {name: Result() for name in names}
    lock = threading.Lock()

    def torture(name: str, first: int) -> None:
        done = stretch(given.folder, name, given.seed, first, min(_STRETCH, given.first + given.inputs - first), until)
        with lock:
            results[name].inputs += done.inputs
            results[name].refused += done.refused
            results[name].bad += done.bad
            results[name].slowest = max(results[name].slowest, done.slowest)

    with ThreadPoolExecutor(given.processes) as pool:
        for first in range(given.first, given.first + given.inputs, _STRETCH):
            for future in [pool.submit(torture, name, first) for name in names]:
                future.result()
            if time.monotonic() >= until:
                break
    for name, result in results.items():
        print(
            f"{name:18} {result.inputs:7,} inputs, {result.refused:7,} refused, {len(result.bad):3} bad, "
            f"slowest {result.slowest:.1f} s"
        )
    bad = [line for result in results.values() for line in result.bad]
    total = sum(result.inputs for result in results.values())
    print(f"{total:,} inputs with seed {given.seed}, {len(bad)} bad")
    for what, count in Counter(line.split(": ", 1)[1] for line in bad).most_common(40):
        example = next(line for line in bad if line.endswith(what))
        print(f"{count:5} × {example}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
