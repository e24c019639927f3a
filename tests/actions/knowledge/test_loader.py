"""A file that does not fit stops the load: the error names the file, the field and the reason."""

import shutil
from pathlib import Path

import pytest

from actions.knowledge.errors import InvalidData
from actions.knowledge.loader import DATA, check


@pytest.fixture
def data(tmp_path: Path) -> Path:
    copy = tmp_path / "data"
    shutil.copytree(DATA, copy)
    return copy


def test_the_real_data_fits(data: Path) -> None:
    assert {"mot_de_passe", "rembourser_dette", "separation", "rdv_telephonique"} <= set(
        check(data).procedures
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("procedures/asf.yml", "id: asf", "id: afs", "nom du fichier"),
        ("procedures/asf.yml", "titre:", "titer:", "titer"),
        ("procedures/asf.yml", "contacts: [aripa_3238", "contacts: [aripa_9999", "aripa_9999"),
        ("procedures/asf.yml", "{asf/montant}", "{asf/montan}", "asf/montan"),
        ("procedures/asf.yml", "https://www.caf.fr", "http://www.caf.fr", "url"),
        ("procedures/asf.yml", "du: 2025-10-06", "du: 2025-13-06", "month must be"),
        ("procedures/mot_de_passe.yml", "au: 2024-02-21", "au: 2024-02-23", "recouvre"),
        ("procedures/mot_de_passe.yml", "au: 2024-02-21", "au: 2024-02-20", "sans trou"),
        (
            "procedures/mot_de_passe.yml",
            "document: webinaire-52-2026-05",
            "document: webinaire-52-2027-05",
            "webinaire-52-2027-05",
        ),
        ("parameters/asf/montant.yml", "valeur: 199.18", "valeur: beaucoup", "valeur"),
        ("parameters/asf/montant.yml", "unite:", "unité:", "unité"),
        ("eligibility/asf.yml", "asf/age_limite, aripa", "asf/age, aripa", "asf/age"),
        ("contacts.yml", 'href: "tel:3230"', 'href: "javascript:alert(1)"', "href"),
        ("sources.yml", "date: 2026-05-04", "date: mai", "date"),
        ("procedures/asf.yml", "versions:", "versions: [", "asf.yml"),
    ],
)
def test_a_fault_is_named(data: Path, file: str, old: str, new: str, message: str) -> None:
    path = data / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidData) as error:
        check(data)
    assert message in str(error.value)


def test_a_long_falc_sentence_is_refused(data: Path) -> None:
    path = data / "procedures" / "asf.yml"
    text = path.read_text(encoding="utf-8")
    long = "mot " * 25
    path.write_text(
        text.replace("Elle est pour les parents qui élèvent seuls un enfant.", long),
        encoding="utf-8",
    )
    with pytest.raises(InvalidData, match="falc"):
        check(data)


def test_a_parameter_that_nobody_cites_is_refused(data: Path) -> None:
    orphan = data / "parameters" / "asf" / "oublie.yml"
    shutil.copy(data / "parameters" / "asf" / "montant.yml", orphan)
    with pytest.raises(InvalidData, match="asf/oublie"):
        check(data)
