from dataclasses import replace

import pytest

from napari_cliptrase.errors import MaskFormatError
from napari_cliptrase.masks.loss_report import Tally, refuse_losses


def test_a_report_adds_up(golden):
    tally = Tally()
    tally.image(replace(golden, overlapped=3))
    tally.no_void(golden)
    tally.drop(2)
    tally.fill_holes(1, 4)
    tally.lose("The moon is gone.")
    tally.note("once")
    tally.note("once")
    report = tally.report("x", ())
    assert (report.images, report.classes, report.pixels_written, report.pixels_dropped) == (1, 2, 8, 3)
    assert (report.holes_lost, report.overlaps) == (1, 3)
    assert len(report.losses) == 4
    assert report.notes == ("3 overlapped pixels went to the upper layer.", "once")
    assert report.text().splitlines()[0] == "1 image, 2 classes, 8 labelled pixels in 0 files"


def test_only_losses_are_refused(golden):
    tally = Tally()
    tally.image(golden)
    tally.note("just so you know")
    refuse_losses(tally.report("x", ()), "X")
    tally.no_void(golden)
    with pytest.raises(MaskFormatError, match="X would lose data, so nothing was written: 1 void pixel"):
        refuse_losses(tally.report("x", ()), "X")
