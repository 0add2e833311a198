import numpy as np
import pytest
from qtpy.QtCore import QRectF, Qt
from qtpy.QtGui import QColor, QImage, QPainter

from napari_cliptrase.plugin.widgets.classes.class_cell_texts import Column
from napari_cliptrase.plugin.widgets.classes.toggle_icons import draw

TOGGLES = [Column.VISIBLE, Column.SOLO, Column.LOCKED]
RED = QColor("#c03020")


def drawn(qtbot, column, on, color=RED):
    """(30, 40, 4) RGBA pixels of an icon, with alpha."""
    image = QImage(40, 30, QImage.Format.Format_RGBA8888)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    draw(painter, column, QRectF(10, 5, 20, 20), color, on)
    painter.end()
    return np.frombuffer(image.constBits().asstring(image.sizeInBytes()), np.uint8).reshape(30, 40, 4).copy()


@pytest.mark.parametrize("column", TOGGLES)
@pytest.mark.parametrize("on", [False, True])
def test_an_icon_has_the_colour_of_the_text_and_stays_in_its_cell(qtbot, column, on):
    pixels = drawn(qtbot, column, on)
    strongest = pixels[..., 3].max()
    outline = pixels[pixels[..., 3] == strongest][:, :3].astype(int)
    assert (np.abs(outline - (0xC0, 0x30, 0x20)).max(1) <= 3).any()
    pixels[5:25, 10:30] = 0
    assert not pixels.any()


@pytest.mark.parametrize("column", TOGGLES)
def test_what_is_off_is_faint(qtbot, column):
    off, on = (drawn(qtbot, column, state)[..., 3] for state in (False, True))
    assert 0 < off.max() < 200
    assert on.max() == 255


def test_the_three_icons_differ(qtbot):
    pictures = [drawn(qtbot, column, on).tobytes() for column in TOGGLES for on in (False, True)]
    assert len(set(pictures)) == 6


@pytest.mark.parametrize(("color", "letter"), [("#f0f0f0", 0), ("#101010", 255)])
def test_the_letter_of_solo_stands_out_from_its_disc(qtbot, color, letter):
    pixels = drawn(qtbot, Column.SOLO, True, QColor(color))[11:20, 15:25]
    assert np.abs(pixels[..., :3].astype(int).mean(2) - letter).min() < 60
