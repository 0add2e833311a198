import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.transform import resize

from napari_cliptrase import PromptSet, Segmenter, Settings, load_model
from napari_cliptrase.cliptrase.options import SynonymMerge, TemplateSet, Vote
from napari_cliptrase.errors import CliptraseError, PromptError

GOLDEN = Path(__file__).parents[1] / "data" / "golden"
NAMES = ("sky", "sea", "tree", "house", "sun")
PROMPTS = PromptSet.from_names(*NAMES)
QUICK = Settings(resolution=96, templates=TemplateSet.SINGLE)
WINDOWED = replace(QUICK, resolution=192, window=96)


@pytest.fixture(scope="module")
def model():
    return load_model(f"local-dir:{GOLDEN / 'toyclip'}", device="cpu")


@pytest.fixture(scope="module")
def picture():
    path = GOLDEN / "images" / "photo_336.png"
    return np.asarray(Image.open(path).convert("RGB"))[:360:2, :440:2]


def segmenter(model, settings=QUICK):
    return Segmenter(model, settings, text_caches=())


@pytest.fixture(scope="module")
def encoded(model, picture):
    return segmenter(model).encode(picture)


@pytest.fixture(scope="module")
def windowed(model, picture):
    return segmenter(model, WINDOWED).encode(picture)


def test_labels_are_class_ids(model, encoded):
    plain = segmenter(model).segment(encoded, PROMPTS)
    moved = PromptSet(tuple(replace(entry, id=10 * entry.id) for entry in PROMPTS))
    assert (segmenter(model).segment(encoded, moved).labels == 10 * plain.labels).all()
    assert plain.labels.dtype == np.uint8
    large = segmenter(model).segment(encoded, PromptSet((replace(PROMPTS.get(1), id=300), *PROMPTS.classes[1:])))
    assert large.labels.dtype == np.uint16


def test_phrases_are_read_one_by_one(model, encoded):
    # the last bits of an embedding depend on what else is in the batch, so nothing else may be
    class Recorder:
        def encode(self, sentences):
            batches.append([name for name in NAMES if any(name in sentence for sentence in sentences)])
            return model.text.encode(sentences)

    batches = []
    segmenter(replace(model, text=Recorder())).segment(encoded, PROMPTS)
    assert batches == [[name] for name in NAMES]


def test_moving_a_class_in_the_list_changes_no_pixel(model, encoded):
    here, there = (segmenter(model).segment(encoded, p) for p in (PROMPTS, PROMPTS.moved(5, 0)))
    assert (here.labels == there.labels).mean() > 0.999


def test_background_phrases_become_0(model, encoded):
    plain = segmenter(model).segment(encoded, PROMPTS, replace(QUICK, vote=Vote.OFF))
    rest = PROMPTS.removed(1).with_background("sky")
    out = segmenter(model).segment(encoded, rest, replace(QUICK, vote=Vote.OFF))
    assert (out.labels == np.where(plain.labels == 1, 0, plain.labels)).all()
    assert out.scores.ids == (2, 3, 4, 5, 0)


@pytest.mark.parametrize("vote", Vote)
def test_a_higher_threshold_only_takes_pixels_away(model, encoded, vote):
    last = None
    for threshold in (0.0, 0.5, 0.9, 1.0):
        labels = segmenter(model).segment(encoded, PROMPTS, replace(QUICK, threshold=threshold, vote=vote)).labels
        if last is not None and vote is not Vote.HARD:
            assert (labels[last == 0] == 0).all()
        if last is not None:
            assert (labels == 0).sum() >= (last == 0).sum()
        last = labels
    assert (last == 0).all()


def test_the_threshold_of_a_class_goes_before_the_global_one(model, encoded):
    plain = segmenter(model).segment(encoded, PROMPTS, replace(QUICK, vote=Vote.OFF))
    strict = PROMPTS.replaced(int(plain.labels[0, 0]), threshold=1.0)
    out = segmenter(model).segment(encoded, strict, replace(QUICK, vote=Vote.OFF))
    chosen = plain.labels == plain.labels[0, 0]
    assert (out.labels[chosen] == 0).all()
    assert (out.labels[~chosen] == plain.labels[~chosen]).all()


