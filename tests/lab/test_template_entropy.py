import torch
from torch.nn import functional as F

from napari_cliptrase.lab.template_entropy import CHOSEN_TEMPLATES, class_entropies, decided_together, experts_of

SCALE = 10.0


def text_with(sure: int, templates: int = 8) -> torch.Tensor:
    """(templates, 2, 4) words for two classes; those of the first ``sure`` templates lie far apart."""
    words = torch.zeros(templates, 2, 4)
    words[:, 0, 0] = words[:, 1, 1] = 1
    words[sure:, :, 2] = 3  # what both share
    return F.normalize(words, dim=-1)


FEATURES = F.normalize(torch.tensor([[1.0, 0.1, 0, 0], [0.1, 1.0, 0, 0], [0.9, 0.2, 0.1, 0]]), dim=-1)


def test_templates_that_tell_the_classes_apart_are_surer_and_make_the_expert():
    text = text_with(sure=CHOSEN_TEMPLATES)
    entropies = class_entropies(FEATURES, text, SCALE)
    assert entropies.shape == (8, 2)
    assert entropies[:CHOSEN_TEMPLATES].max() < entropies[CHOSEN_TEMPLATES:].min()
    experts = experts_of(text, entropies)
    assert torch.allclose(experts, text[0].expand(2, 2, 4), atol=1e-6)


def test_a_class_that_a_template_never_gives_has_no_entropy():
    text = text_with(sure=8)
    entropies = class_entropies(FEATURES[:1], text, SCALE)
    assert torch.isinf(entropies[:, 1]).all()
    assert torch.isfinite(entropies[:, 0]).all()


def test_experts_speak_for_their_own_class_and_the_usual_words_where_none_does():
    usual = text_with(sure=8)[0]
    swapped = usual.flip(0)
    experts = torch.stack([usual, usual])
    assert decided_together(FEATURES, experts, usual, SCALE).argmax(-1).tolist() == [0, 1, 0]
    # the first expert never says its own class of the first patch, nor the second of the second: nobody speaks there
    silent = decided_together(FEATURES, torch.stack([swapped, usual]), usual, SCALE)
    assert torch.allclose(silent[0], (SCALE * FEATURES[0] @ usual.T).softmax(-1))
