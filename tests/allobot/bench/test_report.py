"""The report: ratios first and the right way round, whole tables, a picture that is one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from allobot.bench.plot import ceiling, draw
from allobot.bench.report import TITLES, figure, headlines, markdown, rows, write
from allobot.bench.results import Latency, Results, Stage
from tests.allobot.bench.samples import a_side, a_stage, results

SVG = "{http://www.w3.org/2000/svg}"


def slow_stages() -> list[Stage]:
    """A third of the throughput and four times the latency of the usual ones."""
    slow = {"per_second": 10 / 3, "latency": Latency(p50=40, p95=80, p99=120, worst=160)}
    return [
        a_stage(people=1, **slow),
        a_stage(people=8, cpu_ms={"actions": 5.0, "rasa": 45.0}, **slow),
        a_stage(people=None, rate=20.0, **slow),
    ]


def both(**ours: object) -> Results:
    return results(a_side("stock", stages=slow_stages()), **ours)  # type: ignore[arg-type]


def test_a_ratio_above_one_is_to_our_advantage() -> None:
    ratios = {(row.key, *row.values.values()): row.ratio for row in rows(both())}
    assert ratios["per_second", 8] == pytest.approx(3)  # more is better
    assert ratios["p95", 8] == pytest.approx(4)  # less is better
    assert ratios["open_p95", 20.0] == pytest.approx(4)
    assert ratios["cpu", 8] == pytest.approx(50 / 20)
    assert ratios["first",] == pytest.approx(1)


def test_a_worse_figure_of_ours_is_shown_as_such() -> None:
    worse = both(stages=[a_stage(people=1), a_stage(people=8, per_second=1.0)])
    ratios = {(row.key, *row.values.values()): row.ratio for row in rows(worse)}
    assert ratios["per_second", 8] == pytest.approx(0.3)


def test_what_was_not_measured_has_no_ratio() -> None:
    assert {row.ratio for row in rows(results(None))} == {None}
    broken = both(stages=[a_stage(people=8, latency=None)])
    [row] = [row for row in rows(broken) if row.key == "p95"]
    assert (row.ours, row.ratio) == (None, None)


def test_the_ratios_come_before_any_other_table() -> None:
    text = markdown(both(), picture="x.svg")
    titles = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert titles == ["Ratios", "Allobot", "Stock Rasa", "What was said"]
    assert "| Messages per second, people at once: 8 | 10.0 | 3.33 | × 3.0 |" in text
    assert text.index("## Ratios") < text.index("![")


@pytest.mark.parametrize("found", [both(), results(None), results(None, quick=True)])
def test_every_table_is_well_made(found: Results) -> None:
    text = markdown(found, picture="x.svg")
    tables = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    assert len(tables) == 1 + 5 * (2 if found.stock else 1) + 1
    for table in tables:
        lines = table.splitlines()
        assert re.fullmatch(r"\|(?:-+:?\|)+", lines[1])
        assert len(lines) > 2
        assert len({line.count("|") for line in lines}) == 1
    assert "\n\n\n" not in text


def test_errors_are_told_by_reason() -> None:
    found = both(stages=[a_stage(people=8, errors={"status 503": 2, "time-out": 1})])
    assert "| 3 (status 503: 2, time-out: 1) |" in markdown(found, picture="x.svg")


def test_a_measure_not_to_be_trusted_is_named() -> None:
    quiet = markdown(both(), picture="x.svg")
    found = both(stages=[a_stage(people=8, others=0.7), a_stage(people=32, broken=True)])
    text = markdown(found, picture="x.svg")
    assert "disturbed" not in quiet
    assert "**Allobot, 8 people**: disturbed, 0.7 core" in text
    assert "**Allobot, 32 people**: stopped" in text


def test_the_terminal_says_it_in_french() -> None:
    throughput = "Messages par seconde, personnes à la fois : 8 : 10.0"
    assert f"{throughput} contre 3.33 pour Rasa d'origine, soit × 3.0" in headlines(both())
    assert throughput in headlines(results(None))


def test_a_run_is_kept_by_date_and_commit_and_a_quick_one_is_not(tmp_path: Path) -> None:
    assert write(both(), tmp_path).name == "2026-11-21-abc1234.md"
    assert write(results(None, quick=True), tmp_path).name == "quick.md"
    assert {path.name for path in tmp_path.iterdir()} == {
        f"{name}.{kind}"
        for name in ("2026-11-21-abc1234", "quick")
        for kind in ("md", "svg", "json")
    }
    assert "(2026-11-21-abc1234.svg)" in (tmp_path / "2026-11-21-abc1234.md").read_text()


def test_a_baseline_that_learnt_less_is_said_so(tmp_path: Path) -> None:
    found = both()
    assert found.stock is not None
    assert "epochs" not in write(found, tmp_path).read_text()
    short = found.model_copy(update={"stock": found.stock.model_copy(update={"epochs": 5})})
    assert "Stock Rasa learnt in 5 epochs instead of 100" in write(short, tmp_path).read_text()


def test_the_figures_are_read_back_from_the_json(tmp_path: Path) -> None:
    found = both()
    text = write(found, tmp_path).with_suffix(".json").read_text()
    assert Results.model_validate_json(text) == found
    assert json.loads(text)["stock"]["stages"][1]["per_second"] == pytest.approx(10 / 3)


def test_the_picture_has_a_bar_for_each_figure() -> None:
    found = both()
    assert found.stock is not None
    picture = ElementTree.fromstring(draw([found.allobot, found.stock], TITLES))
    fills = [bar.get("fill") for bar in picture.iter(f"{SVG}rect")]
    for colour in set(fills) - {"#ffffff"}:
        assert fills.count(colour) == 1 + 3 * 3  # the legend, three measures in three panels
    heights = sorted(float(bar.get("height", 0)) for bar in picture.iter(f"{SVG}rect"))
    assert heights[0] > 0
    assert {text.text for text in picture.iter(f"{SVG}text")} >= {"Allobot", "Stock Rasa", "20/s"}


def test_a_picture_is_made_even_when_nothing_was_answered() -> None:
    side = a_side("allobot", stages=[a_stage(people=1, latency=None, per_second=0.0, cpu_ms={})])
    assert ElementTree.fromstring(draw([side], TITLES)).tag == f"{SVG}svg"


@pytest.mark.parametrize(
    ("value", "expected"), [(0, 1), (0.3, 0.5), (1, 1), (7, 10), (12, 20), (21, 25), (4999, 5000)]
)
def test_an_axis_ends_on_a_round_number(value: float, expected: float) -> None:
    assert ceiling(value) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, "–"), (1.234, "1.23"), (12.34, "12.3"), (123.4, "123"), (12345.6, "12 346")],
)
def test_a_figure_has_the_digits_that_mean_something(value: float | None, expected: str) -> None:
    assert figure(value) == expected
