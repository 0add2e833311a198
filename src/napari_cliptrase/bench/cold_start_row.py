"""From a command to the mask of one image, in a fresh process."""

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from napari_cliptrase.bench.row import Row
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.timing import interleaved

COLD_START_TARGET = 0.6
_SIZE = (336, 448)


def cold_start_row(rounds: int) -> Row:
    """`segment` of one painted scene with the demo model, against the import of open_clip alone."""
    with tempfile.TemporaryDirectory(prefix="napari-cliptrase-") as folder:
        picture = Path(folder) / "scene.png"
        Image.fromarray(paint_scene(1, _SIZE).image).save(picture)
        segment = ["-m", "napari_cliptrase.cli", "segment", str(picture), "-p", "sky; sea", "--model", "demo"]
        segment += ["--out", str(Path(folder) / "masks"), "--overwrite"]
        seconds = interleaved(
            {"ours": lambda: _run(segment), "theirs": lambda: _run(["-c", "import open_clip"])}, rounds
        )
    return Row(
        name="cold start",
        ours=seconds["ours"],
        theirs=seconds["theirs"],
        unit="s",
        figure=seconds["ours"] / seconds["theirs"],
        target=COLD_START_TARGET,
        at_most=True,
        note="`segment` of one image with the demo model, all of it, against `import open_clip` alone; fresh processes",
    )


def _run(arguments: list[str]) -> None:
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
