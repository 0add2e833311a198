"""What the user chooses for a run beside the image, the classes and the settings."""

from dataclasses import dataclass
from enum import StrEnum


class Output(StrEnum):
    """Which layers a result is written to."""

    CLASSES = "classes"
    COMBINED = "combined"
    BOTH = "both"


@dataclass(frozen=True)
class ModelChoice:
    """Which model, on which device, and with which number type."""

    name: str = "demo"
    device: str = "auto"
    precision: str = "auto"
