"""`allobot kb`: what an author of answers sees."""

from tests.allobot.test_cli import allobot


def test_the_knowledge_is_right() -> None:
    done = allobot("kb", "check")
    assert done.returncode == 0, done.stderr
    assert "50 démarches" in done.stdout


def test_what_was_not_checked_for_long_is_told() -> None:
    done = allobot("kb", "check", "--days", "30", ALLOBOT_DATE="2028-01-01")
    assert done.returncode == 0
    assert "À revérifier" in done.stdout


def test_an_answer_as_of_a_day() -> None:
    then = allobot("kb", "show", "mot_de_passe", "--date", "2024-02-01").stdout
    now = allobot("kb", "show", "mot_de_passe", "--date", "2026-11-21").stdout
    assert "caractère spécial" in now
    assert "caractère spécial" not in then


def test_the_answer_of_a_caf() -> None:
    assert "Chaumont" in allobot("kb", "show", "separation", "--caf", "52").stdout


def test_what_changed_between_two_versions() -> None:
    changed = allobot("kb", "diff", "rembourser_dette").stdout
    assert "2026-05-04" in changed
    assert "PayZen" in changed


def test_an_unknown_subject_is_named_with_those_near() -> None:
    done = allobot("kb", "show", "mot_de_pase")
    assert done.returncode == 1
    assert "mot_de_passe" in done.stderr
