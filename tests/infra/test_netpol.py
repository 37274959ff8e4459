"""The rules that stand for a NetworkPolicy on our own cluster: rendered from plain objects, nothing running."""

import importlib.util
from typing import Any

import pytest

from testkit.infra import CLUSTER


@pytest.fixture(scope="module")
def render() -> Any:
    spec = importlib.util.spec_from_file_location("netpol", CLUSTER / "netpol.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.render


def pod(name: str, namespace: str = "agents", **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels}, "spec": {"containers": []}}


def policy(spec: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": "one", "namespace": "agents"}, "spec": {"podSelector": {}, **spec}}


NAMESPACES = {"agents": {"metadata": {"name": "agents"}}, "free": {"metadata": {"name": "free"}}}
DOORS = {"to": [{"ipBlock": {"cidr": "10.250.0.1/32"}}], "ports": [{"port": 8700}]}


def rules(text: str, chain: str) -> list[str]:
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f" chain {chain} {{"))
    return [line.strip() for line in lines[start + 1 : lines.index(" }", start)]]


def test_a_pod_under_default_deny_reaches_the_doors_only(render: Any) -> None:
    text = render(
        "10.244.0.0/24", {"10.244.0.2": pod("a")}, NAMESPACES, [policy({"policyTypes": ["Egress"], "egress": [DOORS]})]
    )
    assert rules(text, "Egress_policy_0") == ["ip daddr 10.250.0.1/32 tcp dport 8700 accept"]
    assert "chain Egress_0 { jump Egress_policy_0; drop; }" in text


def test_a_pod_without_policy_is_open_and_an_unknown_address_is_shut(render: Any) -> None:
    text = render("10.244.0.0/24", {"10.244.0.3": pod("b", "free")}, NAMESPACES, [policy({"policyTypes": ["Egress"]})])
    assert "ip saddr vmap { 10.244.0.3 : accept }" in text
    assert "ip saddr 10.244.0.0/24 drop" in text


def test_a_policy_of_no_rules_lets_nothing_in(render: Any) -> None:
    text = render("10.244.0.0/24", {"10.244.0.2": pod("a")}, NAMESPACES, [policy({"policyTypes": ["Ingress"]})])
    assert "ip daddr vmap { 10.244.0.2 : goto Ingress_0 }" in text
    assert "chain Ingress_0 { jump Ingress_policy_0; drop; }" in text


def test_a_selector_that_matches_nobody_opens_nothing(render: Any) -> None:
    nobody = {"to": [{"podSelector": {"matchLabels": {"app": "none"}}}]}
    text = render(
        "10.244.0.0/24", {"10.244.0.2": pod("a")}, NAMESPACES, [policy({"policyTypes": ["Egress"], "egress": [nobody]})]
    )
    assert rules(text, "Egress_policy_0") == []
