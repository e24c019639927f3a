"""The second net under danger: sees in the words themselves that a person needs help at once.

The classifier may doubt or be wrong; someone who is beaten must not depend on it. After it, this
component looks for the expressions of bot/danger.yml in the message, however it is typed. When
one is there, its category becomes the intent, surely. Why: docs/decisions/0010-danger-net.md.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.nlu.constants import INTENT, INTENT_RANKING_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from ruamel.yaml import YAML

from bot.calibration import ANSWER
from bot.classifier import BAND
from bot.normaliser import SHORT_FORMS

FILE = Path(__file__).with_name("danger.yml")
PAYLOAD = re.compile(r"\s*/\w+(?:@[\d.]+)?(?:\{.*\})?\s*")  # what a button sends

ELLIPSIS = re.compile(r"\.{2,}|…")
SENTENCE_END = re.compile(r"[.?!;\n]+")
NOT_A_WORD = re.compile(r"[^a-z0-9.]+")
REPEATED = re.compile(r"([a-z])\1+")
DIGIT_LETTER = re.compile(r"(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)")

# Of an expression: a few words between two others, and up to a dozen, even in two sentences.
NEAR, FAR = "..", "..."
GAPS = {NEAR: r"(?:[a-z0-9]+ ){0,4}?", FAR: r"(?:[a-z0-9.]+ ){0,12}?"}
ANY_WORD = "[a-z0-9.]+ "
ELEMENT = re.compile(r"!?\([^()]*\)\??|\S+")
SHORTEST_TYPO = 4  # letters: a shorter word is too near too many others
ELIDED = "jlmnst"  # « menferme », « ltape »: letters that SMS joins to the next word


def simplify(text: str) -> str:
    """Lower-case words without accents or apostrophes; « . » between sentences.

    A repeated letter counts once: it undoes « aidezzz » as well as « frape » or « viollent ».
    """
    text = unicodedata.normalize("NFKD", text).lower().replace("œ", "oe").replace("æ", "ae")
    text = "".join(char for char in text if not unicodedata.combining(char))
    text = SENTENCE_END.sub(" . ", ELLIPSIS.sub(" ", text))
    text = REPEATED.sub(r"\1", DIGIT_LETTER.sub(" ", NOT_A_WORD.sub(" ", text)))
    return " ".join(text.split())


class Speller:
    """Brings a word typed with one mistake back to an important word.

    Both lose each of their letters in turn: two words one edit apart have one of these in common
    (or are one another's), so a word is compared with a handful of others, not with all.
    """

    def __init__(self, important: Iterable[str], known: Iterable[str]) -> None:
        self._important = set(important)
        words = {word for word in self._important if len(word) > SHORTEST_TYPO}
        self._known = {*known, *self._important}
        self._by_part: dict[str, set[str]] = {}
        for word in sorted(words):
            for part in {word, *_shortened(word)}:
                self._by_part.setdefault(part, set()).add(word)

    def correct(self, word: str) -> str:
        if len(word) < SHORTEST_TYPO or word in self._known:
            return word
        if word[0] in ELIDED and word[1:] in self._important:
            return f"{word[0]} {word[1:]}"
        for part in (word, *_shortened(word)):
            for candidate in sorted(self._by_part.get(part, ())):
                if _one_edit_apart(word, candidate):
                    return candidate
        return word


class DangerNet:
    """Finds the category of danger that a text speaks of, from the content of bot/danger.yml."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        lists = {name: _List(content["listes"], name) for name in content["listes"]}
        short = {**SHORT_FORMS, **content["abreviations"]}
        self._short = {simplify(typed): simplify(meant) for typed, meant in short.items()}
        self._ignored = _compile(content["ignorer"], lists)
        self._categories: list[tuple[str, re.Pattern[str], re.Pattern[str]]] = [
            (name, _compile(category["sauf"], lists), _compile(category["expressions"], lists))
            for name, category in content["categories"].items()
        ]
        self._speller = Speller(
            _words(content["souples"]),
            _words([*_strings(content), *self._short, *content["pas_des_fautes"]]),
        )

    @classmethod
    def read(cls, path: Path = FILE) -> DangerNet:
        return cls(YAML(typ="safe").load(path.read_text(encoding="utf-8")))

    def category(self, text: str) -> str | None:
        """The first category, in the file's order, one of whose expressions is in the text."""
        text = self._ignored.sub(". ", self._read(text))
        for name, unless, expressions in self._categories:
            if expressions.search(unless.sub(". ", text)):
                return name
        return None

    def _read(self, text: str) -> str:
        words = (self._short.get(word, word) for word in simplify(text).split())
        return f" . {' '.join(self._speller.correct(word) for word in words)} . "


class _List:
    """A list of words or groups of words; as a pattern, any of them."""

    def __init__(self, lists: Mapping[str, list[str]], name: str) -> None:
        nested = {
            inner: _List(lists, inner)
            for entry in lists[name]
            for inner in re.findall(r"<(\w+)>", entry)
        }
        self.pattern = _any_of(_sequence(entry, nested) for entry in lists[name])


def _compile(expressions: list[str], lists: Mapping[str, _List]) -> re.Pattern[str]:
    """One pattern for all. Every gap is bounded: the time is linear in the length of the text."""
    sequences = [ELEMENT.findall(expression) for expression in expressions]
    return re.compile(f"(?<= ){_tree(sequences, lists)}" if sequences else "(?!)")


def _tree(sequences: list[list[str]], lists: Mapping[str, _List]) -> str:
    """Any of the sequences; what several begin with is looked for once."""
    by_first: dict[str, list[list[str]]] = {}
    for first, *rest in filter(None, sequences):
        by_first.setdefault(first, []).append(rest)
    branches = (_element(first, lists) + _tree(rests, lists) for first, rests in by_first.items())
    shorter = [""] if [] in sequences else []
    return _any_of([*branches, *shorter]) if by_first else ""


def _sequence(expression: str, lists: Mapping[str, _List]) -> str:
    return "".join(_element(element, lists) for element in ELEMENT.findall(expression))


def _element(element: str, lists: Mapping[str, _List]) -> str:
    """`a|b`, `(deux mots|<liste>|début*)`, `facultatif?`, `!(tout|sauf)`, « . », or a gap."""
    if element in GAPS:
        return GAPS[element]
    choices = element.lstrip("!").rstrip("?").strip("()").split("|")
    pattern = _any_of(_choice(choice, lists) for choice in choices)
    if element.startswith("!"):
        pattern = f"(?:(?!{pattern}){ANY_WORD})"
    return f"{pattern}?" if element.endswith("?") else pattern


def _choice(choice: str, lists: Mapping[str, _List]) -> str:
    return "".join(_word(word, lists) for word in choice.split())


def _word(word: str, lists: Mapping[str, _List]) -> str:
    if word.startswith("<"):
        return lists[word.strip("<>")].pattern
    if word == ".":
        return r"\. "
    start = simplify(word.rstrip("*"))
    return f"{start}[a-z0-9]* " if word.endswith("*") else f"{start} "


def _any_of(patterns: Iterable[str]) -> str:
    return f"(?:{'|'.join(dict.fromkeys(patterns))})"


def _strings(content: object) -> Iterable[str]:
    """Every string under `content`."""
    if isinstance(content, str):
        yield content
    elif isinstance(content, Mapping):
        for value in content.values():
            yield from _strings(value)
    elif isinstance(content, list):
        for value in content:
            yield from _strings(value)


def _words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in simplify(text).split()}


