"""Turns validated corrections into a change of data/nlu: new lines at the end of intents' examples.

Pure: files come in and go out as text. Nothing else of a file moves, neither order nor comments:
lines are inserted in the `|` block of the intent, then the file is read again as YAML and must hold
exactly what it held and the new examples.

What is written is what Rasa will read: one line, visible characters, no bracket of its own. A
masking token becomes the words inside it (« [nom] », « nom »): the bot gets the same words from the
gateway's masked messages. A message of danger was never kept: there is nothing to learn from it.
"""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from allobot.dangers import DANGERS
from allobot.masking import mask
from allobot.masking.words import tokens
from web.console.corrections.grouping import plain_words

NLU = "data/nlu"
MEASURED = "tests/understanding"
LONGEST = 500  # characters, as the gateway takes
INTENT = re.compile(
    r"""^(?P<indent> *)- intent: *(?P<quote>["']?)(?P<name>[\w-]+)(?P=quote) *(#.*)?$"""
)
EXAMPLES = re.compile(r"^(?P<indent> +)examples: *\|[-+]? *(#.*)?$")
ENTITY = re.compile(r"\[(?P<text>[^\]]+?)\](?:\([^)]*\)|\{[^}]*\}|\[.*?\])")
BRACKETS = str.maketrans("[]", "()")
HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
NAME = re.compile(r"[a-z][a-z0-9_]*")


class PatchError(ValueError):
    """A file of training data cannot be changed safely; the text names it."""


class Refusal(StrEnum):
    """Why an example is not added; the page has the sentence of each."""

    SAME = "deja_la"  # already an example of this intent
    CONFLICT = "conflit"  # already an example of another, or asked for two
    MEASURED = "mesure"  # it measures the bot: never learnt from
    EMPTY = "sans_mots"
    DANGER = "danger"  # its words were not kept
    LONG = "trop_long"
    PERSONAL = "personnel"  # the masking finds something in it
    UNKNOWN = "sujet_inconnu"  # no file has examples of this intent


@dataclass(frozen=True, slots=True)
class Entity:
    """Some words of a message that name something; `value` when it is not the words."""

    text: str
    entity: str
    value: str | None = None

    def is_writable(self) -> bool:
        """Tell whether Rasa's `[words](entity:value)` can carry it."""
        value = self.value or ""
        plain = not set(self.text) & set("[]\n") and not set(value) & set("()[]:\n")
        return bool(self.text.strip()) and plain and NAME.fullmatch(self.entity) is not None

    def written(self) -> str:
        """Return it as Rasa reads it."""
        return f"[{self.text}]({self.entity}{f':{self.value}' if self.value else ''})"


@dataclass(frozen=True, slots=True)
class Example:
    """A message to learn: `key` is the correction's."""

    key: int
    intent: str
    text: str
    entities: tuple[Entity, ...] = ()


