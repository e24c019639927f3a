"""POST /api/eligibility/<rule>: the same decision as the dialogue and the command line."""

import datetime as dt
import json
from typing import Any

import pytest

from actions.eligibility.rules import RULES
from allobot.eligibility import decide
from tests.web.api_client import Api
from tests.web.conftest import OpenGateway
from web.knowledge import LazyContent

ASF: dict[str, Any] = {
    "lien_enfant": "parent",
    "vit_seul": True,
    "ages_enfants": [4, 9],
    "residence_stable": True,
    "autre_parent": "paie_en_partie",
    "pension_recue": 60,
}
CONTENT = LazyContent()  # read once for all these tests


@pytest.fixture
async def api(open_gateway: OpenGateway) -> Api:
    return await open_gateway(content=CONTENT)


async def test_a_right_is_estimated_from_facts(api: Api) -> None:
    body = {"situation": ASF, "date": "2025-10-06"}
    answer = await api.request("POST", "/api/eligibility/asf", json=body)
    assert answer.status == 200
    found = answer.json
    assert (found["verdict"], found["estimation"], found["date"]) == ("oui", True, "2025-10-06")
    # Two children: twice 199.18 € (Caf, October 2025) less 60 € received for each.
    assert found["card"]["decision"]["amount"]["max"] == pytest.approx(2 * (199.18 - 60))
    assert found["card"]["sources"]


async def test_the_command_line_gives_the_same_decision(api: Api) -> None:
    answer = await api.request(
        "POST", "/api/eligibility/asf", json={"situation": ASF, "date": "2025-10-06"}
    )
    printed = decide("asf", json.dumps(ASF), dt.date(2025, 10, 6), text=False)
    assert json.loads(printed) == answer.json


@pytest.mark.parametrize("rule", RULES)
async def test_every_rule_lists_what_it_misses(api: Api, rule: str) -> None:
    answer = await api.request("POST", f"/api/eligibility/{rule}", json={"situation": {}})
    assert answer.status == 200
    assert answer.json["missing"]


async def test_before_every_version_nothing_is_guessed(api: Api) -> None:
    body = {"situation": ASF, "date": "1999-01-01"}
    answer = await api.request("POST", "/api/eligibility/asf", json=body)
    assert answer.json["verdict"] == "a_preciser"
    assert answer.json["notes"] == ["inconnu_a_cette_date"]
    assert answer.json["card"]["decision"] is None


@pytest.mark.parametrize(
    ("situation", "field"),
    [
        ({"age_du_capitaine": 42}, "age_du_capitaine"),
        ({"vit_seul": "peut-être"}, "vit_seul"),
        ({"lien_enfant": "voisin"}, "lien_enfant"),
        ({"ages_enfants": ["dix"]}, "ages_enfants.0"),
        ({"ages_enfants": [8, -1]}, "ages_enfants"),
        ({"pension_recue": -50}, "pension_recue"),
        ({"pension_recue": "9" * 3900}, "pension_recue"),
    ],
)
async def test_a_fact_that_does_not_fit_is_named(
    api: Api, situation: dict[str, Any], field: str
) -> None:
    answer = await api.request("POST", "/api/eligibility/asf", json={"situation": situation})
    assert (answer.status, answer.code) == (400, "invalid_facts")
    assert field in answer.json["error"]["fields"]


@pytest.mark.parametrize(
    "body",
    [{}, {"situation": []}, {"situation": {}, "date": "hier"}, {"situation": {}, "nom": "x"}],
)
async def test_another_body_is_refused(api: Api, body: dict[str, Any]) -> None:
    answer = await api.request("POST", "/api/eligibility/asf", json=body)
    assert (answer.status, answer.code) == (400, "invalid_message")


async def test_an_unknown_rule_is_not_found(api: Api) -> None:
    answer = await api.request("POST", "/api/eligibility/loterie", json={"situation": {}})
    assert answer.status == 404


async def test_it_sets_no_cookie(api: Api) -> None:
    answer = await api.request("POST", "/api/eligibility/asf", json={"situation": ASF})
    assert "Set-Cookie" not in answer.headers
