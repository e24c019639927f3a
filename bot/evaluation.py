"""`python -m bot.evaluation`: how well Allobot understands, in one table and one report.

Measures the trained model on questions kept apart (labelled, never trained on) and on the same
questions spoilt with a fixed seed, cross-validates the training examples, and measures the masking
of personal data. Called by `allobot eval`, which trains first when needed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from allobot.masking.measure import measure, read_cases
from bot.calibration import ANSWER, Array

ELSEWHERE = "hors_sujet"
SEED = 20261121
WORST = 10
MATRIX_INCHES = 18


@dataclass(frozen=True)
class Asked:
    """One labelled question, and what the model made of it."""

    text: str
    label: str
    kind: str
    found: str
    confidence: float
    answered: bool

    @property
    def right(self) -> bool:
        return self.found == self.label

    @property
    def wrong_without_asking(self) -> bool:
        return self.answered and not self.right

    @property
    def kept_out(self) -> bool:
        """An out-of-scope question that got no answer of another subject."""
        return self.right or not self.answered


@dataclass(frozen=True)
class Line:
    """One line of the table: a measure, its value in %, on how many questions."""

    measure: str
    value: float
    count: int


def lose_accents(text: str, chance: random.Random) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def lose_apostrophes(text: str, chance: random.Random) -> str:
    return text.replace("'", " ").replace("’", " ")


def mistype(text: str, chance: random.Random) -> str:
    """One typing mistake in about one word of six: a letter lost, doubled or swapped."""
    return " ".join(
        _spoil(word, chance) if len(word) > 3 and chance.random() < 1 / 6 else word
        for word in text.split(" ")
    )


def _spoil(word: str, chance: random.Random) -> str:
    at = chance.randrange(1, len(word) - 1)
    return chance.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[:at] + word[at + 1] + word[at] + word[at + 2 :],
        ]
    )


SPOILERS: dict[str, Callable[[str, random.Random], str]] = {
    "sans accents": lose_accents,
    "sans apostrophes": lose_apostrophes,
    "fautes de frappe": mistype,
}


def read_held_out(path: Path) -> list[dict[str, str]]:
    """A YAML map `intent: [questions]`, as records."""
    by_intent = yaml.safe_load(path.read_text(encoding="utf-8"))
    return [
        {"text": text, "intent": intent, "kind": "mise de côté"}
        for intent, texts in by_intent.items()
        for text in texts
    ]


def read_questions(path: Path) -> list[dict[str, str]]:
    """JSON lines with `text`, `intent` and `kind`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def summary(title: str, asked: Sequence[Asked]) -> list[Line]:
    """The lines of the table for a set of questions."""
    inside = [a for a in asked if a.label != ELSEWHERE]
    outside = [a for a in asked if a.label == ELSEWHERE]
    lines = []
    if inside:
        lines.append(_line(f"{title} : bon sujet trouvé en premier", [a.right for a in inside]))
    if outside:
        kept = [a.kept_out for a in outside]
        lines.append(_line(f"{title} : hors sujet, rien d'autre n'est répondu", kept))
    wrong = [a.wrong_without_asking for a in asked]
    lines.append(_line(f"{title} : fausse réponse donnée sans demander", wrong))
    return lines


def _line(measure: str, outcomes: Sequence[bool]) -> Line:
    return Line(measure, 100 * sum(outcomes) / len(outcomes), len(outcomes))


def confusions(asked: Sequence[Asked]) -> list[tuple[str, str, int, str]]:
    """The ten most frequent (right subject, found subject), with how often and an example."""
    missed = [a for a in asked if not a.right]
    counts = Counter((a.label, a.found) for a in missed)
    examples = {(a.label, a.found): a.text for a in missed}
    return [(*pair, count, examples[pair]) for pair, count in counts.most_common(WORST)]


class Model:
    """The trained model, asked one message at a time."""

    def __init__(self, path: Path) -> None:
        from rasa.core.agent import Agent

        from bot.tuning import tune

        tune()
        self._agent = Agent.load(str(path))

    def ask(self, records: Sequence[dict[str, str]]) -> list[Asked]:
        return asyncio.run(self._ask(records))

    async def _ask(self, records: Sequence[dict[str, str]]) -> list[Asked]:
        return [_asked(r, await self._agent.parse_message(r["text"])) for r in records]


def _asked(record: dict[str, str], parsed: dict[str, Any]) -> Asked:
    ranking = parsed.get("intent_ranking") or [{"name": "nlu_fallback", "confidence": 0.0}]
    return Asked(
        text=record["text"],
        label=record["intent"],
        kind=record["kind"],
        found=ranking[0]["name"],
        confidence=ranking[0]["confidence"],
        answered=parsed.get("bande") == ANSWER,
    )


