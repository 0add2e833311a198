"""The recommended models, and which of them are on this computer; imports neither torch nor open_clip."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from napari_cliptrase.models.folders import cache_folder, demo_folder, find_in_folder, find_weights, sam_folder

__all__ = [
    "DEFAULT_CLIP",
    "DEFAULT_SAM",
    "Checkpoint",
    "ModelEntry",
    "cache_folder",
    "find_entry",
    "list_models",
    "readable_size",
]

ModelKind = Literal["clip", "sam"]
WeightsState = Literal["shipped", "cached", "to download"]

DEFAULT_CLIP = "ViT-B-16/openai"
DEFAULT_SAM = "vit_b"


@dataclass(frozen=True)
class Checkpoint:
    """A file with a fixed address; ``size`` in bytes, or None where it was never published."""

    url: str
    filename: str
    sha256: str
    size: int | None


@dataclass(frozen=True)
class ModelEntry:
    """A line of the list of models.

    ``name`` is what `load_model` or `load_sam` takes. ``size_bytes`` is that of the file on the disk, and about that
    of the download before. CLIP weights come from the Hugging Face ``repository``; all of them were trained on
    images normalised as OpenAI's, and with QuickGELU where ``quick_gelu`` says so. SAM weights come from a
    ``checkpoint``.
    """

    name: str
    title: str
    kind: ModelKind
    size_bytes: int
    note: str
    state: WeightsState = "to download"
    repository: str | None = None
    quick_gelu: bool = False
    checkpoint: Checkpoint | None = None
    path: Path | None = None


def readable_size(size: int) -> str:
    """Return a number of bytes in words: 598 MB, 1.7 GB; nothing for 0."""
    if size >= 1_000_000_000:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:.0f} MB" if size >= 9_500_000 else f"{size / 1e6:.1f} MB" if size else ""


def list_models(kind: ModelKind | None = None) -> tuple[ModelEntry, ...]:
    """Return the shipped, recommended and downloaded models of a kind (None: both), with their state on this disk."""
    return tuple(entry for entry in (*_clip_entries(), *_sam_entries()) if kind in (None, entry.kind))


def find_entry(name: str, kind: ModelKind | None = None) -> ModelEntry | None:
    """Return the entry of a name, or None when it is not in the list."""
    return next((entry for entry in list_models(kind) if entry.name == name), None)


def _clip_entries() -> Iterator[ModelEntry]:
    yield _shipped("clip", "Demo", "For the painted demo world only: knows its few words, and nothing of photographs.")
    listed = set()
    for entry in CLIP_MODELS:
        listed.add(entry.name)
        yield _looked_up(entry, find_weights(entry.name, entry.repository))
    for folder in sorted((cache_folder() / "clip").glob("*/*")):
        name = f"{folder.parent.name}/{folder.name}"
        path = find_in_folder(folder)
        if name not in listed and path is not None:
            yield _looked_up(ModelEntry(name, name, "clip", 0, "Downloaded; not one that we recommend."), path)
    for folder in sorted((cache_folder() / "clip" / "hf-hub").glob("*/*")):
        path = find_in_folder(folder)
        if path is not None:
            name = f"hf-hub:{folder.parent.name}/{folder.name}"
            yield _looked_up(ModelEntry(name, folder.name, "clip", 0, "From Hugging Face."), path)


def _sam_entries() -> Iterator[ModelEntry]:
    yield _shipped("sam", "Demo SAM", "For the painted demo world; sharpens nothing else.")
    for entry in SAM_MODELS:
        assert entry.checkpoint is not None
        if entry.name != "vit_t" or find_spec("mobile_sam"):
            path = sam_folder() / entry.checkpoint.filename
            yield _looked_up(entry, path if path.is_file() else None)


def _shipped(kind: ModelKind, title: str, note: str) -> ModelEntry:
    path = find_in_folder(demo_folder(kind))
    return ModelEntry("demo", title, kind, path.stat().st_size if path else 0, note, "shipped", path=path)


def _looked_up(entry: ModelEntry, path: Path | None) -> ModelEntry:
    if path is None:
        return entry
    return replace(entry, state="cached", path=path, size_bytes=path.stat().st_size)


# Sizes of CLIP: four bytes for each value of open_clip's state dict of that architecture.
CLIP_MODELS = (
    ModelEntry(
        "ViT-B-16/openai",
        "CLIP ViT-B/16, OpenAI",
        "clip",
        598_482_948,
        "The default: the model of the CLIPtrase paper.",
        repository="timm/vit_base_patch16_clip_224.openai",
        quick_gelu=True,
    ),
    ModelEntry(
        "ViT-B-16/laion2b_s34b_b88k",
        "CLIP ViT-B/16, LAION-2B",
        "clip",
        598_482_948,
        "Worth a try: published results go up on scenes of many classes (ADE20K) and down on others (Pascal Context).",
        repository="laion/CLIP-ViT-B-16-laion2B-s34B-b88K",
    ),
    ModelEntry(
        "ViT-B-16/datacomp_xl_s13b_b90k",
        "CLIP ViT-B/16, DataComp-XL",
        "clip",
        598_482_948,
        "Other training data, knows other names; not measured by us.",
        repository="laion/CLIP-ViT-B-16-DataComp.XL-s13B-b90K",
    ),
    ModelEntry(
        "ViT-B-32/openai",
        "CLIP ViT-B/32, OpenAI",
        "clip",
        605_109_252,
        "Faster and coarser: a quarter of the patches of B/16.",
        repository="timm/vit_base_patch32_clip_224.openai",
        quick_gelu=True,
    ),
    ModelEntry(
        "ViT-L-14/openai",
        "CLIP ViT-L/14, OpenAI",
        "clip",
        1_710_466_052,
        "Larger, slower and not better: published results of such methods fall below those of B/16.",
        repository="timm/vit_large_patch14_clip_224.openai",
        quick_gelu=True,
    ),
    ModelEntry(
        "ViT-L-14-336/openai",
        "CLIP ViT-L/14 at 336, OpenAI",
        "clip",
        1_711_776_772,
        "As L/14, trained on larger images; not better than B/16 either.",
        repository="timm/vit_large_patch14_clip_336.openai",
        quick_gelu=True,
    ),
    ModelEntry(
        "ViT-H-14/laion2b_s32b_b79k",
        "CLIP ViT-H/14, LAION-2B",
        "clip",
        3_944_437_764,
        "For rare names, on a graphics card; slow on a laptop.",
        repository="laion/CLIP-ViT-H-14-laion2B-s32B-b79K",
    ),
)

_SAM_HOME = "https://dl.fbaipublicfiles.com/segment_anything/"

SAM_MODELS = (
    ModelEntry(
        "vit_b",
        "SAM ViT-B",
        "sam",
        375_042_383,
        "The default: good boundaries; many times the work of CLIP, slow without a graphics card.",
        checkpoint=Checkpoint(
            _SAM_HOME + "sam_vit_b_01ec64.pth",
            "sam_vit_b_01ec64.pth",
            "ec2df62732614e57411cdcf32a23ffdf28910380d03139ee0f4fcbe91eb8c912",
            375_042_383,
        ),
    ),
    ModelEntry(
        "vit_l",
        "SAM ViT-L",
        "sam",
        1_249_524_607,
        "A little sharper than B, several times slower.",
        checkpoint=Checkpoint(
            _SAM_HOME + "sam_vit_l_0b3195.pth",
            "sam_vit_l_0b3195.pth",
            "3adcc4315b642a4d2101128f611684e8734c41232a17c648ed1693702a49a622",
            1_249_524_607,
        ),
    ),
    ModelEntry(
        "vit_h",
        "SAM ViT-H",
        "sam",
        2_564_550_879,
        "The largest; for graphics cards.",
        checkpoint=Checkpoint(
            _SAM_HOME + "sam_vit_h_4b8939.pth",
            "sam_vit_h_4b8939.pth",
            "a7bf3b02f3ebf1267aba913ff637d9a2d5c33d3173bb679e46d9f338c26f262e",
            2_564_550_879,
        ),
    ),
    ModelEntry(
        "vit_t",
        "MobileSAM",
        "sam",
        40_700_000,
        "Small and fast, rougher boundaries; needs the package mobile_sam.",
        checkpoint=Checkpoint(
            "https://github.com/ChaoningZhang/MobileSAM/raw/master/weights/mobile_sam.pt",
            "mobile_sam.pt",
            "6dbb90523a35330fedd7f1d3dfc66f995213d81b29a5ca8108dbcdd4e37d6c2f",
            None,
        ),
    ),
)
