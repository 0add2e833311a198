from napari_cliptrase.evaluate.coarse import from_truth
from napari_cliptrase.evaluate.refinement import refinement_data, refinement_table, score_refiners
from napari_cliptrase.refine.methods import Method, make_refiner


def test_superpixels_sharpen_patches_of_the_painted_world() -> None:
    refiners = {"superpixels": make_refiner(Method.SUPERPIXELS)}
    *_, scores = score_refiners(refiners, from_truth, range(11, 13), 192)
    report = refinement_data(scores)
    assert set(report) == {"before", "superpixels"}
    assert report["superpixels"]["boundary_iou"] > 1.5 * report["before"]["boundary_iou"]
    assert report["superpixels"]["miou"] > report["before"]["miou"]
    assert report["before"]["classes"]["sky"] > 50
    lines = refinement_table(scores).splitlines()
    assert "boundary IoU, 2 px" in lines[0]
    assert [line.split()[0] for line in lines[1:]] == ["before", "superpixels"]
    assert [line.split()[1] for line in lines[1:]] == [f"{entry.miou:.1f}" for entry in scores]
