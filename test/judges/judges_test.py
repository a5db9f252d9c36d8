#!/usr/bin/env python3
"""What independent judges say of the production sample's objects; see test/judges/run. Each judge is also shown objects that are hurt in
one way, which it must notice: a judge that is not asked rightly finds nothing either.
"""

import copy
import json
import re
import sys
import tempfile
import unittest
from pathlib import Path

import alerts
import judges
import published
from connectivity import Network, pods_of

SERVICES = "user catalog inventory order payment gateway"

# Who may talk to whom: from, to, ports. Names are components, "ns/NAME" the pods of a namespace. It is written out here, not computed,
# so that an error in the operator's own table does not excuse itself.
FLOWS = [
    ("ns/ingress", "gateway", "8080"),
    ("gateway", "user catalog inventory order payment", "8080"),
    ("catalog", "user", "8080"),
    ("order", "catalog inventory payment", "8080"),
    ("user catalog inventory order payment migration provisioning", "postgres", "5432"),
    ("gateway user catalog", "redis", "6379"),
    ("catalog inventory order payment", "rabbitmq", "5672"),
    ("redis", "redis", "6379 16379"),
    ("rabbitmq", "rabbitmq", "4369 25672"),
    ("ns/monitoring", SERVICES, "9090"),
    ("ns/ecommerce-operator", "gateway", "9090"),
    (SERVICES, "ns/tracing", "4318"),
    ("payment", "203.0.113.0/24", "443"),
    ("e2e", "gateway", "8080"),
    (SERVICES + " postgres redis rabbitmq migration provisioning e2e", "ns/kube-system", "53 53/UDP"),
]
# What a Prometheus of the platform's own adds.
FLOWS_OF_PROMETHEUS = [
    ("prometheus", SERVICES, "9090"),
    ("ns/monitoring ns/ecommerce-operator", "prometheus", "9090"),
    ("prometheus", "ns/kube-system", "53 53/UDP"),
]


def hurt(change, name="shop-user", kind="Deployment"):
    """The sample's objects after the change to one of them."""
    objects = copy.deepcopy(judges.read(judges.rendered()))
    change(next(item for item in objects if (item["kind"], item["metadata"]["name"]) == (kind, name)))
    return objects


