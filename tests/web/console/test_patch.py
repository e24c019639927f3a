"""The patch of the training data: read back, it holds what it held and what was added."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from allobot.masking import mask
from web.console.corrections.patch import (
    Entity,
    Example,
    PatchError,
    Refusal,
    examples_of,
    learnable,
    make_patch,
    read_files,
    read_measured,
    write_entities,
    write_files,
)

ROOT = Path(__file__).parents[3]
BREAD = "data/nlu/pain.yml"
TRAINS = "data/nlu/trains.yml"
FILES = {
    BREAD: (
        'version: "3.1"\n\n# Ce qui se mange.\nnlu:\n'
        "- intent: pain  # le vrai\n  examples: |\n    - une baguette svp\n"
        "    - du pain complet ?\n\n"
        "# Deux synonymes.\n- synonym: baguette\n  examples: |\n    - flûte\n"
        "- intent: gateau\n  examples: |\n    - un éclair au [café](parfum)\n"
    ),
    TRAINS: 'version: "3.1"\nnlu:\n  - intent: train\n    examples: |\n      - le train de 8 h',
}
# As Rasa 3.6 reads a block of examples: rasa/shared/nlu/training_data/formats/rasa_yaml.py and
# entities_parser.py.
RASA_ENTITY = re.compile(
    r"\[(?P<text>[^\]]+?)\](\((?P<entity>[^:)]+?)(?:\:(?P<value>[^)]+))?\)|\{(?P<dict>[^}]+?)\}|\[(?P<list>.*?)\])"
)

words = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8"),
        st.sampled_from("abé '’-#:|>&*!%@`\"{}[]()\\/,.?\t\n\r\x0b\x85\u2028\ufeff0123"),
    ),
    max_size=80,
)


def rasa_reads(text: str) -> dict[str, list[str]]:
    """The examples of each intent, marked entities and all, the way Rasa reads a file."""
    found: dict[str, list[str]] = {}
    for item in YAML(typ="safe").load(text)["nlu"]:
        if "intent" in item:
            for line in item["examples"].splitlines():
                assert line.startswith("-")
                found.setdefault(item["intent"], []).append(line[1:].strip("\n\r "))
    return found


def added(patch_text: str, before: str, intent: str) -> list[str]:
    old, new = rasa_reads(before), rasa_reads(patch_text)
    assert new[intent][: len(old[intent])] == old[intent]
    assert {k: v for k, v in new.items() if k != intent} == {
        k: v for k, v in old.items() if k != intent
    }
    return new[intent][len(old[intent]) :]


@given(words)
def test_any_masked_text_is_read_back_as_one_example(text: str) -> None:
    masked = mask(text).text
    patch = make_patch(FILES, [], [Example(1, "pain", masked)])
    if not patch.added:
        (refused,) = patch.refused
        assert refused.why in (Refusal.EMPTY, Refusal.PERSONAL, Refusal.SAME, Refusal.CONFLICT)
        return
    assert added(patch.after[BREAD], FILES[BREAD], "pain") == [learnable(masked)]
    assert not RASA_ENTITY.search(learnable(masked))


@given(st.lists(st.tuples(words, st.sampled_from(["pain", "gateau", "train"])), max_size=6))
def test_every_other_byte_is_untouched(wanted: list[tuple[str, str]]) -> None:
    examples = [Example(key, intent, text) for key, (text, intent) in enumerate(wanted, 1)]
    patch = make_patch(FILES, [], examples)
    assert len(patch.added) + len(patch.refused) == len(wanted)
    for name, after in patch.after.items():
        new = [it for it in patch.added if it.file == name]
        left = after.split("\n")
        for it in new:
            indent = "      " if name == TRAINS else "    "
            left.remove(f"{indent}- {it.line}")
        assert "\n".join(left) == FILES[name]
    assert all(FILES[name] == before for name, before in patch.before.items())


def test_the_line_goes_at_the_end_of_its_intent() -> None:
    patch = make_patch(
        FILES, [], [Example(1, "pain", "deux croissants"), Example(2, "train", "le TER")]
    )
    assert patch.after[BREAD] == FILES[BREAD].replace(
        "    - du pain complet ?\n", "    - du pain complet ?\n    - deux croissants\n"
    )
    assert patch.after[TRAINS] == FILES[TRAINS] + "\n      - le TER"
    assert patch.diff().startswith(f"--- a/{BREAD}\n+++ b/{BREAD}\n@@ ")
    assert "\n+    - deux croissants\n" in patch.diff()


def test_a_file_of_windows_stays_one() -> None:
    windows = {BREAD: FILES[BREAD].replace("\n", "\r\n")}
    patch = make_patch(windows, [], [Example(1, "pain", "deux croissants")])
    assert patch.after[BREAD].count("\r\n") == patch.after[BREAD].count("\n")
    assert rasa_reads(patch.after[BREAD])["pain"][-1] == "deux croissants"


@pytest.mark.parametrize(
    ("text", "intent", "why", "other"),
    [
        ("Une BAGUETTE, svp !", "pain", Refusal.SAME, None),
        ("un eclair au cafe", "gateau", Refusal.SAME, None),
        ("une baguette svp", "gateau", Refusal.CONFLICT, "pain"),
        ("combien coute le pain", "pain", Refusal.MEASURED, None),
        ("???", "pain", Refusal.EMPTY, None),
        ("12 34", "pain", Refusal.EMPTY, None),
        ("[violences_conjugales]", "pain", Refusal.DANGER, None),
        ("du pain " * 80, "pain", Refusal.LONG, None),
        ("mon mail : lea.martin@exemple.fr", "pain", Refusal.PERSONAL, None),
        ("un billet d'avion", "avion", Refusal.UNKNOWN, None),
    ],
)
def test_what_is_not_learnt(text: str, intent: str, why: Refusal, other: str | None) -> None:
    patch = make_patch(FILES, ["Combien coûte le pain ?"], [Example(7, intent, text)])
    assert [(it.why, it.other) for it in patch.refused] == [(why, other)]
    assert patch.after == {} and patch.diff() == ""
    assert patch.there() == ([7] if why is Refusal.SAME else [])


def test_asked_twice_is_added_once_and_asked_for_two_not_at_all() -> None:
    twice = [Example(1, "pain", "un pain de seigle"), Example(2, "pain", "Un pain de seigle.")]
    patch = make_patch(FILES, [], twice)
    assert [it.line for it in patch.added] == ["un pain de seigle"]
    assert patch.counts() == {Refusal.SAME: 1}
    torn = [Example(1, "pain", "un kouign"), Example(2, "gateau", "un kouign !")]
    patch = make_patch(FILES, [], torn)
    assert patch.added == [] and patch.counts() == {Refusal.CONFLICT: 2}
    assert {it.other for it in patch.refused} == {"pain", "gateau"}


@pytest.mark.parametrize(
    ("masked", "learnt"),
    [
        ("je m'appelle [nom], mon pain ?", "je m'appelle nom, mon pain ?"),
        ("au [numéro de téléphone] svp", "au numéro de téléphone svp"),
        ("du [pain](complet)", "du (pain)(complet)"),
        ("/pain{x}", "pain{x}"),
        ("- du pain\n- du beurre", "du pain - du beurre"),
        ("du\u2028pain\u200b\x85complet", "du pain complet"),
    ],
)
def test_what_is_written_of_a_message(masked: str, learnt: str) -> None:
    assert learnable(masked) == learnt


def test_entities_are_marked_as_rasa_reads_them() -> None:
    line = write_entities(
        "je suis du 52 et du 44, pas du 52",
        [Entity("52", "departement"), Entity("44", "departement", "Loire-Atlantique")],
    )
    assert (
        line == "je suis du [52](departement) et du [44](departement:Loire-Atlantique), pas du 52"
    )
    found = [(m["text"], m["entity"], m["value"]) for m in RASA_ENTITY.finditer(line)]
    assert found == [("52", "departement", None), ("44", "departement", "Loire-Atlantique")]
    patch = make_patch(
        FILES, [], [Example(1, "pain", "du pain du 52", (Entity("52", "departement"),))]
    )
    assert added(patch.after[BREAD], FILES[BREAD], "pain") == ["du pain du [52](departement)"]
    assert examples_of(patch.after[BREAD])["pain"][-1] == "du pain du 52"


@pytest.mark.parametrize(
    "entity",
    [
        Entity("52", "departement", "a)b"),
        Entity("52", "Departement"),
        Entity("52", ""),
        Entity("absent", "departement"),
    ],
)
def test_an_entity_that_cannot_be_written_is_left_out(entity: Entity) -> None:
    assert write_entities("du pain du 52", [entity]) == "du pain du 52"


def test_overlapping_entities_are_not_nested() -> None:
    entities = [Entity("pain du 52", "produit"), Entity("52", "departement")]
    assert write_entities("du pain du 52", entities) == "du [pain du 52](produit)"


@pytest.mark.parametrize("text", ["nlu: [", "rien", "nlu:\n- intent: pain\n"])
def test_a_file_that_does_not_read_stops_everything(text: str) -> None:
    with pytest.raises(PatchError):
        make_patch({BREAD: text}, [], [Example(1, "pain", "du pain")])


def test_every_intent_of_the_repository_takes_an_example() -> None:
    """The real files: 13 files, each intent by its own block, in one patch that reads back."""
    files = read_files(ROOT)
    intents = {name for text in files.values() for name in rasa_reads(text)}
    assert len(intents) > 50
    wanted = [
        Example(key, intent, f"zorglub {'kwa' * key} de {intent}")
        for key, intent in enumerate(sorted(intents), 1)
    ]
    patch = make_patch(files, read_measured(ROOT), wanted)
    assert patch.refused == []
    assert {it.example.intent for it in patch.added} == intents
    for name, after in patch.after.items():
        old, new = rasa_reads(files[name]), rasa_reads(after)
        for intent in old:
            tail = [it.line for it in patch.added if (it.file, it.example.intent) == (name, intent)]
            assert new[intent] == old[intent] + tail


def test_what_measures_the_bot_is_never_learnt() -> None:
    measured = read_measured(ROOT)
    assert len(measured) > 500
    wanted = [Example(key, "asf", text) for key, text in enumerate(measured[::50], 1)]
    patch = make_patch(read_files(ROOT), measured, wanted)
    assert patch.added == []


def test_files_are_written_whole(tmp_path: Path) -> None:
    (tmp_path / "data/nlu").mkdir(parents=True)
    for name, text in FILES.items():
        (tmp_path / name).write_bytes(text.encode())
    patch = make_patch(read_files(tmp_path), [], [Example(1, "pain", "deux croissants")])
    write_files(tmp_path, patch)
    assert (tmp_path / BREAD).read_text() == patch.after[BREAD]
    assert (tmp_path / TRAINS).read_text() == FILES[TRAINS]
    assert {path.name for path in (tmp_path / "data/nlu").iterdir()} == {"pain.yml", "trains.yml"}
