"""Personal data is masked; amounts, dates, years, hours and service numbers stay.

Every number here is made up: keys are right, but nobody holds them.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.masking import mask
from web.sentences import sentences

PHONE, NIR, EMAIL, IBAN, CARD, ALLOCATAIRE, ADDRESS = (
    sentences().masked.tokens[kind]
    for kind in ("phone", "nir", "email", "iban", "card", "allocataire", "address")
)

# (written, masked)
POSITIVES = [
    # phone numbers
    ("06 12 34 56 78", PHONE),
    ("06.12.34.56.78", PHONE),
    ("06-12-34-56-78", PHONE),
    ("06/12/34/56/78", PHONE),
    ("0612345678", PHONE),
    ("06 1234 5678", PHONE),
    ("0612 34 56 78", PHONE),
    ("06 123 456 78", PHONE),
    ("0 6 12 34 56 78", PHONE),
    ("06\u00a012\u00a034\u00a056\u00a078", PHONE),
    ("06\u202f12\u202f34\u202f56\u202f78", PHONE),
    ("+33 6 12 34 56 78", PHONE),
    ("+33612345678", PHONE),
    ("+33 (0)6 12 34 56 78", PHONE),
    ("+33(0)612345678", PHONE),
    ("0033 6 12 34 56 78", PHONE),
    ("0033612345678", PHONE),
    ("03.25.12.34.56", PHONE),
    ("09 70 12 34 56", PHONE),
    ("06 90 12 34 56", PHONE),
    ("+262 692 12 34 56", PHONE),
    ("+32 470 12 34 56", PHONE),
    ("rappelez-moi au 06 12 34 56 78 demain", f"rappelez-moi au {PHONE} demain"),
    ("mon tel:0612345678, merci", f"mon tel:{PHONE}, merci"),
    ("06 12 34 56 78 ou 03 25 12 34 56", f"{PHONE} ou {PHONE}"),
    ("j'ai 3 enfants, appelez le 0612345678", f"j'ai 3 enfants, appelez le {PHONE}"),
    # NIR
    ("2 95 10 99 126 111 93", NIR),
    ("295109912611193", NIR),
    ("2 95 10 99 126 111", NIR),
    ("2951099126111", NIR),
    ("2.95.10.99.126.111.93", NIR),
    ("2951099126111 93", NIR),
    ("2 95 10 99 126 111 clé 93", NIR),
    ("2\u00a095\u00a010\u00a099\u00a0126\u00a0111\u00a093", NIR),
    ("253072B07300470", NIR),
    ("2 53 07 2b 073 004", NIR),
    ("253072A07300443", NIR),
    ("295109912611199", NIR),  # wrong key: a slip of the finger is still personal
    ("ma sécu 2 95 10 99 126 111 93 svp", f"ma sécu {NIR} svp"),
    ("2 95 10 99 126 111 20 ans", f"{NIR} 20 ans"),
    # e-mail
    ("jean.dupont@exemple.fr", EMAIL),
    ("Jean.Dupont+caf@mail.exemple.co.uk", EMAIL),
    ("élodie_m@exemple.fr", EMAIL),
    ("jean.dupont @ exemple.fr", EMAIL),
    ("jean.dupont arobase exemple point fr", EMAIL),
    ("jean.dupont(at)exemple.fr", EMAIL),
    ("jean.dupont@exemple", EMAIL),
    ("écrivez à jean@exemple.fr. Merci", f"écrivez à {EMAIL}. Merci"),
    # IBAN
    ("FR76 3000 6000 0112 3456 7890 189", IBAN),
    ("FR7630006000011234567890189", IBAN),
    ("fr76 3000 6000 0112 3456 7890 189", IBAN),
    ("FR76 3000 6000 0112 3456 7890 188", IBAN),  # wrong key
    ("FR14 2004 1010 0505 0001 3M02 606", IBAN),
    ("DE89 3704 0044 0532 0130 00", IBAN),
    ("BE68539007547034", IBAN),
    ("le 12 mon iban DE89 3704 0044 0532 0130 00 merci", f"le 12 mon iban {IBAN} merci"),
    ("mon rib FR7630006000011234567890189 merci", f"mon rib {IBAN} merci"),
    # payment cards
    ("4970 1012 3456 7893", CARD),
    ("4970101234567893", CARD),
    ("4970-1012-3456-7893", CARD),
    ("5555 5555 5555 4444", CARD),
    ("3782 822463 10005", CARD),
    ("4222222222222", CARD),
    ("6304000000000000000", CARD),
    ("ma carte 4970 1012 3456 7893 expire en 2027", f"ma carte {CARD} expire en 2027"),
    ("12 4970 1012 3456 7893", f"12 {CARD}"),
    # allocataire numbers
    ("numéro d'allocataire 1234567", f"numéro d'allocataire {ALLOCATAIRE}"),
    ("n° alloc : 1234567", f"n° alloc : {ALLOCATAIRE}"),
    ("mon n° allocataire est le 1234567", f"mon n° allocataire est le {ALLOCATAIRE}"),
    ("numero allocataire:1234567A", f"numero allocataire:{ALLOCATAIRE}"),
    ("mon numéro caf 1 234 567", f"mon numéro caf {ALLOCATAIRE}"),
    ("allocataire 1234567", f"allocataire {ALLOCATAIRE}"),
    ("matricule : 1234567", f"matricule : {ALLOCATAIRE}"),
    ("mon dossier n° 1234567", f"mon dossier n° {ALLOCATAIRE}"),
    ("1234567 c'est mon numéro d'allocataire", f"{ALLOCATAIRE} c'est mon numéro d'allocataire"),
    (
        "numéro allocataire 1234567 et je gagne 1200 euros",
        f"numéro allocataire {ALLOCATAIRE} et je gagne 1200 euros",
    ),
    # postal addresses
    ("12 rue des Lilas 52000 Chaumont", ADDRESS),
    ("12, rue des Lilas, 52000 Chaumont", ADDRESS),
    ("12 bis rue des Lilas 52000 Chaumont", ADDRESS),
    ("3 ter avenue du Général de Gaulle 52100 Saint-Dizier", ADDRESS),
    ("8 boulevard Victor Hugo", ADDRESS),
    ("8 bd victor hugo", ADDRESS),
    ("5 chemin du Moulin", ADDRESS),
    ("1 place de la République", ADDRESS),
    ("1 place de la mairie", ADDRESS),
    ("4 impasse des Roses 52000 chaumont", ADDRESS),
    ("lotissement Les Acacias 52000 Chaumont", ADDRESS),
    ("12 lotissement les Acacias", ADDRESS),
    ("14 rue du 8 mai 1945", ADDRESS),
    ("2 allée de l'Église", ADDRESS),
    ("12 RUE DES LILAS 52000 CHAUMONT", ADDRESS),
    ("7 rue Pasteur 52901 Chaumont Cedex 9", ADDRESS),
    ("12 rue des lilas bâtiment B 52000 Chaumont", ADDRESS),
    ("12 route de Langres, 52000 Chaumont", ADDRESS),
    ("4 Grande Rue 52000 Chaumont", ADDRESS),
    ("4 grand'rue", ADDRESS),
    ("j'habite rue des Lilas", f"j'habite {ADDRESS}"),
    ("j'habite au 3 cité des pins", f"j'habite au {ADDRESS}"),
    (
        "j'ai déménagé au 12 rue des lilas comment faire",
        f"j'ai déménagé au {ADDRESS} comment faire",
    ),
    (
        "12 rue victor hugo je veux changer d'adresse",
        f"{ADDRESS} je veux changer d'adresse",
    ),
    (
        "j'habite 12 rue des Lilas 52000 Chaumont et je paye 450 euros",
        f"j'habite {ADDRESS} et je paye 450 euros",
    ),
    ("12 rue des Lilas. Comment la changer ?", f"{ADDRESS}. Comment la changer ?"),
    # several kinds together
    ("jean@exemple.fr ou 0612345678", f"{EMAIL} ou {PHONE}"),
    ("sécu 295109912611193, tel 06 12 34 56 78", f"sécu {NIR}, tel {PHONE}"),
]

NEGATIVES = [
    "je gagne 1200 1500 par mois",
    "mes revenus 2023 2024",
    "mes revenus 2021 2022 2023 2024",
    "mes salaires sont 1200 1500 1300 1400",
    "j'ai touché 2300 2400 2500 2600 sur quatre mois",
    "4000 4100 4200 4300 euros par an",
    "1 200 1 500 1 800 900",
    "3230",
    "32 30",
    "3919",
    "le 3238 ou le 32 38",
    "appelez le 17 ou le 112",
    "j'ai appelé le 0 810 25 52 10",
    "j'ai appelé le 0810 25 52 10",
    "le 08 00 12 34 56 est gratuit",
    "0 800 123 456",
    "rdv le 12/03/2026 à 14h",
    "rdv le 12/03/2026 10h30",
    "né le 01/02/2024",
    "née le 01 02 2024",
    "du 01/02/2024 au 05/06/2025",
    "du 01.02.2024 au 05.06.2025",
    "01/02/2024 1200",
    "05 2024 1200 euros",
    "le 3 mars 2025 à 9 h 15",
    "199,18 €",
    "j'ai reçu 199,18 € le 5",
    "10 000 euros",
    "un loyer de 1 234 567 euros",
    "120 000 euros",
    "0,5",
    "une part et 0,5 part",
    "52000 Chaumont",
    "j'habite 52000 Chaumont",
    "j'habite à Chaumont",
    "52100 Saint-Dizier",
    "mon quotient familial est 756",
    "QF 1234",
    "j'ai 34 ans et 3 enfants de 2, 5 et 12 ans",
    "mon fils a 20 ans depuis le 14/07/2025",
    "je suis allocataire depuis 2019",
    "où trouver mon numéro d'allocataire ?",
    "numéro allocataire perdu, je touche 1200 euros",
    "numéro d'allocataire, revenus 10 000 euros",
    "allocataire 52 et rsa",
    "le code 1234567",
    "15 heures de garde par semaine",
    "1 place en crèche",
    "2 places en crèche",
    "une place de crèche à Chaumont 52000",
    "2 cours de natation",
    "5 cours particuliers",
    "1 résidence alternée",
    "je suis à la rue depuis 2 ans",
    "j'habite à la rue depuis 3 mois",
    "je vis à la rue avec mes enfants",
    "j'habite en résidence universitaire",
    "30 minutes de route",
    "une voie de recours",
    "la grande rue piétonne",
    "merci @caf",
    "5 @ 6",
    "APL 2026 : 250,50 € par mois",
    "je déclare 3 trimestres 2025 2026",
    "article L 512-1 du code de la sécurité sociale",
    "la sécurité sociale me doit 1200 euros",
    "800 1000 1200 1500 1700 pour 2025",
    "50 % de 1 500 €",
    "ma carte vitale",
    "FR",
    "de 12 ans à 16 ans",
    "?",
    "",
]


def test_tables_are_wide_enough() -> None:
    assert len(POSITIVES) >= 40
    assert len(NEGATIVES) >= 40


@pytest.mark.parametrize(("written", "expected"), POSITIVES)
def test_personal_data_is_masked(written: str, expected: str) -> None:
    masked = mask(written)
    assert masked.text == expected
    assert masked.kinds


@pytest.mark.parametrize("written", NEGATIVES)
def test_the_rest_is_left_alone(written: str) -> None:
    masked = mask(written)
    assert masked.text == written
    assert masked.kinds == ()


@pytest.mark.parametrize("written", [written for written, _ in POSITIVES] + NEGATIVES)
def test_masking_twice_changes_nothing_more(written: str) -> None:
    once = mask(written).text
    assert mask(once).text == once


def test_kinds_name_what_was_found_once_each() -> None:
    masked = mask("06 12 34 56 78 ou 03 25 12 34 56, jean@exemple.fr")
    assert sorted(masked.kinds) == ["email", "phone"]


def test_every_kind_has_its_sentences() -> None:
    from web.masking import DETECTORS

    kinds = {kind for kind, _ in DETECTORS}
    assert kinds == set(sentences().masked.tokens) == set(sentences().masked.labels)


def test_the_notice_names_each_kind() -> None:
    masked = sentences().masked
    assert "un numéro de téléphone." in masked.notice_of(["phone"])
    assert "un IBAN et une adresse e-mail." in masked.notice_of(["iban", "email"])
    assert "un IBAN, un numéro de téléphone et une" in masked.notice_of(["iban", "phone", "email"])


@given(st.text(max_size=500))
def test_any_text_can_be_masked(text: str) -> None:
    masked = mask(text)
    assert (masked.text == text) == (not masked.kinds)


@given(
    st.text(alphabet="abcé ,;!?\n", max_size=30),
    st.sampled_from(["06 12 34 56 78", "jean@exemple.fr", "295109912611193"]),
    st.text(alphabet="abcé ,;!?\n", max_size=30),
)
def test_masked_wherever_it_stands(before: str, secret: str, after: str) -> None:
    assert secret not in mask(f"{before} {secret} {after}").text


@pytest.mark.parametrize(
    "text", ["0" * 4000, "1 " * 2000, "a@" * 2000, "FR76 " * 800, "12 rue " * 600]
)
def test_long_texts_are_masked_quickly(text: str) -> None:
    import time

    start = time.perf_counter()
    mask(text)
    assert time.perf_counter() - start < 2
