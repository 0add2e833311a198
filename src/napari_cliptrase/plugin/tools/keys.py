"""The keys and clicks of the plugin: one list that the tools bind, the cheat sheet shows and the documentation prints.

None of napari's own keys is taken (B, E, F, L, M, P, V, X, Z, 1-7, Ctrl+Z and the rest); Space keeps its meaning.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Action:
    """One thing to do with a key or a click.

    Attributes
    ----------
    where
        The tool or dock that must be on.
    keys
        What to press, as it is shown.
    does
        What happens, as a short sentence without a full stop.
    binding
        The key in napari's notation when a layer has to be bound to it; empty for clicks and for napari's own keys.
    """

    where: str
    keys: str
    does: str
    binding: str = ""


REGION: Final = "Region tool"
SAM: Final = "Interactive SAM"
ALIKE: Final = "Find alike"
EXPLORE: Final = "Explore patches"
ANNOTATE: Final = "Annotate folder"
PAINT: Final = "Painting (napari's own)"

SAM_ACCEPT: Final = Action(SAM, "Enter", "Accept the preview into the active class", "Enter")
SAM_DROP: Final = Action(SAM, "Esc", "Drop the preview and its clicks", "Escape")
SAM_NEXT: Final = Action(SAM, "N", "Another answer to a single click: a part, the thing, the group", "N")
SAM_PAN: Final = Action(SAM, "Hold Space, drag", "Move the view", "Space")
SAM_BACK: Final = Action(SAM, "Backspace", "Take back the last click", "Backspace")

FOLDER_NEXT: Final = Action(ANNOTATE, "D", "Next image of the list", "D")
FOLDER_PREVIOUS: Final = Action(ANNOTATE, "A", "Previous image of the list", "A")
FOLDER_UNFINISHED: Final = Action(ANNOTATE, "Shift + D", "Next unfinished image", "Shift-D")
FOLDER_DONE: Final = Action(ANNOTATE, "W", "Done and next; in review: accept and next", "W")
FOLDER_EMPTY: Final = Action(ANNOTATE, "Shift + W", "Truly empty and next", "Shift-W")
FOLDER_BACK: Final = Action(ANNOTATE, "R", "In review: back to work, and next", "R")
FOLDER_FLAG: Final = Action(ANNOTATE, "G", "Flag the image, with a note; again: take the flag away", "G")

ACTIONS: Final[tuple[Action, ...]] = (
    Action(REGION, "Click", "Give the highlighted region to the active class"),
    Action(REGION, "Shift + click", "Give the highlighted region to the background"),
    Action(REGION, "Ctrl + Z", "Undo, as for a brush stroke"),
    Action(ALIKE, "Click", "The highlighted region is an example of the active class; show all like it"),
    Action(ALIKE, "Shift + click", "The same, for a new class"),
    Action(ALIKE, "Ctrl + click", "The mask under the cursor is the example"),
    Action(SAM, "Click", "This belongs to the object"),
    Action(SAM, "Ctrl + click", "This does not belong to the object"),
    Action(SAM, "Drag", "A box around the object"),
    SAM_PAN,
    SAM_ACCEPT,
    SAM_DROP,
    SAM_BACK,
    SAM_NEXT,
    FOLDER_NEXT,
    FOLDER_PREVIOUS,
    FOLDER_UNFINISHED,
    FOLDER_DONE,
    FOLDER_EMPTY,
    FOLDER_BACK,
    FOLDER_FLAG,
    Action(EXPLORE, "Move the mouse", "Look at the patch under the cursor"),
    Action(EXPLORE, "Click", "Stay at this patch; click again to go on"),
    Action(PAINT, "P, E, F, 3", "Brush, eraser, fill, polygon"),
    Action(PAINT, "[ and ]", "Smaller and larger brush"),
    Action(PAINT, "B", "Paint over the background only"),
    Action(PAINT, "V", "Show or hide the layer"),
)


def by_place(actions: tuple[Action, ...] = ACTIONS) -> Iterator[tuple[str, tuple[Action, ...]]]:
    """Yield each tool with its actions, in the order of the list."""
    for place in dict.fromkeys(action.where for action in actions):
        yield place, tuple(action for action in actions if action.where == place)
