from napari_cliptrase.classes.prompts import PromptSet
from napari_cliptrase.plugin.run.rescoring import scored_question


def test_what_makes_a_difference_to_the_labels():
    prompts = PromptSet.parse("cat\ndog: puppy\nbackground: wall")
    assert scored_question(prompts) == scored_question(prompts.moved(2, 0).replaced(1, color="#ff0000"))
    for other in (
        prompts.renamed(1, "lion"),
        prompts.replaced(2, synonyms=()),
        prompts.replaced(2, threshold=0.2),
        prompts.with_background(),
    ):
        assert scored_question(prompts) != scored_question(other)
