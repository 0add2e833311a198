"""Each benchmark in its true layouts, in miniature: folders, file names and numbers of conversions and releases."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image
from scipy.io import savemat
from typer.testing import CliRunner

from napari_cliptrase.cli.app import app
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.evaluate.datasets.benchmark import names_in
from napari_cliptrase.evaluate.datasets.benchmark_images import BenchmarkImages
from napari_cliptrase.evaluate.datasets.benchmark_list import BENCHMARKS
from napari_cliptrase.evaluate.evaluation_rows import EvaluationProtocol
from napari_cliptrase.evaluate.labelled_images import UNCOUNTED, DataError

FULL, PAPER = EvaluationProtocol.FULL, EvaluationProtocol.PAPER
VOID, OTHER = -1, -2
HEIGHT, WIDTH = 80, 96

# COCO-Stuff's numbers of a few classes, before and behind gaps, of the first stuff and of the last
COCO_NUMBERS = {0: 0, 10: 10, 11: 12, 24: 26, 79: 89, 80: 91, 170: 181}
# Cityscapes' labelIds of its 19 classes
CITYSCAPES_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)


def codes(indices: tuple[int, ...]) -> np.ndarray:
    """A mask (H, W) of stripes: the classes, and void and other at the end."""
    values = np.array((*indices, VOID, OTHER))
    return values[np.arange(WIDTH) * len(values) // WIDTH][None].repeat(HEIGHT, 0)


def numbered(mask: np.ndarray, number: Callable[[int], int]) -> np.ndarray:
    return np.vectorize(number)(mask)


def picture(path: Path, size: tuple[int, int] = (HEIGHT, WIDTH)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(paint_scene(7, size).image).save(path)


def png(path: Path, mask: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(mask.astype(np.uint8)).save(path)


def palette_png(path: Path, mask: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(mask.astype(np.uint8), mode="P")
    image.putpalette([value for i in range(256) for value in (i, 255 - i, 3 * i % 256)])
    image.save(path)


def tif(path: Path, mask: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tifffile.imwrite(path, mask.astype(np.uint16))


def lines(path: Path, *texts: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(texts) + "\n")


def shifted(first: int, void: int, other: int) -> Callable[[int], int]:
    return lambda index: {VOID: void, OTHER: other}.get(index, index + first)


def voc_release(root: Path, mask: np.ndarray) -> None:
    home = root / "VOCdevkit" / "VOC2012"
    picture(home / "JPEGImages" / "2007_000033.jpg")
    picture(home / "JPEGImages" / "2007_000027.jpg")  # of the training split
    palette_png(home / "SegmentationClass" / "2007_000033.png", numbered(mask, shifted(1, 255, 0)))
    lines(home / "ImageSets" / "Segmentation" / "val.txt", "2007_000033")


def voc_converted(root: Path, mask: np.ndarray) -> None:
    picture(root / "VOC2012" / "images_detectron2" / "val" / "2007_000033.jpg")
    path = root / "VOC2012" / "annotations_detectron2" / "val" / "2007_000033.png"
    png(path, numbered(mask, shifted(0, 255, 255)))


def context_converted(root: Path, mask: np.ndarray) -> None:
    picture(root / "pcontext" / "val" / "image" / "2008_000002.jpg")
    png(root / "pcontext" / "val" / "label" / "2008_000002.png", numbered(mask, shifted(0, 255, 255)))


def context_mmseg(root: Path, mask: np.ndarray) -> None:
    home = root / "VOCdevkit" / "VOC2010"
    picture(home / "JPEGImages" / "2008_000002.jpg")
    png(home / "SegmentationClassContext" / "2008_000002.png", numbered(mask, shifted(1, 255, 0)))
    lines(home / "ImageSets" / "SegmentationContext" / "val.txt", "2008_000002")


def context_detectron2(kind: str) -> Callable[[Path, np.ndarray], None]:
    def make(root: Path, mask: np.ndarray) -> None:
        home = root / "VOCdevkit" / "VOC2010"
        picture(home / "JPEGImages" / "2008_000002.jpg")
        lines(home / "pascalcontext_val.txt", "2008_000002")
        folder = home / "annotations_detectron2" / f"{kind}_val"
        if kind == "pc59":
            png(folder / "2008_000002.png", numbered(mask, shifted(0, 255, 255)))
        else:
            tif(folder / "2008_000002.tif", numbered(mask, shifted(0, 65535, 65535)))

    return make


def context_release(kind: str) -> Callable[[Path, np.ndarray], None]:
    """The masks know 459 classes by number; labels.txt names them."""

    def make(root: Path, mask: np.ndarray) -> None:
        home = root / "VOCdevkit" / "VOC2010"
        all_names = names_in("pc459")
        own = [{"diningtable": "table"}.get(name, name) for name in names_in(kind)]
        number = {VOID: 0, OTHER: all_names.index("accordion") + 1 if kind == "pc59" else 0}
        number |= {index: all_names.index(own[index]) + 1 for index in np.unique(mask[mask >= 0])}
        picture(home / "JPEGImages" / "2008_000002.jpg")
        (home / "trainval").mkdir(parents=True)
        savemat(home / "trainval" / "2008_000002.mat", {"LabelMap": numbered(mask, number.get).astype(np.uint16)})
        lines(home / "labels.txt", *(f"{i}: {name}" for i, name in enumerate(all_names, start=1)))
        lines(home / "pascalcontext_val.txt", "2008_000002")

    return make


def pc459_converted(root: Path, mask: np.ndarray) -> None:
    picture(root / "pcontext_full" / "val" / "image" / "2008_000002.jpg")
    tif(root / "pcontext_full" / "val" / "label" / "2008_000002.tif", numbered(mask, shifted(0, 65535, 65535)))


def ade_converted(root: Path, mask: np.ndarray) -> None:
    home = root / "ADEChallengeData2016"
    picture(home / "images" / "validation" / "ADE_val_00000001.jpg")
    path = home / "annotations_detectron2" / "validation" / "ADE_val_00000001.png"
    png(path, numbered(mask, shifted(0, 255, 255)))


def ade_release(root: Path, mask: np.ndarray) -> None:
    home = root / "ADEChallengeData2016"
    picture(home / "images" / "validation" / "ADE_val_00000001.jpg")
    png(home / "annotations" / "validation" / "ADE_val_00000001.png", numbered(mask, shifted(1, 0, 0)))


def ade_full_converted(root: Path, mask: np.ndarray) -> None:
    home = root / "ADE20K_2021_17_01"
    picture(home / "images_detectron2" / "validation" / "ADE_val_00000001.jpg")
    path = home / "annotations_detectron2" / "validation" / "ADE_val_00000001.tif"
    tif(path, numbered(mask, shifted(0, 65535, 65535)))


def ade_full_release(root: Path, mask: np.ndarray) -> None:
    """Numbers are spread over red and green; the JSON file beside each mask says what they stand for."""
    folder = root / "ADE20K_2021_17_01" / "images" / "ADE" / "validation" / "urban" / "street"
    picture(folder / "ADE_val_00000001.jpg")
    index_of = {int(index): 2978 - 3 * int(index) for index in np.unique(mask[mask >= 0])}
    raw = numbered(mask, {VOID: 0, OTHER: 3000, **index_of}.get)
    colours = np.stack([raw // 256 * 10, raw % 256, np.zeros_like(raw)], axis=2).astype(np.uint8)
    Image.fromarray(colours).save(folder / "ADE_val_00000001_seg.png")
    names = names_in("adefull")
    things = [{"name": names[index], "name_ndx": number} for index, number in index_of.items()]
    things.append({"name": "a thing beyond the 847", "name_ndx": 3000})
    (folder / "ADE_val_00000001.json").write_text(json.dumps({"annotation": {"object": things}}))


def coco_converted(root: Path, mask: np.ndarray) -> None:
    picture(root / "coco" / "val2017" / "000000000139.jpg")
    path = root / "coco" / "stuffthingmaps_detectron2" / "val2017" / "000000000139.png"
    png(path, numbered(mask, shifted(0, 255, 255)))


def coco_mmseg(root: Path, mask: np.ndarray) -> None:
    picture(root / "coco_stuff164k" / "images" / "val2017" / "000000000139.jpg")
    path = root / "coco_stuff164k" / "annotations" / "val2017" / "000000000139_labelTrainIds.png"
    png(path, numbered(mask, shifted(0, 255, 255)))


def coco_release(root: Path, mask: np.ndarray) -> None:
    picture(root / "coco" / "val2017" / "000000000139.jpg")
    path = root / "coco" / "stuffthingmaps" / "val2017" / "000000000139.png"
    png(path, numbered(mask, {VOID: 255, OTHER: 255, **COCO_NUMBERS}.get))


def cityscapes(ending: str) -> Callable[[Path, np.ndarray], None]:
    def make(root: Path, mask: np.ndarray) -> None:
        stem = "frankfurt/frankfurt_000000_000294"
        picture(root / "cityscapes" / "leftImg8bit" / "val" / f"{stem}_leftImg8bit.png")
        path = root / "cityscapes" / "gtFine" / "val" / f"{stem}_gtFine_{ending}.png"
        released = {VOID: 0, OTHER: 3, **dict(enumerate(CITYSCAPES_IDS))}
        png(path, numbered(mask, shifted(0, 255, 255) if ending == "labelTrainIds" else released.get))

    return make


Maker = Callable[[Path, np.ndarray], None]
COCO_INDICES = tuple(COCO_NUMBERS)
# each benchmark, the classes of its miniature, and the layouts that it may lie in
TREES: Mapping[str, tuple[tuple[int, ...], Mapping[str, Maker]]] = {
    "voc20": ((0, 3, 19), {"release": voc_release, "converted": voc_converted}),
    "voc21": ((0, 3, 19), {"release": voc_release, "converted": voc_converted}),
    "pc59": (
        (0, 28, 49, 58),
        {
            "converted": context_converted,
            "detectron2": context_detectron2("pc59"),
            "mmseg": context_mmseg,
            "release": context_release("pc59"),
        },
    ),
    "pc60": ((0, 28, 49, 58), {"converted": context_converted, "release": context_release("pc59")}),
    "pc459": (
        (0, 255, 300, 458),
        {
            "converted": pc459_converted,
            "detectron2": context_detectron2("pc459"),
            "release": context_release("pc459"),
        },
    ),
    "ade150": ((0, 2, 149), {"converted": ade_converted, "release": ade_release}),
    "adefull": ((0, 255, 846), {"converted": ade_full_converted, "release": ade_full_release}),
    "coco171": (COCO_INDICES, {"converted": coco_converted, "mmseg": coco_mmseg, "release": coco_release}),
    "coco80": (COCO_INDICES, {"converted": coco_converted, "mmseg": coco_mmseg, "release": coco_release}),
    "cityscapes": (tuple(range(19)), {"train ids": cityscapes("labelTrainIds"), "release": cityscapes("labelIds")}),
}
CASES = [(key, layout) for key, (_, makers) in TREES.items() for layout in makers]


def expected(key: str, mask: np.ndarray, protocol: EvaluationProtocol, layout: str) -> np.ndarray:
    """What is scored, worked out by hand from what is known of each benchmark."""
    truth = np.where(mask >= 0, mask, UNCOUNTED)
    void_is_background = protocol is PAPER or (layout == "converted" and key == "voc21")
    match key:
        case "voc21" | "pc60":
            count = 20 if key == "voc21" else 59
            truth[mask == OTHER] = count
            if void_is_background or layout != "release" or key == "pc60":
                truth[mask == VOID] = count
        case "coco80" if protocol is PAPER:
            truth[mask > 80] = UNCOUNTED
            truth[mask < 0] = 80
        case "coco80":
            truth[mask >= 80] = 80
    return truth


@pytest.mark.parametrize("protocol", [FULL, PAPER])
@pytest.mark.parametrize(("key", "layout"), CASES)
def test_masks_of_every_layout_are_read_as_what_they_mean(
    tmp_path: Path, key: str, layout: str, protocol: EvaluationProtocol
) -> None:
    indices, makers = TREES[key]
    mask = codes(indices)
    makers[layout](tmp_path, mask)
    images = BenchmarkImages(key, tmp_path, protocol)
    (name,) = images.names()
    image = images.read(name)
    assert image.rgb.shape == (HEIGHT, WIDTH, 3)
    assert image.beyond == {}
    assert np.array_equal(image.truth, expected(key, mask, protocol, layout))


@pytest.mark.parametrize("key", TREES)
def test_every_benchmark_runs_from_its_files_to_a_table(tmp_path: Path, key: str) -> None:
    indices, makers = TREES[key]
    makers[next(iter(makers))](tmp_path, codes(indices))
    for protocol, size in (("paper", "224"), ("full", "96")):
        out = tmp_path / protocol
        words = [*("evaluate", key.upper(), "--root", str(tmp_path), "--model", "demo", "--protocol", protocol)]
        words += ["--size", size, "--method", "cliptrase,naclip", "--templates", "single", "--out", str(out), "--json"]
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, (done.exception, done.output)
        data = json.loads(done.stdout)
        assert data == json.loads((out / "results.json").read_text())
        assert list(data["rows"]) == ["cliptrase", "naclip"]
        assert data["failures"] == {}
        for row in data["rows"].values():
            assert row["images"] == 1
            assert set(row["iou_by_class"]) == set(BENCHMARKS[key].classes)
            assert 0 <= row["mIoU"] <= 1
            scored = [name for name, iou in row["iou_by_class"].items() if iou is not None]
            assert scored
        figures = data["rows"]["cliptrase"]["published"]
        assert bool(figures) is (protocol == "paper" and key != "cityscapes")


def test_missing_data_says_what_was_looked_for_where_and_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "VOCdevkit" / "VOC2012" / "JPEGImages").mkdir(parents=True)
    with pytest.raises(DataError) as error:
        BenchmarkImages("voc20", tmp_path, FULL).names()
    for part in (
        str(tmp_path),
        "VOCdevkit/VOC2012/JPEGImages with VOCdevkit/VOC2012/SegmentationClass (original release)",
        "VOC2012/images_detectron2/val",
        f"There is {tmp_path / 'VOCdevkit' / 'VOC2012' / 'JPEGImages'}, but no mask *.png",
        "VOCtrainval_11-May-2012.tar",
    ):
        assert part in str(error.value)
    with pytest.raises(DataError, match="is not a folder"):
        BenchmarkImages("voc20", tmp_path / "nowhere", FULL).names()


@pytest.mark.parametrize("inside", ["", "VOCdevkit", "VOCdevkit/VOC2012"])
def test_the_root_may_be_any_of_the_folders_around_a_data_set(tmp_path: Path, inside: str) -> None:
    voc_release(tmp_path, codes((0, 3)))
    assert list(BenchmarkImages("voc20", tmp_path / inside, FULL).names()) == ["2007_000033"]


def run_voc(root: Path, *words: str) -> tuple[int, str, dict[str, object]]:
    out = root / "out"
    fixed = ("evaluate", "voc20", "--root", str(root), "--model", "demo", "--size", "96", "--templates", "single")
    done = CliRunner().invoke(app, [*fixed, "--out", str(out), *words])
    return done.exit_code, done.stderr, json.loads((out / "results.json").read_text())


def test_what_cannot_be_scored_is_named_and_counted_and_the_rest_is_scored(tmp_path: Path) -> None:
    home = tmp_path / "VOC2012"
    images, masks = home / "images_detectron2" / "val", home / "annotations_detectron2" / "val"
    good = np.zeros((HEIGHT, WIDTH), np.uint8)
    good[:, :10] = 77  # no class has this number
    for name in ("good", "turned", "damaged", "alone"):
        picture(images / f"{name}.jpg")
        png(masks / f"{name}.png", good)
    png(masks / "turned.png", good.T)
    (masks / "damaged.png").write_bytes(b"no picture")
    (images / "alone.jpg").unlink()
    picture(images / "unscored.jpg")
    code, said, data = run_voc(tmp_path)
    assert code == 0
    assert data["rows"]["cliptrase"]["images"] == 1
    assert set(data["failures"]) == {"turned", "damaged", "alone"}
    assert "96 × 80 pixels and its mask" in data["failures"]["turned"]
    assert "cannot be read as a mask" in data["failures"]["damaged"]
    assert "alone.jpg does not exist" in data["failures"]["alone"]
    assert data["rows"]["cliptrase"]["numbers_beyond_the_classes"] == {"77": {"pixels": 10 * HEIGHT, "images": 1}}
    assert "No class has the number 77, so not scored: 800 pixels in 1 mask." in said
    assert "Without a mask, so not scored: 1 image, such as unscored." in said
    assert "3 images could not be scored" in said


def test_a_square_without_a_class_is_left_out_of_the_paper_protocol_alone(tmp_path: Path) -> None:
    mask = np.full((HEIGHT, WIDTH), 255)
    picture(tmp_path / "pcontext" / "val" / "image" / "empty.jpg")
    png(tmp_path / "pcontext" / "val" / "label" / "empty.png", mask)
    context_converted(tmp_path, codes((0, 5)))
    for protocol, images, left_out in (("paper", 1, 1), ("full", 2, 0)):
        out = tmp_path / protocol
        words = [*("evaluate", "pc60", "--root", str(tmp_path), "--model", "demo", "--protocol", protocol)]
        words += ["--size", "224", "--templates", "single", "--out", str(out)]
        assert CliRunner().invoke(app, words).exit_code == 0
        data = json.loads((out / "results.json").read_text())
        assert (data["rows"]["cliptrase"]["images"], data["left_out"]) == (images, left_out)


def test_the_published_code_takes_class_255_for_emptiness() -> None:
    full = BENCHMARKS["adefull"]
    assert full.published_names[255] == "pier"
    assert full.empty(np.full((2, 2), 255)).all()
    assert not full.empty(np.full((2, 2), -1)).any()
    assert BENCHMARKS["ade150"].empty(np.full((2, 2), -1)).all()


def test_a_class_that_labels_txt_lacks_is_named(tmp_path: Path) -> None:
    context_release("pc59")(tmp_path, codes((0, 5)))
    lines(tmp_path / "VOCdevkit" / "VOC2010" / "labels.txt", "2: aeroplane", "9: bag")
    images = BenchmarkImages("pc59", tmp_path, FULL)
    with pytest.raises(DataError, match=r"labels.txt lacks the class 'bed'"):
        images.read(images.names()[0])


def test_a_mask_of_the_full_release_without_its_names_is_refused(tmp_path: Path) -> None:
    ade_full_release(tmp_path, codes((0, 5)))
    next(tmp_path.rglob("*.json")).unlink()
    images = BenchmarkImages("adefull", tmp_path, FULL)
    with pytest.raises(DataError, match="says which number in"):
        images.read(images.names()[0])
