#!/usr/bin/env python3
"""The platform as customers and administrators meet it: it serves while it is upgraded, drained, killed and attacked. See test/e2e/run."""

import base64
import collections
import contextlib
import http.client
import json
import os
import subprocess
import threading
import time
import unittest
import urllib.parse
import uuid

from cluster import ROOT, SERVICES, await_settled, conditions, eventually, forwarded, gateway, get, kubectl, pods, read, settled
from shoppers import ADDRESS, Load, Session

STORES = {"postgres": 5432, "redis": 6379, "rabbitmq": 5672}


def node_of(pod):
    """None while it waits for one, as the pod of a store does whose volume is on a drained node."""
    return pod["spec"].get("nodeName")


def await_gone(pod, limit=120):
    """Until the pod, and not only one of its name, has ended."""
    name, uid = pod["metadata"]["name"], pod["metadata"]["uid"]
    eventually(lambda: uid not in {each["metadata"]["uid"] for each in pods()}, limit, f"{name} is gone")


class EndToEnd(unittest.TestCase):
    def setUp(self):
        await_settled()

    def assert_served(self, load, most=0):
        print(f"    {load.summary()}", flush=True)
        self.assertLessEqual(len(load.failures), most, str(load.failures[:20]))

    def test_a_first_start_needs_no_luck(self):
        # The first of all by its name: what restarts later is another test's doing.
        for pod in pods():
            for status in pod["status"]["containerStatuses"]:
                self.assertEqual(status["restartCount"], 0, f"{pod['metadata']['name']} was started again: {status}")

        def jobs():
            return get("jobs", "-l", "ecommerceplatform.io/platform=shop")["items"]

        # The one that verifies the rollout begins when all is settled.
        eventually(lambda: all(job["status"].get("succeeded") or job["status"].get("failed") for job in jobs()), 60, "every Job has ended")
        for job in jobs():
            self.assertEqual(job["status"].get("succeeded"), 1, job["metadata"]["name"])
            self.assertEqual(job["status"].get("failed", 0), 0, job["metadata"]["name"])

    def test_walk_as_printed(self):
        lines = []
        with open(os.environ["ECP_UP"], encoding="utf-8") as printed:
            for line in printed:
                if line.startswith("The nodes are real"):
                    break
                if line.startswith("  ") and (lines or "GATEWAY=" in line):
                    lines.append(line[2:])
        done = subprocess.run(["bash", "-euo", "pipefail"], input="export no_proxy='*'\n" + "".join(lines), capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('"state": "CONFIRMED"', done.stdout, done.stderr)
        self.assertIn('"email": "ada.', done.stdout)
        self.assertIn('"sku":"GRINDER-', done.stdout)

    def test_pods_are_restricted(self):
        self.assertEqual(get("namespace", "shop")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"], "restricted")
        for pod in get("pods")["items"]:
            name, spec = pod["metadata"]["name"], pod["spec"]
            self.assertIs(spec["automountServiceAccountToken"], False, name)
            self.assertIs(spec["securityContext"]["runAsNonRoot"], True, name)
            for container in spec["containers"]:
                self.assertIs(container["securityContext"]["readOnlyRootFilesystem"], True, name)
                self.assertIs(container["securityContext"]["allowPrivilegeEscalation"], False, name)
        for component in STORES:
            pod = pods(component)[0]["metadata"]["name"]
            self.assertNotEqual(kubectl("exec", pod, "--", "id", "-u").strip(), "0", pod)
            self.assertIn("Read-only file system", kubectl("exec", pod, "--", "touch", "/here", check=False), pod)

    def test_replicas_are_in_different_zones(self):
        for component in (*SERVICES, "redis", "rabbitmq"):
            running = pods(component)
            self.assertEqual(len({node_of(pod) for pod in running}), min(len(running), 3), component)

    def test_rolling_update(self):
        version = f"1.0.{int(time.time()) % 100000}"  # The images are named by their digests; the pods are new all the same.
        before = {pod["metadata"]["uid"] for service in SERVICES for pod in pods(service)}
        with Load(gateway()) as load:
            load.await_done(300)
            kubectl("patch", "ecp/shop", "--type=merge", "-p", json.dumps({"spec": {"version": version}}))
            eventually(lambda: get("ecp", "shop")["status"].get("version") == version and settled(), 400, "all services are rolled")
            load.await_done(5000)
        eventually(lambda: "Verified" in conditions()["Maintainable"]["message"] and conditions()["Maintainable"]["status"] == "True", 60,
                   "the rollout is verified")
        after = {pod["metadata"]["uid"] for service in SERVICES for pod in pods(service)}
        self.assertFalse(before & after, "some pods were not replaced")
        self.assert_served(load)

    def test_credentials_rotate(self):
        def step():
            return get("ecp", "shop")["status"]["credentials"]["step"]

        old = self.login_of_catalog()
        begun = time.monotonic()
        with Load(gateway()) as load:
            load.await_done(300)
            kubectl("annotate", "ecp/shop", "--overwrite", f"ecommerceplatform.io/rotate={time.time()}")
            eventually(lambda: step() == "Used" and settled(), 600, "every service uses the new credentials")
            load.await_done(load.done + 500)
        self.assert_served(load)
        new = self.login_of_catalog()
        for store in STORES:
            self.assertTrue(self.accepts(store, old[store]), f"{store} accepts the old ones still")
            self.assertTrue(self.accepts(store, new[store]), f"{store} accepts the new ones")
        print(f"    used after {time.monotonic() - begun:.0f} s", flush=True)
        kubectl("patch", "ecp/shop", "--type=merge", "-p", json.dumps({"spec": {"quality": {"security": {"credentials": {"overlap": "0s"}}}}}))
        eventually(lambda: step() == "Settled" and settled(), 600, "the old ones are refused")
        for store in STORES:
            self.assertFalse(self.accepts(store, old[store]), f"{store} refuses the old ones")
            self.assertTrue(self.accepts(store, new[store]), f"{store} accepts the new ones")
        with Load(gateway()) as load:
            load.await_done(300)
        self.assert_served(load)

    @staticmethod
    def login_of_catalog():
        """(user, password) by data store."""
        logins = {}
        for store, purpose in (("postgres", "database"), ("redis", "redis"), ("rabbitmq", "rabbitmq")):
            url = urllib.parse.urlsplit(base64.b64decode(get("secret", f"shop-catalog-{purpose}")["data"]["url"]).decode())
            logins[store] = (url.username, url.password)
        return logins

    @staticmethod
    def accepts(store, login):
        user, password = login
        script = {
            "postgres": f"PGPASSWORD={password} psql -h shop-postgres -U {user} catalog -tAc 'SELECT 1'",
            "redis": f"redis-cli --no-auth-warning --user {user} --pass {password} -c get nothing",
            "rabbitmq": f"rabbitmqctl authenticate_user {user} {password}",
        }[store]
        said = kubectl("exec", pods(store)[0]["metadata"]["name"], "--", "bash", "-c", f"{script} 2>&1 && echo accepted", check=False)
        return said.endswith("accepted\n") and "AUTH failed" not in said and "NOAUTH" not in said

    def test_drain(self):
        node = sorted({node_of(pod) for pod in pods()} - {node_of(pods("postgres")[0])})[0]
        with Load(gateway()) as load:
            load.await_done(300)
            try:
                kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=240s")
                self.assertEqual([pod["metadata"]["name"] for pod in pods() if node_of(pod) == node], [])
                load.await_done(load.done + 1000)
            finally:
                kubectl("uncordon", node)
            await_settled()
        self.assert_served(load)

    def test_quorum_stores_lose_one_node_at_a_time(self):
        for store in ("redis", "rabbitmq"):
            budget = get("pdb", f"shop-{store}")
            self.assertEqual(budget["status"]["disruptionsAllowed"], 1, store)
            two = [pod["metadata"]["name"] for pod in pods(store)[:2]]
            said = [self.evict(name) for name in two]
            self.assertEqual(said[0], "", store)
            self.assertIn("disruption budget", said[1], store)
            await_settled()

    @staticmethod
    def evict(pod):
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": "shop"}}
        said = kubectl("create", "--raw", f"/api/v1/namespaces/shop/pods/{pod}/eviction", "-f", "-", text=json.dumps(body), check=False)
        return said if "error" in said.lower() else ""

    def test_killed_pods(self):
        for service in SERVICES:
            with self.subTest(service=service), Load(gateway()) as load:
                load.await_done(200)
                victim = pods(service)[0]
                kubectl("delete", "pod", victim["metadata"]["name"], "--grace-period=0", "--force")
                load.await_done(load.done + 600)
                await_settled()
            # What was in flight on it: at most one request of each customer.
            self.assert_served(load, most=load.customers)

    def test_killed_operator(self):
        holder = get("lease", "ecommerce-operator", namespace="ecommerce-operator")["spec"]["holderIdentity"]
        leader = holder.rsplit("_", 1)[0]
        with Load(gateway()) as load:
            kubectl("delete", "pod", leader, "--grace-period=0", "--force", namespace="ecommerce-operator")
            kubectl("delete", "service", "shop-catalog")
            eventually(lambda: get("service", "shop-catalog"), 40, "another operator leads, and brings the Service back")
            kubectl("rollout", "restart", "deployment/ecommerce-operator", namespace="ecommerce-operator")
            kubectl("rollout", "status", "deployment/ecommerce-operator", "--timeout=120s", namespace="ecommerce-operator")
            failures = len(load.failures)  # Until here the catalog had no address for a while, which is not the operator's death.
            load.await_done(load.done + 500)
        self.assertEqual(len(load.failures), failures, load.summary())

    def test_network(self):
        addresses = {f"shop-{service}.shop.svc": 80 for service in SERVICES}
        addresses |= {f"shop-{store}.shop.svc": port for store, port in STORES.items()}
        kubectl("create", "namespace", "outside", check=False)
        image = pods("postgres")[0]["spec"]["containers"][0]["image"]
        try:
            kubectl("run", "probe", f"--image={image}", "--command", "--", "sleep", "600", namespace="outside")
            kubectl("wait", "--for=condition=Ready", "pod/probe", "--timeout=120s", namespace="outside")
            reached = {host for host, port in addresses.items() if self.reaches("probe", host, port, "outside")}
            self.assertEqual(reached, {"shop-gateway.shop.svc"})
        finally:
            kubectl("delete", "namespace", "outside", "--wait=false", check=False)
        # From within, where only the stores have a shell: a store reaches its own kind alone.
        for store in STORES:
            pod = pods(store)[0]["metadata"]["name"]
            others = {host for host, port in addresses.items() if f"-{store}." not in host and self.reaches(pod, host, port)}
            self.assertEqual(others, set(), f"{store} reaches {others}")

    @staticmethod
    def reaches(pod, host, port, namespace="shop"):
        said = kubectl("exec", pod, "--", "bash", "-c", f"timeout 2 bash -c '</dev/tcp/{host}/{port}' && echo reached", namespace=namespace, check=False)
        return "\nreached" in f"\n{said}"

    def test_stores_killed_under_checkouts(self):
        buyers = [Buyer(gateway()) for _ in range(4)]
        for buyer in buyers:
            buyer.start()
        try:
            for store in STORES:
                time.sleep(5)
                victim = pods(store)[0]
                print(f"    kills {victim['metadata']['name']}", flush=True)
                kubectl("delete", "pod", victim["metadata"]["name"], "--grace-period=0", "--force")
                await_gone(victim)
                await_settled()
            time.sleep(5)
        finally:
            for buyer in buyers:
                buyer.stop()
        bought = [order for buyer in buyers for order in buyer.orders]
        states = collections.Counter()
        confirmed = set()
        for buyer in buyers:
            for order in buyer.orders:
                state = eventually(lambda o=order, b=buyer: b.end_of(o), 60, f"order {order} has ended")
                states[state] += 1
                if state == "CONFIRMED":
                    confirmed.add(order)
        print(f"    {len(bought)} orders: {dict(states)}; {sum(buyer.tries for buyer in buyers)} tries", flush=True)
        self.assertGreater(len(confirmed), 10)
        self.assertEqual([each for buyer in buyers for each in buyer.refused], [], "such as sold out: then nothing was tested")
        self.assertEqual(set(states) - {"CONFIRMED", "CANCELLED"}, set())
        for buyer in buyers:
            buyer.session.close()
        self.assertEqual(len(bought), len(set(bought)), "two checkouts made one order")
        self.assert_charged_once(bought, confirmed)

    def assert_charged_once(self, orders, confirmed):
        with forwarded("deployment/payment-provider", namespace="payment-provider") as provider:
            for order in orders:
                found = read(f"{provider}/v1/authorizations?reference={order}")["items"]
                charges = [each for each in found if each["status"] == "captured"]
                self.assertEqual(len(charges), 1 if order in confirmed else 0, f"{order}: {found}")

    def test_autoscaler(self):
        before = len(pods("catalog"))
        with Load(gateway(), customers=16, rate=100000) as load:
            eventually(lambda: len(pods("catalog")) > before, 180, "the autoscaler adds pods of the catalog")
        print(f"    {load.done} requests", flush=True)
        eventually(lambda: len(pods("catalog")) == before, 300, "and takes them away again")

    def test_objectives(self):
        def performant(status):
            return lambda: conditions()["Performant"]["status"] == status

        def patch(spec):
            kubectl("patch", "ecp/shop", "--type=merge", "-p", json.dumps({"spec": spec}))

        with Load(gateway()) as load:
            eventually(performant("True"), 60, "the operator has measured requests")
            self.assertIn("Objectives", conditions()["Performant"]["message"])
            patch({"suspend": True})
            try:
                kubectl("scale", "deployment/shop-inventory", "--replicas=0")
                # A hundredth of what came in 5 minutes may fail.
                eventually(lambda: len(load.failures) > max(100, 0.02 * load.done), 120, "requests fail")
                # What came in the 5 minutes before counts as well, and may be a multiple of this load.
                eventually(performant("False"), 60, "Performant says so")
                self.assertEqual(conditions()["Performant"]["reason"], "Objectives")
                self.assertIn("more than 1 % failed", conditions()["Performant"]["message"])
            finally:
                patch({"suspend": False, "quality": {"performance": {"errorRatePercent": "6.94"}}})
            eventually(performant("True"), 330, "Performant is True again once more may fail, or those that did are 5 minutes past")
            await_settled()
        print(f"    {load.summary()}", flush=True)
        patch({"quality": {"performance": None}})

    def test_own_prometheus(self):
        def patch(observability):
            kubectl("patch", "ecp/shop", "--type=merge", "-p", json.dumps({"spec": {"quality": {"observability": observability}}}))

        def promise(name):
            return next(each for each in get("ecp", "shop")["status"]["promises"] if each["name"] == name)

        patch({"metrics": "Managed", "prometheus": {"storage": "1Gi", "retention": "1d"}})
        try:
            eventually(lambda: get("statefulset", "shop-prometheus")["status"].get("readyReplicas") == 1, 180, "Prometheus is ready")
            await_settled()
            eventually(lambda: promise("Metrics")["status"] == "True", 90, "it says itself that it reads every service")
            with forwarded("pod/shop-prometheus-0", 9090) as prometheus:
                def up():
                    found = read(f"{prometheus}/api/v1/query?query=up")["data"]["result"]
                    return {(each["metric"]["namespace"], each["metric"]["service"], each["metric"]["instance"]): each["value"][1] for each in found}

                def wanted():
                    return {("shop", f"shop-{service}", f"{pod['status']['podIP']}:9090"): "1" for service in SERVICES for pod in pods(service)}

                # Series of pods that went with the rollout stay for the 5 minutes that Prometheus looks back.
                eventually(lambda: up() == wanted(), 360, "it reads every pod of the services, and no other")
                self.assertEqual(read(f"{prometheus}/api/v1/rules")["data"]["groups"][0]["name"], "objectives")
            self.assertFalse(self.reaches(pods("redis")[0]["metadata"]["name"], "shop-prometheus.shop.svc", 9090))
            with Load(gateway()) as load:
                eventually(lambda: promise("Objectives")["status"] == "True", 120, "the operator has asked it")
            self.assertIn("says Prometheus at http://shop-prometheus.shop.svc:9090", promise("Objectives")["evidence"])
        finally:
            patch(None)
        eventually(lambda: not get("statefulset,service,persistentvolumeclaim", "-l", "app.kubernetes.io/instance=shop-prometheus")["items"], 120,
                   "nothing of it is left")
        await_settled()
        self.assert_served(load)

    def test_node_lost(self):
        home = node_of(pods("postgres")[0])
        running = collections.Counter(node_of(pod) for service in SERVICES for pod in pods(service))
        node = max({"node-b", "node-c"} - {home}, key=lambda each: running[each])  # The gateway is asked by node-a's address.
        with Load(gateway(), customers=12, patience=10) as load:
            load.await_done(300)
            with self.lost(node) as lost:
                eventually(lambda: conditions()["Ready"]["status"] == "False", 60, "the status says that something is missing")
                load.await_done(load.done + 3000)
                back = time.time()
            await_settled()
        print(f"    {load.summary()}, asked {[f'{at - lost:.1f} s' for at, _ in load.failures]} after the cut", flush=True)
        self.assertEqual([what for at, what in load.failures if lost + 10 < at < back], [])
        # When it is back, what crosses its return: at most one request of each customer.
        self.assertLessEqual(len([what for at, what in load.failures if at >= back]), load.customers)

    def test_node_of_postgres_lost(self):
        session = Session(gateway(), 5).register()
        paths = [f"/api/v1/products/{product['id']}" for product in session.ask("GET", "/api/v1/products?limit=100")[1]["items"]]
        self.assertEqual({session.ask("GET", path)[0] for path in paths}, {200})  # They are in the cache now, a third on each node of Redis.
        buyer = Buyer(gateway())
        buyer.buy()
        node = node_of(pods("postgres")[0])
        address = next(each for each in get("node", "node-b" if node == "node-a" else "node-a")["status"]["addresses"] if each["type"] == "InternalIP")
        survivor = Session(f"http://{address['address']}:{gateway().rsplit(':', 1)[1]}", 12)
        survivor.headers = session.headers
        with self.lost(node):
            eventually(lambda: "postgres" in conditions()["Ready"]["message"], 60, "the status names PostgreSQL")
            shown = eventually(lambda: self.shown(survivor, paths), 60, "what is cached on the other nodes is shown")
            print(f"    {len(shown)} of {len(paths)} products are shown from the cache", flush=True)
            # Until they notice, the services wait for the answers that PostgreSQL owes them, and customers as long as the gateway does.
            eventually(lambda: survivor.ask("GET", "/api/v1/orders")[0] == 503 and "Retry-After" in survivor.last_headers, 60, "503 for the rest")
            self.assertEqual(survivor.ask("GET", shown[0])[0], 200)
        await_settled()
        session.close()  # Its connection may have led to a pod that is no more.
        for each in (session, survivor):
            self.assertEqual({each.ask("GET", path)[0] for path in paths}, {200})
            each.close()
        # Its connection led to the node that was lost.
        self.assertEqual(eventually(lambda: buyer.end_of(buyer.orders[0]), 60, "the order has ended"), "CONFIRMED")
        buyer.session.close()

    def shown(self, session, paths):
        """Those that are answered, if they are at least a third: which nodes of Redis have them, chance decides."""
        answers = {}
        for path in paths:
            answers[path] = session.ask("GET", path)[0]
            if answers[path] != 200:
                self.assertEqual(answers[path], 503)
                self.assertIn("Retry-After", session.last_headers)
        found = [path for path, status in answers.items() if status == 200]
        return found if len(found) * 3 >= len(paths) else None

    @staticmethod
    @contextlib.contextmanager
    def lost(node):
        """The node's link is cut and all that runs on it is killed; afterwards it starts again with its disk. Yields when."""
        options = ("--name", os.environ["ECP_CLUSTER"])
        subprocess.run([ROOT / "hack/cluster", "kill", node[-1], *options], check=True, stdout=subprocess.DEVNULL)
        try:
            yield time.time()
        finally:
            subprocess.run([ROOT / "hack/cluster", "up", *options], check=True, stdout=subprocess.DEVNULL)


class Buyer(threading.Thread):
    """Buys until told to stop; asks again with the same key until there is an answer that counts."""

    FINAL = {201, 400, 402, 409, 422}

    def __init__(self, url):
        super().__init__()
        self.session = Session(url).register()
        self.orders, self.refused, self.tries, self._over = [], [], 0, threading.Event()

    def stop(self):
        self._over.set()
        self.join()
        self.session.close()

    def run(self):
        while not self._over.wait(0.2):
            self.buy()

    def buy(self):
        self.insist("PUT", "/api/v1/cart/items/FILTER-PAPER", {"quantity": 1}, {}, {200})
        body = {"payment_method": {"token": "tok_visa"}, "shipping_address": ADDRESS}
        answer = self.insist("POST", "/api/v1/checkout", body, {"Idempotency-Key": str(uuid.uuid4())}, self.FINAL)
        if answer and "id" in answer:
            self.orders.append(answer["id"])
        else:
            self.refused.append(answer)

    def insist(self, method, path, body, headers, wanted):
        end = time.monotonic() + 180
        while time.monotonic() < end:
            self.tries += 1
            try:
                status, answer = self.session.ask(method, path, body, headers)
                if status in wanted and not (status == 409 and "again" in json.dumps(answer)):
                    return answer
            except (OSError, http.client.HTTPException):
                pass
            time.sleep(0.5)
        raise AssertionError(f"{method} {path}: no answer in 180 s")

    def end_of(self, order):
        status, answer = self.session.ask("GET", f"/api/v1/orders/{order}")
        return answer["state"] if status == 200 and answer["state"] in ("CONFIRMED", "CANCELLED", "NEEDS_ATTENTION") else None


class InOrder(unittest.TestLoader):
    """As they are written: those that lose a node come last. Nodes keep for minutes where connections led that nobody has ended, and
    a customer whose port comes round again is sent there."""

    def getTestCaseNames(self, testCaseClass):
        return [name for name in vars(testCaseClass) if name.startswith(self.testMethodPrefix)]


if __name__ == "__main__":
    print(f"the shop is at {gateway()}; {conditions()['Ready']['message']} ({ROOT.name})", flush=True)
    unittest.main(testLoader=InOrder())
