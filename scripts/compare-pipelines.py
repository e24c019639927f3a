"""Compares ways of understanding on the same split of data/nlu, in one run; prints a table.

    .venv-rasa/bin/python scripts/compare-pipelines.py [--questions FILE.jsonl]

One part in five of the examples is kept apart (stratified, fixed seed). `--questions` adds a
file of {"text", "intent"} lines to measure with. Measured: share of right first intents, right
one among three, CPU seconds of training, median milliseconds of a parse, size of the model,
messages answered without asking and, among all messages, wrong answers so given. Stock DIET has
no band: it "answers" from a confidence of .7, Rasa's suggested threshold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import random
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from bot.__main__ import SETTINGS

import os  # isort: skip

os.environ.update(SETTINGS)

import structlog
from rasa.core.agent import Agent
from rasa.model_training import train_nlu
from rasa.shared.nlu.training_data.loading import load_data
from rasa.shared.nlu.training_data.training_data import TrainingData
from rasa.shared.utils.io import write_yaml

OURS: list[dict[str, Any]] = [
    {"name": "SpacyNLP", "model": "fr_core_news_md"},
    {"name": "SpacyTokenizer"},
    {"name": "bot.normaliser.Normaliser"},
    {"name": "bot.sentence_vectors.SentenceVectors"},
    {"name": "bot.classifier.LinearIntentClassifier"},
]
DIET: list[dict[str, Any]] = [
    {"name": "WhitespaceTokenizer"},
    {"name": "RegexFeaturizer"},
    {"name": "LexicalSyntacticFeaturizer"},
    {"name": "CountVectorsFeaturizer"},
    {"name": "CountVectorsFeaturizer", "analyzer": "char_wb", "min_ngram": 1, "max_ngram": 4},
    {"name": "DIETClassifier", "epochs": 100, "constrain_similarities": True, "random_seed": 7},
]
PIPELINES = {
    "stock DIET (`rasa init`, 100 epochs)": DIET,
    "words and letters, linear SVM": [OURS[0], OURS[1], OURS[2], OURS[4]],
    "the same with sentence vectors (ours)": OURS,
}
STOCK_THRESHOLD = 0.7
Example = tuple[str, str]


def split(data: TrainingData) -> tuple[TrainingData, list[Example]]:
    by_intent = defaultdict(list)
    for message in data.intent_examples:
        by_intent[message.get("intent")].append(message)
    chance = random.Random(7)
    kept, apart = [], []
    for messages in by_intent.values():
        chance.shuffle(messages)
        cut = len(messages) // 5
        apart += [(m.get("text"), m.get("intent")) for m in messages[:cut]]
        kept += messages[cut:]
    return TrainingData(kept), apart


def parses(agent: Agent, texts: list[str]) -> Iterator[tuple[dict[str, Any], float]]:
    loop = asyncio.new_event_loop()
    for text in texts:
        begun = time.perf_counter()
        parsed = loop.run_until_complete(agent.parse_message(text))
        yield parsed, 1000 * (time.perf_counter() - begun)


def score(agent: Agent, examples: list[Example]) -> dict[str, float]:
    first = third = answered = wrong = 0
    times = []
    for (_, intent), (parsed, spent) in zip(
        examples, parses(agent, [text for text, _ in examples]), strict=True
    ):
        names = [item["name"] for item in parsed["intent_ranking"]][:3]
        right = names[:1] == [intent]
        first += right
        third += intent in names
        confident = (
            parsed["bande"] == "repondre"
            if "bande" in parsed
            else parsed["intent"]["confidence"] >= STOCK_THRESHOLD
        )
        answered += confident
        wrong += confident and not right
        times.append(spent)
    return {
        "first": first / len(examples),
        "third": third / len(examples),
        "answered": answered / len(examples),
        "wrong": wrong / len(examples),
        "ms": statistics.median(times),
    }


def measure(
    pipeline: list[dict[str, Any]], data: TrainingData, sets: dict[str, list[Example]]
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        config, examples = Path(folder, "config.yml"), Path(folder, "nlu.yml")
        write_yaml({"recipe": "default.v1", "language": "fr", "pipeline": pipeline}, config)
        data.persist_nlu(str(examples))
        os.environ["RASA_CACHE_DIRECTORY"] = folder  # nothing taken over from another training
        begun = time.process_time()
        model = train_nlu(str(config), str(examples), output=folder)
        cpu = time.process_time() - begun
        agent = Agent.load(model)
        scores = {name: score(agent, rows) for name, rows in sets.items()}
        return {"cpu": cpu, "mb": Path(model).stat().st_size / 1e6, "scores": scores}


def questions(path: Path) -> list[Example]:
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(row["text"], row["intent"]) for row in rows]


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    parser = argparse.ArgumentParser()
    parser.add_argument("--questions", type=Path)
    arguments = parser.parse_args()
    data, apart = split(load_data("data/nlu"))
    sets = {"kept apart": apart}
    if arguments.questions:
        sets["questions"] = questions(arguments.questions)
    print("| pipeline | set | first | top 3 | answered | wrong | train CPU s | MB | ms |")
    print("|---|---|---|---|---|---|---|---|---|", flush=True)
    for name, pipeline in PIPELINES.items():
        result = measure(pipeline, data, sets)
        for which, s in result["scores"].items():
            print(
                f"| {name} | {which} ({len(sets[which])}) | {s['first']:.2f} | {s['third']:.2f} "
                f"| {s['answered']:.2f} | {s['wrong']:.3f} | {result['cpu']:.0f} "
                f"| {result['mb']:.1f} | {s['ms']:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
