"""What annotation costs: actions, clicks, strokes, painted pixels, and seconds by a stated model."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class ActionKind(StrEnum):
    """What an annotator can do about a mistake."""

    REGION = "region"
    """Click on a region of the method: all of it gets the class."""
    SAM = "SAM"
    """Click once, and take the mask that SAM draws."""
    SCRIBBLE = "scribble"
    """Draw a line that is an example of the class."""
    ACCEPT = "accept"
    """Accept what the examples would change."""
    BRUSH = "brush"
    """Paint the place exactly."""


@dataclass(frozen=True)
class CostModel:
    """How long a practised person takes; assumptions, so compare seconds with seconds and not with a clock.

    Attributes
    ----------
    look
        Seconds to find the next mistake.
    choose
        Seconds to choose another class than the last.
    click
        Seconds to aim and click.
    stroke
        Seconds to set the brush down, besides the way.
    scribble_speed, brush_speed
        Pixels a second along a line that need not be exact, and along one that must.
    brush
        Widest brush, in pixels, that still paints exactly.
    longest_stroke
        Pixels after which the hand is lifted, and another stroke counts.
    """

    look: float = 0.5
    choose: float = 0.8
    click: float = 1.2
    stroke: float = 0.8
    scribble_speed: float = 200.0
    brush_speed: float = 60.0
    brush: float = 12.0
    longest_stroke: float = 100.0

    def click_effort(self, kind: ActionKind, new_class: bool) -> "Effort":
        """Return what one click costs."""
        return Effort({kind.value: 1}, clicks=1, seconds=self._before(new_class) + self.click)

    def scribble_effort(self, length: float, new_class: bool) -> "Effort":
        """Return what a line of ``length`` pixels costs that need not be exact."""
        seconds = self._before(new_class) + self.stroke + length / self.scribble_speed
        return Effort({ActionKind.SCRIBBLE.value: 1}, stroke_length=length, seconds=seconds)

    def brush_effort(self, length: float, pixels: int, new_class: bool) -> "Effort":
        """Return what it costs to paint ``pixels`` along a way of ``length`` pixels."""
        strokes = 1 + int(length // self.longest_stroke)
        seconds = self._before(new_class) + strokes * self.stroke + length / self.brush_speed
        return Effort({ActionKind.BRUSH.value: strokes}, stroke_length=length, painted=pixels, seconds=seconds)

    def _before(self, new_class: bool) -> float:
        return self.look + (self.choose if new_class else 0.0)

    def record(self) -> dict[str, float]:
        """Return all figures, fit for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Effort:
    """What was done so far.

    Attributes
    ----------
    by_kind
        Actions by the names of their kinds; each stroke of the brush is one.
    clicks
        Clicks into the image.
    stroke_length
        Pixels along all strokes.
    painted
        Pixels that were painted with the brush.
    seconds
        By a `CostModel`.
    """

    by_kind: dict[str, int] = field(default_factory=dict)
    clicks: int = 0
    stroke_length: float = 0.0
    painted: int = 0
    seconds: float = 0.0

    @property
    def actions(self) -> int:
        """Clicks and strokes together."""
        return sum(self.by_kind.values())

    def __add__(self, other: "Effort") -> "Effort":
        kinds = {**self.by_kind}
        for kind, count in other.by_kind.items():
            kinds[kind] = kinds.get(kind, 0) + count
        return Effort(
            kinds,
            self.clicks + other.clicks,
            self.stroke_length + other.stroke_length,
            self.painted + other.painted,
            self.seconds + other.seconds,
        )

    def record(self) -> dict[str, Any]:
        """Return all figures, fit for JSON."""
        return {**asdict(self), "actions": self.actions}
