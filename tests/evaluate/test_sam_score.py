from napari_cliptrase.demo.words import NAMES, THINGS
from napari_cliptrase.demo.world import paint_scene
from napari_cliptrase.evaluate.held_out import held_out
from napari_cliptrase.evaluate.sam_score import sam_summary, sam_table, score_sam, targets_of
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.refine.embedding import load_embedder_steps


def test_targets_are_what_is_seen_of_each_element():
    scene = paint_scene(3, (200, 200))
    targets = list(targets_of(scene))
    assert len(targets) > 3
    for target in targets:
        left, top, right, bottom = target.box.astype(int)
        column, row = target.middle.astype(int)
        assert target.region[top:bottom, left:right].sum() == target.region.sum()
        assert target.region[row, column]
        assert set(scene.labels[target.region]) == {NAMES.index(target.name) + 1}


def test_the_shipped_model_reaches_its_aims_on_scenes_that_it_never_saw():
    report = sam_summary(run_to_end(score_sam(run_to_end(load_embedder_steps("demo")), held_out(40000, 12))))
    assert report["box"]["mean"] >= 0.85
    assert report["point"]["mean"] >= 0.75
    assert set(report["point"]) - {"mean"} <= THINGS
    lines = {line[:14].strip(): line for line in sam_table(report).splitlines()}
    assert set(lines) == {"mean IoU", "mean", *NAMES}
    assert f"{report['box']['mean']:.3f}" in lines["mean"]