def cross_validation(data: Path) -> Line:
    """Five folds over the training examples, without the bands: first intent right."""
    from rasa.shared.importers.utils import training_data_from_paths
    from sklearn.preprocessing import LabelEncoder

    from bot.classifier import LinearIntentClassifier, unseen_margins
    from bot.normaliser import normalise
    from bot.sentence_vectors import encode_pairs, load_encoder

    examples = training_data_from_paths([str(data)], "fr").intent_examples
    raw = [str(example.get("text")) for example in examples]
    labels = LabelEncoder().fit_transform([example.get("intent") for example in examples])
    texts = [normalise(text) for text in raw]
    encoder = load_encoder()
    vectors = encode_pairs(encoder, raw, texts) if encoder else np.zeros((len(raw), 0))
    margins = unseen_margins(LinearIntentClassifier.get_default_config(), texts, vectors, labels)
    right = list(np.argmax(margins, axis=1) == labels)
    return _line("exemples, validation croisée : bon sujet en premier", right)


def masking(cases: Path) -> list[Line]:
    """What the masking of personal data finds, and spares, in texts written for that."""
    groups = read_cases(cases)
    lines = []
    for title, names in (("", list(groups)), (" (mis de côté)", ["held_out"])):
        score = measure(*(groups[name] for name in names))
        lines.append(Line(f"masquage{title} : précision", score.precision, score.changed))
        lines.append(Line(f"masquage{title} : rappel", score.recall, score.personal))
    return lines


def perturbed(model: Model, records: list[dict[str, str]], title: str) -> list[Line]:
    """How many are found when the same questions are spoilt."""
    inside = [record for record in records if record["intent"] != ELSEWHERE]
    lines = []
    for name, spoil in SPOILERS.items():
        chance = random.Random(SEED)
        spoilt = [{**record, "text": spoil(record["text"], chance)} for record in inside]
        found = [asked.right for asked in model.ask(spoilt)]
        lines.append(_line(f"{title}, {name} : bon sujet en premier", found))
    return lines


def draw_matrix(asked: Sequence[Asked], path: Path) -> None:
    """The confusion matrix, rows: right subject, columns: found; each row in shares."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    names = sorted({a.label for a in asked} | {a.found for a in asked})
    index = {name: i for i, name in enumerate(names)}
    matrix: Array = np.zeros((len(names), len(names)))
    for a in asked:
        matrix[index[a.label], index[a.found]] += 1
    matrix /= np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    figure, axes = plt.subplots(figsize=(MATRIX_INCHES, MATRIX_INCHES))
    axes.imshow(matrix, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(names)), names, rotation=90)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("sujet trouvé")
    axes.set_ylabel("bon sujet")
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def by_group(asked: Sequence[Asked], key: Callable[[Asked], str]) -> list[Line]:
    groups: dict[str, list[bool]] = {}
    for a in asked:
        groups.setdefault(key(a), []).append(a.right)
    return [_line(name, found) for name, found in sorted(groups.items())]


def table(lines: Sequence[Line]) -> str:
    width = max(len(line.measure) for line in lines)
    rows = [f"{line.measure:<{width}}  {line.value:5.1f} %  ({line.count})" for line in lines]
    return "\n".join(rows)


def report(lines: Sequence[Line], groups: dict[str, list[Asked]]) -> str:
    """The report in Markdown; the picture lies beside it."""
    parts = ["# Ce qu'Allobot comprend", "", "| mesure | % | questions |", "|---|---|---|"]
    parts += [f"| {line.measure} | {line.value:.1f} | {line.count} |" for line in lines]
    for title, asked in groups.items():
        parts += ["", f"## {title}", "", "### Par sujet", "", "| sujet | % | questions |"]
        parts += ["|---|---|---|"]
        parts += [
            f"| {line.measure} | {line.value:.0f} | {line.count} |"
            for line in by_group(asked, lambda a: a.label)
        ]
        parts += ["", "### Les dix pires confusions", ""]
        parts += ["| bon sujet | trouvé | fois | exemple |", "|---|---|---|---|"]
        parts += [
            f"| {label} | {found} | {count} | {text.replace('|', ' ')} |"
            for label, found, count, text in confusions(asked)
        ]
    parts += ["", "![Matrice de confusion](confusion.png)", ""]
    return "\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--held-out", type=Path, required=True)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--masking", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    _quiet()
    model = Model(options.model)
    held_out = read_held_out(options.held_out)
    groups = {"Questions mises de côté": model.ask(held_out)}
    lines = [cross_validation(options.data), *summary("mises de côté", next(iter(groups.values())))]
    lines += perturbed(model, held_out, "mises de côté")
    if options.questions and options.questions.is_file():
        records = read_questions(options.questions)
        asked = groups["Questions réelles"] = model.ask(records)
        lines += summary("réelles", asked)
        kinds = by_group(asked, lambda a: f"réelles, {a.kind} : bon sujet en premier")
        lines += [*kinds, *perturbed(model, records, "réelles")]
    lines += masking(options.masking)
    options.out.mkdir(parents=True, exist_ok=True)
    draw_matrix([a for asked in groups.values() for a in asked], options.out / "confusion.png")
    (options.out / "rapport.md").write_text(report(lines, groups), encoding="utf-8")
    print(table(lines))


def _quiet() -> None:
    """Rasa's log would quote the messages."""
    import logging

    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


if __name__ == "__main__":
    from bot.__main__ import SETTINGS, hush_deprecations

    os.environ.update(SETTINGS)
    hush_deprecations()
    main()
