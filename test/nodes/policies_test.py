#!/usr/bin/env python3
"""What the network policies of real nodes (hack/nodes/policies.py) become: a rule too many would let a test of isolation pass."""

import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "hack/nodes"))
from policies import World  # noqa: E402


def pod(name, address, labels=None, namespace="shop", ports=(), node="node-a", phase="Running", **spec):
    containers = [{"ports": [{"name": port, "containerPort": number} for port, number in ports]}]
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels or {}}, "spec": {"nodeName": node, "containers": containers, **spec},
            "status": {"podIP": address, "phase": phase}}


def policy(selector, namespace="shop", **spec):
    return {"metadata": {"name": "policy", "namespace": namespace}, "spec": {"podSelector": selector, **spec}}


NAMESPACES = [{"metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}}} for name in ("shop", "monitoring")]
WEB = pod("web", "10.0.1.2", {"app": "web"}, ports=[("http", 8080)])
SHOP = pod("store", "10.0.2.3", {"app": "store"}, node="node-b", ports=[("http", 8081)])
PROMETHEUS = pod("prometheus", "10.0.2.4", {"app": "store"}, namespace="monitoring", node="node-b")


def rules(policies, chain, pods=(WEB, SHOP, PROMETHEUS), node="node-a"):
    """The rules of one chain; None where the pod is not isolated."""
    text = World(list(pods), NAMESPACES, policies).tables([node])[node]
    lines = [line.strip() for line in text.splitlines()]
    starts = [index for index, line in enumerate(lines) if line.startswith(f"chain {chain} ")]
    return lines[starts[0] + 1:lines.index("}", starts[0])] if starts else None


class Policies(unittest.TestCase):
    ITSELF = "ip saddr 10.0.1.2 return"

    def test_nobody_is_isolated_without_a_policy(self):
        self.assertIsNone(rules([], "ingress_10_0_1_2"))

    def test_a_policy_without_rules_lets_nobody_in_or_out(self):
        both = [policy({}, policyTypes=["Ingress", "Egress"])]
        self.assertEqual(rules(both, "ingress_10_0_1_2"), [self.ITSELF, "drop"])
        self.assertEqual(rules(both, "egress_10_0_1_2"), ["ip daddr 10.0.1.2 return", "drop"])

    def test_a_policy_isolates_in_its_direction_and_namespace_alone(self):
        self.assertIsNone(rules([policy({}, policyTypes=["Ingress"])], "egress_10_0_1_2"))
        self.assertIsNone(rules([policy({}, namespace="monitoring", policyTypes=["Ingress"])], "ingress_10_0_1_2"))
        self.assertIsNone(rules([policy({"matchLabels": {"app": "store"}}, policyTypes=["Ingress"])], "ingress_10_0_1_2"))

    def test_pods_are_looked_for_in_the_policys_namespace_unless_it_names_others(self):
        own = policy({}, ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "store"}}}], "ports": [{"port": 80}]}])
        self.assertEqual(rules([own], "ingress_10_0_1_2"), [self.ITSELF, "ip saddr { 10.0.2.3 } tcp dport 80 return", "drop"])
        other = policy({}, ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]}])
        self.assertEqual(rules([other], "ingress_10_0_1_2"), [self.ITSELF, "ip saddr { 10.0.2.4 } return", "drop"])

    def test_a_peer_that_matches_no_pod_opens_nothing(self):
        nobody = policy({}, ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "nobody"}}}]}])
        self.assertEqual(rules([nobody], "ingress_10_0_1_2"), [self.ITSELF, "drop"])

    def test_a_rule_without_peers_opens_its_ports_to_everybody(self):
        anybody = policy({}, ingress=[{"ports": [{"port": 8080}, {"port": 9000, "endPort": 9010, "protocol": "UDP"}]}])
        self.assertEqual(rules([anybody], "ingress_10_0_1_2"), [self.ITSELF, "tcp dport 8080 return", "udp dport 9000-9010 return", "drop"])

    def test_a_named_port_is_that_of_the_pod_that_is_asked(self):
        named = [{"port": "http"}]
        inward = policy({}, ingress=[{"ports": named}])
        self.assertEqual(rules([inward], "ingress_10_0_1_2"), [self.ITSELF, "tcp dport 8080 return", "drop"])
        outward = policy({}, policyTypes=["Egress"], egress=[{"to": [{"podSelector": {"matchLabels": {"app": "store"}}}], "ports": named}])
        self.assertEqual(rules([outward], "egress_10_0_1_2"), ["ip daddr 10.0.1.2 return", "ip daddr 10.0.2.3 tcp dport 8081 return", "drop"])

    def test_a_block_has_exceptions(self):
        block = policy({}, ingress=[{"from": [{"ipBlock": {"cidr": "10.9.0.0/16", "except": ["10.9.1.0/24"]}}]}])
        self.assertEqual(rules([block], "ingress_10_0_1_2"), [self.ITSELF, "ip saddr 10.9.0.0/16 ip saddr != { 10.9.1.0/24 } return", "drop"])

    def test_addresses_of_finished_pods_and_of_nodes_are_nobodys(self):
        done = pod("done", "10.0.2.9", {"app": "store"}, phase="Succeeded")
        host = pod("host", "10.89.0.11", {"app": "store"}, hostNetwork=True)
        peers = policy({}, ingress=[{"from": [{"podSelector": {"matchLabels": {"app": "store"}}}]}])
        self.assertEqual(rules([peers], "ingress_10_0_1_2", pods=[WEB, done, host]), [self.ITSELF, "drop"])

    def test_expressions_select_as_labels_do(self):
        for operator, values, fits in (("In", ["web"], True), ("NotIn", ["web"], False), ("Exists", [], True), ("DoesNotExist", [], False)):
            selector = {"matchExpressions": [{"key": "app", "operator": operator, "values": values}]}
            self.assertEqual(rules([policy(selector, policyTypes=["Ingress"])], "ingress_10_0_1_2") is not None, fits, operator)

    def test_only_the_pods_of_a_node_have_chains_there(self):
        self.assertIsNone(rules([policy({}, policyTypes=["Ingress"])], "ingress_10_0_1_2", node="node-b"))
        self.assertIsNotNone(rules([policy({}, policyTypes=["Ingress"])], "ingress_10_0_2_3", node="node-b"))


if __name__ == "__main__":
    unittest.main()
