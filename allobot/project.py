"""Where everything lies: the repository, its two interpreters, what is generated."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from allobot.settings import Settings
from bot.__main__ import SETTINGS

ROOT = Path(__file__).parents[1]

CHILD_ENVIRONMENT = {**SETTINGS, "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True)
class Project:
    """Paths of a copy of the repository, with its settings."""

    settings: Settings
    root: Path = ROOT

    @property
    def python(self) -> str:
        return str(self.root / ".venv" / "bin" / "python")

    @property
    def rasa_python(self) -> str:
        return str(self.root / ".venv-rasa" / "bin" / "python")

    @property
    def var(self) -> Path:
        return self.root / self.settings.var

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def model(self) -> Path:
        return self.models / "allobot.tar.gz"

    def environment(self, **extra: str) -> dict[str, str]:
        """Environment of our processes: ours, the settings of the children, then `extra`."""
        settings = self.settings
        environment = {
            **os.environ,
            **CHILD_ENVIRONMENT,
            "ALLOBOT_VAR": str(self.var),
            "ALLOBOT_WEB_HOST": settings.web_host,
            "ALLOBOT_WEB_PORT": str(settings.web_port),
            "ALLOBOT_RASA_PORT": str(settings.rasa_port),
            "ALLOBOT_ACTIONS_PORT": str(settings.actions_port),
            **extra,
        }
        environment.pop("SENTRY_DSN", None)
        return environment

    def test_environment(self) -> dict[str, str]:
        """Environment of the tests: no setting of the operator, so never a database of theirs."""
        return {name: value for name, value in self.environment().items() if not _setting(name)}


def _setting(name: str) -> bool:
    return name.startswith("ALLOBOT_") or name == "DATABASE_URL"
