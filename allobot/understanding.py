"""Measures how well the bot understands and masks: a table here, a report in `var/eval`."""

from __future__ import annotations

from pathlib import Path

from allobot.commands import run
from allobot.errors import TrainingError
from allobot.messages import say
from allobot.project import Project

HELD_OUT = Path("tests") / "understanding" / "held_out.yml"
MASKING = Path("tests") / "web" / "masking_cases.yml"


def measure(project: Project, questions: Path) -> None:
    """Run the evaluation in Rasa's environment.

    Raises:
        TrainingError: it failed; its own lines are above.
    """
    out = project.var / "eval"
    if not questions.is_file():
        print(say("eval_sans_questions", fichier=questions), flush=True)
    command = [
        *(project.rasa_python, "-m", "bot.evaluation"),
        *("--model", str(project.model), "--data", "data/nlu"),
        *("--held-out", str(HELD_OUT), "--questions", str(questions), "--out", str(out)),
        *("--masking", str(MASKING)),
    ]
    print(say("eval_mesure"), flush=True)
    if run(command, cwd=project.root, env=project.environment()) != 0:
        raise TrainingError(say("eval_echec"))
    print(say("eval_rapport", fichier=out / "rapport.md"), flush=True)
