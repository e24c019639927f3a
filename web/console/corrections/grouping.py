"""Messages that say the same in other words, found by the letters they share.

Pure. Each message is a set of word and four-letter pieces weighted by their rarity (TF-IDF); an
inverted index gives at once the messages that share rare pieces with one.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

LETTERS = 4
LEAST = 0.3  # cosine: below, two messages only share the words of any question
LIMIT = 200
COMMON = 0.1  # a piece that more messages than this share tells nothing apart…
ENOUGH = 200  # … when there are that many messages at least
NOT_A_WORD = re.compile(r"[^a-z0-9]+")
NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Similar:
    """A message like another: its key, and their cosine, from 0 to 1."""

    key: int
    score: float


class Index:
    """Messages under keys, to find those like one."""

    def __init__(self, messages: Iterable[tuple[int, str]]) -> None:
        """Read the (key, text) pairs: 20,000 messages in about two seconds."""
        self._keys: list[int] = []
        pieces: list[set[str]] = []
        for key, text in messages:
            self._keys.append(key)
            pieces.append(pieces_of(text))
        counts = Counter(piece for found in pieces for piece in found)
        total = len(pieces)
        most = COMMON * total if total >= ENOUGH else total
        self._weights = {
            piece: 1 + math.log(total / count) for piece, count in counts.items() if count <= most
        }
        self._where: dict[str, list[int]] = defaultdict(list)
        self._lengths: list[float] = []
        for place, found in enumerate(pieces):
            known = self._weights.keys() & found
            self._lengths.append(self._length(known))
            for piece in known:
                self._where[piece].append(place)

    def similar(self, text: str, *, least: float = LEAST, limit: int = LIMIT) -> list[Similar]:
        """Return the messages like `text`, the most alike first."""
        wanted = self._weights.keys() & pieces_of(text)
        length = self._length(wanted)
        shared: dict[int, float] = defaultdict(float)
        for piece in wanted:
            square = self._weights[piece] ** 2
            for place in self._where[piece]:
                shared[place] += square
        scores = (
            Similar(self._keys[place], total / (length * self._lengths[place]))
            for place, total in shared.items()
        )
        kept = [found for found in scores if found.score >= least]
        return sorted(kept, key=lambda found: (-found.score, found.key))[:limit]

    def _length(self, pieces: Iterable[str]) -> float:
        return math.sqrt(sum(self._weights[piece] ** 2 for piece in pieces))


def pieces_of(text: str) -> set[str]:
    """Return the words of a message and its runs of letters, across words too."""
    plain = plain_words(text)
    spread = f" {plain} "
    letters = {spread[at : at + LETTERS] for at in range(len(spread) - LETTERS + 1)}
    return letters | {f"={word}" for word in plain.split()}


def plain_words(text: str) -> str:
    """Return the text in lower-case words without accents or marks; any number is 0."""
    lowered = unicodedata.normalize("NFKD", text.lower().replace("œ", "oe").replace("æ", "ae"))
    bare = "".join(char for char in lowered if not unicodedata.combining(char))
    return " ".join(NOT_A_WORD.sub(" ", NUMBER.sub("0", bare)).split())
