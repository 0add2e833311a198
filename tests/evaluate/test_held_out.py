import pytest

from napari_cliptrase.evaluate.held_out import SeedError, held_out


@pytest.mark.parametrize(("first", "scenes"), [(-1, 5), (899_999, 2), (1_000_000, 1), (0, 0)])
def test_scenes_that_a_training_may_have_seen_are_refused(first: int, scenes: int):
    with pytest.raises(SeedError):
        held_out(first, scenes)


def test_held_out_scenes_go_up_to_those_that_chose_checkpoints():
    assert held_out(899_990, 10) == range(899_990, 900_000)
