"""What deploy/ promises, read from its files: nothing here starts a container."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from allobot.project import ROOT
from allobot.settings import Settings

DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
KUBERNETES = [
    document
    for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]
OURS = ("web", "rasa-1", "rasa-2", "actions-1", "actions-2")
# What other programs than ours read.
FOREIGN = {
    "RASA_TELEMETRY_ENABLED",
    "POSTGRES_USER",
    "POSTGRES_DB",
    "POSTGRES_PASSWORD",
}
SECRET = re.compile(r"SECRET|PASSWORD|KEY$|TOKEN")


def of_kind(*kinds: str) -> list[dict[str, Any]]:
    return [document for document in KUBERNETES if document["kind"] in kinds]


def workloads() -> dict[str, dict[str, Any]]:
    found = of_kind("Deployment", "StatefulSet")
    return {document["metadata"]["name"]: document["spec"] for document in found}


def containers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    pod = spec["template"]["spec"]
    return [*pod["containers"], *pod.get("initContainers", [])]


def configured() -> dict[str, str]:
    """What the ConfigMap gives to every container."""
    [document] = of_kind("ConfigMap")
    values: dict[str, str] = document["data"]
    return values


def known(name: str) -> bool:
    """Whether a variable is a setting, or another program's."""
    field = name.removeprefix("ALLOBOT_").lower()
    return name in FOREIGN or name == "DATABASE_URL" or field in Settings.model_fields


def environments() -> Iterator[tuple[str, dict[str, str]]]:
    for name, service in COMPOSE["services"].items():
        yield f"compose {name}", service.get("environment", {})
    yield "kubernetes", configured()
    for name, spec in workloads().items():
        for container in containers(spec):
            assert "env" not in container, name


def test_only_web_faces_the_network_in_compose() -> None:
    services = COMPOSE["services"]
    assert [name for name, service in services.items() if "ports" in service] == ["web"]
    assert services["web"]["ports"] == ["127.0.0.1:8080:8080"]
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name, service in services.items():
        networks = set(service["networks"])
        assert networks == ({"inside", "outside"} if name == "web" else {"inside"}), name
        assert "network_mode" not in service
        assert "privileged" not in service


def test_two_of_each_in_compose() -> None:
    assert set(OURS) <= set(COMPOSE["services"])
    web = COMPOSE["services"]["web"]["environment"]
    assert web["ALLOBOT_RASA_URLS"].split() == ["http://rasa-1:5005", "http://rasa-2:5005"]
    assert web["ALLOBOT_ACTIONS_URLS"].split() == [
        "http://actions-1:5055",
        "http://actions-2:5055",
    ]
    for name in ("actions-1", "actions-2"):
        assert COMPOSE["services"][name]["networks"]["inside"]["aliases"] == ["actions"]


@pytest.mark.parametrize("name", [*OURS, "postgres", "redis"])
def test_each_service_has_a_healthcheck(name: str) -> None:
    assert COMPOSE["services"][name]["healthcheck"]["test"][0] == "CMD"


def served_paths() -> dict[str, set[str]]:
    """The health pages of each part, as its code declares them."""
    web = (ROOT / "web" / "health.py").read_text(encoding="utf-8")
    return {
        "web": set(re.findall(r'routes\.get\("([^"]+)"\)', web)),
        "rasa": {"/"},  # rasa/server.py: Hello from Rasa
        "actions": {"/health"},  # rasa_sdk/endpoint.py
    }


def test_every_probe_asks_a_page_that_exists() -> None:
    pages, ports = served_paths(), {"web": 8080, "rasa": 5005, "actions": 5055}
    for name in OURS:
        part = name.partition("-")[0]
        [url] = re.findall(r"http://127\.0\.0\.1:(\d+)([^']*)'", str(probe_of(name)))
        assert url == (str(ports[part]), url[1]), name
        assert url[1] in pages[part], name
    for part, spec in workloads().items():
        [container] = spec["template"]["spec"]["containers"]
        assert container["ports"] == [{"name": "http", "containerPort": ports[part]}]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            asked = container[probe]["httpGet"]
            assert asked["port"] == "http"
            assert asked["path"] in pages[part], (part, probe)


def probe_of(name: str) -> str:
    command: str = COMPOSE["services"][name]["healthcheck"]["test"][-1]
    return command


def test_a_gateway_without_rasa_stays_reachable() -> None:
    """It still says where to turn, and the emergency numbers."""
    [container] = workloads()["web"]["template"]["spec"]["containers"]
    for probe in ("readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["path"] == "/health/live"


def test_every_variable_is_a_setting() -> None:
    for where, environment in environments():
        assert [name for name in environment if not known(name)] == [], where
    example = (DEPLOY / "allobot.env.example").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Z_]+)=", example, re.MULTILINE)
    assert [name for name in names if not known(name)] == []
    asked = set(re.findall(r"\$\{([A-Z_]+)", (DEPLOY / "compose.yaml").read_text(encoding="utf-8")))
    assert asked == set(names)
    endpoints = (DEPLOY / "endpoints.yml").read_text(encoding="utf-8")
    assert all(known(name) for name in re.findall(r"\$\{([A-Z_]+)\}", endpoints))


def test_the_settings_given_are_accepted() -> None:
    given = {
        name.removeprefix("ALLOBOT_").lower(): value
        for name, value in configured().items()
        if name.startswith("ALLOBOT_")
    }
    settings = Settings(
        **given,  # type: ignore[arg-type]
        database_url="postgresql://allobot@db/allobot",
        secret="Xk3vQ9ZtP0bLr7WyC2mHs8JdF4gNe6Ua",  # type: ignore[arg-type]
    )
    assert len(settings.rasa_addresses) == workloads()["rasa"]["replicas"] == 2
    for number, address in enumerate(settings.rasa_addresses):
        assert address == f"http://rasa-{number}.rasa.allobot.svc:5005"