@dataclass(frozen=True, slots=True)
class Added:
    """An example that the patch adds, as written in a file."""

    example: Example
    file: str
    line: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An example that it does not add; `other` is the intent in conflict."""

    example: Example
    why: Refusal
    other: str | None = None


@dataclass(frozen=True, slots=True)
class Patch:
    """What changes: each changed file before and after, what is added, what is not and why."""

    before: Mapping[str, str]
    after: Mapping[str, str]
    added: Sequence[Added]
    refused: Sequence[Refused]

    def diff(self) -> str:
        """Return the unified diff, as `git apply` takes it."""
        return "".join(
            _diff(name, self.before[name], after) for name, after in sorted(self.after.items())
        )

    def counts(self) -> Counter[Refusal]:
        """Return how many examples each reason refuses."""
        return Counter(refused.why for refused in self.refused)

    def there(self) -> list[int]:
        """Return the corrections whose example is already in the data."""
        return [it.example.key for it in self.refused if it.why is Refusal.SAME and it.example.key]


@dataclass(frozen=True, slots=True)
class Block:
    """The examples of an intent in a file: its lines are numbered from 0, `end` is excluded."""

    intent: str
    start: int
    end: int  # after the last line that holds something
    indent: str


def make_patch(
    files: Mapping[str, str], measured: Iterable[str], wanted: Sequence[Example]
) -> Patch:
    """Return what adds the `wanted` examples to `files` (path: text).

    `measured` are the messages that measure the bot. Raises PatchError when a file would not read
    back as what it was and the new examples.
    """
    homes = _homes(files)
    known = _known(files)
    apart = {plain_words(text) for text in measured}
    asked: dict[str, set[str]] = {}
    for example in wanted:
        asked.setdefault(plain_words(learnable(example.text)), set()).add(example.intent)
    added: list[Added] = []
    refused: list[Refused] = []
    for example in wanted:
        text = learnable(example.text)
        words = plain_words(text)
        why, other = _refusal(example, words, known, asked[words], apart, homes)
        if why is not None:
            refused.append(Refused(example, why, other))
            continue
        known.setdefault(words, set()).add(example.intent)
        line = write_entities(text, example.entities)
        added.append(Added(example, homes[example.intent], line))
    before = {name: files[name] for name in {it.file for it in added}}
    after = {name: _with_lines(name, files[name], added) for name in before}
    return Patch(before, after, added, refused)


def learnable(text: str) -> str:
    """Return a masked message as an example: one line of visible characters, without brackets."""
    for token in tokens().values():
        text = text.replace(token, token.strip("[]"))
    composed = unicodedata.normalize("NFC", text)
    shown = (" " if unicodedata.category(char) in HIDDEN else char for char in composed)
    # A leading dash would be read as the list's own, a slash as a payload.
    return " ".join("".join(shown).split()).translate(BRACKETS).lstrip("-/ ")


def write_entities(text: str, entities: Sequence[Entity]) -> str:
    """Return the example with its entities marked; one whose words are not in it is left out."""
    spans: list[tuple[int, int, Entity]] = []
    for entity in entities:
        words = learnable(entity.text)
        start = text.find(words) if words else -1
        while start >= 0 and any(start < e and s < start + len(words) for s, e, _ in spans):
            start = text.find(words, start + 1)
        if start >= 0 and entity.is_writable():
            spans.append((start, start + len(words), entity))
    for start, end, entity in sorted(spans, key=lambda span: span[0], reverse=True):
        marked = Entity(text[start:end], entity.entity, entity.value).written()
        text = f"{text[:start]}{marked}{text[end:]}"
    return text


def blocks(text: str) -> Iterator[Block]:
    """Yield the blocks of examples of a file, in order."""
    lines = text.split("\n")
    intent, indent, row = "", -1, 0
    while row < len(lines):
        line = lines[row].rstrip("\r")
        row += 1
        if found := INTENT.match(line):
            intent, indent = found["name"], len(found["indent"])
        elif intent and (found := EXAMPLES.match(line)) and len(found["indent"]) > indent:
            block = _block(intent, lines, row, len(found["indent"]))
            if block is not None:
                yield block
                row = block.end
            intent = ""
        elif line.lstrip().startswith("- ") and len(line) - len(line.lstrip()) <= indent:
            intent = ""  # an item of another kind: its examples are no intent's


def examples_of(text: str) -> dict[str, list[str]]:
    """Return the examples of a file by intent, as Rasa reads them: entities unmarked.

    Raises PatchError when it is not training data.
    """
    found: dict[str, list[str]] = {}
    for intent, raw in _raw_examples(text).items():
        found[intent] = [ENTITY.sub(r"\g<text>", line) for line in raw]
    return found


def read_files(root: Path) -> dict[str, str]:
    """Return the files of training data, by their path under `root`."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes().decode("utf-8")
        for path in sorted((root / NLU).glob("*.yml"))
    }


def read_measured(root: Path) -> list[str]:
    """Return every message kept apart to measure the bot."""
    reader = YAML(typ="safe")
    paths = sorted((root / MEASURED).glob("*.yml"))
    return [text for path in paths for text in _strings(reader.load(path.read_bytes()))]


def write_files(root: Path, patch: Patch) -> None:
    """Write the changed files, each whole or not at all."""
    for name, text in patch.after.items():
        path = root / name
        draft = path.with_name(f".{path.name}.draft")
        draft.write_bytes(text.encode("utf-8"))
        draft.replace(path)


