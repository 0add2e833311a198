import numpy as np
import pytest

from napari_cliptrase.evaluate.annotation_effort import ActionKind, CostModel
from napari_cliptrase.evaluate.annotator import NOTHING, Annotator, Tools
from napari_cliptrase.evaluate.mistakes import image_mean_iou

GOALS = (0.9, 0.99)


@pytest.fixture
def truth():
    classes = np.zeros((96, 96), np.int32)
    classes[:, 48:] = 1
    classes[20:60, 20:60] = 2
    return classes


def annotate(truth, tools=None, start=None):
    blank = np.full_like(truth, NOTHING)
    return Annotator(truth, blank if start is None else start, tools or Tools(), CostModel()).run(GOALS)


def exact(truth):
    """A tool that knows the truth."""
    return lambda row, column: truth == truth[row, column]


def test_painting_ends_in_the_truth_and_counts_every_pixel(truth):
    done = annotate(truth)
    assert (done.start, image_mean_iou(truth, done.labels)) == (0, 1)
    assert done.reached[0.99].painted == truth.size
    assert done.reached[0.9].actions <= done.reached[0.99].actions


def test_what_is_right_costs_nothing(truth):
    assert annotate(truth, start=truth).reached[0.99].actions == 0


def test_a_click_that_gives_the_piece_is_cheaper_than_to_paint_it(truth):
    done = annotate(truth, Tools({ActionKind.SAM: exact(truth)}))
    assert done.reached[0.99].by_kind == {"SAM": 3}
    assert done.reached[0.99].seconds < annotate(truth).reached[0.99].seconds


def test_a_tool_that_breaks_more_than_it_mends_is_left_alone(truth):
    done = annotate(truth, Tools({ActionKind.REGION: lambda row, column: np.ones(truth.shape, bool)}), start=truth // 2)
    assert "region" not in done.reached[0.99].by_kind
    assert (done.labels == truth).mean() > 0.99


def knows_what_it_was_shown(truth):
    def learner(examples, taught):
        shown = np.unique(examples[taught])
        return np.where(np.isin(truth, shown), truth, NOTHING)

    return learner


def test_what_was_learned_is_accepted_with_a_click(truth):
    truth[60:, 70:] = 2  # a second piece of a class, far from the first
    done = annotate(truth, Tools({ActionKind.SAM: lambda row, column: None}, knows_what_it_was_shown(truth)))
    assert done.reached[0.99].by_kind["accept"] == 1
    assert (done.labels == truth).all()


def test_scribbles_teach_and_label_nothing_themselves(truth):
    done = annotate(truth, Tools(learner=knows_what_it_was_shown(truth), scribble=True))
    assert done.reached[0.99].by_kind == {"scribble": 3, "accept": 3}
    assert (done.labels == truth).all()


def test_a_proposal_that_makes_things_worse_is_not_accepted(truth):
    done = annotate(truth, Tools(learner=lambda examples, taught: np.zeros_like(truth)), start=truth // 2)
    assert "accept" not in done.reached[0.99].by_kind
    assert done.reached[0.99].actions == annotate(truth, start=truth // 2).reached[0.99].actions


def test_a_proposal_never_changes_what_was_painted(truth):
    done = annotate(truth, Tools(learner=lambda examples, taught: np.zeros_like(truth)))
    assert done.reached[0.99].by_kind["accept"] == 1
    assert (done.labels == truth).mean() > 0.99


def test_an_edge_that_is_mended_is_no_example(truth):
    taught = []

    def learner(examples, where):
        taught.append(where)
        return truth

    start = truth.copy()
    start[:, 46:48] = 1
    annotate(truth, Tools(learner=learner), start=start)
    assert taught == []
