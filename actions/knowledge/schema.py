"""The shape of the knowledge files (data/procedures, directory, agenda, contacts, sources…)."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9_-]+$", max_length=64)]
Sentence = Annotated[str, Field(min_length=3, max_length=700)]
Territoire = Literal["national", "52", "44"]
NATIONAL: Territoire = "national"
CodePostal = Annotated[str, Field(pattern=r"^[0-9]{5}$")]
PARAMETER = re.compile(r"\{([a-z_]+/[a-z_]+)\}")
FALC_WORDS = 20


class Strict(BaseModel):
    """Unknown keys are errors: a typing mistake must not silently drop a fact."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Period(Strict):
    """From `du` to `au`, both inclusive; no `au`: still in force."""

    du: dt.date
    au: dt.date | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Period:
        if self.au and self.au < self.du:
            raise ValueError(f"au ({self.au}) vient avant du ({self.du})")
        return self

    def holds(self, date: dt.date) -> bool:
        """Whether `date` is within the period."""
        return self.du <= date and (self.au is None or date <= self.au)


class SourceRef(Strict):
    document: Identifier
    section: str = Field(min_length=3)


class Source(Strict):
    """A document of the Caf from which facts are taken."""

    titre: str
    organisme: str
    date: dt.date
    territoire: Territoire = "national"


class Contact(Strict):
    libelle: str
    valeur: str
    href: Annotated[str, Field(pattern=r"^(tel:[0-9+]+|https://.+|mailto:.+)$")] | None = None
    details: str | None = None
    territoire: Territoire = "national"
    sources: list[SourceRef] = Field(min_length=1)


class Lien(Strict):
    libelle: str
    url: Annotated[str, Field(pattern=r"^https://[^ ]+$")]


class Bouton(Strict):
    """What a press says: a subject, one question about it (`precision`), a rule to check, or what
    to do with an appointment (`rdv`)."""

    libelle: Annotated[str, Field(max_length=70)]
    intention: Identifier
    precision: Identifier | None = None
    regle: Identifier | None = None
    rdv: Identifier | None = None

    @property
    def payload(self) -> str:
        given = {"precision": self.precision, "regle": self.regle, "rdv": self.rdv}
        entities = {name: value for name, value in given.items() if value}
        return f"/{self.intention}{json.dumps(entities) if entities else ''}"


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"expression illisible « {text} » : {error}") from error
    return text


Pattern = Annotated[str, AfterValidator(_pattern)]  # a regular expression


def _short(sentences: list[str]) -> list[str]:
    """Facile à lire et à comprendre: no sentence of FALC_WORDS words or more."""
    for sentence in sentences:
        if len(sentence.split()) >= FALC_WORDS:
            raise ValueError(f"phrase de {FALC_WORDS} mots ou plus: « {sentence} »")
    return sentences


EasyText = Annotated[list[Sentence], AfterValidator(_short)]


class Precision(Strict):
    """The answer to one question about a subject; short enough to be its own easy version.

    `mots`: other words by which people ask it. Together with `question` and `reponse` they let
    the answer be found; `question` is also the label of its button.
    """

    id: Identifier
    question: Annotated[str, Field(min_length=5, max_length=70)]
    mots: str = ""
    reponse: EasyText = Field(min_length=1, max_length=8)
    en_vigueur: Period
    territoire: Territoire = NATIONAL
    source: SourceRef

    def parameters(self) -> set[str]:
        """Names of the figures that it cites."""
        return {name for text in self.reponse for name in PARAMETER.findall(text)}


class Version(Strict):
    """What is said of a subject during a period, in a territory."""

    en_vigueur: Period
    territoire: Territoire
    resume: Sentence
    etapes: list[Sentence] = []
    contacts: list[Identifier] = []
    liens: list[Lien] = []
    boutons: list[Bouton] = Field(default=[], max_length=4)
    falc: EasyText = Field(min_length=3)
    sources: list[SourceRef] = Field(min_length=1)
    verifie_le: dt.date

    def texts(self) -> list[str]:
        return [self.resume, *self.etapes, *self.falc]

    def parameters(self) -> set[str]:
        return {name for text in self.texts() for name in PARAMETER.findall(text)}


