"""Rasa's frozen libraries warn when they are imported: that once, their warnings do not count."""

import importlib
import os
import warnings

from bot.__main__ import SETTINGS

os.environ.update(SETTINGS)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for module in (
        "rasa.core.actions.action",
        "rasa.core.agent",
        "rasa.core.policies.rule_policy",
        "rasa.core.run",
        "rasa.core.training",
        "rasa.nlu.classifiers.classifier",
        "rasa.nlu.utils.spacy_utils",
        "rasa.shared.nlu.training_data.loading",
        "spacy",
    ):
        importlib.import_module(module)
