"""What answering never uses is not imported: TensorFlow alone was half of Rasa's start.

Rasa imports every component and channel it ships with, whatever the configuration names. Those it
does not name are replaced by placeholders, which say so if they are used after all.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

CONFIGURATION = (Path("config.yml"), Path("credentials.yml"), Path("endpoints.yml"))
TALKING = {"run", "shell"}  # the commands that only answer: others learn or draw

# The modules of Rasa that import TensorFlow, and what each is there for: all stay when config.yml
# names one of these.
NEURAL = {
    "rasa.nlu.classifiers.diet_classifier": "DIETClassifier",
    "rasa.nlu.selectors.response_selector": "ResponseSelector",
    "rasa.nlu.featurizers.dense_featurizer.convert_featurizer": "ConveRTFeaturizer",
    "rasa.nlu.featurizers.dense_featurizer.lm_featurizer": "LanguageModelFeaturizer",
    "rasa.core.policies.ted_policy": "TEDPolicy",
    "rasa.core.policies.unexpected_intent_policy": "UnexpecTEDIntentPolicy",
    "rasa.utils.tensorflow.callback": "RasaTrainingLogger",
    "rasa.utils.tensorflow.data_generator": "RasaBatchDataGenerator",
}
# Channels that need the library of a messaging service, by their names in credentials.yml.
MESSAGING = {
    f"rasa.core.channels.{name}": name
    for name in (
        *("botframework", "facebook", "hangouts", "mattermost", "rocketchat", "slack", "telegram"),
        *("twilio", "twilio_voice", "webexteams"),
    )
}
# Libraries of tracker stores that endpoints.yml does not name; plots, which are for `rasa test`.
OTHERS = {
    **dict.fromkeys(("boto3", "boto3.dynamodb", "boto3.dynamodb.conditions"), "dynamo"),
    **dict.fromkeys(("botocore", "botocore.exceptions"), "dynamo"),
    **dict.fromkeys(("pymongo", "pymongo.collection", "pymongo.errors"), "mongod"),
    "rasa.utils.plotting": "plotting",
}


class _Refusing(type):
    """The class of placeholders: they can be named, compared and excepted, not made nor asked."""

    def __call__(cls, *_: Any, **__: Any) -> NoReturn:
        raise cls._refusal()

    def __getattr__(cls, name: str) -> NoReturn:
        raise AttributeError(name) if name.startswith("_") else cls._refusal()

    def _refusal(cls) -> ImportError:
        return ImportError(
            f"{cls.__module__}.{cls.__name__} was left out at the start (bot/absent.py): name it "
            "in the configuration, or start with `rasa` instead of `python -m bot`"
        )

    def name(cls) -> str:
        """What a channel is registered under."""
        return cls.__module__.rsplit(".", 1)[-1]


class _Absent(ModuleType):
    """A module of which every name is a placeholder."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        found = _Refusing(name, (Exception,), {"__module__": self.__name__})
        setattr(self, name, found)
        return found


def leave_out(configuration: Iterable[Path] = CONFIGURATION) -> list[str]:
    """Replace what no file of the configuration names; return the modules replaced.

    To be called before Rasa is imported. A file that cannot be read leaves all as it is.
    """
    try:
        words = set(re.findall(r"\w+", "\n".join(map(_read, configuration))))
    except OSError:
        return []
    unused = [
        *(NEURAL if words.isdisjoint(NEURAL.values()) else ()),  # they import each other
        *(module for module, name in {**MESSAGING, **OTHERS}.items() if name not in words),
    ]
    for module in unused:
        sys.modules.setdefault(module, _Absent(module))
    return unused


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
