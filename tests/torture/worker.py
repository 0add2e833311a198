"""Damages and reads the files of one target, input after input, and says on standard output how each went.

One process per target and stretch of inputs; `run` starts it again when it dies or hangs.
"""

import os
import random
import shutil
import sys
import traceback
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from mutate import mutated
from target import Target

from napari_cliptrase.errors import CliptraseError

MOST = 1_000_000_000
"""Bytes that reading one input may take beyond what the process has at its start."""


def targets(folder: str) -> dict[str, Target]:
    """All targets of the modules in a folder."""
    sys.path.insert(0, folder)
    modules = sorted(path.stem for path in Path(folder).glob("[a-z]*.py"))
    found = [target for name in modules for target in import_module(name).TARGETS]
    return {target.name: target for target in found}


def main(folder: str, name: str, seed: str, first: int, count: int, root: str) -> None:
    """Torture one target; each line is ``begin N``, ``ok N``, ``refused N`` or ``bad N what``."""
    warnings.simplefilter("ignore")
    target = targets(folder)[name]
    home = Path(root)
    original = home / "original"
    original.mkdir()
    os.environ["NAPARI_CLIPTRASE_CACHE"] = str(home / "cache")
    source, files = target.corpus(original)
    contents = {file: file.read_bytes() for file in files}
    target.parse(source, _new(home / "out"))
    strayed = _strayed(home / "out", home / "cache")
    before = _peak()
    _limit_memory()
    for number in range(first, first + count):
        print("begin", number, flush=True)
        chance = random.Random(f"{seed} {name} {number}")
        damaged = chance.choice(files)
        damaged.write_bytes(mutated(contents[damaged], chance))
        out = _new(home / "out")
        strayed()  # that was us
        outcome = "ok"
        try:
            target.parse(source, out)
        except CliptraseError as error:
            outcome = _said(str(error))
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            last = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{Path(last.filename).name}:{last.lineno}"
            outcome = f"bad {type(error).__name__} at {where}: {' '.join(str(error).split())[:200]!r}"
        strange = strayed()
        if strange:
            outcome = f"bad files outside of the target: {strange}"
        taken = _peak() - before
        if taken > MOST:
            outcome = f"bad took {taken / 1e9:.1f} GB"
        kind, _, what = outcome.partition(" ")
        print(kind, number, what.encode("ascii", "backslashreplace").decode(), flush=True)
        if taken > MOST:
            return
        damaged.write_bytes(contents[damaged])


def _strayed(*allowed: Path) -> Callable[[], list[str]]:
    """Watch the process from now on; what is returned tells what was written elsewhere since it was last asked."""
    roots, found = tuple(map(str, allowed)), set[str]()

    def see(event: str, given: tuple[object, ...]) -> None:
        for path in _changed(event, given):
            name = os.path.abspath(os.fsdecode(path))
            if not name.startswith((*roots, "/dev/")) and "__pycache__" not in name:
                found.add(name)

    def told() -> list[str]:
        names = sorted(found)
        found.clear()
        return names[:3]

    sys.addaudithook(see)
    return told


def _changed(event: str, given: tuple[object, ...]) -> list[str | bytes]:
    """What a call of the system changes, for the events that Python tells."""
    if event == "open":
        path, mode, flags = given
        writes = set(mode) & set("wax+") if isinstance(mode, str) else int(flags or 0) & (os.O_WRONLY | os.O_RDWR)  # type: ignore[call-overload]
        paths: tuple[object, ...] = (path,) if writes else ()
    elif event in ("os.rename", "os.link", "os.symlink"):
        paths = given[:2]
    elif event in ("os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod"):
        inside_another = isinstance(given[-1], int) and given[-1] >= 0 and event in ("os.remove", "os.rmdir")
        paths = () if inside_another else given[:1]  # removing a tree names its folder first, then what is in it
    else:
        return []
    return [os.fspath(path) for path in paths if isinstance(path, str | bytes | os.PathLike)]


def _said(message: str) -> str:
    """A refusal is one line without halves of characters, which every terminal can show."""
    if "\n" in message or any(0xD800 <= ord(character) <= 0xDFFF for character in message):
        return f"bad message {message[:200]!r}"
    return "refused"


def _new(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def _peak() -> int:
    try:
        import resource

        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    except ImportError:
        return 0


def _limit_memory() -> None:
    """Let the process take at most somewhat more than what is allowed: beyond that it gets a MemoryError."""
    if sys.platform.startswith("linux"):
        import resource

        taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (taken + MOST * 3 // 2,) * 2)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), sys.argv[6])
