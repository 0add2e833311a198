"""Kills commands at random moments, looks at what is left, and lets the next run put it right.

python tests/torture/kills.py --seed 0 --kills 200

Each command replaces the files of an earlier run. After a kill every file must be the old one or the new one, none may
be missing, and none may pass for edited that is not. After the next run everything must be as after a run that nobody
stopped, with nothing left over.
"""

import argparse
import json
import random
import shutil
import signal
import sys
import tempfile
from collections import Counter
from contextlib import chdir
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from command_process import Ended, in_fork, in_new_process
from kill_scenarios import Scenario

from napari_cliptrase.atomic import WORK_FOLDER
from napari_cliptrase.masks.written_record import WRITTEN_RECORD, changed_since_written, digest_of

IMPORTED = ("cli.app", "cli.display", "batch.segment_files", "engine.pipeline", "models.load", "masks.registry")
_RECORDS = "/records/"  # they hold the time of a run


@dataclass
class Tally:
    """What came of the kills of one scenario."""

    kills: int = 0
    too_late: int = 0
    untouched: int = 0
    half_way: int = 0
    complete: int = 0
    bad: list[str] = field(default_factory=list)


class Trial:
    """One scenario: its folder before the command, and after a run of it that nobody stopped."""

    def __init__(self, scenario: Scenario, command: str, home: Path) -> None:
        self.scenario, self.command = scenario, command
        self.tally = Tally()
        self._before, self._after, self._now = home / "before", home / "after", home / "now"
        self._before.mkdir(parents=True)
        with chdir(self._before):
            scenario.prepare(self._prepare)
        shutil.copytree(self._before, self._after)
        self._whole = in_fork(command, scenario.arguments, self._after)
        if self._whole.code != self._right_code:
            raise RuntimeError(f"{scenario.name} ends with {self._whole.code}: {self._whole.said}")
        self._old, self._new = _files_in(self._before), _files_in(self._after)
        self._seconds_alone: float | None = None

    def kill(self, chance: random.Random, *, alone: bool) -> None:
        """Kill the command once, look, run it again, look again; ``alone`` in a new process, with its imports."""
        shutil.rmtree(self._now, ignore_errors=True)
        shutil.copytree(self._before, self._now)
        arguments = self.scenario.arguments
        if alone:
            moment = chance.uniform(0, 1.1 * self._time_alone())
            how = f"{moment:.2f} s after the start of a new process"
            ended = in_new_process(self.command, arguments, self._now, moment)
        elif chance.random() < 0.6:
            step = chance.randint(1, self._whole.steps)
            how = f"at step {step} of {self._whole.steps}"
            ended = in_fork(self.command, arguments, self._now, kill_at=step)
        else:
            moment = chance.uniform(0, self._whole.seconds)
            how = f"after {moment:.3f} s"
            ended = in_fork(self.command, arguments, self._now, kill_after=moment)
        self._count(ended)
        for fault in (*self._after_the_kill(), *self._after_the_next_run()):
            self.tally.bad.append(f"{self.scenario.name}: {fault} (killed {how})")

    @property
    def _right_code(self) -> int:
        """A mask that a person edited is left alone, which makes the exit code 1."""
        return 0 if self.scenario.edited is None else 1

    def _prepare(self, *arguments: str) -> None:
        ended = in_fork(self.command, arguments, self._before)
        if ended.code:
            raise RuntimeError(f"{self.scenario.name}: {' '.join(arguments)} ends with {ended.code}: {ended.said}")

    def _time_alone(self) -> float:
        if self._seconds_alone is None:
            copy = self._now.with_name("timed")
            shutil.copytree(self._before, copy)
            self._seconds_alone = in_new_process(self.command, self.scenario.arguments, copy).seconds
        return self._seconds_alone

    def _count(self, ended: Ended) -> None:
        self.tally.kills += 1
        self.tally.too_late += ended.code != -signal.SIGKILL
        now = _results(_files_in(self._now))
        if now == _results(self._old):
            self.tally.untouched += 1
        elif now == _results(self._new):
            self.tally.complete += 1
        else:
            self.tally.half_way += 1

    def _after_the_kill(self) -> list[str]:
        faults, now = [], _files_in(self._now)
        for name, data in now.items():
            if _RECORDS in name and WORK_FOLDER not in name and not _is_json(data):
                faults.append(f"{name} is torn")
        for name, data in _results(now).items():
            if name not in self._old and name not in self._new:
                faults.append(f"{name} lies about")
            elif data not in (self._old.get(name), self._new.get(name)):
                faults.append(f"{name} is torn")
            elif self._passes_for_edited(name):
                faults.append(f"{name} passes for edited")
        return faults + [f"{name} is missing" for name in self._old if name not in now and name in self._new]

    def _passes_for_edited(self, name: str) -> bool:
        if name == self.scenario.edited or not name.startswith(f"{self.scenario.out}/"):
            return False
        path = self._now / name
        whole = any(changed_since_written(folder) is False for folder in path.parents if folder != self._now)
        return bool(changed_since_written(path)) and not whole  # a zarr folder is known as a whole

    def _after_the_next_run(self) -> list[str]:
        ended = in_fork(self.command, self.scenario.arguments, self._now)
        if ended.code != self._right_code:
            return [f"the next run ends with {ended.code}: {ended.said[-300:]!r}"]
        now = _files_in(self._now)
        faults = [f"{path.relative_to(self._now)} is left over" for path in self._now.rglob(WORK_FOLDER)]
        is_now, must_be = _results(now), _results(self._new)
        for name in sorted({*is_now, *must_be}):
            if is_now.get(name) != must_be.get(name):
                what = "is missing" if name not in is_now else "lies about" if name not in must_be else "differs"
                faults.append(f"{name} {what} after the next run")
        for name in self._new:
            if _RECORDS in name:
                faults += self._wrong_hashes(name) if name in now else [f"{name} is missing after the next run"]
        return faults

    def _wrong_hashes(self, name: str) -> list[str]:
        """A record holds the hashes of the masks that it tells of."""
        masks = json.loads((self._now / name).read_text())["masks"]
        paths = {f"{self.scenario.out}/{mask}": digest for mask, digest in masks.items()}
        paths.pop(self.scenario.edited or "", None)
        return [f"{name} tells of another {p}" for p, digest in paths.items() if digest_of(self._now / p) != digest]