def _refusal(
    example: Example,
    words: str,
    known: Mapping[str, set[str]],
    asked: set[str],
    apart: set[str],
    homes: Mapping[str, str],
) -> tuple[Refusal | None, str | None]:
    intents = known.get(words, set())
    others = sorted((intents or asked) - {example.intent})
    text = learnable(example.text)
    reasons = (
        (Refusal.DANGER, example.text.strip() in {f"[{name}]" for name in DANGERS}),
        (Refusal.EMPTY, not words.replace("0", "").strip()),
        (Refusal.LONG, len(text) > LONGEST),
        (Refusal.PERSONAL, bool(mask(text).kinds)),
        (Refusal.MEASURED, words in apart),
        (Refusal.UNKNOWN, example.intent not in homes),
        (Refusal.CONFLICT, bool(others)),
        (Refusal.SAME, example.intent in intents),
    )
    why = next((reason for reason, holds in reasons if holds), None)
    return why, others[0] if why is Refusal.CONFLICT else None


def _homes(files: Mapping[str, str]) -> dict[str, str]:
    """Return the file of each intent: the one that has most of its examples."""
    sizes: dict[str, dict[str, int]] = {}
    for name, text in files.items():
        for block in blocks(text):
            sizes.setdefault(block.intent, {})[name] = block.end - block.start
    return {intent: max(sized, key=lambda name: sized[name]) for intent, sized in sizes.items()}


def _known(files: Mapping[str, str]) -> dict[str, set[str]]:
    known: dict[str, set[str]] = {}
    for text in files.values():
        for intent, examples in examples_of(text).items():
            for example in examples:
                known.setdefault(plain_words(example), set()).add(intent)
    return known


def _block(intent: str, lines: Sequence[str], row: int, outer: int) -> Block | None:
    """Return the literal block that begins at `row` under a key indented by `outer`."""
    first = next((i for i in range(row, len(lines)) if lines[i].strip()), None)
    if first is None:
        return None
    indent = _indent(lines[first])
    if len(indent) <= outer:
        return None
    end = first
    for at in range(first, len(lines)):
        if not lines[at].strip():
            continue
        if len(_indent(lines[at])) < len(indent):
            break
        end = at + 1
    return Block(intent, row, end, indent)


def _indent(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" "))]


def _with_lines(name: str, text: str, added: Sequence[Added]) -> str:
    """Return a file with its new lines. Raises PatchError."""
    new: dict[str, list[str]] = {}
    for it in added:
        if it.file == name:
            new.setdefault(it.example.intent, []).append(it.line)
    lines = text.split("\n")
    places = {block.intent: block for block in blocks(text)}  # the last one of each intent
    for block in sorted((places[intent] for intent in new), key=lambda b: b.end, reverse=True):
        end = "\r" if lines[block.end - 1].endswith("\r") else ""
        lines[block.end : block.end] = [
            f"{block.indent}- {line}{end}" for line in new[block.intent]
        ]
    changed = "\n".join(lines)
    expected = _raw_examples(text)
    for intent, examples in new.items():
        expected[intent] = expected[intent] + examples
    if _raw_examples(changed) != expected:
        raise PatchError(name)
    return changed


def _raw_examples(text: str) -> dict[str, list[str]]:
    """Return the examples of each intent as written. Raises PatchError."""
    found: dict[str, list[str]] = {}
    try:
        items = YAML(typ="safe").load(text)["nlu"]
        for item in items:
            if "intent" in item:
                lines = str(item["examples"]).splitlines()
                read = [line[1:].strip("\n\r ") for line in lines if line.startswith("-")]
                found.setdefault(item["intent"], []).extend(read)
    except (YAMLError, KeyError, TypeError) as error:
        raise PatchError(type(error).__name__) from error
    return found


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        yield from (text for item in value.values() for text in _strings(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in _strings(item))


def _diff(name: str, before: str, after: str) -> str:
    lines = difflib.unified_diff(_lines(before), _lines(after), f"a/{name}", f"b/{name}")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(text: str) -> list[str]:
    """Return the lines with their ends; only a line feed ends one, as for git."""
    return [line for line in re.split(r"(?<=\n)", text) if line]