def _shortened(word: str) -> list[str]:
    return [word[:i] + word[i + 1 :] for i in range(len(word))]


def _one_edit_apart(one: str, other: str) -> bool:
    """One letter added, lost or changed, or two neighbours swapped."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    if start is None:
        return True
    a, b = one[start:], other[start:]
    swapped = a[:2] == b[1::-1] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=False)
class DangerDetector(IntentClassifier, GraphComponent):
    """Stands after the classifier; has the last word when a person is in danger."""

    @classmethod
    def required_components(cls) -> list[type]:
        return [IntentClassifier]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> DangerDetector:
        return cls(DangerNet.read())

    def __init__(self, net: DangerNet) -> None:
        self._net = net

    def process(self, messages: list[Message]) -> list[Message]:
        for message in messages:
            text = message.get(TEXT) or ""
            if not PAYLOAD.fullmatch(text) and (category := self._net.category(text)):
                _set_intent(message, category)
        return messages


def _set_intent(message: Message, category: str) -> None:
    intent = {"name": category, "confidence": 1.0}
    others = [i for i in message.get(INTENT_RANKING_KEY) or [] if i["name"] != category]
    message.set(INTENT, intent, add_to_output=True)
    message.set(INTENT_RANKING_KEY, [intent, *others], add_to_output=True)
    message.set(BAND, ANSWER, add_to_output=True)
