"""Judges that cannot be had here, by what they publish: those default checks of Polaris and kube-linter that kube-score, checkov and
Pod Security do not make as well. Each is written after its description, not after its code.
"""

from judges import WORKLOADS, Finding, name_of


class Objects:
    def __init__(self, items):
        self.items = items

    def of(self, *kinds):
        return [item for item in self.items if item["kind"] in kinds]

    def named(self, kind, name):
        return next((item for item in self.of(kind) if item["metadata"]["name"] == name), None)


def labels_of(workload):
    return workload["spec"]["template"]["metadata"]["labels"]


def pod_of(workload):
    return workload["spec"]["template"]["spec"]


def selects(selector, labels):
    return bool(selector) and all(labels.get(name) == value for name, value in selector.items())


def polaris(objects):
    """(check, object, what is wrong) of its defaults."""
    for workload in objects.of(*WORKLOADS):
        pod, labels = pod_of(workload), labels_of(workload)
        runs_on = workload["kind"] not in ("Job", "CronJob")
        if workload["kind"] == "Deployment" and workload["spec"].get("replicas", 1) < 2:
            yield "deploymentMissingReplicas", workload, "spec.replicas is not 2 or more"
        if not pod.get("priorityClassName"):
            yield "priorityClassNotSet", workload, "no priorityClassName"
        if workload["metadata"]["labels"].get("app.kubernetes.io/instance") != workload["metadata"]["name"]:
            yield "metadataAndInstanceMismatched", workload, "app.kubernetes.io/instance is not metadata.name"
        if runs_on and not pod.get("topologySpreadConstraints"):
            yield "topologySpreadConstraint", workload, "no topologySpreadConstraints"
        # It wants a policy with rules in both directions whose selector has exactly one label in common with the pods.
        if not any(policy["spec"].get("ingress") and policy["spec"].get("egress") and {"Ingress", "Egress"} <= set(policy["spec"]["policyTypes"])
                   and sum(labels.get(name) == value for name, value in policy["spec"]["podSelector"].get("matchLabels", {}).items()) == 1
                   for policy in objects.of("NetworkPolicy")):
            yield "missingNetworkPolicy", workload, "no policy with rules for ingress and egress selects it by one label"
        for container in pod["containers"]:
            for variable in container.get("env", []):
                if "value" in variable and any(word in variable["name"].lower() for word in ("password", "token", "bearer", "secret")):
                    yield "sensitiveContainerEnvVar", workload, f"{variable['name']} has a name like a credential's"
        budgets = [each for each in objects.of("PodDisruptionBudget") if selects(each["spec"]["selector"]["matchLabels"], labels)]
        if workload["kind"] == "Deployment" and not budgets:
            yield "missingPodDisruptionBudget", workload, "no PodDisruptionBudget"
        for scaler in objects.of("HorizontalPodAutoscaler"):
            if scaler["spec"]["scaleTargetRef"]["name"] == workload["metadata"]["name"]:
                for budget in budgets:
                    if budget["spec"].get("minAvailable", 0) >= scaler["spec"]["minReplicas"]:
                        yield "pdbMinAvailableGreaterThanOrEqualToHPAMinReplicas", budget, "it forbids every eviction"
    for budget in objects.of("PodDisruptionBudget"):
        if budget["spec"].get("maxUnavailable", 1) == 0:
            yield "pdbDisruptionsIsZero", budget, "it forbids every eviction"
    for scaler in objects.of("HorizontalPodAutoscaler"):
        if scaler["spec"]["maxReplicas"] <= scaler["spec"]["minReplicas"]:
            yield "hpaMaxAvailability", scaler, "maxReplicas is not above minReplicas"
        if scaler["spec"]["minReplicas"] < 2:
            yield "hpaMinAvailability", scaler, "minReplicas is below 2"
    for ingress in objects.of("Ingress"):
        if not ingress["spec"].get("tls"):
            yield "tlsSettingsMissing", ingress, "no tls"
    for settings in objects.of("ConfigMap"):
        for key, value in settings.get("data", {}).items():
            if any(word in key.lower() for word in ("password", "token", "bearer", "secret")) or "PRIVATE KEY-" in value:
                yield "sensitiveConfigmapContent", settings, f"{key} looks like a credential"


def kube_linter(objects):
    for workload in objects.of(*WORKLOADS):
        pod = pod_of(workload)
        if not objects.named("ServiceAccount", pod.get("serviceAccountName")):
            yield "non-existent-service-account", workload, "its ServiceAccount is not there"
        if "serviceAccount" in pod:
            yield "deprecated-service-account-field", workload, "serviceAccount"
        if not selects(workload["spec"].get("selector", {}).get("matchLabels", labels_of(workload)), labels_of(workload)):
            yield "mismatching-selector", workload, "its selector does not select its pods"
        has_one = workload["spec"].get("replicas") == 1 or workload["kind"] in ("Job", "CronJob", "DaemonSet")
        if not has_one and "podAntiAffinity" not in pod.get("affinity", {}):
            yield "no-anti-affinity", workload, "no podAntiAffinity"
        for container in pod["containers"]:
            names = [variable["name"] for variable in container.get("env", [])]
            if len(names) != len(set(names)):
                yield "duplicate-env-var", workload, f"{names}"
            ports = {port["containerPort"] for port in container.get("ports", [])} | {port.get("name") for port in container.get("ports", [])}
            for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
                for action in ("httpGet", "tcpSocket", "grpc"):
                    port = container.get(probe, {}).get(action, {}).get("port")
                    if port is not None and port not in ports:
                        yield probe.removesuffix("Probe") + "-port", workload, f"{probe} asks {port}, which is not open"
    for service in objects.of("Service"):
        pods = [workload for workload in objects.of(*WORKLOADS) if selects(service["spec"].get("selector"), labels_of(workload))]
        if not pods:
            yield "dangling-service", service, "it selects no pod"
        for port in service["spec"]["ports"]:
            if pods and not any(port["targetPort"] in (each.get("name"), each["containerPort"])
                                for workload in pods for container in pod_of(workload)["containers"] for each in container.get("ports", [])):
                yield "invalid-target-ports", service, f"{port['targetPort']} is no port of its pods"
    for budget in objects.of("PodDisruptionBudget"):
        if budget["spec"].get("unhealthyPodEvictionPolicy") != "AlwaysAllow":
            yield "pdb-unhealthy-pod-eviction-policy", budget, "unhealthyPodEvictionPolicy is not AlwaysAllow"


def judge(check, items):
    """check is polaris or kube_linter."""
    return [Finding(name, name_of(item), says) for name, item, says in check(Objects(items))]