@pytest.mark.parametrize("vote", [Vote.HARD, Vote.SOFT])
@pytest.mark.parametrize("which", ["encoded", "windowed"])
def test_a_vote_gives_each_region_one_class(model, request, vote, which):
    encoding = request.getfixturevalue(which)
    labels = segmenter(model).segment(encoding, PROMPTS, replace(QUICK, vote=vote, protect=1)).labels
    regions = encoding.region_map()
    for region in np.unique(regions[regions >= 0]):
        assert len(np.unique(labels[regions == region])) == 1


@pytest.mark.parametrize("vote", [Vote.HARD, Vote.SOFT])
def test_what_is_sure_keeps_its_class_against_the_vote(model, encoded, vote):
    def labels(**changes):
        return segmenter(model).segment(encoded, PROMPTS, replace(QUICK, **changes)).labels

    own, voted = labels(vote=Vote.OFF), labels(vote=vote, protect=1)
    assert (own != voted).any()
    last = voted
    for protect in (0.9, 0.5, 0.2, 0.0):
        now = labels(vote=vote, protect=protect)
        assert ((now == own) | (now == voted)).all()
        assert (now == own).sum() >= (last == own).sum()
        last = now
    assert (last == own).all()


def test_synonyms_belong_to_their_class(model, encoded):
    for merge in SynonymMerge:
        out = segmenter(model).segment(
            encoded, PromptSet.parse("water: sea, ocean\ntree"), replace(QUICK, synonym_merge=merge)
        )
        assert out.scores.ids == (1, 2)
        assert out.scores.maps.shape == (2, *encoded.grid)
        assert out.scores.maps.sum(0).max() <= 1 + 1e-6


def test_scores_are_probabilities_and_the_margin_is_their_doubt(model, encoded):
    out = segmenter(model).segment(encoded, PROMPTS)
    assert np.allclose(out.scores.maps.sum(0), 1, atol=1e-5)
    assert out.margin.shape == out.labels.shape
    assert 0 <= out.margin.min() <= out.margin.max() <= 1 + 1e-6
    y, x = np.unravel_index(out.margin.argmax(), out.margin.shape)
    best, second = out.at(int(y), int(x))
    assert 1 - (best[2] - second[2]) == pytest.approx(out.margin[y, x], abs=1e-4)


def test_the_class_at_a_pixel_is_its_label_without_a_vote(model, encoded):
    out = segmenter(model).segment(encoded, PROMPTS.with_background("house"), replace(QUICK, vote=Vote.OFF))
    for y, x in [(0, 0), (90, 110), (179, 219), (20, 200)]:
        best, second = out.at(y, x)
        assert best[0] == out.labels[y, x]
        assert best[2] >= second[2]
        assert best[1] == (NAMES[best[0] - 1] if best[0] else "background")


def test_one_class_takes_everything(model, encoded):
    out = segmenter(model).segment(encoded, PromptSet.from_names("tree"))
    assert (out.labels == 1).all()
    assert out.at(0, 0) == ((1, "tree", 1.0), (1, "tree", 0.0))
    assert out.margin.max() == 0


def test_the_summary_adds_up(model, encoded):
    prompts = PROMPTS.with_background("grass")
    out = segmenter(model).segment(encoded, prompts, replace(QUICK, vote=Vote.OFF))
    summary = {entry.id: entry for entry in out.summary()}
    assert set(summary) == {0, 1, 2, 3, 4, 5}
    assert sum(entry.pixels for entry in summary.values()) == out.labels.size
    assert sum(entry.area for entry in summary.values()) == pytest.approx(1)
    for class_id, entry in summary.items():
        assert entry.pixels == (out.labels == class_id).sum()
        assert entry.best_score == pytest.approx(out.scores.of(class_id).max())
        if entry.pixels:
            cells = resize(out.scores.of(class_id), out.labels.shape, order=0, mode="edge")
            assert entry.mean_score == pytest.approx(cells[out.labels == class_id].mean(), abs=0.02)
        else:
            assert entry.mean_score is None


