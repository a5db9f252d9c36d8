"""kubectl and the platform, for the end-to-end tests."""

import contextlib
import json
import os
import pathlib
import re
import subprocess
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ("user", "catalog", "inventory", "order", "payment", "gateway")


def kubectl(*arguments, namespace="shop", text=None, check=True):
    done = subprocess.run([os.environ["ECP_KUBECTL"], "-n", namespace, *arguments], input=text, capture_output=True, text=True, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"kubectl {' '.join(arguments)}: {done.stdout}{done.stderr}")
    return done.stdout + ("" if check else done.stderr)


def get(*arguments, namespace="shop"):
    return json.loads(kubectl("get", *arguments, "-o", "json", namespace=namespace))


def pods(component=None, namespace="shop"):
    """Those that are meant to run, Jobs' not among them."""
    selector = "ecommerceplatform.io/platform=shop" + (f",app.kubernetes.io/component={component}" if component else "")
    found = get("pods", "-l", selector, namespace=namespace)["items"]
    return [pod for pod in found if "batch.kubernetes.io/job-name" not in pod["metadata"]["labels"]]


def eventually(holds, limit, what):
    """Asks until it holds; what a question throws counts as no."""
    end = time.monotonic() + limit
    last = None
    while time.monotonic() < end:
        try:
            last = holds()
            if last:
                return last
        except (AssertionError, OSError, KeyError, IndexError) as error:
            last = error
        time.sleep(0.5)
    raise AssertionError(f"not within {limit} s: {what} (last: {last})")


def conditions():
    return {each["type"]: each for each in get("ecp", "shop")["status"]["conditions"]}


def settled():
    now = conditions()
    return now["Ready"]["status"] == "True" and now["Reconciling"]["status"] == "False"


def await_settled(limit=300):
    eventually(settled, limit, "the platform is Ready and nothing of it moves")


def gateway():
    return re.search(r"^GATEWAY=(http\S+)$", pathlib.Path(os.environ["ECP_UP"]).read_text(encoding="utf-8"), re.M).group(1)


@contextlib.contextmanager
def forwarded(target, port=8080, namespace="shop"):
    """Yields a URL of this machine that leads to the pod's port."""
    with subprocess.Popen([os.environ["ECP_KUBECTL"], "-n", namespace, "port-forward", target, f":{port}", "--address", "127.0.0.1"],
                          stdout=subprocess.PIPE, text=True) as process:
        try:
            line = process.stdout.readline()
            yield "http://" + re.match(r"Forwarding from (\S+) ->", line).group(1)
        finally:
            process.terminate()


def read(url):
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10) as answer:
        return json.load(answer)
