"""What is printed into a file while images are scored."""

import pytest

from napari_cliptrase.cli.evaluation_display import EvaluationDisplay
from napari_cliptrase.evaluate.evaluation import EvaluationStep
from napari_cliptrase.progress import Progress


@pytest.fixture
def printed(capsys):
    """Show steps; return the lines on the error stream."""

    def run(*steps):
        with EvaluationDisplay() as display:
            for step in steps:
                display.watch(step)
        captured = capsys.readouterr()
        assert captured.out == ""  # the table alone goes there
        return captured.err.splitlines()

    return run


def step(done, total, iou=0.5, **more):
    return EvaluationStep(Progress(done, total, "scoring"), {"naclip": iou}, **more)


def test_a_long_run_is_twenty_lines(printed):
    lines = printed(*(step(done, 1000) for done in range(1, 1001)))
    assert len(lines) == 20
    assert lines[0] == "50 of 1,000 images; mIoU so far: naclip 50.0"
    assert lines[-1].startswith("1,000 of 1,000 images")


def test_loading_the_models_counts_no_images(printed):
    assert printed(step(5, 5, counts_images=False)) == []


def test_a_failure_is_reported_at_once_and_as_it_is(printed):
    lines = printed(step(1, 1000, failure="[a].png is damaged."), step(2, 1000))
    assert lines == ["FAILED [a].png is damaged."]