def test_what_stays_below_every_threshold_is_in_the_summary(model, encoded):
    out = segmenter(model).segment(encoded, PROMPTS, replace(QUICK, threshold=1.0))
    assert out.summary()[-1].name == "background"
    assert out.summary()[-1].area == 1
    assert out.summary()[-1].best_score is None


def test_the_record_says_how_it_was_made(model, picture, encoded):
    settings = replace(QUICK, vote=Vote.SOFT, detail="fine")
    out = segmenter(model).segment(encoded, PROMPTS, settings)
    record = out.provenance
    assert record["weights_sha256"] == model.weights_sha256
    assert record["image_sha256"] == encoded.image_sha256
    assert record["settings"]["vote"] == "soft"
    assert record["settings"]["detail"] == "normal"  # the encode side is the segmenter's own
    assert [entry["name"] for entry in record["prompts"]["classes"]] == list(NAMES)
    assert {"napari-cliptrase", "torch", "python"} <= set(record["versions"])
    assert record["time"].endswith("+00:00")


def test_nothing_to_look_for(model, encoded):
    with pytest.raises(PromptError, match="no class to look for"):
        segmenter(model).segment(encoded, PromptSet(background=("sky",)))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"prompts": "cat"}, r"needs a PromptSet, not a str; make one with PromptSet\.parse"),
        ({"encoding": np.zeros((4, 4, 3), np.uint8)}, r"needs an Encoding, which encode\(rgb\) returns, not a ndarray"),
        ({"settings": {"vote": "soft"}}, "needs Settings, not a dict"),
    ],
)
def test_values_of_wrong_types_are_refused_one_by_one(model, encoded, change, says):
    values = {"encoding": encoded, "prompts": PromptSet.parse("cat"), "settings": None} | change
    with pytest.raises(CliptraseError, match=says):
        Segmenter(model, text_caches=()).segment(**values)


def test_reading_many_prompts_can_be_stopped(model, encoded):
    steps = segmenter(model).segment_steps(encoded, PROMPTS)
    assert [progress.text for progress in itertools.islice(steps, 2)] == ["reading the prompts"] * 2
    steps.close()


def test_the_lack_of_background_is_reported(model, encoded):
    def notes(prompts, **changes):
        return " ".join(segmenter(model).segment(encoded, prompts, replace(QUICK, **changes)).notes)

    assert "Every pixel belongs to some class" in notes(PROMPTS)
    assert "Every pixel" not in notes(PROMPTS.with_background("wall"))
    assert "Every pixel" not in notes(PROMPTS, threshold=0.2)
    assert "Every pixel" not in notes(PROMPTS.replaced(1, threshold=0.2))


def test_words_that_a_small_model_does_not_know_are_named(model, encoded):
    small = replace(model, name="demo", vocabulary=frozenset({"sky", "a", "red", "ball"}))
    prompts = PromptSet.parse("sky\na red ball\nzebra\nball: red gnu\nbackground: fog")
    note = segmenter(small).segment(encoded, prompts).notes[0]
    assert "'zebra', 'red gnu', 'fog'" in note
    assert note.endswith("it knows ball, red, sky.")
    assert "does not know" not in " ".join(segmenter(model).segment(encoded, prompts).notes)


def test_classes_that_mean_the_same_to_the_model_are_named(model, encoded):
    note = " ".join(segmenter(model).segment(encoded, PromptSet.parse("tree\nTrees: tree\nsky")).notes)
    assert "'tree' belongs to both" in note


def test_phrases_are_read_once_whatever_the_process(model, encoded, tmp_path, monkeypatch):
    monkeypatch.setenv("NAPARI_CLIPTRASE_CACHE", str(tmp_path))
    first = Segmenter(model, QUICK).segment(encoded, PROMPTS)
    deaf = replace(model, text=None)
    again = Segmenter(deaf, QUICK).segment(encoded, PROMPTS)
    assert again.scores.maps.tobytes() == first.scores.maps.tobytes()
    with pytest.raises(AttributeError):
        Segmenter(deaf, QUICK).segment(encoded, PromptSet.from_names("something new"))
