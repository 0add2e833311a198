from napari_cliptrase.evaluate.held_out import held_out
from napari_cliptrase.evaluate.painted_world import LADDER, METHODS, PEERS, score_scenes
from napari_cliptrase.models.load import load_model


def test_the_shipped_model_knows_the_world():
    # seeds far from those of the published figures; the bars leave room for the noise of a dozen scenes
    methods = {name: METHODS[name] for name in ("+ recovery", "cliptrase")}
    steps = list(score_scenes(load_model("demo"), held_out(31337, 12), methods))
    assert [progress.done for progress, _ in steps] == list(range(1, 13))
    scores = steps[-1][1].as_json()
    assert scores["cliptrase"]["miou"] > 0.70
    assert scores["cliptrase"]["pixel_accuracy"] > 0.89
    assert scores["+ recovery"]["miou"] > 0.70
    assert len(scores["cliptrase"]["iou"]) >= 16
    table = steps[-1][1].table()
    assert f"{100 * scores['cliptrase']['miou']:.1f}" in next(
        line for line in table.splitlines() if line.startswith("cliptrase")
    )


def test_the_ladder_ends_with_the_whole_method():
    assert list(LADDER) == ["vanilla", "+ recovery", "+ clustering vote", "cliptrase"]
    assert set(PEERS) == {"sclip", "clearclip", "naclip", "maskclip", "sc-clip"}
    assert len({repr(settings) for settings in METHODS.values()}) == len(METHODS)
