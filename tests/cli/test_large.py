"""The command for one large image."""

import json

import numpy as np
import pytest
import zarr
from typer.testing import CliRunner

from napari_cliptrase.cli.app import app
from napari_cliptrase.demo.panorama import Panorama
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.masks.registry import FORMATS

PROMPTS = "grass; tree; sea; sky: cloud; background: road"


@pytest.fixture(scope="module")
def rgb():
    return Panorama(5, (2048, 2048))[600:900, :448]


def run(*words):
    return CliRunner().invoke(app, ["large", *map(str, words), "--model", "demo", "--device", "cpu"])


def write_image(path, rgb):
    """A small OME-Zarr image in colour, of one level."""
    group = zarr.open_group(path, mode="w")
    group.create_array("0", data=rgb.transpose(2, 0, 1).copy(), chunks=(3, 128, 128))
    axes = [{"name": "c", "type": "channel"}, *({"name": a, "type": "space", "unit": "micrometer"} for a in "yx")]
    scale = [{"type": "scale", "scale": [1.0, 0.5, 0.5]}]
    described = {"axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}
    group.attrs["ome"] = {"version": "0.5", "multiscales": [described]}
    return path


@pytest.fixture(scope="module")
def beside(tmp_path_factory, rgb):
    image = write_image(tmp_path_factory.mktemp("large") / "image.ome.zarr", rgb)
    return image, run(image, "-p", PROMPTS)


def test_labels_lie_beside_an_ome_zarr_image_with_its_pixel_size(beside):
    image, result = beside
    assert result.exit_code == 0, result.output
    (mask,) = FORMATS["ome-zarr"].read(image)
    assert mask.labels.shape == (300, 448)
    assert len(np.unique(mask.labels)) > 1
    assert (mask.scale, mask.units) == ((0.5, 0.5), ("micrometer",) * 2)
    assert "windows, about" in result.stderr
    record = json.loads((image / "labels" / "cliptrase" / "cliptrase-run.json").read_text())
    assert record["windows"]["image"] == [300, 448]


def test_labels_of_another_file_get_a_folder_of_their_own_and_are_the_same(beside, tmp_path, rgb):
    np.save(tmp_path / "scan.npy", rgb)
    result = run(tmp_path / "scan.npy", "-p", PROMPTS, "--cache", tmp_path / "windows")
    assert result.exit_code == 0, result.output
    first = zarr.open_array(tmp_path / "scan.labels.ome.zarr" / "0")[...]
    expected = zarr.open_array(beside[0] / "labels" / "cliptrase" / "0")[...]
    assert (first == expected).mean() > 0.97  # channels are stretched where colours are not
    size = sum(path.stat().st_size for path in (tmp_path / "windows").rglob("*.npz"))
    assert f"Encoded windows: {size / 1e6:,.1f} MB in {tmp_path / 'windows'}" in result.stderr
    again = run(tmp_path / "scan.npy", "-p", PROMPTS)
    assert "exists already" in str(again.exception)


def test_a_box_labels_its_part_as_the_whole_has_it(beside, tmp_path):
    result = run(beside[0], "-p", PROMPTS, "--box", "0,0,100,100", "-o", tmp_path / "part.zarr")
    assert result.exit_code == 0, result.output
    part, whole = zarr.open_array(tmp_path / "part.zarr" / "0"), zarr.open_array(beside[0] / "labels/cliptrase/0")
    np.testing.assert_array_equal(part[:100, :100], whole[:100, :100])


def test_the_estimate_writes_nothing(beside, tmp_path):
    result = run(beside[0], "-p", PROMPTS, "--estimate", "-o", tmp_path / "none.zarr")
    assert result.exit_code == 0, result.output
    assert "windows, about" in result.stdout
    assert not (tmp_path / "none.zarr").exists()


def test_a_stack_needs_a_plane(tmp_path, rgb):
    np.save(tmp_path / "film.npy", np.stack([rgb[:64, :64, 0]] * 6))
    wrong = run(tmp_path / "film.npy", "-p", PROMPTS)
    assert "choose one with --plane 0" in str(wrong.exception)
    assert "There is no plane 9" in str(run(tmp_path / "film.npy", "-p", PROMPTS, "--plane", "9").exception)
    right = run(tmp_path / "film.npy", "-p", PROMPTS, "--plane", "5")
    assert right.exit_code == 0, right.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--box", "1,2,3"], "is not a box"),
        (["--box", "0,0,9999,10"], "does not lie in"),
        (["--level", "3"], "there is no level 3"),
        (["--plane", "a"], "is not a plane"),
        (["--plane", "1"], "axes of planes are: none"),
    ],
)
def test_wrong_words_get_one_sentence(beside, words, message):
    result = run(beside[0], "-p", PROMPTS, *words)
    assert isinstance(result.exception, CliptraseError)
    assert message in str(result.exception)


def test_workers_of_two_kinds_or_with_a_cache_are_refused(beside, tmp_path):
    both = run(beside[0], "-p", PROMPTS, "--workers", "2", "--scheduler", "tcp://127.0.0.1:9")
    assert isinstance(both.exception, CliptraseError)
    assert "give one of them" in str(both.exception)
    cached = run(beside[0], "-p", PROMPTS, "--workers", "2", "--cache", tmp_path)
    assert "--cache keeps windows that this process encodes" in str(cached.exception)
