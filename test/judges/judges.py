"""Independent judges of Kubernetes objects: how each is asked, what it finds, and which findings are excepted."""

import fnmatch
import functools
import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import yaml

import schemas

ROOT = Path(__file__).resolve().parents[2]
EXCEPTIONS = ROOT / "test/judges/exceptions.yaml"
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob")
# kube-score's optional checks, but for those that want limits equal to requests, which leaves no room for a burst.
OPTIONAL_CHECKS = ("container-security-context-privileged", "container-security-context-readonlyrootfilesystem", "container-seccomp-profile",
                   "container-ports-check", "environment-variable-key-duplication")
CRITICAL, WARNING = 1, 5  # kube-score's grades; more is better.


@dataclass(frozen=True, order=True)
class Finding:
    check: str
    object: str  # KIND/NAME
    says: str

    def __str__(self):
        return f"{self.object}: {self.check}: {self.says}"


def run(*command, text="", ends=(0,)):
    """What the command prints; one that ends otherwise than it may has not judged at all."""
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if done.returncode not in ends:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def kubectl(*arguments, text=""):
    return run(os.environ["ECP_KUBECTL"], "--kubeconfig", kubeconfig(), *arguments, text=text)


@functools.cache
def kubeconfig():
    return run(str(ROOT / "hack/cluster"), "kubeconfig", "--name", os.environ.get("ECP_CLUSTER", "test")).strip()


@functools.cache
def rendered():
    """The production sample as the operator prints it."""
    return run(os.environ["ECP_OPERATOR"], "render", "-f", str(ROOT / "samples/production.yaml"))


@functools.cache
def with_prometheus():
    """The same with a Prometheus of the platform's own."""
    sample = yaml.safe_load((ROOT / "samples/production.yaml").read_text())
    sample["spec"]["quality"]["observability"]["metrics"] = "Managed"
    sample["spec"]["images"]["digests"]["prometheus"] = "sha256:" + 64 * "0"
    return run(os.environ["ECP_OPERATOR"], "render", "-f", "-", text=written([sample]))


@functools.cache
def with_log_sidecars():
    """The same with an agent beside each service that takes its logs."""
    sample = yaml.safe_load((ROOT / "samples/production.yaml").read_text())
    sample["spec"]["quality"]["observability"]["logging"] = {"agent": "Sidecar", "endpoint": "http://otel-collector.logging:4318"}
    sample["spec"]["images"]["digests"]["fluent-bit"] = "sha256:" + 64 * "0"
    return run(os.environ["ECP_OPERATOR"], "render", "-f", "-", text=written([sample]))


def read(text):
    return [each for each in yaml.load_all(text, yaml.CSafeLoader) if each]


def written(objects):
    return yaml.dump_all(objects, Dumper=yaml.CSafeDumper, explicit_start=True)


def name_of(item):
    return f"{item['kind']}/{item['metadata']['name']}"


@functools.cache
def schema_folder(folder):
    if schemas.write(json.loads(kubectl("get", "--raw", "/openapi/v2")), folder) == 0:
        raise RuntimeError("the API server describes no kind")
    for file in Path(os.environ["ECP_DEFINITIONS"]).glob("*.yaml"):
        schemas.write_definition(yaml.load(file.read_text(), yaml.CSafeLoader), folder)
    return folder


def kubeconform(text, folder):
    """Also that nothing is left out; `folder` takes the schemas."""
    location = str(schema_folder(folder)) + "/{{ .ResourceKind }}{{ .KindSuffix }}.json"
    report = json.loads(run(os.environ["ECP_KUBECONFORM"], "-strict", "-output", "json", "-summary", "-schema-location", location, "-", text=text,
                            ends=(0, 1)))
    found = [Finding(each["status"], f"{each['kind']}/{each['name']}", each["msg"]) for each in report.get("resources") or []]
    judged = sum(report["summary"].values())
    if judged != len(read(text)) or report["summary"]["skipped"]:
        raise RuntimeError(f"kubeconform judged {judged} of {len(read(text))} objects: {report['summary']}")
    return found