def test_no_secret_is_in_clear() -> None:
    assert of_kind("Secret") == []
    for where, environment in environments():
        for name, value in environment.items():
            if SECRET.search(name):
                assert re.fullmatch(r"\$\{[A-Z_]+(:\?|:-)\}", value), (where, name)
            password = re.search(r"://[^/:]*:([^/@]*)@", value)
            assert password is None or password[1].startswith("${"), (where, name)
    example = (DEPLOY / "allobot.env.example").read_text(encoding="utf-8")
    assert re.findall(r"^[A-Z_]+=(.+)$", example, re.MULTILINE) == []


def test_what_listens_beyond_loopback_is_said_in_its_command() -> None:
    """No setting does it (tests/web/test_secrets.py)."""
    wide = ["--interface", "0.0.0.0"]
    for name in ("actions-1", "actions-2"):
        assert COMPOSE["services"][name]["command"][-2:] == wide
    [actions] = workloads()["actions"]["template"]["spec"]["containers"]
    assert actions["command"][-2:] == wide
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert image.count('"--interface", "0.0.0.0"') == 1


def test_what_production_needs_is_required() -> None:
    web = COMPOSE["services"]["web"]["environment"]
    for name in ("ALLOBOT_SECRET", "ALLOBOT_VAULT_KEY", "ALLOBOT_PUBLIC_URL"):
        assert web[name] == f"${{{name}:?}}"
    assert web["ALLOBOT_PRODUCTION"] == web["ALLOBOT_COOKIE_SECURE"] == "true"


def test_rasa_does_not_have_the_keys() -> None:
    for name in ("rasa-1", "rasa-2"):
        given = COMPOSE["services"][name]["environment"]
        assert not [it for it in given if SECRET.search(it)]
    [container] = workloads()["rasa"]["template"]["spec"]["containers"]
    assert {"secretRef": {"name": "allobot"}} not in container["envFrom"]


def test_telemetry_is_off() -> None:
    assert configured()["RASA_TELEMETRY_ENABLED"] == "false"
    for name in ("rasa-1", "rasa-2"):
        environment = COMPOSE["services"][name]["environment"]
        assert environment["RASA_TELEMETRY_ENABLED"] == "false"
    image = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert "RASA_TELEMETRY_ENABLED=false" in image
    assert "--enable-api" not in image
    assert "SENTRY" not in image


def test_no_service_but_the_web_one_has_a_way_in() -> None:
    services = {document["metadata"]["name"]: document["spec"] for document in of_kind("Service")}
    assert set(services) == {"web", "rasa", "actions"}
    assert all(it.get("type", "ClusterIP") == "ClusterIP" for it in services.values())
    assert of_kind("Ingress") == []
    policies = {it["metadata"]["name"]: it["spec"] for it in of_kind("NetworkPolicy")}
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    callers = {
        part: [
            source.get("podSelector", source.get("namespaceSelector"))["matchLabels"]
            for rule in policies[part]["ingress"]
            for source in rule["from"]
        ]
        for part in ("web", "rasa", "actions")
    }
    assert callers == {
        "web": [{"kubernetes.io/metadata.name": "ingress-nginx"}],
        "rasa": [{"app": "web"}],
        "actions": [{"app": "rasa"}, {"app": "web"}],
    }
    for part in callers:
        assert policies[part]["podSelector"] == {"matchLabels": {"app": part}}


def test_the_policies_fit_the_pods() -> None:
    for part, spec in workloads().items():
        labels = spec["template"]["metadata"]["labels"]
        assert labels == {"app": part, "allobot": "part"}
        assert spec["selector"]["matchLabels"] == {"app": part}
        [service] = [it for it in of_kind("Service") if it["metadata"]["name"] == part]
        assert service["spec"]["selector"] == {"app": part}


def test_pods_have_no_privilege_and_say_what_they_need() -> None:
    for part, spec in workloads().items():
        pod = spec["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["automountServiceAccountToken"] is False
        for container in containers(spec):
            security = container["securityContext"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["readOnlyRootFilesystem"] is True
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert set(container["resources"]["requests"]) == {"cpu", "memory"}, part


def test_one_of_each_is_left_while_machines_are_serviced() -> None:
    budgets = {it["metadata"]["name"]: it["spec"] for it in of_kind("PodDisruptionBudget")}
    assert set(budgets) == set(workloads())
    for part, budget in budgets.items():
        assert budget["minAvailable"] == 1 < workloads()[part]["replicas"]
        assert budget["selector"]["matchLabels"] == {"app": part}


def test_what_is_under_way_may_end() -> None:
    from web.conversations.service import CLOSE_SECONDS
    from web.server import SHUTDOWN_SECONDS

    needed = SHUTDOWN_SECONDS + CLOSE_SECONDS
    pod = workloads()["web"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] >= needed + 5  # the pause before it is told
    assert int(COMPOSE["services"]["web"]["stop_grace_period"].removesuffix("s")) >= needed


def test_the_images_hold_what_they_run_and_no_more() -> None:
    lines = (DEPLOY / "Dockerfile").read_text(encoding="utf-8").splitlines()
    sources = [
        source
        for line in lines
        if line.startswith("COPY ") and "--from" not in line
        for source in line.split()[1:-1]
    ]
    missing = [it for it in sources if not (ROOT / it).exists() and not it.startswith("models/")]
    assert missing == []
    assert "var" not in sources
    assert lines.count("USER 10001") == 2
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    assert ignored[0] == "*"
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert {str(Path(it).parts[0]) for it in kept}.isdisjoint({"var", ".git", ".env"})
