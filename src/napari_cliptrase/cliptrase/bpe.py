"""CLIP's tokenizer: byte-pair encoding of cleaned, lower-case text, token for token that of OpenAI and open_clip."""

import html
import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from heapq import heapify, heappop, heappush
from typing import Final

import torch
from torch import Tensor

Merge = tuple[str, str]
"""Two neighbouring symbols that become one; the earlier in the list, the earlier they do."""

START, END = "<start_of_text>", "<end_of_text>"
_LAST: Final = "</w>"  # marks the last symbol of a word
_CONTRACTIONS: Final = f"{START}|{END}|'s|'t|'re|'ve|'m|'ll|'d"
_ASCII_WORDS: Final = re.compile(rf"{_CONTRACTIONS}|[a-z]+|[0-9]|[^\sa-z0-9]+")
_PLAIN: Final = re.compile(r"[ -%'-~]*")  # printable ASCII except &, which may begin an HTML entity


class BpeTokenizer:
    """Turns texts into rows of tokens: start, words, end, zeros up to the context length.

    What is too long is cut, and ends with the end token all the same.

    Parameters
    ----------
    merges
        Gives the merges in order, from the file of 48,894 that every CLIP of this family was trained with; called when
        the first text comes.
    context
        Tokens in a row.
    """

    def __init__(self, merges: Callable[[], Iterable[Merge]], context: int) -> None:
        self.context = context
        self._merges = merges
        self._symbols = _symbols_of_bytes()

    @cached_property
    def _ranks(self) -> dict[Merge, int]:
        return {pair: rank for rank, pair in enumerate(self._merges())}

    @cached_property
    def _tokens(self) -> dict[str, int]:
        symbols = list(self._symbols.values())
        last = [f"{symbol}{_LAST}" for symbol in symbols]
        vocabulary = [*symbols, *last, *map("".join, self._ranks), START, END]
        return {symbol: token for token, symbol in enumerate(vocabulary)}

    @cached_property
    def _known(self) -> dict[str, list[int]]:
        return {special: [self._tokens[special]] for special in (START, END)}

    @property
    def start(self) -> int:
        """The token that every row begins with."""
        return self._tokens[START]

    @property
    def end(self) -> int:
        """The token after the last word, the highest of all."""
        return self._tokens[END]

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """(n, context) int64 tokens of n texts."""
        rows = torch.zeros(len(texts), self.context, dtype=torch.long)
        for row, text in zip(rows, texts, strict=True):
            tokens = [self.start, *self.encode(text)][: self.context - 1]
            tokens.append(self.end)
            row[: len(tokens)] = torch.tensor(tokens)
        return rows

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, without start and end, however many there are."""
        return [token for word in _words(text) for token in self._tokens_of(word)]

    def _tokens_of(self, word: str) -> list[int]:
        if word not in self._known:
            symbols = [self._symbols[byte] for byte in word.encode()]
            symbols[-1] += _LAST
            self._known[word] = [self._tokens[symbol] for symbol in self._merged(symbols)]
        return self._known[word]

    def _merged(self, symbols: list[str]) -> list[str]:
        """Join neighbours, the pair of lowest rank first and equal ones from the left, until no pair is left."""
        following = [*range(1, len(symbols)), -1]
        before = list(range(-1, len(symbols) - 1))
        alive = [True] * len(symbols)

        def candidate(left: int) -> tuple[int, int, str, str] | None:
            right = following[left]
            pair = (symbols[left], symbols[right])
            rank = self._ranks.get(pair) if right >= 0 else None
            return None if rank is None else (rank, left, *pair)

        queue = [found for left in range(len(symbols)) if (found := candidate(left))]
        heapify(queue)
        while queue:
            entry = heappop(queue)
            left = entry[1]
            if not alive[left] or candidate(left) != entry:
                continue  # one of the two has been joined with another neighbour meanwhile
            right = following[left]
            symbols[left] += symbols[right]
            alive[right] = False
            following[left] = following[right]
            if following[left] >= 0:
                before[following[left]] = left
            for changed in (before[left], left):
                if changed >= 0 and (found := candidate(changed)):
                    heappush(queue, found)
        return [symbol for symbol, there in zip(symbols, alive, strict=True) if there]


def read_merges(text: str) -> list[Merge]:
    """Return the merges in the text of OpenAI's file: a line of comment, then two symbols on each line."""
    used = 49152 - 256 - 2  # the rest of the file was never used
    merges = []
    for line in text.split("\n")[1 : used + 1]:
        first, second = line.split()
        merges.append((first, second))
    return merges


def _words(text: str) -> list[str]:
    """Return the words, digits and runs of signs of a text, after what CLIP's training did to clean it."""
    if _PLAIN.fullmatch(text):
        return _ASCII_WORDS.findall(" ".join(text.split()).lower())
    # these take a tenth of a second to import, and few prompts need them
    import ftfy
    import regex

    cleaned = html.unescape(html.unescape(ftfy.fix_text(text)))
    words: list[str] = regex.findall(
        rf"{_CONTRACTIONS}|[\p{{L}}]+|[\p{{N}}]|[^\s\p{{L}}\p{{N}}]+",
        " ".join(cleaned.split()).lower(),
        flags=regex.IGNORECASE,
    )
    return words


def _symbols_of_bytes() -> dict[int, str]:
    """Return a visible letter for each of the 256 bytes, in the order of the vocabulary."""
    visible = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    hidden = [byte for byte in range(256) if byte not in visible]
    return {byte: chr(byte) for byte in visible} | {byte: chr(256 + n) for n, byte in enumerate(hidden)}