class Procedure(Strict):
    """A subject: its id is the intent's name and the file's name."""

    id: Identifier
    titre: Annotated[str, Field(max_length=80)]
    theme: Identifier
    urgence: bool = False
    versions: list[Version] = Field(min_length=1)
    precisions: list[Precision] = []

    @model_validator(mode="after")
    def _one_answer_at_a_time(self) -> Procedure:
        by_name: dict[tuple[str, str], list[Period]] = {}
        for precision in self.precisions:
            key = (precision.id, precision.territoire)
            by_name.setdefault(key, []).append(precision.en_vigueur)
        for (name, territoire), periods in by_name.items():
            for before, after in itertools.pairwise(periods):
                if before.au is None or after.du <= before.au:
                    raise ValueError(
                        f"précision « {name} » ({territoire}): la réponse du {after.du} "
                        f"recouvre la précédente (au: {before.au})"
                    )
        return self

    def parameters(self) -> set[str]:
        """Names of the figures that its texts cite."""
        cited: list[Version | Precision] = [*self.versions, *self.precisions]
        return {name for part in cited for name in part.parameters()}

    @model_validator(mode="after")
    def _periods_follow(self) -> Procedure:
        for territoire in {version.territoire for version in self.versions}:
            periods = [v.en_vigueur for v in self.versions if v.territoire == territoire]
            for before, after in itertools.pairwise(periods):
                if before.au is None or after.du != before.au + dt.timedelta(days=1):
                    raise ValueError(
                        f"territoire {territoire}: la version du {after.du} doit suivre "
                        f"la précédente (au: {before.au}) sans trou ni recouvrement"
                    )
        return self


class Lieu(Strict):
    """A place; `commune` is where it serves, which is not always in its address."""

    nom: str
    commune: str
    code_postal: CodePostal
    adresse: str
    telephone: Annotated[str, Field(pattern=r"^[0-9 ]{4,14}$")] | None = None
    courriel: Annotated[str, Field(pattern=r"^[^@ ]+@[^@ ]+$")] | None = None
    details: str | None = None


class Annuaire(Strict):
    """A list of places, for some subjects; `titre` says of which year it is."""

    titre: str
    sujets: list[Identifier] = Field(min_length=1)
    territoire: Territoire
    en_vigueur: Period
    lieux: list[Lieu] = Field(min_length=1)
    sources: list[SourceRef] = Field(min_length=1)
    verifie_le: dt.date


class Commune(Strict):
    """Where a commune lies (degrees, WGS 84), to offer the nearest place that is known."""

    nom: str
    code_postal: CodePostal
    latitude: float
    longitude: float


class Communes(Strict):
    source: str
    communes: list[Commune] = Field(min_length=1)


class Departements(Strict):
    """Names by number; `mots_courants`: names that are also everyday words (« Somme »)."""

    noms: dict[str, str]
    mots_courants: list[str]


class Porte(Strict):
    """Another organisation: `mots` are the beginnings of words that lead to it."""

    libelle: str
    pour: str
    url: Annotated[str, Field(pattern=r"^https://[^ ]+$")]
    mots: list[str] = Field(min_length=1)


class Evenement(Strict):
    """Something dated: said as coming before its end, as past after it."""

    titre: str
    debut: dt.datetime
    fin: dt.datetime | None = None
    lieu: str | None = None
    details: str | None = None
    territoire: Territoire
    sujets: list[Identifier] = []
    sources: list[SourceRef] = Field(min_length=1)


class ParameterReference(Strict):
    """Where a value comes from: a document of data/sources.yml, or a legal text."""

    document: Identifier | None = None
    section: str | None = None
    texte: str | None = None
    url: str | None = None

    @model_validator(mode="after")
    def _names_something(self) -> ParameterReference:
        if not (self.document or self.texte):
            raise ValueError("indiquez un document ou un texte")
        return self


class ParameterValue(Strict):
    depuis: dt.date
    valeur: Decimal
    reference: ParameterReference


Unite = Literal[
    "€",
    "€ par mois",
    "€ par mois et par enfant",
    "€ par heure",
    "€ par enfant",
    "€ par place",
    "€ par place et par an",
    "%",
    "ans",
    "mois",
    "jours",
    "jours ouvrés",
    "caractères",
    "places",
]


class ParameterFile(Strict):
    """A figure through time: one value per date from which it applies."""

    description: str
    unite: Unite
    valeurs: list[ParameterValue] = Field(min_length=1)
    revalorisation: Literal["avril"] | None = None
    verifie_le: dt.date

    @model_validator(mode="after")
    def _dates_rise(self) -> ParameterFile:
        dates = [value.depuis for value in self.valeurs]
        if dates != sorted(set(dates)):
            raise ValueError("valeurs: les dates « depuis » doivent croître")
        return self
