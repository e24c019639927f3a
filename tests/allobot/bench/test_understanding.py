"""How both models are counted by the same rules."""

from __future__ import annotations

from typing import Any

import pytest

from allobot.bench.results import Understanding
from allobot.bench.understanding import ANSWER, BAND, heard, summary
from allobot.project import ROOT


def parsed(*ranking: str, first: str | None = None, **more: Any) -> dict[str, Any]:
    names = [{"name": name, "confidence": 0.5} for name in ranking]
    return {"intent": {"name": first or ranking[0]}, "intent_ranking": names, **more}


def test_a_stock_model_answers_unless_it_falls_back() -> None:
    assert heard("rsa", parsed("rsa", "asf")).answered
    unsure = heard("rsa", parsed("nlu_fallback", "rsa", "asf"))
    assert not unsure.answered
    assert unsure.right  # its first subject, the fallback left out


def test_ours_answers_in_one_band_only() -> None:
    assert heard("rsa", parsed("rsa", bande="repondre")).answered
    for band in ("proposer", "incompris"):
        assert not heard("rsa", parsed("rsa", first="nlu_fallback", bande=band)).answered


def test_the_names_are_those_the_classifier_writes() -> None:
    classifier = (ROOT / "bot" / "classifier.py").read_text(encoding="utf-8")
    calibration = (ROOT / "bot" / "calibration.py").read_text(encoding="utf-8")
    assert f'BAND = "{BAND}"' in classifier
    assert f'ANSWER, OFFER, FALL_BACK = "{ANSWER}",' in calibration


def test_the_right_subject_may_be_among_three() -> None:
    asked = [
        heard("rsa", parsed("rsa", "asf", "clas", "bafa")),
        heard("clas", parsed("rsa", "asf", "clas", "bafa")),
        heard("bafa", parsed("rsa", "asf", "clas", "bafa")),
        heard("rsa", parsed("asf", "rsa")),
    ]
    found = summary(asked)
    assert (found["inside"], found["first"], found["top3"]) == (4, 0.25, 0.75)


def test_out_of_scope_is_kept_out_by_its_name_or_by_a_fallback() -> None:
    asked = [
        heard("hors_sujet", parsed("hors_sujet", "rsa")),
        heard("hors_sujet", parsed("nlu_fallback", "rsa")),
        heard("hors_sujet", parsed("rsa", "hors_sujet")),
        heard("rsa", parsed("rsa")),
    ]
    found = summary(asked)
    assert found["outside"] == 3
    assert found["kept_out"] == pytest.approx(2 / 3)
    assert found["wrong_unasked"] == pytest.approx(1 / 4)


def test_it_is_what_the_results_keep() -> None:
    found = summary([heard("rsa", parsed("rsa"), 4.0, 5.0), heard("rsa", parsed("rsa"), 6.0, 9.0)])
    kept = Understanding.model_validate(found)
    assert (kept.cpu_ms, kept.p50_ms) == (5.0, 7.0)
