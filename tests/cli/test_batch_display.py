"""What is printed while a batch runs into a file."""

import pytest

from napari_cliptrase.batch.runner import ImageOutcome
from napari_cliptrase.cli.batch_display import BatchDisplay
from napari_cliptrase.progress import Progress


@pytest.fixture
def printed(capsys):
    """Run images through a display; return the lines on the error stream."""

    def run(*outcomes):
        with BatchDisplay(len(outcomes)) as display:
            display.watch(Progress(0, 1, "segmenting a.png"))
            for outcome in outcomes:
                display.finished(outcome)
        captured = capsys.readouterr()
        assert captured.out == ""  # results alone go there
        return captured.err.splitlines()

    return run


def outcome(name, failure=None, notes=()):
    return ImageOutcome(name, failure=failure, notes=tuple(notes))


def test_a_failure_is_reported_at_once_with_its_image(printed):
    assert printed(outcome("a.png"), outcome("b.png", "it is not an image.")) == ["FAILED b.png: it is not an image."]


def test_a_note_is_reported_once(printed):
    lines = printed(
        outcome("a.png", notes=["Runs on the CPU."]), outcome("b.png", notes=["Runs on the CPU.", "Small."])
    )
    assert lines == ["Note: Runs on the CPU.", "Note: Small."]


def test_names_are_printed_as_they_are(printed):
    assert printed(outcome("[red]a[/red].png", "no [bold]image.")) == ["FAILED [red]a[/red].png: no [bold]image."]


def test_no_bar_is_drawn_into_a_file(printed):
    assert printed(*(outcome(f"{number}.png") for number in range(5))) == []
