"""What a measurement says, in a table's row."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One measurement.

    Attributes
    ----------
    name
        What was measured.
    ours, theirs
        The two things that were compared, in ``unit``; ``theirs`` is None where there is nothing to compare with.
    unit
        Of both.
    figure
        What the target is about: a ratio, or ``ours`` itself.
    target
        The bound.
    at_most
        Whether the figure must stay below the target; else it must reach it.
    note
        What is behind the numbers.
    """

    name: str
    ours: float
    theirs: float | None
    unit: str
    figure: float
    target: float
    at_most: bool
    note: str

    @property
    def reached(self) -> bool:
        """Whether the target is met."""
        return self.figure <= self.target if self.at_most else self.figure >= self.target

    def as_data(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return {**asdict(self), "reached": self.reached}
