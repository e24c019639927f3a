"""Codes of appointments are hidden however they are written; ordinary sentences are left alone."""

import itertools
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allobot.masking import DETECTORS, mask
from allobot.masking.codes import ALPHABET, codes, hide_codes, is_code, plain_codes
from allobot.masking.words import tokens

TOKEN = tokens()["code"]
issued = st.text(ALPHABET, min_size=12, max_size=12).filter(is_code)
gaps = st.sampled_from(
    ["", " ", "-", " - ", ".", "_", "\u00a0", "\u202f", "–", "—", "‑", "\n", "/", "  "]
)
prefixes = st.sampled_from(
    ["", "RDV-", "rdv ", "RDV", "Rdv: ", "rdv : ", "r.d.v. ", "RDV – ", "rdv_"]
)

ORDINARY = [
    "bonjour",
    "Je voudrais qu'on me rappelle jeudi matin",
    "un rdv à 9h25, 9h35 ou 9h45",
    "rdv 9h25 9h35 9h45",
    "le rdv du 26/11/2026 à 9h10",
    "rdv jeudi 26 novembre, 14 h 30",
    "RDV le 26-11-2026",
    "mon rendez-vous est le 24 novembre à 9 h 20",
    "je peux entre 9h et 10h, ou entre 14h et 16h",
    "CERFA 12345",
    "le cerfa 12345*67 et le CERFA n° 15426*01",
    "formulaire Cerfa 14957-03",
    "06 39 98 12 78",
    "appelez-moi au 06.39.98.23.45 après 14h",
    "+33 6 39 98 23 45",
    "0639982345",
    "23 45 67 89 23 45 67",
    "le 3230 ou le 32 38",
    "3919, 3114, 119, 17, 112",
    "je gagne 2345,67 euros par mois",
    "mon loyer est de 650 € et mon salaire de 1 432,58 €",
    "2 345 € puis 6 789 € et 4 567 €",
    "ma dette est de 234,56 €, j'ai remboursé 78 €",
    "j'habite 52000 Chaumont",
    "52100 Saint-Dizier 52200 Langres 52300 Joinville",
    "le département 52 et le 2A",
    "né le 23/04/2019",
    "du 24/03/2026 au 25/04/2026",
    "2024-2025, 2025-2026, 2026-2027",
    "avril 2025 à mars 2026",
    "en 2023 2024 2025 j'étais salarié",
    "mon enfant a 3 ans et demi, l'autre 7 mois",
    "4 enfants : 2, 4, 6 et 8 ans",
    "RSA, APL, AAH, AEEH, ASF, CMG",
    "CPAM CDAP MDPH CNSA",
    "PCH SMIC CDD CDI TNS",
    "J'ai 2 CDD de 3 mois et 1 CDI",
    "un T3 de 65 m2 au 2e étage",
    "un F4 puis un T2 et un T3",
    "T2 T3 T4",
    "la TNT, le DVD, le WC, les BTS",
    "BTS SNIR 2e année",
    "je fais 25km 35km 45km",
    "j'ai fait 25 km, 35 km puis 45 km",
    "2h, 3h, 4h",
    "2 kg 3 kg 4 kg",
    "32 h par semaine, 24 h ensuite",
    "prends la N67 puis la D619 et la D65",
    "bus 2B, ligne 4C",
    "BX-234-CD",
    "mon immatriculation est FG-567-HJ",
    "FR76 3000 4000 0312 3456 7890 143",
    "IBAN : FR14 2004 1010 0505 0001 3M02 606",
    "1 85 05 78 006 084 91",
    "numéro allocataire 2345678",
    "n° de dossier 4567 8923",
    "référence 2026-52-004567",
    "le code PIN 2345",
    "mon mot de passe a 8 caractères",
    "QF 456, QF 567 et QF 678",
    "quotient familial 689",
    "article L523-1 du code de la Sécurité sociale",
    "R. 532-3 et D. 521-2",
    "https://www.caf.fr/allocataires/caf-de-la-haute-marne",
    "pension-alimentaire.caf.fr",
    "camille@exemple.fr",
    "TGV 2345 voiture 12 place 34",
    "le 2nd, le 3e et le 4e",
    "50% de 2345",
    "hmm... pff... grrr... brrr",
    "c'est bcp trop lgtps svp rpdz mtn",
    "slt tt le mnd, jpp",
    "COVID19 et H5N1",
    "mp3 mp4 jpg pdf html5",
    "W2 K3 B4",
    "cc cv tkt dsl stp mdr ptdr",
    "XVIIIe siècle",
    "salle B23 à 14h",
    "tranche 3 : 2345 à 6789",
    "[code de rendez-vous]",
    "rendez-vous téléphonique",
]


