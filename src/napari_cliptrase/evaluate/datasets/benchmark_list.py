"""The benchmarks by name: nine of the paper, and Cityscapes; where each may lie, and how to get it."""

from collections.abc import Mapping
from typing import Final

from napari_cliptrase.classes.class_lists import listed
from napari_cliptrase.classes.prompt_class import PromptClass
from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.evaluate.datasets.benchmark import Benchmark, names_in
from napari_cliptrase.evaluate.datasets.layouts import DataLayout
from napari_cliptrase.evaluate.datasets.truth_codes import (
    CITYSCAPES_NUMBERS,
    CITYSCAPES_UNSCORED,
    COCO_NUMBERS,
    TruthCode,
)

_CONVERTED: Final = "detectron2 conversion"
_RELEASE: Final = "original release"
_MMSEG: Final = "MMSegmentation conversion"

_PLAIN_WORDS: Final = {
    "pottedplant": ("potted plant",),
    "diningtable": ("table", "dining table"),
    "tvmonitor": ("tv monitor", "television"),
    "motorbike": ("motorbike", "motorcycle"),
    "aeroplane": ("aeroplane", "airplane"),
}
"""What people write for names of PASCAL Context."""

_VOC_LAYOUTS: Final = (
    DataLayout(
        _RELEASE,
        ("VOCdevkit", "VOC2012"),
        "JPEGImages",
        "SegmentationClass",
        TruthCode(first=1, other=(0,), void=(255,)),
        split="ImageSets/Segmentation/val.txt",
    ),
    DataLayout(
        _CONVERTED,
        ("VOC2012",),
        "images_detectron2/val",
        "annotations_detectron2/val",
        TruthCode(other=(255,)),
        note="This conversion gives background and void one number, so void pixels count as background.",
    ),
)
_CONTEXT_LAYOUTS: Final = (
    DataLayout(_CONVERTED, ("pcontext",), "val/image", "val/label", TruthCode(other=(255,))),
    DataLayout(
        _CONVERTED,
        ("VOCdevkit", "VOC2010"),
        "JPEGImages",
        "annotations_detectron2/pc59_val",
        TruthCode(other=(255,)),
        split="pascalcontext_val.txt",
    ),
    DataLayout(
        _MMSEG,
        ("VOCdevkit", "VOC2010"),
        "JPEGImages",
        "SegmentationClassContext",
        TruthCode(first=1, other=(0,), void=(255,)),
        split="ImageSets/SegmentationContext/val.txt",
    ),
    DataLayout(
        _RELEASE,
        ("VOCdevkit", "VOC2010"),
        "JPEGImages",
        "trainval",
        mask_ending=".mat",
        split="pascalcontext_val.txt",
        numbers="labels.txt",
    ),
)
_COCO_LAYOUTS: Final = (
    DataLayout(_CONVERTED, ("coco",), "val2017", "stuffthingmaps_detectron2/val2017", TruthCode(void=(255,))),
    DataLayout(
        _MMSEG,
        ("coco_stuff164k",),
        "images/val2017",
        "annotations/val2017",
        TruthCode(void=(255,)),
        mask_ending="_labelTrainIds.png",
    ),
    DataLayout(
        _RELEASE,
        ("coco",),
        "val2017",
        "stuffthingmaps/val2017",
        TruthCode(table=COCO_NUMBERS, void=(255,)),
    ),
)

_GET_VOC: Final = (
    "Get VOCtrainval_11-May-2012.tar from the PASCAL VOC site and unpack it; SegmentationClass and the split are in it."
)
_GET_CONTEXT: Final = (
    "Get VOCtrainval_03-May-2010.tar from the PASCAL VOC site, and trainval.tar.gz with labels.txt from the PASCAL "
    "Context site into VOCdevkit/VOC2010; pascalcontext_val.txt lists the 5,105 images that are scored."
)
_GET_COCO: Final = (
    "Get val2017.zip from the COCO site and stuffthingmaps_trainval2017.zip from the COCO-Stuff repository into coco."
)


def _numbered(names: tuple[tuple[str, ...], ...]) -> PromptSet:
    ordered = enumerate(_own_name_first(names), start=1)
    return PromptSet(tuple(PromptClass(i, first, tuple(rest)) for i, (first, *rest) in ordered))


def _own_name_first(names: tuple[tuple[str, ...], ...]) -> list[tuple[str, ...]]:
    """Put a phrase that no other class is called by in front: it becomes the name of the class."""
    taken = {phrases[0].casefold() for phrases in names if len(phrases) == 1}
    ordered = []
    for phrases in names:
        own = phrases[0]
        if len(phrases) > 1:
            own = next((phrase for phrase in phrases if phrase.casefold() not in taken), ", ".join(phrases))
            taken.add(own.casefold())
        ordered.append((own, *(phrase for phrase in phrases if phrase != own)))
    return ordered


