"""The shape of the knowledge files (data/procedures, contacts, sources, parameters)."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9_-]+$", max_length=64)]
Sentence = Annotated[str, Field(min_length=3, max_length=700)]
Territoire = Literal["national", "52", "44"]
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
    libelle: Annotated[str, Field(max_length=60)]
    intention: Identifier


class Version(Strict):
    """What is said of a subject during a period, in a territory."""

    en_vigueur: Period
    territoire: Territoire
    resume: Sentence
    etapes: list[Sentence] = []
    contacts: list[Identifier] = []
    liens: list[Lien] = []
    boutons: list[Bouton] = Field(default=[], max_length=4)
    falc: list[Sentence] = Field(min_length=3)
    sources: list[SourceRef] = Field(min_length=1)
    verifie_le: dt.date

    @model_validator(mode="after")
    def _falc_is_short(self) -> Version:
        for sentence in self.falc:
            if len(sentence.split()) >= FALC_WORDS:
                raise ValueError(f"falc: phrase de {FALC_WORDS} mots ou plus: « {sentence} »")
        return self

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


class ParameterFile(Strict):
    """A figure through time: one value per date from which it applies."""

    description: str
    unite: Literal["€ par mois et par enfant", "€", "%", "ans", "mois", "jours ouvrés"]
    valeurs: list[ParameterValue] = Field(min_length=1)
    revalorisation: Literal["avril"] | None = None
    verifie_le: dt.date

    @model_validator(mode="after")
    def _dates_rise(self) -> ParameterFile:
        dates = [value.depuis for value in self.valeurs]
        if dates != sorted(set(dates)):
            raise ValueError("valeurs: les dates « depuis » doivent croître")
        return self
