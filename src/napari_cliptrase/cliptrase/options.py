"""The choices of the method. Free of torch, so that windows can offer them before anything heavy is loaded."""

from enum import StrEnum


class Recovery(StrEnum):
    """What the last attention layer does, so that patches attend to patches that mean the same."""

    CLIPTRASE = "cliptrase"
    """Sum of the q·q, k·k and v·v attentions; residual and MLP kept (Shao et al., 2024)."""
    SCLIP = "sclip"
    """Sum of the q·q and k·k attentions; residual and MLP kept (Wang et al., 2024)."""
    CLEARCLIP = "clearclip"
    """q·q attention alone, neither residual nor MLP (Lan et al., 2024)."""
    NACLIP = "naclip"
    """k·k attention with a Gaussian around each patch, neither residual nor MLP (Hajimiri et al., 2025)."""
    MASKCLIP = "maskclip"
    """Each patch keeps its own value, neither residual nor MLP (Zhou et al., 2022)."""
    SC_CLIP = "sc-clip"
    """Outlying patches repaired, k·k and a middle layer's attention, twice; no residual, no MLP (Bai et al., 2024)."""
    VANILLA = "vanilla"
    """CLIP as it was trained."""


class Denoise(StrEnum):
    """How patches that resemble the whole image are kept from polluting every region."""

    CLS_SUBTRACT = "cls-subtract"
    """Lower each patch's column by its correlation with the class token (the published code)."""
    NONE = "none"
    """Leave the correlation as it is, negatives set to 0."""
    CLUSTER_REJECT = "cluster-reject"
    """Cluster first, then drop the region most like the class token's map (the paper's figure)."""


class Vote(StrEnum):
    """How a region gets one class."""

    HARD = "hard"
    """The class of most of its pixels (published)."""
    SOFT = "soft"
    """The class with the highest mean score."""
    OFF = "off"
    """No vote: every pixel keeps its own class."""


class Absent(StrEnum):
    """The test that a class is not in the image, so that it wins no pixel."""

    OFF = "off"
    """Not at all: every class competes."""
    PURIFY = "purify"
    """A class whose probabilities do not hold together under the model's own attention (FreeCP, Chen et al., 2025)."""
    PEAK = "peak"
    """A class that is nowhere probable enough (RADSeg's rule)."""


class SynonymMerge(StrEnum):
    """How the phrases of one class become one score."""

    MEAN = "mean"
    """One embedding, the mean of the phrases."""
    MAX = "max"
    """The phrase that fits best, at each pixel."""


class TemplateSet(StrEnum):
    """Sentences that a phrase is put into; more of them are more exact and slower, once per phrase."""

    FULL = "full"
    """The 80 sentences of the published protocol."""
    MEDIUM = "medium"
    """14 sentences about things in a scene."""
    SHORT = "short"
    """The 7 most useful of the 80."""
    SINGLE = "single"
    """One plain sentence, for a quick look."""


class PositionKernel(StrEnum):
    """How position embeddings are stretched to a grid that the model was not trained on."""

    PAPER = "paper"
    """The published code's: a scale factor with 0.1 of a patch added."""
    CLEAN = "clean"
    """Edge to edge."""
