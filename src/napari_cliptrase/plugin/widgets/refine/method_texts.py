"""Texts of the dock for methods, strengths and their settings, apart from the widgets that show them."""

from dataclasses import dataclass
from typing import Final

from napari_cliptrase.models.catalog import readable_size
from napari_cliptrase.refine.cost import Cost
from napari_cliptrase.refine.methods import Method


@dataclass(frozen=True)
class Setting:
    """The one setting of a method worth changing: its option, its texts, and its values with the default first."""

    option: str
    title: str
    tip: str
    values: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class MethodText:
    """The texts that describe a method in the dock."""

    title: str
    tip: str
    setting: Setting


METHOD_TEXTS: Final = {
    Method.SUPERPIXELS: MethodText(
        "Superpixels (no model)",
        "Small pieces of even colour take the class that most of their pixels have. Needs no weights, fast anywhere.",
        Setting(
            "area",
            "Piece size",
            "Smaller pieces follow thin objects, larger ones give smoother results.",
            (("medium (120 px)", 120), ("small (50 px)", 50), ("large (400 px)", 400)),
        ),
    ),
    Method.PAMR: MethodText(
        "Colours around (PAMR, no model)",
        "Every pixel takes on what pixels of its colour around it are. Needs no weights, follows thin things.",
        Setting(
            "rounds",
            "Rounds",
            "How often pixels look around: more rounds carry a label farther, fewer keep nearer to what is there.",
            (("10", 10), ("3 (stays near)", 3), ("20 (goes far)", 20)),
        ),
    ),
    Method.PROPAGATION: MethodText(
        "Propagation (no model)",
        "Scores flow between patches that are alike, then between pixels of one colour. Needs no weights; good where "
        "things have even colours and clear edges.",
        Setting(
            "steps",
            "Steps",
            "How far a label may travel: 16 pixels a step.",
            (("10", 10), ("3 (stays near)", 3), ("20 (goes far)", 20)),
        ),
    ),
    Method.SAM_VOTE: MethodText(
        "SAM masks vote",
        "SAM finds masks of everything; each takes the class that most of its pixels have. Good for whole scenes.",
        Setting(
            "points",
            "Points a side",
            "SAM is asked at a grid of points: more points find smaller things and take longer.",
            (("8", 8), ("16 (4 × the time)", 16), ("32 (16 × the time)", 32)),
        ),
    ),
    Method.SAM_PROMPTS: MethodText(
        "SAM outlines each piece",
        "Each connected piece of each class asks SAM for its outline; unsure answers leave the piece as it is. "
        "Good for objects.",
        Setting(
            "quality",
            "Accept from",
            "How sure SAM has to be of an outline (the IoU it expects) before it takes the place of a piece.",
            (("0.8", 0.8), ("0.6 (more outlines)", 0.6), ("0.9 (only sure ones)", 0.9)),
        ),
    ),
}

NEVER: Final = "Nowhere"
NEAR_BOUNDARIES: Final = "Near boundaries"
FREE: Final = "Anywhere"
STRENGTHS: Final = (NEAR_BOUNDARIES, FREE, NEVER)
STRENGTH_TIPS: Final = {
    NEVER: "Change nothing; the preview then shows what would stay.",
    NEAR_BOUNDARIES: "Only pixels this close to a boundary between classes may change.",
    FREE: "Any pixel may change.",
}


def seconds_text(seconds: float) -> str:
    """Return a duration in words."""
    if seconds < 1:
        return "less than a second"
    return f"about {seconds:.0f} s" if seconds < 100 else f"about {seconds / 60:.0f} min"


def cost_text(cost: Cost) -> str:
    """Return a sentence on the time and memory that encoding an image takes."""
    memory = "" if cost.bytes is None else f" It needs about {readable_size(cost.bytes)} of memory."
    if cost.seconds is None:
        return f"The time to encode an image with this SAM is measured in the first run and shown then.{memory}"
    return f"Encoding an image takes {seconds_text(cost.seconds)} here, once for each image.{memory}"