def without_limits(item):
    del item["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]


def may_be_root(item):
    item["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"] = False


class Judge(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def assert_finds_nothing(self, judge, find):
        """`find` is asked for its findings in the objects of the sample, and of the same with a Prometheus or log agents."""
        for rendered in (judges.rendered, judges.with_prometheus, judges.with_log_sidecars):
            with self.subTest(rendered.__name__):
                words = judges.complaints(judge, find(rendered()), judges.exceptions_of(judge))
                self.assertFalse(words, "\n" + "\n".join(words))

    def assert_objects(self, findings, check, item="Deployment/shop-user"):
        self.assertIn((check, item), {(each.check, each.object) for each in findings})


class Kubeconform(Judge):
    def judge(self, text):
        return judges.kubeconform(text, self.schemas)

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.schemas = Path(folder.name)

    def test_finds_nothing(self):
        self.assert_finds_nothing("kubeconform", self.judge)

    def test_objects_to_a_field_that_does_not_exist(self):
        objects = hurt(lambda item: item["spec"]["template"]["spec"].update(automountServiceAccountTokens=False))
        self.assert_objects(self.judge(judges.written(objects)), "statusInvalid")

    def test_objects_to_a_value_of_the_wrong_type(self):
        objects = hurt(lambda item: item["spec"].update(minReadySeconds="5"))
        self.assert_objects(self.judge(judges.written(objects)), "statusInvalid")

    def test_objects_to_a_kind_that_the_server_does_not_serve(self):
        objects = hurt(lambda item: item.update(apiVersion="apps/v1beta1"))
        self.assert_objects(self.judge(judges.written(objects)), "statusError")


class KubeScore(Judge):
    def test_finds_nothing(self):
        self.assert_finds_nothing("kube-score", judges.kube_score)

    def test_objects_to_a_container_without_limits(self):
        self.assert_objects(judges.kube_score(judges.written(hurt(without_limits))), "container-resources")

    def test_objects_to_pods_that_no_policy_selects(self):
        objects = [item for item in judges.read(judges.rendered()) if item["kind"] != "NetworkPolicy"]
        self.assert_objects(judges.kube_score(judges.written(objects)), "pod-networkpolicy")


class Checkov(Judge):
    def test_finds_nothing(self):
        self.assert_finds_nothing("checkov", lambda text: judges.checkov(text, self.folder))

    def test_objects_to_a_container_without_limits_and_to_a_root_that_can_be_written(self):
        def both(item):
            without_limits(item)
            item["spec"]["template"]["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"] = False

        findings = judges.checkov(judges.written(hurt(both)), self.folder)
        self.assert_objects(findings, "CKV_K8S_13")
        self.assert_objects(findings, "CKV_K8S_22")


class PodSecurity(Judge):
    NAMESPACE = "judges"

    @classmethod
    def setUpClass(cls):
        levels = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}
        namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": cls.NAMESPACE, "labels": levels}}
        judges.kubectl("apply", "-f", "-", text=judges.written([namespace]))
        cls.addClassCleanup(judges.kubectl, "delete", "namespace", cls.NAMESPACE, "--wait=false")

    def test_finds_nothing(self):
        self.assert_finds_nothing("pod-security", lambda text: judges.pod_security(text, self.NAMESPACE))

    def test_objects_to_pods_that_may_be_root_and_to_no_other(self):
        findings = judges.pod_security(judges.written(hurt(may_be_root)), self.NAMESPACE)
        self.assert_objects(findings, "restricted")
        self.assertEqual(len(findings), 1, findings)


class Promtool(Judge):
    @staticmethod
    def rules(change=lambda item: None):
        objects = hurt(change, "shop-objectives", "PrometheusRule")
        return next(item["spec"] for item in objects if item["kind"] == "PrometheusRule")

    def test_accepts_the_rules(self):
        self.assertEqual(judges.promtool(self.rules(), self.folder), "")

    def test_sees_each_alert_fire_when_it_must_and_only_then(self):
        self.assertEqual(judges.promtool(self.rules(), self.folder, alerts.TESTS), "")

    def test_every_alert_has_a_situation_in_which_it_fires(self):
        fired = {sample["labels"] for test in alerts.TESTS["tests"] for query in test["promql_expr_test"] for sample in query["exp_samples"]}
        self.assertEqual(len(fired), sum("alert" in rule for group in self.rules()["groups"] for rule in group["rules"]))

    def test_every_alert_has_a_runbook(self):
        for rule in (rule for group in self.rules()["groups"] for rule in group["rules"] if "alert" in rule):
            self.assertIn("kubectl -n shop", rule["annotations"]["runbook"])

    @staticmethod
    def configuration():
        objects = judges.read(judges.with_prometheus())
        return next(item["data"] for item in objects if (item["kind"], item["metadata"]["name"]) == ("ConfigMap", "shop-prometheus"))

    def test_accepts_the_configuration_of_a_prometheus(self):
        self.assertEqual(judges.promtool_on_configuration(self.configuration(), self.folder), "")

    def test_objects_to_a_configuration_that_cannot_be_read(self):
        files = self.configuration()
        files["prometheus.yml"] = files["prometheus.yml"].replace("dns_sd_configs", "dns_configs")
        self.assertIn("dns_configs", judges.promtool_on_configuration(files, self.folder))

    def test_objects_to_a_rule_that_cannot_be_read(self):
        rules = self.rules(lambda item: item["spec"]["groups"][0]["rules"][0].update(expr="sum(rate("))
        self.assertIn("parse error", judges.promtool(rules, self.folder))

    def test_objects_to_an_alert_that_does_not_fire(self):
        def soften(item):
            for rule in item["spec"]["groups"][0]["rules"]:
                rule["expr"] = rule["expr"].replace("> 14.4 ", "> 144 ")

        burst = {**alerts.TESTS, "tests": [test for test in alerts.TESTS["tests"] if test["name"] == "20 times as fast, for 50 minutes"]}
        self.assertEqual(judges.promtool(self.rules(), self.folder, burst), "")
        self.assertIn("FAILED", judges.promtool(self.rules(soften), self.folder, burst))


class Dashboards(Judge):
    """Of Grafana: promtool reads every query, and the services count what they ask for."""

    BY_PROMETHEUS = {"up"}

    @staticmethod
    def queries():
        objects = judges.read(judges.rendered())
        data = next(item["data"] for item in objects if item["metadata"]["name"] == "shop-dashboards")
        boards = [json.loads(text) for text in data.values()]
        return [target["expr"].replace("$__rate_interval", "5m") for board in boards for panel in board["panels"] for target in panel["targets"]]

    @staticmethod
    def rules(queries):
        return {"groups": [{"name": "dashboards", "rules": [{"record": f"query:{n}", "expr": query} for n, query in enumerate(queries)]}]}

    @classmethod
    def unknown_metrics(cls, queries):
        sources = "".join(path.read_text() for path in (judges.ROOT / "services").rglob("*.cpp"))
        asked = {name for query in queries for name in re.findall(r"([a-z_]+)[{]", query)}
        return {name for name in asked - cls.BY_PROMETHEUS if f'"{name.removesuffix("_bucket")}"' not in sources}

    def test_can_be_read(self):
        queries = self.queries()
        self.assertGreater(len(queries), 20)
        self.assertEqual(judges.promtool(self.rules(queries), self.folder), "")
        self.assertIn("parse error", judges.promtool(self.rules([queries[0] + ")"]), self.folder))

    def test_ask_for_what_the_services_count(self):
        self.assertEqual(self.unknown_metrics(self.queries()), set())
        self.assertEqual(self.unknown_metrics(['sum(checkouts{namespace="shop"})']), {"checkouts"})


class Published(Judge):
    def test_polaris_finds_nothing(self):
        self.assert_finds_nothing("polaris", lambda text: published.judge(published.polaris, judges.read(text)))

    def test_kube_linter_finds_nothing(self):
        self.assert_finds_nothing("kube-linter", lambda text: published.judge(published.kube_linter, judges.read(text)))

    def test_polaris_objects_to_what_it_describes(self):
        objects = hurt(lambda item: item["spec"]["template"]["spec"].pop("priorityClassName"))
        self.assert_objects(published.judge(published.polaris, objects), "priorityClassNotSet")
        objects = hurt(lambda item: item["spec"].update(minAvailable=2), kind="PodDisruptionBudget")
        self.assert_objects(published.judge(published.polaris, objects), "pdbMinAvailableGreaterThanOrEqualToHPAMinReplicas",
                            "PodDisruptionBudget/shop-user")
        objects = hurt(lambda item: item["data"].update(password="1234"), kind="ConfigMap")
        self.assert_objects(published.judge(published.polaris, objects), "sensitiveConfigmapContent", "ConfigMap/shop-user")

    def test_kube_linter_objects_to_what_it_describes(self):
        objects = hurt(lambda item: item["spec"]["ports"][0].update(targetPort="web"), kind="Service")
        self.assert_objects(published.judge(published.kube_linter, objects), "invalid-target-ports", "Service/shop-user")
        objects = hurt(lambda item: item["spec"]["template"]["spec"].update(serviceAccountName="nobody"))
        self.assert_objects(published.judge(published.kube_linter, objects), "non-existent-service-account")


class Connectivity(unittest.TestCase):
    """The sample's policies against the table."""

    def differences(self, objects, table=FLOWS):
        """(what may be though the table does not have it, what may not though it does)."""
        workloads = [item for item in objects if item["kind"] in judges.WORKLOADS]
        network = Network([item for item in objects if item["kind"] == "NetworkPolicy"], pods_of(workloads))
        found, wanted = network.connections(), network.expand(table)
        self.assertTrue(found)
        return found - wanted, wanted - found

    def policy(self, change, name="shop-redis"):
        return self.differences(hurt(change, name, "NetworkPolicy"))

    def test_connections_are_those_of_the_table_and_nothing_else(self):
        more, less = self.differences(judges.read(judges.rendered()))
        self.assertEqual(more, set())
        self.assertEqual(less, set())

    def test_a_prometheus_reads_the_services_and_is_asked_by_few(self):
        more, less = self.differences(judges.read(judges.with_prometheus()), FLOWS + FLOWS_OF_PROMETHEUS)
        self.assertEqual(more, set())
        self.assertEqual(less, set())

    def test_logs_leave_for_their_collector(self):
        more, less = self.differences(judges.read(judges.with_log_sidecars()), FLOWS + [(SERVICES, "ns/logging", "4318")])
        self.assertEqual(more, set())
        self.assertEqual(less, set())

    def test_a_missing_policy_shuts_out_those_it_let_in(self):
        more, less = self.differences([item for item in judges.read(judges.rendered()) if (item["kind"], item["metadata"]["name"]) !=
                                       ("NetworkPolicy", "shop-redis")])
        self.assertEqual(more, set())
        self.assertIn(("shop-gateway", "shop-redis", "6379"), less)

    def test_without_policies_everybody_reaches_everything(self):
        more, _ = self.differences([item for item in judges.read(judges.rendered()) if item["kind"] != "NetworkPolicy"])
        self.assertIn(("a pod elsewhere", "shop-redis", "6379"), more)
        self.assertIn(("shop-payment", "the internet", "9"), more)

    def test_a_rule_for_everybody_lets_strangers_in(self):
        more, less = self.policy(lambda item: item["spec"]["ingress"][0].pop("from"))
        self.assertIn(("a pod elsewhere with our labels", "shop-redis", "6379"), more)
        self.assertIn(("another pod of the namespace", "shop-redis", "6379"), more)
        self.assertEqual(less, set())

    def test_a_rule_for_all_namespaces_lets_pods_with_our_labels_in(self):
        more, _ = self.policy(lambda item: [peer.update(namespaceSelector={}) for rule in item["spec"]["ingress"] for peer in rule["from"]],
                              "shop-gateway")
        self.assertIn(("a pod elsewhere", "shop-gateway", "8080"), more)

    def test_a_rule_without_ports_opens_them_all(self):
        more, _ = self.policy(lambda item: [rule.pop("ports") for way in ("ingress", "egress") for rule in item["spec"][way]])
        self.assertIn(("shop-redis", "ns/kube-system", "9"), more)

    def test_a_selector_that_selects_nobody_is_noticed(self):
        _, less = self.policy(lambda item: item["spec"]["podSelector"].update(matchLabels={"app": "redis"}))
        self.assertIn(("shop-redis", "ns/kube-system", "53/UDP"), less)

    def test_a_wider_block_is_another_one(self):
        def widen(item):
            for rule in item["spec"]["egress"]:
                for peer in rule["to"]:
                    if "ipBlock" in peer:
                        peer["ipBlock"] = {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}

        more, less = self.policy(widen, "shop-payment")
        self.assertIn(("shop-payment", "the internet", "443"), more)
        self.assertEqual(less, {("shop-payment", "203.0.113.0/24", "443")})


class Policies(unittest.TestCase):
    """How single rules are understood."""

    WEB, STORE = ({"kind": "Deployment", "metadata": {"name": name, "namespace": "shop"},
                   "spec": {"template": {"metadata": {"labels": {"app.kubernetes.io/component": name}},
                                         "spec": {"containers": [{"ports": [{"name": "http", "containerPort": port}]}]}}}}
                  for name, port in (("web", 8080), ("store", 8081)))

    def reach(self, **spec):
        policy = {"metadata": {"name": "policy", "namespace": "shop"},
                  "spec": {"podSelector": {"matchLabels": {"app.kubernetes.io/component": "store"}}, **spec}}
        return {(source, port) for source, target, port in Network([policy], pods_of([self.WEB, self.STORE])).connections()
                if target == "store" and source in ("web", "a pod elsewhere", "the internet")}

    def test_a_policy_without_types_isolates_where_it_has_rules_and_inward_at_least(self):
        self.assertEqual(self.reach(), set())
        self.assertNotEqual(self.reach(policyTypes=["Egress"]), set())

    def test_a_named_port_is_that_of_the_pod_that_is_asked(self):
        self.assertEqual(self.reach(ingress=[{"from": [{"podSelector": {}}], "ports": [{"port": "http"}]}]), {("web", "8081")})

    def test_a_range_has_its_last_port(self):
        found = self.reach(ingress=[{"from": [{"podSelector": {}}], "ports": [{"port": 8000, "endPort": 8080, "protocol": "UDP"}]}])
        self.assertEqual(found, {("web", "8000/UDP"), ("web", "8080/UDP")})

    def test_expressions_and_both_selectors_of_a_peer_count(self):
        term = {"key": "app.kubernetes.io/component", "operator": "In", "values": ["web"]}
        of_web = {"podSelector": {"matchExpressions": [term]}}
        self.assertEqual(self.reach(ingress=[{"from": [of_web], "ports": [{"port": 1}]}]), {("web", "1")})
        elsewhere = {"namespaceSelector": {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["shop"]}]}}
        self.assertEqual(self.reach(ingress=[{"from": [elsewhere], "ports": [{"port": 1}]}]), {("a pod elsewhere", "1")})
        self.assertEqual(self.reach(ingress=[{"from": [{**elsewhere, **of_web}], "ports": [{"port": 1}]}]), set())

    def test_a_block_has_exceptions(self):
        block = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["192.0.2.0/24"]}}
        found = self.reach(ingress=[{"from": [block], "ports": [{"port": 1}]}])
        self.assertEqual(found, {("web", "1"), ("a pod elsewhere", "1")})


class Exceptions(unittest.TestCase):
    FINDING = judges.Finding("check", "Deployment/shop-user", "something")

    def test_each_has_a_reason_and_a_judge_of_ours(self):
        for each in judges.yaml.safe_load(judges.EXCEPTIONS.read_text()):
            self.assertEqual(set(each), {"judge", "check", "object", "reason"})
            self.assertIn(each["judge"], ("kubeconform", "kube-score", "checkov", "pod-security", "polaris", "kube-linter"))
            self.assertGreater(len(each["reason"].split()), 5, each)

    def test_a_finding_needs_one_that_fits(self):
        self.assertEqual(judges.complaints("judge", [self.FINDING], [{"check": "check", "object": "Deployment/*"}]), [])
        self.assertEqual(len(judges.complaints("judge", [self.FINDING], [])), 1)

    def test_one_that_fits_nothing_is_too_much(self):
        self.assertEqual(len(judges.complaints("judge", [], [{"check": "check", "object": "Deployment/*"}])), 1)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
