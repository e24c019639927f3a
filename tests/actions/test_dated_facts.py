"""What was in force on a past date is said as of that date."""

import datetime as dt

from actions.action_repondre import ActionRepondre
from actions.resources import Resources
from tests.actions.conversation import run, tracker, user
from tests.facts import ENOUGH, read_facts, says

DATED = [fact for fact in read_facts() if "date" in fact]


async def test_facts_of_a_past_date(resources: Resources) -> None:
    missed = []
    for fact in DATED:
        changes = {"date": fact["date"], "caf": fact.get("caf")}
        then = Resources(
            **{**vars(resources), "settings": resources.settings.model_copy(update=changes)}
        )
        on = tracker(user(fact["question"], fact["sujet"]))
        said, _ = await run(ActionRepondre(then), on)
        if not says("\n".join(str(m.get("text")) for m in said.messages), fact):
            missed.append(fact["id"])
    assert len(DATED) >= 10
    assert all(isinstance(fact["date"], dt.date) for fact in DATED)
    assert len(missed) <= (1 - ENOUGH) * len(DATED), missed
