"""docs/operate/kubernetes.yaml: valid for Kubernetes, and holding what docker-compose.yml holds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

CHECKOUT = Path(__file__).resolve().parents[2]
OBJECTS: list[dict[str, Any]] = list(yaml.safe_load_all((CHECKOUT / "docs/operate/kubernetes.yaml").read_text()))
COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
PODS = {
    o["spec"]["template"]["metadata"]["labels"]["part"]: o["spec"]["template"]["spec"]
    for o in OBJECTS
    if "template" in o.get("spec", {})
}
each = pytest.mark.parametrize("part", sorted(PODS))


@pytest.mark.parametrize("number", range(len(OBJECTS)))
def test_each_object_is_valid(number: int) -> None:
    kubernetes_validate.validate(OBJECTS[number], "1.33", strict=True)


def test_a_fault_in_an_object_would_be_found() -> None:
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(OBJECTS[0] | {"datum": {}}, "1.33", strict=True)


@each
def test_every_pod_is_hardened(part: str) -> None:
    (container,) = PODS[part]["containers"]
    assert PODS[part]["securityContext"]["runAsNonRoot"] is True
    assert PODS[part]["automountServiceAccountToken"] is False
    given = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert container["securityContext"] == given
    assert "memory" in container["resources"]["limits"]


@each
def test_every_pod_does_what_the_compose_service_does(part: str) -> None:
    (container,) = PODS[part]["containers"]
    assert container.get("command") == COMPOSE[part].get("command")
    environment = {one["name"]: one["value"] for one in container["env"]}
    assert environment.get("IAMDASH_DB_ROLE") == COMPOSE[part]["environment"].get("IAMDASH_DB_ROLE")


@each
def test_only_the_worker_has_an_identity_in_aws(part: str) -> None:
    assert ("serviceAccountName" in PODS[part]) == (part == "worker")


def test_each_variable_is_one_that_compose_knows_too() -> None:
    (config,) = (o["data"] for o in OBJECTS if o["kind"] == "ConfigMap")
    assert set(config) <= set(COMPOSE["web"]["environment"])