def kube_score(text):
    optional = [word for check in OPTIONAL_CHECKS for word in ("--enable-optional-test", check)]
    report = json.loads(run(os.environ["ECP_KUBE_SCORE"], "score", "--output-format", "json", *optional, "-", text=text, ends=(0, 1)))
    found, graded = [], set()
    for item in report:
        name = f"{item['type_meta']['kind']}/{item['object_meta']['name']}"
        graded.add(name)
        for check in item["checks"]:
            if not check.get("skipped") and check["grade"] <= WARNING:
                says = "; ".join(f"{each['path']} {each['summary']}".strip() for each in check["comments"] or [])
                found.append(Finding(check["check"]["id"], name, says))
    missed = {name_of(each) for each in read(text) if each["kind"] in WORKLOADS} - graded
    if missed:
        raise RuntimeError(f"kube-score did not look at {sorted(missed)}")
    return found


def checkov(text, folder):
    """`folder` holds the objects for it, since it reads no standard input."""
    (folder / "objects.yaml").write_text(text)
    report = json.loads(run(os.environ["ECP_CHECKOV"], "--framework", "kubernetes", "--skip-download", "--quiet", "--compact", "--output", "json",
                            "--file", str(folder / "objects.yaml"), ends=(0, 1)))
    if "results" not in report or report["summary"]["parsing_errors"]:
        raise RuntimeError(f"checkov read nothing, or not all: {report.get('summary', report)}")
    return [Finding(each["check_id"], "/".join((each["resource"].split(".")[0], each["resource"].split(".")[-1])), each["check_name"])
            for each in report["results"]["failed_checks"]]


def pod_security(text, namespace):
    """What the API server says of each workload in a namespace that enforces, and warns of, the level `restricted`."""
    def ask(item):
        item["metadata"]["namespace"] = namespace
        done = subprocess.run([os.environ["ECP_KUBECTL"], "--kubeconfig", kubeconfig(), "create", "--dry-run=server", "--validate=strict", "-f", "-"],
                              input=written([item]), capture_output=True, text=True, check=False)
        if done.returncode != 0 or done.stderr:
            return [Finding("restricted", name_of(item), done.stderr.strip())]
        return []

    workloads = [item for item in read(text) if item["kind"] in WORKLOADS]
    if not workloads:
        raise RuntimeError("there is no workload")
    with ThreadPoolExecutor(4) as pool:
        return [finding for found in pool.map(ask, workloads) for finding in found]


def promtool(rules, folder, tests=None):
    """What promtool says of the groups of a PrometheusRule, and of tests for them in its own form; nothing where all is in order."""
    (folder / "rules.yaml").write_text(yaml.dump(rules, Dumper=yaml.CSafeDumper))
    command = ["check", "rules", "--lint-fatal", str(folder / "rules.yaml")]
    if tests:
        (folder / "tests.yaml").write_text(yaml.dump({**tests, "rule_files": ["rules.yaml"]}, Dumper=yaml.CSafeDumper))
        command = ["test", "rules", str(folder / "tests.yaml")]
    return said_by(os.environ["ECP_PROMTOOL"], *command)


def promtool_on_configuration(files, folder):
    """The same of a Prometheus' files by name, which lie in /etc/ecommerce/config there and in the folder here. Debian's promtool, which is
    of the operator's Prometheus, looks at all of it; ours, which is newer, at all but discovery, which it is built without."""
    for name, text in files.items():
        (folder / name).write_text(text.replace("/etc/ecommerce/config", str(folder)))
    found = yaml.safe_load((folder / "prometheus.yml").read_text())
    for scrape in found["scrape_configs"]:
        scrape.pop("dns_sd_configs", None)
    (folder / "found.yml").write_text(yaml.dump(found))
    check = ("check", "config", "--lint-fatal")
    return said_by("/usr/bin/promtool", *check, str(folder / "prometheus.yml")) or said_by(
        os.environ["ECP_PROMTOOL"], *check, str(folder / "found.yml"))


def said_by(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stdout + done.stderr


def exceptions_of(judge):
    return [each for each in yaml.safe_load(EXCEPTIONS.read_text()) if each["judge"] == judge]


def complaints(judge, findings, exceptions):
    """Findings without an exception and exceptions without a finding, in words."""
    def excepts(each, finding):
        return each["check"] == finding.check and fnmatch.fnmatchcase(finding.object, each["object"])

    words = [f"{judge} finds: {finding}" for finding in sorted(findings) if not any(excepts(each, finding) for each in exceptions)]
    return words + [f"an exception that {judge} no longer needs: {each['check']} on {each['object']}" for each in exceptions
                    if not any(excepts(each, finding) for finding in findings)]