def _context_words(list_name: str) -> PromptSet:
    return _numbered(tuple(_PLAIN_WORDS.get(name, (name,)) for name in names_in(list_name)))


def _ade_full_words() -> PromptSet:
    return _numbered(tuple(tuple(name.split(", ")) for name in names_in("adefull")))


def _coco_background() -> tuple[str, ...]:
    return tuple(phrase for entry in listed("coco_stuff").classes[80:] for phrase in entry.phrases)


_ALL: Final = (
    Benchmark("voc20", "VOC20", "voc20", _VOC_LAYOUTS, _GET_VOC, lambda: listed("voc"), prior=True),
    Benchmark(
        "voc21",
        "VOC21",
        "voc20",
        _VOC_LAYOUTS,
        _GET_VOC,
        lambda: listed("voc"),
        background=listed("background_voc").background,
        published_background=names_in("voc21_background"),
    ),
    Benchmark("pc59", "PC59", "pc59", _CONTEXT_LAYOUTS, _GET_CONTEXT, lambda: _context_words("pc59")),
    Benchmark(
        "pc60",
        "PC60",
        "pc59",
        _CONTEXT_LAYOUTS,
        _GET_CONTEXT,
        lambda: _context_words("pc59"),
        background=("background",),
        published_background=("background",),
    ),
    Benchmark(
        "pc459",
        "PC459",
        "pc459",
        (
            DataLayout(
                _CONVERTED,
                ("pcontext_full",),
                "val/image",
                "val/label",
                TruthCode(void=(65535, -1)),
                mask_ending=".tif",
            ),
            DataLayout(
                _CONVERTED,
                ("VOCdevkit", "VOC2010"),
                "JPEGImages",
                "annotations_detectron2/pc459_val",
                TruthCode(void=(65535, -1)),
                mask_ending=".tif",
                split="pascalcontext_val.txt",
            ),
            _CONTEXT_LAYOUTS[-1],
        ),
        _GET_CONTEXT,
        lambda: _context_words("pc459"),
        many=True,
    ),
    Benchmark(
        "ade150",
        "ADE150",
        "ade150",
        (
            DataLayout(
                _CONVERTED,
                ("ADEChallengeData2016",),
                "images/validation",
                "annotations_detectron2/validation",
                TruthCode(void=(255,)),
            ),
            DataLayout(
                _RELEASE,
                ("ADEChallengeData2016",),
                "images/validation",
                "annotations/validation",
                TruthCode(first=1, void=(0,)),
            ),
        ),
        "Get ADEChallengeData2016.zip (scene parsing) from the MIT scene parsing site and unpack it.",
        lambda: listed("ade20k"),
    ),
    Benchmark(
        "adefull",
        "ADEfull (847)",
        "adefull",
        (
            DataLayout(
                _CONVERTED,
                ("ADE20K_2021_17_01",),
                "images_detectron2/validation",
                "annotations_detectron2/validation",
                TruthCode(void=(65535,)),
                mask_ending=".tif",
            ),
            DataLayout(
                _RELEASE,
                ("ADE20K_2021_17_01",),
                "images/ADE/validation",
                "images/ADE/validation",
                mask_ending="_seg.png",
                names_beside=True,
                note="The conversion that others score has images of at most 512 pixels on the short side.",
            ),
        ),
        "Get ADE20K_2021_17_01.zip from the ADE20K site (after registration) and unpack it.",
        _ade_full_words,
        many=True,
    ),
    Benchmark("coco171", "COCO171", "coco171", _COCO_LAYOUTS, _GET_COCO, lambda: listed("coco_stuff")),
    Benchmark(
        "coco80",
        "COCO80",
        "coco171",
        _COCO_LAYOUTS,
        _GET_COCO,
        lambda: listed("coco_stuff"),
        classes_scored=80,
        background=_coco_background(),
        published_background=(*names_in("coco80_background"), *names_in("coco171")[80:]),
    ),
    Benchmark(
        "cityscapes",
        "Cityscapes",
        "cityscapes",
        (
            DataLayout(
                "with labelTrainIds",
                ("cityscapes",),
                "leftImg8bit/val",
                "gtFine/val",
                TruthCode(void=(255,)),
                image_endings=("_leftImg8bit.png",),
                mask_ending="_gtFine_labelTrainIds.png",
            ),
            DataLayout(
                _RELEASE,
                ("cityscapes",),
                "leftImg8bit/val",
                "gtFine/val",
                TruthCode(table=CITYSCAPES_NUMBERS, void=CITYSCAPES_UNSCORED),
                image_endings=("_leftImg8bit.png",),
                mask_ending="_gtFine_labelIds.png",
            ),
        ),
        "Get leftImg8bit_trainvaltest.zip and gtFine_trainvaltest.zip from the Cityscapes site (after registration).",
        lambda: listed("cityscapes"),
        short_side=560,
    ),
)

BENCHMARKS: Final[Mapping[str, Benchmark]] = {benchmark.key: benchmark for benchmark in _ALL}
