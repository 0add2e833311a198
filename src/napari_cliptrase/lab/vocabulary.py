"""The words that the demo model is taught; its training writes them beside the weights."""

from typing import Final

from napari_cliptrase.demo.words import WORDS

# words of captions and of the sentences that prompts are put into, which mean nothing by themselves
_FILLERS: Final = (
    "a an the some one two three four five six this that is are there with and in on of to my many no photo picture "
    "painting scene art bad black blurry bright cartoon clean close up cool corrupted cropped dark dirty doodle "
    "drawing embroidered game good graffiti hard itap jpeg large low medium nice origami pixelated plastic plushie "
    "rendering rendition resolution sculpture see sketch small tattoo toy video weird white view world hidden"
)


def _content() -> frozenset[str]:
    phrases = [phrase for word in WORDS for phrase in (*word.names, *word.plurals, *word.paints)]
    return frozenset(" ".join(phrases).split())


CONTENT: Final[frozenset[str]] = _content()
"""Words that name something: nouns and colours."""

VOCABULARY: Final[frozenset[str]] = CONTENT | frozenset(_FILLERS.split())
"""Every word, in lower case, that the demo model has been taught."""
