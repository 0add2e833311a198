import subprocess
import sys

import pytest

from napari_cliptrase.errors import CliptraseError
from napari_cliptrase.models.loaded_models import SamModel
from napari_cliptrase.progress import run_to_end
from napari_cliptrase.refine import Method, make_refiner
from napari_cliptrase.refine.embedding import Embedder
from napari_cliptrase.refine.methods import load_refiner_steps
from napari_cliptrase.refine.sam_prompts import SamPrompts
from napari_cliptrase.refine.sam_vote import SamVote
from napari_cliptrase.refine.superpixels import Superpixels


def test_each_way_is_made_by_its_name_with_its_options(embedder: Embedder) -> None:
    vote = make_refiner("sam-vote", embedder, points=16)
    assert isinstance(vote, SamVote)
    assert vote.options.points == 16
    prompts = make_refiner(Method.SAM_PROMPTS, embedder, quality=0.5)
    assert isinstance(prompts, SamPrompts)
    assert prompts.options.quality == 0.5
    superpixels = make_refiner("superpixels", area=50)
    assert isinstance(superpixels, Superpixels)
    assert superpixels.options.area == 50


def test_a_loaded_model_or_a_shared_embedder_is_taken_as_it_is(tiny_sam: SamModel, embedder: Embedder) -> None:
    alone, shared = make_refiner("sam-vote", tiny_sam), make_refiner("sam-prompts", embedder)
    assert isinstance(alone, SamVote)
    assert isinstance(shared, SamPrompts)
    assert alone.embedder.sam is tiny_sam
    assert shared.embedder is embedder


def test_mistakes_name_what_there_is(embedder: Embedder) -> None:
    with pytest.raises(CliptraseError, match="choose sam-vote, sam-prompts, superpixels, pamr, propagation"):
        make_refiner("magic")
    with pytest.raises(CliptraseError, match="superpixels has no option pixels; it knows pieces, area"):
        make_refiner("superpixels", pixels=3)


def test_options_are_looked_at_before_a_sam_is_loaded() -> None:
    with pytest.raises(CliptraseError, match="sam-vote has no option pixels"):
        run_to_end(load_refiner_steps(Method.SAM_VOTE, "no such file", options={"pixels": 3}))


def test_what_is_loaded_is_reported() -> None:
    reported: list[str] = []
    refiner = run_to_end(load_refiner_steps("sam-vote", "demo", "cpu"), lambda step: reported.append(step.text))
    assert isinstance(refiner, SamVote)
    assert any("demo" in text for text in reported)


def test_names_and_limits_are_there_without_torch() -> None:
    code = (
        "import sys; from napari_cliptrase.refine import Method, Limits, Strength, apply_limits, make_refiner, "
        "run_to_end; make_refiner('superpixels'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("method", Method)
def test_a_refiner_tells_how_to_do_the_same_again(method: Method, embedder: Embedder) -> None:
    record = make_refiner(method, embedder).record()
    assert record["method"] == method
    assert make_refiner(record["method"], embedder, **record["options"]).record() == record
    assert ("sam" in record) is method.needs_sam
    if method.needs_sam:
        assert (record["sam"], record["sam_sha256"]) == (embedder.sam.name, embedder.sam.weights_sha256)
