import pytest

from napari_cliptrase.batch.input_file import Failure
from napari_cliptrase.cli.display import SegmentDisplay


def test_a_failure_is_reported_at_once_and_a_note_only_once(capsys: pytest.CaptureFixture[str]) -> None:
    with SegmentDisplay(3) as display:
        display.finished(Failure("a[b].png", "it is damaged."))
        assert capsys.readouterr().err == "FAILED a[b].png: it is damaged.\n"
        display.note(["One class is absent.", "One class is absent."])
        display.note(["One class is absent."])
    assert capsys.readouterr().err == "Note: One class is absent.\n"
