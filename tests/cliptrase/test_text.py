import numpy as np
import torch
from torch.nn import functional as F

from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.cliptrase.templates import sentences
from napari_cliptrase.cliptrase.text import MemoryCache, cache_key, embed_texts, mean_of


class Counting:
    """A text tower that turns a sentence into a direction and remembers what it was asked."""

    dim = 8

    def __init__(self):
        self.asked = []

    def encode(self, texts):
        self.asked += texts
        seeds = [sum(map(ord, text)) for text in texts]
        return F.normalize(
            torch.stack([torch.randn(8, generator=torch.Generator().manual_seed(s)) for s in seeds]), dim=-1
        )


def test_the_mean_over_all_sentences_of_each_phrase():
    tower = Counting()
    found = embed_texts(tower, ["cat", "dog"], TemplateSet.SHORT)
    rows = tower.encode([pattern.replace("{}", "dog") for pattern in sentences(TemplateSet.SHORT)])
    torch.testing.assert_close(found[1], F.normalize(rows.mean(0), dim=0))
    torch.testing.assert_close(found.norm(dim=-1), torch.ones(2))


def test_a_phrase_is_encoded_once_and_comes_back_wherever_it_was_asked_for():
    tower = Counting()
    found = embed_texts(tower, ["cat", "dog", "cat"], TemplateSet.SINGLE)
    assert tower.asked == ["a photo of a cat.", "a photo of a dog."]
    assert torch.equal(found[0], found[2])
    assert not torch.equal(found[0], found[1])


def test_braces_in_a_name_are_just_letters():
    tower = Counting()
    embed_texts(tower, ["{0} {cat}"], TemplateSet.SINGLE)
    assert tower.asked == ["a photo of a {0} {cat}."]


def test_what_a_cache_knows_is_not_encoded_again():
    tower, cache = Counting(), MemoryCache()
    first = embed_texts(tower, ["cat", "dog"], TemplateSet.SINGLE, weights="m", caches=[cache])
    tower.asked.clear()
    again = embed_texts(tower, ["dog", "horse", "cat"], TemplateSet.SINGLE, weights="m", caches=[cache])
    assert tower.asked == ["a photo of a horse."]
    assert torch.equal(again[[2, 0]], first)


def test_a_fast_cache_learns_from_a_slow_one_and_both_from_the_model():
    tower, fast, slow = Counting(), MemoryCache(), MemoryCache()
    embed_texts(tower, ["cat"], TemplateSet.SINGLE, caches=[slow])
    embed_texts(tower, ["cat", "dog"], TemplateSet.SINGLE, caches=[fast, slow])
    tower.asked.clear()
    embed_texts(tower, ["cat", "dog"], TemplateSet.SINGLE, caches=[fast])
    embed_texts(tower, ["cat", "dog"], TemplateSet.SINGLE, caches=[slow])
    assert not tower.asked


def test_another_model_template_or_phrase_is_another_entry():
    keys = {
        cache_key(weights, templates, phrase)
        for weights in ("a", "b")
        for templates in (TemplateSet.SINGLE, TemplateSet.SHORT)
        for phrase in ("cat", "Cat")
    }
    assert len(keys) == 8
    assert all(key.isalnum() for key in keys)


def test_synonyms_merge_into_their_mean_direction():
    rows = torch.eye(3)[:2]
    np.testing.assert_allclose(mean_of(rows), [0.5**0.5, 0.5**0.5, 0], atol=1e-7)


def test_a_slow_cache_is_asked_only_for_what_the_fast_one_lacks():
    asked = []

    class Slow(MemoryCache):
        def load(self, keys):
            asked.extend(keys)
            return super().load(keys)

    fast = MemoryCache()
    embed_texts(Counting(), ["cat"], TemplateSet.SINGLE, caches=[fast])
    embed_texts(Counting(), ["cat", "dog"], TemplateSet.SINGLE, caches=[fast, Slow()])
    assert asked == [cache_key("", TemplateSet.SINGLE, "dog")]
