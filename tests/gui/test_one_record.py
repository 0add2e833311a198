"""The dock and the command leave the same record of how a mask was made."""

import json
from pathlib import Path

import numpy as np
import pytest
from napari.components import ViewerModel
from PIL import Image
from typer.testing import CliRunner

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cli.app import app
from napari_cliptrase.pixels.read import read_image
from napari_cliptrase.plugin.docks import ExportMasks
from napari_cliptrase.plugin.run.refine_target import RefineTarget, labelled
from napari_cliptrase.plugin.run.refine_task import RefineTask
from napari_cliptrase.plugin.state.plane_source import plane_source_of
from napari_cliptrase.plugin.state.run_choices import ModelChoice
from napari_cliptrase.plugin.workbench import workbench_of
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.refine.limits import Limits
from napari_cliptrase.refine.methods import Method

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
PICTURE = GOLDEN / "images" / "background_224.png"
TOY = f"local-dir:{GOLDEN / 'toyclip'}"
CLASSES = "sky; sea; tree"


def by_command(folder, *more):
    words = ["segment", str(PICTURE), "--prompts", CLASSES, "--model", TOY, "--out", str(folder), "--no-overlay", *more]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    return json.loads((folder / "records" / f"{PICTURE.stem}.json").read_text())


def by_dock(qtbot, folder, *, refine):
    viewer = ViewerModel()
    bench = workbench_of(viewer)
    session = bench.session
    image = viewer.add_image(read_image(PICTURE).rgb(()), name=PICTURE.stem, rgb=True)
    session.image, session.prompts = image, PromptSet.parse(CLASSES)
    source = plane_source_of(viewer, image, session.version_of(image))
    with qtbot.waitSignal(bench.runner.run(source, ModelChoice(TOY)).finished, timeout=120_000):
        pass
    if refine:
        choice = RefineTarget("classes", image)
        at = labelled(session, bench.layers, choice)
        task = RefineTask(
            Method.SUPERPIXELS,
            "",
            at.picture,
            at.source.key,
            at.labels,
            at.scores,
            Limits(),
            at.edited,
            frozenset(),
            provenance=at.provenance,
        )
        bench.refinement_writer.write(choice, at, run_to_end(bench.refine_runner.steps(task)))
    dock = ExportMasks(viewer)
    qtbot.addWidget(dock)
    dock.folder.setText(str(folder))
    dock.export.click()
    qtbot.waitUntil(lambda: "Written to" in dock.preview.text(), timeout=60_000)
    return json.loads((folder / "records" / f"{PICTURE.stem}.json").read_text())


def pixels(folder):
    with Image.open(folder / f"{PICTURE.stem}.png") as mask:
        return np.asarray(mask)


def without_time(record):
    return [{key: value for key, value in entry.items() if key != "time"} for entry in record["provenance"]]


@pytest.mark.parametrize("refine", [False, True])
def test_records_differ_in_nothing_but_the_time(qtbot, tmp_path, refine):
    command = by_command(tmp_path / "command", *(["--refine", "superpixels"] if refine else []))
    dock = by_dock(qtbot, tmp_path / "dock", refine=refine)
    assert without_time(dock) == without_time(command)
    assert list(dock["masks"]) == list(command["masks"])
    assert np.array_equal(pixels(tmp_path / "dock"), pixels(tmp_path / "command"))
    assert [bool(entry.get("refine")) for entry in dock["provenance"]] == [refine]
