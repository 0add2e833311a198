"""How the states of images look: their colours and marks."""

from typing import Final

from qtpy.QtGui import QColor

from napari_cliptrase.project.image_record import ImageRecord, State

STATE_COLORS: Final = {
    State.NEW: "#8a8a8a",
    State.PRE_ANNOTATED: "#4a90d9",
    State.IN_PROGRESS: "#e0912f",
    State.DONE: "#3fa35b",
    State.EMPTY: "#3aa6a6",
    State.REVIEWED: "#9a6fd0",
}
FLAG_COLOR: Final = "#e05252"
FLAG: Final = "⚑"


def state_color(state: State) -> QColor:
    """Return the colour of a state, to be seen on dark and on light."""
    return QColor(STATE_COLORS[state])


def state_words(record: ImageRecord) -> str:
    """Return in a few words the state of an image and its flag."""
    words = [str(record.state)]
    if record.uncertainty is not None and not record.state.finished:
        words.append(f"uncertain {record.uncertainty:.0%}")
    if record.disagreement:
        words.append(f"model disagrees {record.disagreement:.0%}")
    return " · ".join(words)


def record_tip(record: ImageRecord) -> str:
    """Return all details of an image."""
    lines = [record.name, state_words(record)]
    if record.seconds >= 1:
        lines.append(f"{record.seconds / 60:.1f} minutes of work")
    if record.flag is not None:
        lines.append(f"{FLAG} {record.flag}" if record.flag else f"{FLAG} flagged")
    return "\n".join(lines)
