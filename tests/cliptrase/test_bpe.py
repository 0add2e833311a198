"""Token for token what open_clip says."""

import gzip
import time
from pathlib import Path

import open_clip
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from napari_cliptrase.cliptrase.bpe import BpeTokenizer, read_merges
from napari_cliptrase.cliptrase.options import TemplateSet
from napari_cliptrase.cliptrase.templates import sentences
from napari_cliptrase.demo.words import WORDS

THEIRS = open_clip.SimpleTokenizer()
MERGES = read_merges(gzip.decompress(Path(open_clip.tokenizer.default_bpe()).read_bytes()).decode())
OURS = BpeTokenizer(lambda: MERGES, 77)


def assert_equal(*texts: str) -> None:
    assert torch.equal(OURS(texts), THEIRS(list(texts)))


def test_every_sentence_about_the_painted_world() -> None:
    phrases = [name for word in WORDS for name in (*word.names, *word.plurals)]
    assert_equal(*(pattern.replace("{}", name) for name in phrases for pattern in sentences(TemplateSet.FULL)))


@given(st.text(max_size=60))
@example("")
@example("  spaces \t and\nlines\r\n ")
@example("Straße, ÉCOLE, Ελληνικά, 木と山, привет, ١٢٣, ½²Ⅷ")
@example("it's we'll I'D you'Re they've 'tis '' '")
@example("ſ 'ſ K İstanbul ﬁre ﬀ ＦＵＬＬ")
@example("<start_of_text> cat <END_OF_TEXT> <end_of_text>x")
@example("&amp;amp;amp; &lt;b&gt; &eacute; AT&T & <p>&amp;</p>")
@example("âœ” schÃ¶n l’humanitÃ©")
@example("\x1b[31mred\x1b[0m \x00\x07 \ufeff \u200b \ud800")
@example("👩‍👩‍👧 🏳️‍🌈 ☃ e\u0301")
@example("_underscore_ a_b 3.14 1,000 10% $5 @me #1")
def test_any_text_gives_the_same_tokens(text: str) -> None:
    assert_equal(text)


words = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=400)


@given(st.lists(words, max_size=4))
@example(["a " * 75, "a " * 76, "a " * 77])
@example(["banana" * 60])
def test_long_texts_are_cut_at_the_context(texts: list[str]) -> None:
    assert_equal(*texts)


@pytest.mark.parametrize("context", [1, 2, 16, 248])
def test_other_contexts(context: int) -> None:
    texts = ["a photo of a cat", "word " * 300, ""]
    assert torch.equal(BpeTokenizer(lambda: MERGES, context)(texts), THEIRS(texts, context))


def test_start_and_end() -> None:
    assert (OURS.start, OURS.end) == (THEIRS.sot_token_id, THEIRS.eot_token_id)


def test_the_time_grows_with_the_length_of_a_word_and_not_with_its_square() -> None:
    def seconds(repeats: int) -> float:
        started = time.perf_counter()
        BpeTokenizer(lambda: MERGES, 77)  # about as long as the short word, so that noise is small beside it
        OURS(["banana" * repeats])
        return time.perf_counter() - started

    assert seconds(60_000) < 40 * seconds(6_000)
