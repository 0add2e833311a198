"""A segmentation as a picture for people: the image, tinted by class, with a legend below."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from napari_cliptrase.classes.colors import RGB
from napari_cliptrase.classes.table import ClassTable

_TINT: Final = 0.45
_SHORTEST: Final = 384  # a smaller picture is enlarged, so that its legend can be read
_LONGEST: Final = 2048
_MISSING_SHOWN: Final = 24
_PAPER: Final = (255, 255, 255)
_INK: Final = (32, 33, 36)
_PALE: Final = (110, 113, 118)
_LINE: Final = (196, 199, 204)


@dataclass(frozen=True)
class _Entry:
    """A line of the legend; without colour it stands for the background."""

    name: str
    area: str
    color: RGB | None


def draw_overlay(rgb: NDArray[np.uint8], labels: NDArray[np.integer], classes: ClassTable) -> Image.Image:
    """Return the picture (H, W, 3) uint8 tinted by its labels (H, W), over a legend of the classes and their areas.

    Small pictures are enlarged by a whole factor, very large ones made smaller. Classes without a pixel are listed too.
    """
    entries = _entries(labels, classes)
    if max(labels.shape) > _LONGEST:
        rgb, labels = _shrunk(rgb, labels)
    picture = _tinted(rgb, labels, classes)
    if min(picture.size) < _SHORTEST:
        factor = -(-_SHORTEST // min(picture.size))
        factor = max(1, min(factor, _LONGEST // max(picture.size)))
        picture = picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    return _with_legend(picture, entries)


def _shrunk(rgb: NDArray[np.uint8], labels: NDArray[np.integer]) -> tuple[NDArray[np.uint8], NDArray[np.integer]]:
    height, width = (max(1, length * _LONGEST // max(labels.shape)) for length in labels.shape)
    rows, columns = (np.arange(n) * size // n for n, size in zip((height, width), labels.shape, strict=True))
    picture = Image.fromarray(rgb).resize((width, height), Image.Resampling.BOX)
    return np.asarray(picture), labels[rows[:, None], columns]


def _tinted(rgb: NDArray[np.uint8], labels: NDArray[np.integer], classes: ClassTable) -> Image.Image:
    """Mix the class colours into the picture; borders between classes get the full colour."""
    colors = np.zeros((max([int(labels.max()), *classes.ids]) + 1, 3), np.uint8)
    for entry in classes:
        colors[entry.id] = entry.color
    inside = labels > 0
    picture = Image.fromarray(rgb)
    painted = Image.fromarray(np.take(colors, labels, axis=0, mode="clip"))
    mixed = Image.blend(picture, painted, _TINT)
    picture.paste(mixed, mask=Image.fromarray(inside))
    picture.paste(painted, mask=Image.fromarray(_borders(labels) & inside))
    return picture


def _borders(labels: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(H, W) pixels whose right or lower neighbour, or left or upper one, has another label."""
    found = np.zeros(labels.shape, bool)
    down, right = labels[1:] != labels[:-1], labels[:, 1:] != labels[:, :-1]
    found[1:] |= down
    found[:-1] |= down
    found[:, 1:] |= right
    found[:, :-1] |= right
    return found


def _entries(labels: NDArray[np.integer], classes: ClassTable) -> list[_Entry]:
    """Classes with pixels first, then the background, then what was not found."""
    counts = np.bincount(labels.ravel(), minlength=max((0, *classes.ids)) + 1)
    shown = [entry for entry in classes if entry.id != classes.void]
    found = [entry for entry in shown if counts[entry.id]]
    missing = [entry for entry in shown if not counts[entry.id]]
    entries = [_Entry(entry.name, _percent(counts[entry.id] / labels.size), entry.color) for entry in found]
    if counts[0]:
        entries.append(_Entry("background", _percent(counts[0] / labels.size), None))
    if len(missing) > _MISSING_SHOWN:
        return [*entries, _Entry("", f"{len(missing)} classes not found", None)]
    return entries + [_Entry(entry.name, "0 %", entry.color) for entry in missing]


def _percent(share: float) -> str:
    return "< 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def _with_legend(picture: Image.Image, entries: list[_Entry]) -> Image.Image:
    """Set the entries in as many columns as fit below the picture."""
    em = max(13, min(28, picture.width // 48))
    font = ImageFont.load_default(em)
    line, swatch, gap = round(em * 1.7), round(em * 0.95), round(em * 0.55)
    widest = picture.width - 2 * em - swatch - gap
    names = [_fitted(entry.name, font, widest - font.getlength(f"  {entry.area}")) for entry in entries]
    texts = zip(names, entries, strict=True)
    width = max((font.getlength(f"{name}  {entry.area}") for name, entry in texts), default=0)
    column = swatch + gap + round(width) + 2 * em
    columns = max(1, min(len(entries), (picture.width - em) // column))
    rows = -(-len(entries) // columns)
    sheet = Image.new("RGB", (picture.width, picture.height + rows * line + (em if rows else 0)), _PAPER)
    sheet.paste(picture)
    draw = ImageDraw.Draw(sheet)
    for number, (name, entry) in enumerate(zip(names, entries, strict=True)):
        left = em + number // rows * column
        middle = picture.height + em // 2 + number % rows * line + line // 2
        box = (left, middle - swatch // 2, left + swatch, middle - swatch // 2 + swatch)
        draw.rounded_rectangle(box, radius=swatch // 4, fill=entry.color or _PAPER, outline=_LINE)
        left += swatch + gap
        draw.text((left, middle), name, _PALE if entry.area == "0 %" else _INK, font, anchor="lm")
        draw.text((left + font.getlength(f"{name}  "), middle), entry.area, _PALE, font, anchor="lm")
    return sheet


def _fitted(name: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    if font.getlength(name) <= width:
        return name
    while len(name) > 1 and font.getlength(f"{name}...") > width:
        name = name[:-1]
    return f"{name.rstrip()}..."
