from dataclasses import replace

from napari_cliptrase.cliptrase.options import Absent, Denoise, Recovery, TemplateSet, Vote
from napari_cliptrase.engine.settings import Settings
from napari_cliptrase.evaluate import image_scorer
from napari_cliptrase.evaluate.datasets.painted_scenes import PaintedScenes
from napari_cliptrase.evaluate.evaluation import Evaluation
from napari_cliptrase.evaluate.image_scorer import EvaluationSetup
from napari_cliptrase.evaluate.sweep import SweepAxes, SweepTable, sweep_rows
from napari_cliptrase.evaluate.word_lists import WordList
from napari_cliptrase.progress import run_to_end

AXES = SweepAxes(
    (Recovery.CLIPTRASE,),
    (Denoise.CLS_SUBTRACT, Denoise.NONE),
    (Vote.HARD, Vote.OFF),
    (Absent.OFF, Absent.PEAK),
    (96,),
    (None, 0.4),
)
QUICK = Settings(templates=TemplateSet.SINGLE)
SCENES = PaintedScenes(first=5, count=2, size=96)


def test_combinations_that_cannot_differ_are_scored_once():
    names = [point.name for point in AXES.points()]
    assert len(names) == len(set(names)) == 2 * 2 * 2 + 2  # with a vote: denoise × absent × eps; without: absent
    assert "cliptrase, none, hard, off, 96, 0.4" in names
    assert "cliptrase, –, off, peak, 96, –" in names


def test_every_combination_is_set_as_its_name_says():
    for point in AXES.points():
        settings = point.applied(replace(QUICK, absent_threshold=0.9))
        assert (settings.recovery, settings.vote, settings.absent) == (point.recovery, point.vote, point.absent)
        assert (settings.denoise, settings.eps, settings.resolution) == (point.denoise, point.eps, 96)
        assert settings.absent_threshold is None
        assert settings.templates is TemplateSet.SINGLE


def test_the_network_sees_each_image_once_for_all_regions_and_a_second_run_does_nothing(tmp_path, monkeypatch):
    encoded = []
    real = image_scorer.segment_plane_steps

    def watched(segmenter, request, refiner):
        encoded.append(request.encoding is None)
        return real(segmenter, request, refiner)

    monkeypatch.setattr(image_scorer, "segment_plane_steps", watched)
    points = tuple(AXES.points())
    setup = EvaluationSetup(SCENES, sweep_rows(points, QUICK, WordList.OWN.vocabulary), device="cpu")
    result = run_to_end(Evaluation(setup, tmp_path).run_steps(SCENES.names()))
    assert (len(encoded), sum(encoded)) == (2 * len(points), 2)

    again = run_to_end(Evaluation(setup, tmp_path).run_steps(SCENES.names()))
    assert len(encoded) == 2 * len(points)
    first, second = (SweepTable("Sweep", points, found).as_json() for found in (result, again))
    assert first == second

    alone = EvaluationSetup(SCENES, setup.rows[-1:], device="cpu")
    single = run_to_end(Evaluation(alone, tmp_path / "alone").run_steps(SCENES.names()))
    assert single.rows[0].field_scores == result.rows[-1].field_scores


def test_the_best_combination_comes_first(tmp_path):
    points = tuple(AXES.points())
    setup = EvaluationSetup(SCENES, sweep_rows(points, QUICK, WordList.OWN.vocabulary), device="cpu")
    table = SweepTable("Sweep", points, run_to_end(Evaluation(setup, tmp_path).run_steps(SCENES.names())))
    rows = table.as_json()["rows"]
    scores = [row["mIoU"] for row in rows]
    assert scores == sorted(scores, reverse=True)
    assert {row["eps"] for row in rows if row["vote"] == "off"} == {None}
    assert {row["eps"] for row in rows if row["vote"] == "hard"} == {"auto", 0.4}
    lines = table.markdown().splitlines()
    assert lines[2].startswith("| recovery | denoise | vote | absent | resolution | eps | mIoU |")
    assert len(lines) == 4 + len(points)
    assert f"| {100 * scores[0]:.2f} |" in lines[4]
