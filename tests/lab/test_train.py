from pathlib import Path

import pytest

from napari_cliptrase.lab import clip_training
from napari_cliptrase.lab.clip_training import ClipRecipe, Stage
from napari_cliptrase.lab.train import Pace, main
from napari_cliptrase.progress import Progress


def test_the_command_trains_and_says_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    tiny = ClipRecipe(
        pictures={"scenes": 3, "portraits": 3},
        stages=(Stage(64, 8, 1, 1e-3, 1e-3),),
        bfloat16=False,
        validation_scenes=1,
    )
    monkeypatch.setattr(clip_training, "ClipRecipe", lambda **changes: tiny)
    assert main(["clip", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")]) == 0
    output = capsys.readouterr().out
    assert "painting scenes" in output
    assert "1 of 1: loss of patches" in output
    assert str(tmp_path / "out") in output
    assert (tmp_path / "out" / "open_clip_model.safetensors").exists()
    assert (tmp_path / "out" / "open_clip_config.json").exists()


def test_help_names_both_models(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    output = capsys.readouterr().out
    assert "clip" in output
    assert "sam" in output


def test_the_time_left_is_that_of_the_stretch_at_hand():
    pace = Pace()
    assert pace.left(Progress(100, 6000, "painting scenes"), 0) == ""
    assert pace.left(Progress(200, 6000, "painting scenes"), 6) == "; 6 minutes left"
    assert pace.left(Progress(100, 6000, "painting portraits"), 400) == ""
    assert pace.left(Progress(300, 6000, "painting portraits"), 402) == "; 1 minutes left"
    assert pace.left(Progress(1, 5850, "loss of patches"), 500) == ""
    assert pace.left(Progress(51, 5850, "loss of patches"), 550) == "; 97 minutes left"


@pytest.mark.parametrize(("model", "trained"), [("clip", "clip_training.train_clip"), ("sam", "sam_training.train")])
def test_a_stopped_training_says_how_to_go_on(
    model: str,
    trained: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"napari_cliptrase.lab.{trained}", stopped)
    assert main([model, "--out", str(tmp_path)]) == 130
    assert "continues from the last checkpoint" in capsys.readouterr().out
