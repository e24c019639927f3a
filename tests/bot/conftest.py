"""Rasa's frozen libraries warn when they are imported: that once, their warnings do not count."""

import os
import warnings

from bot.__main__ import SETTINGS

os.environ.update(SETTINGS)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import rasa.core.actions.action
    import rasa.core.agent
    import rasa.nlu.classifiers.classifier
    import rasa.shared.nlu.training_data.loading  # noqa: F401
