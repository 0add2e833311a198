"""Scores of the demo models on landscapes that no training has seen, step by step through the method."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.cliptrase.options import Denoise, Recovery, Vote
from napari_cliptrase.demo.words import LABEL_NAMES, NAMES
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.evaluate.confusion import Confusion
from napari_cliptrase.progress import Progress

if TYPE_CHECKING:
    from napari_cliptrase.models.load import ClipModel
    from napari_cliptrase.refine.protocol import MaskRefiner

_PAPER: Final = Settings.paper(336)
# each rung adds one step of the method to the one before; the last is the whole method
LADDER: Final[Mapping[str, Settings]] = {
    "vanilla": replace(_PAPER, recovery=Recovery.VANILLA, vote=Vote.OFF),
    "+ recovery": replace(_PAPER, vote=Vote.OFF),
    "+ clustering vote": replace(_PAPER, denoise=Denoise.NONE),
    "cliptrase": _PAPER,
}
# the peers as they were published: without regions
PEERS: Final[Mapping[str, Settings]] = {
    recovery.value: replace(_PAPER, recovery=recovery, vote=Vote.OFF)
    for recovery in (Recovery.SCLIP, Recovery.CLEARCLIP, Recovery.NACLIP, Recovery.MASKCLIP, Recovery.SC_CLIP)
}
METHODS: Final[Mapping[str, Settings]] = {
    **LADDER,
    **PEERS,
    "soft vote": replace(_PAPER, vote=Vote.SOFT),
    "defaults": Settings(),
}


@dataclass(frozen=True)
class SceneScores:
    """What each method made of the scenes so far."""

    confusions: Mapping[str, Confusion] = field(default_factory=dict)

    def table(self) -> str:
        """Scores of all methods, then IoU by class and the worst mistakes of the last one."""
        lines = [f"{'method':<24}{'mIoU':>7}{'pixels':>8}{'worst class':>14}"]
        for name, confusion in self.confusions.items():
            worst, least = min(confusion.iou_by_name.items(), key=lambda entry: entry[1])
            lines.append(
                f"{name:<24}{100 * confusion.mean_iou:7.1f}{100 * confusion.accuracy:8.1f}{100 * least:9.1f} {worst}"
            )
        name, confusion = list(self.confusions.items())[-1]
        lines += ["", f"IoU by class, {name}:"]
        lines += [f"  {label:<22}{100 * iou:7.1f}" for label, iou in confusion.iou_by_name.items()]
        lines += ["", "most frequent mistakes, in percent of the true class:"]
        lines += [f"  {true} taken for {found}: {100 * share:.1f}" for true, found, share in confusion.mistakes()]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        """Return the same for a program, shares from 0 to 1."""
        return {
            name: {
                "miou": confusion.mean_iou,
                "pixel_accuracy": confusion.accuracy,
                "iou": confusion.iou_by_name,
                "mistakes": [
                    {"true": true, "found": found, "share": share} for true, found, share in confusion.mistakes(10)
                ],
            }
            for name, confusion in self.confusions.items()
        }


def score_scenes(
    model: "ClipModel",
    seeds: Sequence[int],
    methods: Mapping[str, Settings],
    size: int = 336,
    refiner: "MaskRefiner | None" = None,
) -> Iterator[tuple[Progress, SceneScores]]:
    """Segment square scenes by the names of all classes with each method; yield what is known after each scene.

    A ``refiner`` adds a row: the last method, refined.
    """
    from napari_cliptrase.engine.segmenter import Segmenter

    prompts = PromptSet.parse("\n".join(NAMES))
    segmenters = {name: Segmenter(model, settings) for name, settings in methods.items()}
    result = SceneScores({name: Confusion.of(LABEL_NAMES) for name in (*methods, *(["+ SAM"] if refiner else []))})
    for done, seed in enumerate(seeds, start=1):
        scene = paint_scene(seed, (size, size))
        encodings: dict[str, Any] = {}
        for name, segmenter in segmenters.items():
            key = segmenter.settings.encode_key()
            if key not in encodings:
                encodings[key] = segmenter.encode(scene.image)
            found = segmenter.segment(encodings[key], prompts)
            result.confusions[name].add(scene.labels, found.labels)
        if refiner is not None:
            refiner.prepare(scene.image)
            refined = refiner.refine(found.labels, found.scores).labels
            result.confusions["+ SAM"].add(scene.labels, refined)
        yield Progress(done, len(seeds), f"scene {seed}"), result