def test_the_ordinary_sentences_are_many() -> None:
    assert len(set(ORDINARY)) >= 60


@pytest.mark.parametrize("written", ORDINARY)
def test_an_ordinary_sentence_is_left_alone(written: str) -> None:
    assert hide_codes(written) == written
    assert list(codes(written)) == []
    assert plain_codes(written) == []


@settings(deadline=None)
@given(issued, prefixes, gaps, st.sampled_from([4, 12]), st.booleans())
def test_a_code_is_hidden_however_it_is_written(
    plain: str, prefix: str, gap: str, size: int, small: bool
) -> None:
    written = prefix + gap.join(plain[start : start + size] for start in range(0, 12, size))
    written = written.lower() if small else written
    text = f"Bonjour, voici ({written}), merci"
    assert hide_codes(text) == f"Bonjour, voici ({TOKEN}), merci"
    assert plain_codes(text)[0] == plain


@settings(deadline=None)
@given(issued, gaps.filter(bool), st.sampled_from([1, 2, 3, 6]))
def test_other_groups_are_seen_too(plain: str, gap: str, size: int) -> None:
    written = gap.join(plain[start : start + size] for start in range(0, 12, size))
    assert hide_codes(f"code {written} ?") == f"code {TOKEN} ?"


@settings(deadline=None)
@given(issued, st.lists(st.sampled_from(["", " ", "-", ". "]), min_size=11, max_size=11))
def test_with_its_prefix_the_groups_do_not_matter(plain: str, between: list[str]) -> None:
    spaced = plain[0] + "".join(map("".join, zip(between, plain[1:], strict=True)))
    assert hide_codes(f"RDV {spaced}.") == f"{TOKEN}."


@settings(deadline=None)
@given(issued, st.text(max_size=40), st.text(max_size=40))
def test_as_it_is_shown_it_is_hidden_in_any_text(plain: str, before: str, after: str) -> None:
    code = f"RDV-{plain[:4]}-{plain[4:8]}-{plain[8:]}"
    assert code not in hide_codes(before + code + after)


@settings(deadline=None)
@given(issued, issued, st.sampled_from([" ", ", ", " et ", "\n", "-"]))
def test_two_codes_are_both_hidden(first: str, second: str, between: str) -> None:
    hidden = hide_codes(f"{first}{between}{second}")
    assert first not in hidden and second not in hidden
    assert first[4:] not in hidden and second[4:] not in hidden


def test_what_stands_before_a_code_does_not_save_it() -> None:
    for before in ("9h25 9h35 ", "2345 ", "25km ", "RDV 2345 ", "234 567 ", "T4 T5 "):
        hidden = hide_codes(f"{before}K7M2 9QXP 4T8W")
        assert hidden.endswith(TOKEN) and "9QXP" not in hidden
        assert "K7M29QXP4T8W" in plain_codes(f"{before}K7M2 9QXP 4T8W")


def test_a_code_copied_with_a_mistake_is_hidden_as_well() -> None:
    assert hide_codes("RDV-K7M2-9OXP-4T8W") == TOKEN
    assert hide_codes("rdv-k1m2-9oxp-4t8w ?") == f"{TOKEN} ?"


@pytest.mark.parametrize(
    "plain",
    [
        "K7M2ABCD4T8W"[:12].replace("A", "B"),  # a group without digit
        "K7M223454T8W",  # a group without letter
        "9H259H359H45",  # hours
        "RDV29QXP4T8W",  # begins as the prefix
    ],
)
def test_what_could_be_something_else_is_never_a_code(plain: str) -> None:
    assert not is_code(plain)


def test_it_is_the_first_to_look_and_the_others_leave_its_token() -> None:
    assert next(iter(DETECTORS)) == "code"
    masked = mask("mon code est RDV-K7M2-9QXP-4T8W, mon numéro 06 39 98 12 78")
    assert masked.text == f"mon code est {TOKEN}, mon numéro {tokens()['phone']}"
    assert masked.kinds == ("code", "phone")
    assert mask(TOKEN).text == TOKEN


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_can_be_read_and_what_is_hidden_stays_hidden(text: str) -> None:
    hidden = hide_codes(text)
    assert hide_codes(hidden) == hidden
    spans = list(codes(text))
    assert all(first[1] <= second[0] for first, second in itertools.pairwise(spans))


@pytest.mark.parametrize(
    "piece", ["K7", "K 7 ", "RDV", "r d v ", "2", "B-", "K7M2 ", "\n", "9h25 "]
)
def test_the_time_grows_as_the_length(piece: str) -> None:
    start = time.process_time()
    list(codes((piece * 5000)[:5000]))
    assert time.process_time() - start < 1
