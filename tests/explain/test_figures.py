import numpy as np
import pytest
from PIL import Image

from napari_cliptrase import optional_packages
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import Denoise
from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.explain.figures import (
    FIGURE_MAKERS,
    attention_figure,
    labels_figure,
    regions_figure,
    write_figures,
)
from napari_cliptrase.explain.stages import LabelStage, RegionStage, Stages


@pytest.fixture
def stages() -> Stages:
    rng = np.random.default_rng(0)
    attention = rng.random((6, 13, 13)).astype(np.float32)
    attention[2, :, 1 + 5] = 50  # all look at patch 5 in the third layer
    attention /= attention.sum(-1, keepdims=True)
    patches = np.array([[0, 0, 1, 1], [0, 0, 1, -1], [0, 0, 1, 1]])
    pixels = patches.repeat(10, 0).repeat(10, 1).astype(np.int32)
    classes = PromptSet.from_names("sky", "sea", "boat").table()
    labels = np.where(pixels == 0, 1, 2).astype(np.uint8)
    return Stages(
        picture=rng.integers(0, 256, (30, 40, 3), dtype=np.uint8),
        grid=(3, 4),
        attention=attention,
        correlation=rng.random((13, 13)).astype(np.float32),
        affinity=rng.random((12, 12)).astype(np.float32),
        regions=(
            RegionStage(Denoise.CLS_SUBTRACT, patches, pixels),
            RegionStage(Denoise.NONE, patches * 0, pixels * 0),
        ),
        chosen=((0, 1), (2, 3)),
        labels=LabelStage(classes, labels, labels),
    )


def titles(figure) -> list[str]:
    return [panel.get_title() for panel in figure.axes if panel.get_visible()]


def test_every_figure_becomes_a_picture(stages, tmp_path):
    paths = write_figures(stages, tmp_path / "made")
    assert [path.stem for path in paths] == list(FIGURE_MAKERS)
    for path in paths:
        with Image.open(path) as picture:
            assert picture.width > 300
            assert len(picture.convert("RGB").getcolors(1 << 24)) > 20


def test_without_classes_there_is_no_figure_of_labels(stages, tmp_path):
    bare = Stages(
        stages.picture, stages.grid, stages.attention, stages.correlation, stages.affinity, stages.regions, ()
    )
    assert labels_figure(bare) is None


def test_global_patches_are_counted_and_framed(stages):
    figure = attention_figure(stages)
    assert titles(figure)[2] == "layer 3: 1 global patch"
    assert titles(figure)[0] == "layer 1: 0 global patches"
    (frame,) = figure.axes[2].patches
    assert (frame.get_x(), frame.get_y()) == (9.5, 9.5)  # patch 5: second row, second column
    assert (frame.get_width(), frame.get_height()) == (10, 10)


def test_regions_are_counted_with_and_without_denoising(stages):
    assert titles(regions_figure(stages))[1::3] == [
        "denoised: 2 clusters, 1 patches in none",
        "not denoised: 1 cluster, 0 patches in none",
    ]


def test_the_legend_names_the_classes_that_were_found(stages):
    (legend,) = labels_figure(stages).legends
    assert [text.get_text() for text in legend.get_texts()] == ["sky", "sea"]


def test_without_matplotlib_there_is_one_sentence(monkeypatch, stages, tmp_path):
    monkeypatch.setattr(optional_packages, "find_spec", lambda name: None)
    with pytest.raises(CliptraseError, match=r'pip install "napari-cliptrase\[explain\]"'):
        write_figures(stages, tmp_path / "none")
    assert not (tmp_path / "none").exists()