def _files_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder: path -> bytes."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def _results(files: dict[str, bytes]) -> dict[str, bytes]:
    """Without what is not yet in its place, and without what tells of the runs themselves."""
    return {
        name: data
        for name, data in files.items()
        if WORK_FOLDER not in name and not name.endswith(WRITTEN_RECORD) and _RECORDS not in name
    }


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def main() -> int:
    """Kill all scenarios, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="names of scenarios; all when none is given")
    parser.add_argument("--seed", default="0")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--alone", type=float, default=0.1, help="share of kills of a process that imports, too")
    parser.add_argument("--scenarios", default="kill_scenarios", help="the module with the scenarios")
    parser.add_argument("--command", default="napari_cliptrase.cli:main", help="the command as module:function")
    given = parser.parse_args()
    for name in IMPORTED:
        import_module(f"napari_cliptrase.{name}")
    known = {scenario.name: scenario for scenario in import_module(given.scenarios).SCENARIOS}
    chance = random.Random(given.seed)
    with tempfile.TemporaryDirectory(prefix="kills-") as root:
        trials = [Trial(known[name], given.command, Path(root) / name) for name in given.names or known]
        for number in range(given.kills):
            trials[number % len(trials)].kill(chance, alone=chance.random() < given.alone)
    for trial in trials:
        tally = trial.tally
        print(
            f"{trial.scenario.name:22} {tally.kills:4} kills ({tally.too_late} too late): {tally.untouched:3} changed "
            f"nothing, {tally.half_way:3} half-way, {tally.complete:3} with all in place; {len(tally.bad)} bad"
        )
    bad = [line for trial in trials for line in trial.tally.bad]
    print(f"{sum(trial.tally.kills for trial in trials)} kills with seed {given.seed}, {len(bad)} bad")
    for what, count in Counter(line.rpartition(" (killed")[0] for line in bad).most_common(40):
        example = next(line for line in bad if line.startswith(what))
        print(f"{count:5} × {example}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
